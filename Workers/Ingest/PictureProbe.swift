import Foundation
import Marketplace
import NIOCore
import NIOPosix

/// A picture's measures and its small variants.
struct Picture: Sendable {
    /// Pixels as it is to be shown, after the turn that EXIF asks for.
    var width: Int
    var height: Int
    var previews: [(Thumbnail, ByteBuffer)]
    var placeholder: String?
}

/// Decodes pictures with libvips' command-line tools, which are processes of their own: a file that makes a decoder
/// crash or run wild takes down nothing else.
struct PictureProbe: Probe {
    /// The widths of previews; a picture is never made larger.
    static let widths = [160, 320, 640, 1280]
    private static let types = [
        "image/png", "image/apng", "image/jpeg", "image/webp", "image/gif", "image/tiff", "image/avif", "image/heic",
        "image/heif",
    ]

    let limits: ProbeLimits
    let scratch: ScratchArea

    /// Whether the type is one of those whose decoders libvips trusts; it is told to use no other.
    static func canDecode(_ type: String) -> Bool {
        types.contains(type)
    }

    func takes(_ type: ResolvedType) -> Bool {
        type.kind == .image
    }

    func run(_ file: ProbedFile) async throws -> Discovery {
        var discovery = Discovery()
        guard Self.canDecode(file.type.mediaType) else {
            discovery.skipped("picture", "No previews of \(file.type.mediaType).")
            return discovery
        }
        let picture = try await picture(file.path)
        discovery.width = picture.width
        discovery.height = picture.height
        discovery.show(picture)
        discovery.passed("picture", "\(picture.width) × \(picture.height) pixels; previews carry no metadata.")
        return discovery
    }

    /// Throws ``Rejection`` for a picture that is damaged, truncated, or too much for the limits.
    func picture(_ path: String) async throws -> Picture {
        try await scratch.withFolder { folder in
            // By a plain name: libvips reads [options] out of a file's name.
            let source = "\(folder)/source"
            try await blocking { try FileManager.default.createSymbolicLink(atPath: source, withDestinationPath: path) }
            let process = BoundedProcess(limits: limits, scratch: folder)
            var (picture, hasProfile) = try await measure(source, process)
            let base = try await decode(source, hasProfile: hasProfile, in: folder, process)
            picture.previews = try await previews(of: base, width: picture.width, process)
            picture.placeholder = try await placeholder(of: base, process)
            return picture
        }
    }

    /// Reads the header only: a decompression bomb is told by the pixels it promises.
    private func measure(
        _ source: String, _ process: BoundedProcess
    ) async throws -> (picture: Picture, hasProfile: Bool) {
        let output = try await probe("vipsheader", ["-a", source], process)
        var fields: [Substring: Substring] = [:]
        for line in output.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            // The first one counts: text from the file itself comes later.
            let name = line[..<colon]
            fields[name] = fields[name] ?? line[colon...].dropFirst(2)
        }
        guard let width = fields["width"].flatMap({ Int($0) }), let height = fields["height"].flatMap({ Int($0) })
        else {
            throw IngestError.probe("vipsheader gave no size")
        }
        let (pixels, overflow) = Int64(width).multipliedReportingOverflow(by: Int64(height))
        guard !overflow, pixels <= limits.maximumPixels else {
            throw Rejection(
                "picture_too_large",
                "The picture has \(width) × \(height) pixels; at most \(limits.maximumPixels) in all are allowed.")
        }
        let isTurned = fields["orientation"].flatMap { Int($0) }.map { (5...8).contains($0) } ?? false
        let picture = Picture(
            width: isTurned ? height : width, height: isTurned ? width : height, previews: [], placeholder: nil)
        return (picture, fields["icc-profile-data"] != nil)
    }

    /// Decodes the whole picture once, shrunk to the largest preview, in sRGB and without metadata.
    ///
    /// Only pictures that carry a profile are converted by it. The others are grey, CMYK (which libvips converts by
    /// itself) or taken for sRGB, as browsers do; with `--export-profile` libvips would take another profile for them,
    /// and with `--import-profile srgb` it refuses grey ones.
    private func decode(
        _ source: String, hasProfile: Bool, in folder: String, _ process: BoundedProcess
    ) async throws -> String {
        let base = "\(folder)/base.png"
        let largest = Self.widths.max() ?? 0
        let arguments = [
            "thumbnail", source, "\(base)[compression=0,strip]", "\(largest)", "--height", Self.anyHeight,
            "--size", "down", "--fail-on", "error",
        ]
        if hasProfile, case .success = try await process.run("vips", arguments + ["--export-profile", "srgb"]) {
            return base
        }
        // A profile that does not fit its picture is no reason to refuse the picture.
        _ = try await probe("vips", arguments, process)
        return base
    }

    private func previews(
        of base: String, width: Int, _ process: BoundedProcess
    ) async throws -> [(Thumbnail, ByteBuffer)] {
        let fitting = Self.widths.filter { $0 <= width }
        var made: [(width: Int, type: String, path: String, bytes: ByteBuffer)] = []
        for width in fitting.isEmpty ? [width] : fitting {
            // JPEG knows no transparency; the page behind a cover is light.
            for (type, suffix, options) in [
                ("image/webp", "webp", "[Q=80,strip]"),
                ("image/jpeg", "jpg", "[Q=82,strip,interlace,optimize-coding,background=255]"),
            ] {
                let path = "\(process.scratch)/\(width).\(suffix)"
                let bytes = try await shrink(base, to: width, height: Self.anyHeight, path, options, process)
                made.append((width, type, path, bytes))
            }
        }
        let sizes = try await sizes(of: made.map(\.path), process)
        return zip(made, sizes).map { preview, size in
            (Thumbnail(width: size.width, height: size.height, type: preview.type), preview.bytes)
        }
    }

    /// A picture of at most 16 × 16 pixels, some hundred bytes, to be shown while the real one loads.
    private func placeholder(of base: String, _ process: BoundedProcess) async throws -> String {
        let bytes = try await shrink(
            base, to: 16, height: "16", "\(process.scratch)/placeholder.webp", "[Q=20,strip]", process)
        return "data:image/webp;base64," + Data(bytes.readableBytesView).base64EncodedString()
    }

    private func shrink(
        _ base: String, to width: Int, height: String, _ path: String, _ options: String, _ process: BoundedProcess
    ) async throws -> ByteBuffer {
        let arguments = ["thumbnail", base, path + options, "\(width)", "--height", height, "--size", "down"]
        _ = try await derive("vips", arguments, process)
        return try await blocking {
            let file = try OpenFile(path)
            return ByteBuffer(bytes: try file.bytes(at: 0, count: Int(try file.size)))
        }
    }

    /// Lines of the form `file: 160x120 uchar, 3 bands, srgb, webpload`, one for each file.
    private func sizes(of paths: [String], _ process: BoundedProcess) async throws -> [(width: Int, height: Int)] {
        let lines = try await derive("vipsheader", paths, process).split(separator: "\n")
        let sizes = lines.compactMap { line -> (width: Int, height: Int)? in
            guard let match = line.firstMatch(of: #/: (\d+)x(\d+) /#), let width = Int(match.1),
                let height = Int(match.2)
            else { return nil }
            return (width, height)
        }
        guard sizes.count == paths.count else { throw IngestError.probe("vipsheader gave no size of a preview") }
        return sizes
    }

    /// What fails with the file that we made ourselves is no fault of the seller's.
    private func derive(_ program: String, _ arguments: [String], _ process: BoundedProcess) async throws -> String {
        switch try await process.run(program, arguments) {
        case .success(let output): return output
        case .failure(let detail), .exceeded(let detail): throw IngestError.probe("\(program): \(detail)")
        }
    }

    private func probe(_ program: String, _ arguments: [String], _ process: BoundedProcess) async throws -> String {
        switch try await process.run(program, arguments) {
        case .success(let output):
            return output
        case .failure(let detail):
            throw Rejection("picture_damaged", "The picture can't be read whole: \(Self.plain(detail, process)).")
        case .exceeded(let detail):
            throw Rejection("picture_too_complex", "The picture could not be decoded within bounds: \(detail).")
        }
    }

    /// The programs' words without our paths.
    private static func plain(_ detail: String, _ process: BoundedProcess) -> String {
        detail.replacingOccurrences(of: process.scratch + "/source", with: "it")
            .replacingOccurrences(of: process.scratch + "/", with: "")
    }

    private func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// libvips' own bound of a coordinate: the width alone decides.
    private static let anyHeight = "10000000"
}
