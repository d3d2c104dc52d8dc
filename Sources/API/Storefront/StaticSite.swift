import Crypto
import Foundation
import HTTPSupport
import NIOCore

/// A folder of built files, held in memory: a storefront has a few hundred kilobytes, and a file that is replaced while
/// it is served can't be half of one build and half of another.
struct StaticSite: Sendable {
    /// One file in the forms that it may be sent in.
    struct File: Sendable {
        var contentType: String
        /// A strong validator of the identity form; the others get it with their coding's name.
        var tag: String
        /// Content coding → bytes; `identity` is always there.
        var forms: [String: ByteBuffer]
        /// Whether the name changes with the content.
        var isImmutable: Bool
    }

    enum Failure: Error, CustomStringConvertible {
        case noIndex(String)
        case tooLarge(String)

        var description: String {
            switch self {
            case .noIndex(let path): "there is no index.html in \(path)"
            case .tooLarge(let path): "\(path) holds more than \(StaticSite.maximumBytes) bytes; is it a storefront?"
            }
        }
    }

    static let maximumBytes = 64 << 20
    private static let codings = [(suffix: ".br", name: "br"), (suffix: ".gz", name: "gzip")]

    let files: [String: File]

    /// Reads the folder, blocking: at start-up.
    ///
    /// Hidden files are left out.
    init(directory: String) throws {
        let root = URL(fileURLWithPath: directory, isDirectory: true)
        var contents: [String: Data] = [:]
        var total = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory)
        where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            let url = root.appendingPathComponent(name)
            guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            let data = try Data(contentsOf: url)
            total += data.count
            guard total <= Self.maximumBytes else { throw Failure.tooLarge(directory) }
            contents["/" + name] = data
        }
        guard contents["/index.html"] != nil else { throw Failure.noIndex(directory) }
        var files: [String: File] = [:]
        for (path, data) in contents {
            let isForm = Self.codings.contains {
                path.hasSuffix($0.suffix) && contents[String(path.dropLast($0.suffix.count))] != nil
            }
            guard !isForm else { continue }
            var forms = ["identity": ByteBuffer(bytes: data)]
            for coding in Self.codings {
                if let form = contents[path + coding.suffix] { forms[coding.name] = ByteBuffer(bytes: form) }
            }
            files[path] = File(
                contentType: Self.contentType(of: path),
                tag: SHA256.hash(data: data).prefix(12).map { String($0, radix: 36) }.joined(),
                forms: forms,
                isImmutable: path.hasPrefix("/assets/"))
        }
        self.files = files
    }

    /// The best form for an `Accept-Encoding`, smallest coding first.
    static func choose(_ forms: [String: ByteBuffer], accepting header: String?) -> (coding: String, bytes: ByteBuffer)
    {
        let identity = (coding: "identity", bytes: forms["identity"] ?? ByteBuffer())
        guard let header else { return identity }
        var accepted: Set<String> = []
        for part in header.lowercased().split(separator: ",") {
            let halves = part.split(separator: ";", maxSplits: 1).map(\.trimmed)
            let refused = halves.count == 2 && ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains(halves[1])
            if let name = halves.first, !refused { accepted.insert(String(name)) }
        }
        for coding in codings {
            if accepted.contains(coding.name) || accepted.contains("*"), let bytes = forms[coding.name] {
                return (coding.name, bytes)
            }
        }
        return identity
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "json": "application/json", "map": "application/json", "svg": "image/svg+xml", "png": "image/png",
        "jpg": "image/jpeg", "webp": "image/webp", "ico": "image/x-icon", "woff2": "font/woff2",
        "txt": "text/plain; charset=utf-8", "webmanifest": "application/manifest+json",
    ]

    private static func contentType(of path: String) -> String {
        let suffix = path.split(separator: ".").last.map(String.init) ?? ""
        return types[suffix] ?? "application/octet-stream"
    }
}
