import Foundation
import Logging
import Marketplace
import NIOCore
import TestSupport
import Testing

@testable import Ingest

/// A folder with files to look at, and an inspector.
struct Lab {
    let directory: TemporaryDirectory
    let inspector: Inspector

    init(limits: ProbeLimits = ProbeLimits()) throws {
        directory = try TemporaryDirectory()
        inspector = Inspector(limits: limits, scratch: ScratchArea(parent: directory.path))
    }

    func file(_ name: String, _ bytes: Data) throws -> String {
        let path = directory.file(name)
        try bytes.write(to: URL(filePath: path))
        return path
    }

    /// Looks at bytes under a name and a declaration.
    func inspect(
        _ bytes: Data, as name: String, declared: String = "application/octet-stream", size: Int64? = nil,
        sha256: String? = nil, isCover: Bool = false
    ) async throws -> Findings {
        try await inspector.inspect(
            try file("content", bytes),
            as: Claims(
                filename: name, size: size ?? Int64(bytes.count), contentType: declared, sha256: sha256,
                isCover: isCover))
    }

    /// The code that a file is rejected with; nil when it is fine.
    func rejection(
        _ bytes: Data, as name: String, declared: String = "application/octet-stream", size: Int64? = nil,
        sha256: String? = nil, isCover: Bool = false
    ) async throws -> String? {
        do {
            _ = try await inspect(bytes, as: name, declared: declared, size: size, sha256: sha256, isCover: isCover)
            return nil
        } catch let rejection as Rejection {
            return rejection.code
        }
    }

    /// Makes a picture with libvips: noise, so that it has the bytes of a photograph.
    func picture(_ suffix: String, width: Int = 1500, height: Int = 1000) throws -> Data {
        let base = directory.file("made-\(width)x\(height)")
        try Lab.run("vips", ["gaussnoise", "\(base).v", "\(width)", "\(height)", "--mean", "128", "--sigma", "40"])
        try Lab.run("vips", ["cast", "\(base).v", "\(base)-8.v", "uchar"])
        try Lab.run("vips", ["bandjoin", "\(base)-8.v \(base)-8.v \(base)-8.v", "\(base)-rgb.v"])
        try Lab.run("vips", ["copy", "\(base)-rgb.v", "\(base).\(suffix)", "--interpretation", "srgb"])
        return try Data(contentsOf: URL(filePath: "\(base).\(suffix)"))
    }

    /// The scratch folder is emptied behind the probe's back; this waits for it.
    func awaitEmptyScratch() async throws {
        for _ in 0..<1000 {
            if try FileManager.default.contentsOfDirectory(atPath: inspector.scratch.directory).isEmpty { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("a probe left its scratch folder")
    }

    @discardableResult
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TestSupportError("\(program) \(arguments) failed") }
        return String(decoding: said, as: UTF8.self)
    }
}

/// A ZIP of stored entries; enough of one for every reader.
func zip(_ entries: [(String, String)]) -> Data {
    var file = Data()
    var directory = Data()
    for (name, content) in entries {
        let offset = UInt32(file.count)
        let body = Data(content.utf8)
        let sizes = little(checksum(body), 4) + little(UInt32(body.count), 4) + little(UInt32(body.count), 4)
        let common = little(10, 2) + little(0, 2) + little(0, 2) + little(0, 4) + sizes
        let lengths = little(UInt32(name.utf8.count), 2) + little(0, 2)
        file += little(0x0403_4B50, 4) + common + lengths + Data(name.utf8) + body
        directory += little(0x0201_4B50, 4) + little(10, 2) + common + lengths
        directory += little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(offset, 4) + Data(name.utf8)
    }
    let count = little(UInt32(entries.count), 2)
    let end = little(0x0605_4B50, 4) + little(0, 4) + count + count + little(UInt32(directory.count), 4)
    return file + directory + end + little(UInt32(file.count), 4) + little(0, 2)
}

/// A PNG that promises and holds `size` × `size` black pixels in very few bytes.
func bombPNG(size: Int) -> Data {
    func chunk(_ type: String, _ body: Data) -> Data {
        let typed = Data(type.utf8) + body
        return big(UInt32(body.count)) + typed + big(checksum(typed))
    }
    let header = big(UInt32(size)) + big(UInt32(size)) + Data([8, 2, 0, 0, 0])
    return Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) + chunk("IHDR", header)
        + chunk("IDAT", deflatedZeros(count: size * (size * 3 + 1))) + chunk("IEND", Data())
}

/// A zlib stream of zeros made by hand: one literal, then matches of 258 at distance 1 (RFC 1951, fixed codes).
func deflatedZeros(count: Int) -> Data {
    var out: [UInt8] = [0x78, 0x01]
    var pending: UInt32 = 0
    var width: UInt32 = 0
    func put(_ bits: UInt32, _ length: UInt32) {
        pending |= bits << width
        width += length
        while width >= 8 {
            out.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            width -= 8
        }
    }
    func reversed(_ bits: UInt32, _ length: UInt32) -> UInt32 {
        (0..<length).reduce(0) { $0 << 1 | (bits >> $1 & 1) }
    }
    put(1, 1)
    put(1, 2)
    put(reversed(0x30, 8), 8)
    var left = count - 1
    while left >= 258 {
        put(reversed(0b1100_0101, 8), 8)
        put(0, 5)
        left -= 258
    }
    while left > 0 {
        put(reversed(0x30, 8), 8)
        left -= 1
    }
    put(0, 7)
    put(0, 7)
    // Adler-32 of zeros: the low half stays 1, the high half counts the bytes.
    return Data(out) + big(UInt32(count % 65_521) << 16 | 1)
}

private func big(_ value: UInt32) -> Data {
    Data([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) })
}

private func little(_ value: UInt32, _ width: Int) -> Data {
    Data((0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) })
}

/// CRC-32 as ZIP and PNG have it.
private func checksum(_ data: Data) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in data {
        crc ^= UInt32(byte)
        for _ in 0..<8 {
            crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1
        }
    }
    return ~crc
}
