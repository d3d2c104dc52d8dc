import HTTPSupport
import HTTPTypes
import Hummingbird
import Logging
import Marketplace
import Metrics
import NIOCore
import ObjectStore

/// Downloads by token.
///
/// The token is checked without I/O, then one step in Redis decides and counts before the head goes out. What sends no
/// bytes of the file (HEAD, 304, 412, 416) counts nothing.
struct DownloadController {
    let environment: APIEnvironment

    private var downloads: Downloads { environment.marketplace.downloads }

    func add(to router: some RouterMethods<APIContext>) {
        router.get("d/{token}", use: get)
        router.head("d/{token}", use: head)
    }

    @Sendable private func head(_ request: Request, _ context: APIContext) async throws -> Response {
        let ticket = try await environment.transfers.download {
            try await downloads.check(token: context.parameter("token"))
        }
        if let answer = try precondition(request, ticket) { return answer }
        var headers = headers(for: ticket)
        headers[.contentLength] = String(ticket.file.size)
        return Response(status: .ok, headers: headers)
    }

    @Sendable private func get(_ request: Request, _ context: APIContext) async throws -> Response {
        try await environment.transfers.download { try await open(request, context) }
    }

    private func open(_ request: Request, _ context: APIContext) async throws -> Response {
        let token = try context.parameter("token")
        var range: ByteRangeRequest?
        // Only a request with conditions can end without bytes; any other one needs no step but the counting one.
        if Self.isConditional(request.headers) {
            let ticket = try await downloads.check(token: token)
            if let answer = try precondition(request, ticket) { return answer }
            if EntityTag.rangeHolds(request.headers, tag: ticket.etag) {
                range = request.headers[.range].flatMap { ByteRangeRequest(header: $0) }
            }
            if let range, range.resolve(size: ticket.file.size) == nil {
                throw unsatisfiable(ticket)
            }
        }
        let ticket = try await downloads.spend(token: token, traceID: context.requestID)
        let object = try await environment.marketplace.objects.get(
            bucket: ticket.bucket, key: ticket.objectKey, range: range)
        return answer(with: object, ticket: ticket, isPartial: range != nil, request: request, context: context)
    }

    private static func isConditional(_ headers: HTTPFields) -> Bool {
        [.range, .ifMatch, .ifNoneMatch].contains { headers[$0] != nil }
    }

    /// 412 and 304, in the order of RFC 9110 §13.2.2.
    private func precondition(_ request: Request, _ ticket: DownloadTicket) throws(Problem) -> Response? {
        guard EntityTag.matchHolds(request.headers, tag: ticket.etag) else {
            throw Problem(.preconditionFailed, "precondition_failed", "The file is not the one that If-Match names.")
        }
        guard EntityTag.noneMatchHolds(request.headers, tag: ticket.etag) else {
            return Response(
                status: .notModified, headers: [.eTag: "\"\(ticket.etag)\"", .cacheControl: "private, no-store"])
        }
        return nil
    }

    private func unsatisfiable(_ ticket: DownloadTicket) -> Problem {
        var problem = Problem(
            .rangeNotSatisfiable, "range_not_satisfiable", "The file has \(ticket.file.size) bytes.")
        problem.headers[.contentRange] = "bytes */\(ticket.file.size)"
        return problem
    }

    private func headers(for ticket: DownloadTicket) -> HTTPFields {
        [
            .contentType: ticket.file.contentType,
            .contentDisposition: ContentDisposition.attachment(filename: ticket.file.filename),
            .eTag: "\"\(ticket.etag)\"",
            .acceptRanges: "bytes",
            .cacheControl: "private, no-store",
        ]
    }

    private func answer(
        with object: ObjectBody, ticket: DownloadTicket, isPartial: Bool, request: Request, context: APIContext
    ) -> Response {
        let transfer = DownloadTransfer(
            downloads: downloads, ticket: ticket, object: object, channel: context.channel,
            interval: environment.configuration.revocationInterval,
            address: context.channel.remoteAddress?.ipAddress, userAgent: request.headers[.userAgent],
            requestID: context.requestID, metrics: environment.transfers, logger: context.logger)
        var headers = headers(for: ticket)
        if isPartial {
            let range = object.range
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.info.size)"
        }
        return Response(
            status: isPartial ? .partialContent : .ok, headers: headers,
            body: ResponseBody(contentLength: object.range.count) { writer in
                try await transfer.write(to: &writer)
                try await writer.finish(nil)
            })
    }
}

/// The bytes of one download on their way out.
struct DownloadTransfer: Sendable {
    let downloads: Downloads
    let ticket: DownloadTicket
    let object: ObjectBody
    let channel: any Channel
    /// Bytes between two looks at whether the entitlement still stands.
    let interval: Int64
    let address: String?
    let userAgent: String?
    let requestID: String
    let metrics: TransferMetrics
    let logger: Logger

    /// Ends the connection in the middle; a client sees that bytes are missing.
    struct Revoked: Error {}

    @concurrent
    func write(to writer: inout any ResponseBodyWriter) async throws {
        var sent: Int64 = 0
        var checked: Int64 = 0
        metrics.downloadsStarted.increment()
        do {
            try await object.write(to: &writer, on: channel) { count in
                sent += Int64(count)
                metrics.downloadBytes.increment(by: count)
                guard sent - checked >= interval, sent < object.range.count else { return }
                guard try await downloads.isStillActive(ticket) else { throw Revoked() }
                checked = sent
            }
        } catch {
            await log(sent, completed: false)
            throw error
        }
        metrics.downloadsCompleted.increment()
        await log(sent, completed: true)
    }

    /// A log that can't be written is no reason to break a transfer that went well.
    private func log(_ sent: Int64, completed: Bool) async {
        logger.info(
            "download",
            metadata: [
                "grant": "\(ticket.grantID)", "bytes": "\(sent)", "completed": "\(completed)",
            ])
        do {
            try await downloads.log(
                ticket, bytesSent: sent, completed: completed, address: address, userAgent: userAgent,
                traceID: requestID)
        } catch {
            logger.warning("download not logged", metadata: ["grant": "\(ticket.grantID)", "error": "\(error)"])
        }
    }
}
