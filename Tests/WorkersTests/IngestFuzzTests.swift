import Foundation
import Marketplace
import TestSupport
import Testing

@testable import Ingest

/// Damaged files through the whole of ``Inspector``; `scripts/fuzz-ingest` runs more of them, with other seeds.
@Suite("Ingest: fuzz")
struct IngestFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment

    @Test("a damaged file is taken or refused with a reason: nothing crashes, hangs or is left behind")
    func mutations() async throws {
        let count = Self.environment["SUNSET_FUZZ_COUNT"].flatMap { Int($0) } ?? 120
        let first = Self.environment["SUNSET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
        let lab = try Lab(limits: ProbeLimits(memoryMiB: 512, cpuTime: .seconds(10)))
        let files = try Self.files(lab)
        var outcomes: [String: Int] = [:]
        for seed in first..<(first + UInt64(count)) {
            var generator = SeededGenerator(seed: seed)
            let (name, whole) = files[Int(seed % UInt64(files.count))]
            let damaged = Self.damage(whole, &generator)
            do {
                // An error that is no rejection would make the job fail again and again.
                outcomes[try await lab.rejection(damaged, as: name) ?? "taken", default: 0] += 1
            } catch {
                Issue.record("seed \(seed), \(name): \(error)")
            }
        }
        try await lab.awaitEmptyScratch()
        if Self.environment["SUNSET_FUZZ_COUNT"] != nil {
            for (outcome, number) in outcomes.sorted(by: { $0.value > $1.value }) { print("\(number)\t\(outcome)") }
        }
        // Damage that is never noticed was not done.
        #expect(outcomes.keys.contains { $0 != "taken" })
    }

    /// Small valid files of every way that bytes are read.
    private static func files(_ lab: Lab) throws -> [(String, Data)] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "archives.py").path
        let folder = try TemporaryDirectory()
        try Lab.run("python3", ["-W", "ignore", script, folder.path])
        var files = try [
            "good.zip", "stored.zip", "good.tar", "good.tar.gz", "good.tar.bz2", "good.tar.xz", "nested.zip",
            "zip64.zip", "links.tar", "overlapping.zip",
        ].map { ($0, try Data(contentsOf: URL(filePath: folder.file($0)))) }
        files.append(("book.epub", zip([("mimetype", "application/epub+zip"), ("META-INF/container.xml", "<c/>")])))
        files.append(("a.svg", Data("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>a()</script></svg>".utf8)))
        files.append(("a.png", try lab.picture("png", width: 40, height: 30)))
        files.append(("a.txt", Data("Just some words, and Größe.\n".utf8)))
        return files
    }

    /// Some of: bytes changed, cut, repeated, put in.
    private static func damage(_ whole: Data, _ generator: inout SeededGenerator) -> Data {
        var bytes = [UInt8](whole)
        for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 1...64, using: &generator))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 3:
                let byte: UInt8 = Bool.random(using: &generator) ? 0xFF : 0
                bytes.replaceSubrange(place..<end, with: repeatElement(byte, count: end - place))
            case 4: bytes.append(contentsOf: bytes[place..<end])
            default: bytes[place] = .random(in: 0...255, using: &generator)
            }
        }
        return Data(bytes)
    }
}

/// SplitMix64: the same damage for the same seed, everywhere.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
