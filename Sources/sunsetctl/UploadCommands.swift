import ArgumentParser
import Assembly
import Foundation
import Logging
import Marketplace

struct UploadCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload", abstract: "The uploads, and what becomes of quarantined ones.",
        subcommands: [UploadList.self, UploadShow.self, UploadRelease.self, UploadReject.self])
}

struct UploadList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The quarantined uploads, the newest first, a page at a time.",
        discussion: "Only quarantined uploads wait for an operator, so they alone are listed.")
    @Option(help: "The state: quarantined.") var state = "quarantined"
    @Option(help: "Where the page begins, as the page before said.") var cursor: String?
    @Option(help: "How many uploads, 1 to 100.") var limit = 50
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 100.") }
        guard state == "quarantined" else {
            throw ValidationError("--state is '\(state)'; only quarantined uploads are listed.")
        }
    }

    func run() async throws {
        try await common.withInstallation { installation in
            let page = try await installation.marketplace.uploads.quarantined(cursor: cursor, limit: limit)
            guard !common.json else { return try common.printJSON(Listing(page)) }
            var table = Table(["ID", "OWNER", "FILE", "SIZE", "UPLOADED", "WHY"])
            for upload in page.data.map(UploadView.init) {
                table.add([
                    upload.id, upload.owner, upload.filename, Show.bytes(UInt64(clamping: upload.size)),
                    Show.time(upload.createdAt), upload.detail ?? "-",
                ])
            }
            table.write()
            if let next = page.nextCursor { print("more: --cursor \(next)") }
        }
    }

    private struct Listing: Encodable {
        let uploads: [UploadView]
        let nextCursor: String?

        init(_ page: Page<Upload>) {
            uploads = page.data.map(UploadView.init)
            nextCursor = page.nextCursor
        }
    }
}

struct UploadShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One upload, and everything that was looked at.")
    @Argument(help: "The upload's id.") var id: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            guard let found = try await installation.marketplace.uploads.record(id: id) else {
                throw CommonOptions.refuse("there is no upload '\(id)'")
            }
            let upload = UploadView(found)
            guard !common.json else { return try common.printJSON(upload) }
            print("upload     \(upload.id)")
            print("owner      \(upload.owner)")
            print("file       \(Show.line(upload.filename)) (\(upload.size) bytes, said to be \(upload.contentType))")
            print("state      \(upload.state)")
            print("uploaded   \(Show.time(upload.createdAt))")
            if let code = upload.code { print("problem    \(code): \(Show.line(upload.detail ?? ""))") }
            if let review = upload.review { print("review     \(Show.line(review))") }
            for check in found.report?.checks ?? [] {
                print("check      \(check.name): \(check.result). \(Show.line(check.detail ?? ""))")
            }
        }
    }
}

struct UploadRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Takes a quarantined upload for harmless.",
        discussion: """
            It is ingested again without the scanner, so that it can still be refused for another reason; what the \
            scanner found stays in its report.
            """)
    @Argument(help: "The upload's id.") var id: String
    @Option(help: "Why, for other operators.") var reason = ""
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            let uploads = installation.marketplace.uploads
            let found = try await uploads.record(id: id)
            try consent.ask("Release \(id), in which this was found: \(found?.problem?.detail ?? "nothing")?")
            let upload = UploadView(try await uploads.release(id: id, reason: reason))
            AuditLine.write("upload.release", upload.id, reason)
            try common.report("\(upload.id) is ingested again, without the scanner", upload)
        }
    }
}

struct UploadReject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Refuses a quarantined upload for good.",
        discussion: "Its bytes are deleted, and its owner gets a mail.")
    @Argument(help: "The upload's id.") var id: String
    @Option(help: "Why, for other operators.") var reason = ""
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            try consent.ask("Delete the file of \(id)?")
            let upload = UploadView(try await installation.marketplace.uploads.reject(id: id, reason: reason))
            AuditLine.write("upload.reject", upload.id, reason)
            try common.report("\(upload.id) is rejected, and its file is being deleted", upload)
        }
    }
}

/// One line on standard error for whoever collects what operators did.
enum AuditLine {
    static func write(_ action: String, _ subject: String, _ reason: String) {
        var logger = CommonOptions.logger
        logger.logLevel = .notice
        logger.notice(
            "audit",
            metadata: [
                "action": "\(action)", "subject": "\(subject)", "reason": "\(Show.line(reason))", "uid": "\(getuid())",
            ])
    }
}

/// An upload as these commands show it.
struct UploadView: Encodable {
    let id: String
    let owner: String
    let filename: String
    let size: Int64
    let contentType: String
    let state: String
    let createdAt: Int64
    let code: String?
    let detail: String?
    let review: String?

    init(_ upload: Upload) {
        id = upload.id
        owner = upload.owner
        filename = upload.filename
        size = upload.size
        contentType = upload.contentType
        state = upload.state.rawValue
        createdAt = upload.createdAt.milliseconds
        code = upload.problem?.code
        detail = upload.problem?.detail
        review = upload.review
    }
}
