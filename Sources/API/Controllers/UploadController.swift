import HTTPTypes
import Hummingbird
import Marketplace
import Metrics

/// Files on their way in.
struct UploadController {
    let environment: APIEnvironment

    private var uploads: Uploads { environment.marketplace.uploads }

    func add(to v1: RouterGroup<APIContext>) {
        let group = v1.group("uploads").add(middleware: environment.authentication(.group(.seller)))
        group.post(use: create)
        group.get(use: list)
        group.get("{id}", use: upload)
        group.delete("{id}", use: delete)
        group.post("{id}/complete", use: complete)
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(NewUpload.self, request, context)
        let upload = try await environment.transfers.upload {
            try await uploads.create(body, owner: context.user().id, traceID: context.requestID)
        }
        environment.transfers.uploadsStarted.increment()
        return try .created(upload, at: "/v1/uploads/\(upload.id)")
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try PageRequest(request)
        return try .page(
            try await uploads.list(owner: context.user().id, cursor: page.cursor, limit: page.limit), for: request)
    }

    @Sendable private func upload(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(try await uploads.upload(id: context.parameter("id"), owner: context.user().id))
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await uploads.delete(id: context.parameter("id"), owner: context.user().id)
        return Response(status: .noContent)
    }

    /// What a client may say only now, because it computed it while it sent the bytes.
    private struct Completion: Decodable {
        var sha256: String?
    }

    @Sendable private func complete(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.jsonIfAny(
            Completion.self, context: context, configuration: environment.configuration)
        let upload = try await environment.transfers.upload {
            try await uploads.complete(
                id: context.parameter("id"), owner: context.user().id, sha256: body?.sha256,
                traceID: context.requestID)
        }
        environment.transfers.uploadsCompleted.increment()
        return try .json(upload, status: .accepted)
    }
}
