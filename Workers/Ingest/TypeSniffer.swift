import CMagic
import NIOPosix

/// Asks libmagic for the media type of a file's content.
final class TypeSniffer: Sendable {
    /// A cookie is not to be used by two threads at once: there is one thread, and only it touches the cookie.
    private let thread: NIOThreadPool
    private let cookie = Cookie()

    init() {
        thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
    }

    deinit {
        thread.shutdownGracefully { _ in }
    }

    /// The media type without parameters, `application/octet-stream` when libmagic knows none.
    func mediaType(of path: String) async throws -> String {
        try await thread.runIfActive { [cookie] in try cookie.mediaType(of: path) }
    }
}

/// A libmagic database in memory.
///
/// `@unchecked Sendable`: the pointer is made and used on the sniffer's only thread, one call after the other, and
/// freed when nobody holds the object any more.
private final class Cookie: @unchecked Sendable {
    private var magic: magic_t?

    deinit {
        if let magic {
            magic_close(magic)
        }
    }

    func mediaType(of path: String) throws -> String {
        let magic = try opened()
        guard let answer = magic_file(magic, path) else { throw IngestError.magic(Self.error(magic)) }
        let type = String(cString: answer)
        return type.contains("/") ? type : "application/octet-stream"
    }

    private func opened() throws -> magic_t {
        if let magic {
            return magic
        }
        // The given path is a link of ours; MAGIC_COMPRESS stays off, so that libmagic decompresses nothing.
        guard let new = magic_open(MAGIC_MIME_TYPE | MAGIC_SYMLINK | MAGIC_ERROR) else {
            throw IngestError.magic("magic_open failed")
        }
        guard magic_load(new, nil) == 0 else {
            let detail = Self.error(new)
            magic_close(new)
            throw IngestError.magic(detail)
        }
        magic = new
        return new
    }

    private static func error(_ magic: magic_t) -> String {
        magic_error(magic).map { String(cString: $0) } ?? "unknown error"
    }
}
