import Foundation
import Marketplace
import NIOCore
import TestSupport
import Testing

@testable import Ingest

@Suite("Ingest: pictures")
struct IngestPictureTests {
    @Test("a picture gets previews of every width that it has, in WebP and JPEG, and a placeholder")
    func previews() async throws {
        let lab = try Lab()
        for suffix in ["jpg", "png", "webp", "tif"] {
            let picture = try lab.picture(suffix, width: 700, height: 350)
            let findings = try await lab.inspect(picture, as: "picture.\(suffix)")
            let report = findings.report
            #expect(report.kind == .image && report.width == 700 && report.height == 350)
            #expect(report.thumbnails.map(\.width) == [160, 160, 320, 320, 640, 640])
            #expect(report.thumbnails.map(\.height) == [80, 80, 160, 160, 320, 320])
            #expect(
                report.thumbnails.map(\.type) == [
                    "image/webp", "image/jpeg", "image/webp", "image/jpeg", "image/webp", "image/jpeg",
                ])
            for (thumbnail, bytes) in findings.thumbnails {
                let start = Array(bytes.readableBytesView.prefix(12))
                let isWebP =
                    start.prefix(4) == [0x52, 0x49, 0x46, 0x46] && start.suffix(4) == [0x57, 0x45, 0x42, 0x50]
                #expect(thumbnail.type == "image/webp" ? isWebP : start.prefix(3) == [0xFF, 0xD8, 0xFF])
            }
            #expect(report.placeholder?.hasPrefix("data:image/webp;base64,") == true)
            #expect(report.placeholder.map { $0.utf8.count < 1000 } == true)
        }
    }

    /// How a picture is made of 400 × 300 black pixels, and what colour it is to be shown in.
    struct Colour: Sendable {
        var bands: Int
        var offset: String
        var format: String
        var interpretation: String
        var suffix: String
        var profile: String?
        var shown: [Double]
    }

    @Test(
        "a picture keeps its colours, with a profile and without, grey and CMYK",
        arguments: [
            Colour(
                bands: 3, offset: "20 70 79", format: "uchar", interpretation: "srgb", suffix: "png",
                shown: [20, 70, 79]),
            Colour(
                bands: 3, offset: "20 70 79", format: "uchar", interpretation: "srgb", suffix: "png", profile: "p3",
                shown: [20, 70, 79]),
            Colour(bands: 1, offset: "77", format: "uchar", interpretation: "b-w", suffix: "png", shown: [77, 77, 77]),
            Colour(bands: 1, offset: "77", format: "uchar", interpretation: "b-w", suffix: "jpg", shown: [77, 77, 77]),
            Colour(
                bands: 1, offset: "30069", format: "ushort", interpretation: "grey16", suffix: "png",
                shown: [117, 117, 117]),
            Colour(
                bands: 4, offset: "0 128 255 0", format: "uchar", interpretation: "cmyk", suffix: "jpg",
                shown: [254, 134, 34]),
        ])
    func colours(colour: Colour) async throws {
        let lab = try Lab()
        let flat = lab.directory.file("flat")
        let ones = Array(repeating: "1", count: colour.bands).joined(separator: " ")
        try Lab.run("vips", ["black", "\(flat)-0.v", "400", "300", "--bands", "\(colour.bands)"])
        try Lab.run("vips", ["linear", "\(flat)-0.v", "\(flat)-1.v", ones, colour.offset])
        try Lab.run("vips", ["cast", "\(flat)-1.v", "\(flat)-2.v", colour.format])
        var made = "\(flat).\(colour.suffix)"
        try Lab.run("vips", ["copy", "\(flat)-2.v", made, "--interpretation", colour.interpretation])
        if let profile = colour.profile {
            let plain = made
            made = "\(flat)-tagged.\(colour.suffix)"
            try Lab.run("vips", ["icc_transform", plain, made, profile, "--input-profile", "srgb"])
        }
        let findings = try await lab.inspect(
            try Data(contentsOf: URL(filePath: made)), as: "flat.\(colour.suffix)")
        #expect(findings.thumbnails.count == 4)
        for (thumbnail, bytes) in findings.thumbnails {
            let preview = try lab.file("preview", Data(bytes.readableBytesView))
            let point = try Lab.run("vips", ["getpoint", preview, "20", "20"]).split(separator: " ")
                .compactMap { Double($0) }
            #expect(!point.isEmpty)
            for (channel, expected) in zip(point, colour.shown) {
                #expect(abs(channel - expected) <= 4, "\(thumbnail.type): \(point)")
            }
        }
    }

    @Test("a picture smaller than every preview is never made larger")
    func small() async throws {
        let lab = try Lab()
        let report = try await lab.inspect(try lab.picture("png", width: 90, height: 60), as: "a.png").report
        #expect(report.thumbnails.map(\.width) == [90, 90])
        #expect(report.thumbnails.map(\.height) == [60, 60])
    }

    @Test("a picture that EXIF turns is measured and shown upright, and its metadata is not published")
    func upright() async throws {
        let lab = try Lab()
        _ = try lab.picture("jpg", width: 400, height: 200)
        let source = lab.directory.file("made-400x200-rgb.v")
        let turned = lab.directory.file("turned.jpg")
        try Lab.run("vips", ["copy", source, lab.directory.file("t.v"), "--interpretation", "srgb"])
        try Lab.run(
            "sh",
            [
                "-c",
                "vips copy '\(source)' '\(turned)' && printf '\\377\\330\\377\\341\\000\\066Exif\\000\\000MM\\000\\052\\000\\000\\000\\010\\000\\002\\001\\022\\000\\003\\000\\000\\000\\001\\000\\006\\000\\000\\001\\017\\000\\002\\000\\000\\000\\010\\000\\000\\000\\046\\000\\000\\000\\000SECRET1\\000' > '\(turned).x' && tail -c +3 '\(turned)' >> '\(turned).x'",
            ])
        let bytes = try Data(contentsOf: URL(filePath: turned + ".x"))
        #expect(bytes.range(of: Data("SECRET1".utf8)) != nil)
        let findings = try await lab.inspect(bytes, as: "a.jpg")
        #expect(findings.report.width == 200 && findings.report.height == 400)
        #expect(findings.report.thumbnails.first?.height == 320)
        for (_, preview) in findings.thumbnails {
            // libvips writes a block of its own into WebP (resolution, no turn); nothing of the seller's is in it.
            let published = Data(preview.readableBytesView)
            #expect(published.range(of: Data("SECRET1".utf8)) == nil)
        }
    }

    @Test("a picture that was cut is rejected", arguments: ["jpg", "png", "webp", "gif", "tif"])
    func truncated(suffix: String) async throws {
        let lab = try Lab()
        let whole = try lab.picture(suffix, width: 600, height: 400)
        #expect(try await lab.rejection(whole, as: "a.\(suffix)") == nil)
        #expect(try await lab.rejection(whole.prefix(whole.count * 2 / 3), as: "a.\(suffix)") == "picture_damaged")
        let scratch = lab.inspector.scratch.directory
        try await drained(scratch)
    }

    @Test("a PNG bomb is rejected by the pixels that it promises, before they are decoded")
    func bomb() async throws {
        let lab = try Lab(limits: ProbeLimits(memoryMiB: 512, cpuTime: .seconds(5)))
        let bomb = bombPNG(size: 20_000)
        // 1.2 GB of pixels.
        #expect(bomb.count < 8 << 20)
        #expect(try await lab.rejection(bomb, as: "bomb.png") == "picture_too_large")
        // The same generator makes a valid picture: the bomb is refused for its size and not for a fault.
        let harmless = try await lab.inspect(bombPNG(size: 400), as: "black.png").report
        #expect(harmless.width == 400)
    }

    @Test("a bomb within the pixels is stopped by the bounds of its process")
    func costly() async throws {
        let lab = try Lab(limits: ProbeLimits(cpuTime: .seconds(60), wallTime: .milliseconds(50)))
        let code = try await lab.rejection(bombPNG(size: 9000), as: "bomb.png")
        #expect(code == "picture_too_complex")
    }

    @Test("a cover must be a picture that can be shown")
    func cover() async throws {
        let lab = try Lab()
        let svg = Data("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>".utf8)
        #expect(try await lab.rejection(svg, as: "a.svg", isCover: true) == "cover_not_picture")
        #expect(try await lab.rejection(Data("hello".utf8), as: "cover", isCover: true) == "cover_not_picture")
        let report = try await lab.inspect(svg, as: "a.svg", declared: "image/svg+xml").report
        #expect(report.kind == .image && report.thumbnails.isEmpty)
    }

    /// The scratch folder is emptied behind the probe's back; this waits for it.
    private func drained(_ scratch: String) async throws {
        for _ in 0..<500 {
            if try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("a probe left its scratch folder")
    }
}

@Suite("Ingest: bounded processes")
struct IngestProcessTests {
    private func outcome(
        _ script: String, memoryMiB: Int = 512, cpu: Duration = .seconds(60), wall: Duration? = nil
    ) async throws -> BoundedProcess.Outcome {
        let limits = ProbeLimits(memoryMiB: memoryMiB, cpuTime: cpu, wallTime: wall)
        return try await BoundedProcess(limits: limits, scratch: "/tmp").run("sh", ["-c", script])
    }

    @Test("output, failure and crash are told apart")
    func outcomes() async throws {
        guard case .success("hello\n") = try await outcome("echo hello") else { throw Unexpected() }
        guard case .failure("sorry") = try await outcome("echo sorry >&2; exit 3") else { throw Unexpected() }
        guard case .exceeded = try await outcome("kill -SEGV $$") else { throw Unexpected() }
        await #expect(throws: IngestError.self) {
            try await BoundedProcess(limits: ProbeLimits(), scratch: "/tmp").run("no-such-program-of-ours", [])
        }
    }

    @Test("processor time, address space and output are bounded")
    func bounds() async throws {
        guard case .exceeded = try await outcome("while :; do :; done", cpu: .seconds(1)) else { throw Unexpected() }
        guard
            case .failure = try await outcome(
                "head -c 1G /dev/zero | tail | wc -c; exit ${PIPESTATUS:-1}", memoryMiB: 64)
        else { throw Unexpected() }
        guard case .exceeded = try await outcome("yes") else { throw Unexpected() }
    }

    @Test("a probe that takes too long is killed with everything that it started")
    func wallTime() async throws {
        try await withTemporaryDirectory { directory in
            let pids = directory.file("pids")
            let script = "sleep 1000 & echo $! >> \(pids); echo $$ >> \(pids); touch \(pids).ready; wait"
            guard case .exceeded = try await outcome(script, wall: .seconds(1)) else { throw Unexpected() }
            let started = try String(contentsOfFile: pids, encoding: .utf8).split(separator: "\n").compactMap {
                Int32($0)
            }
            #expect(started.count == 2)
            for pid in started {
                try await gone(pid)
            }
        }
    }

    @Test("a probe knows nothing of the worker's environment")
    func environment() async throws {
        setenv("TEST_SECRET_OF_THE_WORKER", "hidden", 1)
        guard case .success(let output) = try await outcome("env") else { throw Unexpected() }
        #expect(!output.contains("hidden"))
    }

    @Test("scratch folders of dead workers are swept, those of live ones stay")
    func scratch() async throws {
        try await withTemporaryDirectory { directory in
            let area = ScratchArea(parent: directory.path)
            try await area.withFolder { folder in
                let dead = area.directory + "/dead"
                try FileManager.default.createDirectory(atPath: dead + "/inside", withIntermediateDirectories: true)
                area.sweep()
                #expect(FileManager.default.fileExists(atPath: folder))
                #expect(!FileManager.default.fileExists(atPath: dead))
            }
        }
    }

    private struct Unexpected: Error {}

    /// A killed process may be a zombie for a moment, until its new parent reaps it.
    private func gone(_ pid: Int32) async throws {
        for _ in 0..<500 {
            let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            guard let status, !status.contains(") Z ") else { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("process \(pid) lives on")
    }

    @Test("a probe carries its worker's number, so that it is found when the worker was killed")
    func mark() async throws {
        let lab = try Lab()
        let process = BoundedProcess(limits: ProbeLimits(), scratch: lab.directory.path)
        guard case .success(let output) = try await process.run("env", []) else {
            Issue.record("env did not run")
            return
        }
        #expect(output.split(separator: "\n").contains("\(ProbeMark.variable)=\(getpid())"))
    }
}
