import Foundation
import Marketplace
import Testing

@testable import Ingest
@testable import Probing

@Suite("Ingest: types and checksums")
struct IngestTypeTests {
    @Test("text under a picture's name is rejected, whatever was declared", arguments: ["image/png", "text/plain", ""])
    func disguisedText(declared: String) async throws {
        let lab = try Lab()
        let text = Data("This is not a picture.\n".utf8)
        #expect(try await lab.rejection(text, as: "photo.png", declared: declared) == "type_mismatch")
        #expect(try await lab.rejection(text, as: "photo.PNG", declared: declared) == "type_mismatch")
    }

    @Test("a declaration that the content contradicts is rejected, one that says nothing is not")
    func declaration() async throws {
        let lab = try Lab()
        let text = Data("Just some words.\n".utf8)
        #expect(try await lab.rejection(text, as: "words", declared: "application/pdf") == "type_mismatch")
        #expect(try await lab.rejection(text, as: "words.txt", declared: "application/pdf") == "type_mismatch")
        #expect(try await lab.rejection(text, as: "words.txt", declared: "text/plain; charset=utf-8") == nil)
        #expect(try await lab.rejection(text, as: "words", declared: "application/x-invented") == nil)
        let found = try await lab.inspect(text, as: "words.txt").report
        #expect(found.kind == .document && found.detectedType == "text/plain")
        #expect(found.checks.map(\.name) == ["size", "sha256", "type", "malware"])
    }

    @Test("bytes that nothing is known of are taken as they come")
    func unknown() async throws {
        let lab = try Lab()
        var generator = SystemRandomNumberGenerator()
        // Begins with bytes that no format begins with; the rest is noise.
        let noise =
            Data([0xE7, 0x91, 0xF3, 0x0B, 0x00])
            + Data((0..<5000).map { _ in .random(in: 0...255, using: &generator) })
        let report = try await lab.inspect(noise, as: "data.bin").report
        #expect(report.kind == .other && report.detectedType == "application/octet-stream")
    }

    @Test("a ZIP with META-INF/container.xml is an e-book, where its mimetype stands does not matter")
    func epub() async throws {
        let lab = try Lab()
        let book = zip([
            ("META-INF/container.xml", "<container/>"), ("text.xhtml", "<html/>"), ("mimetype", "application/epub+zip"),
        ])
        let report = try await lab.inspect(book, as: "book.epub", declared: "application/epub+zip").report
        #expect(report.kind == .ebook && report.detectedType == "application/epub+zip")
        let other = zip([("readme.txt", "no book")])
        #expect(try await lab.rejection(other, as: "book.epub") == "type_mismatch")
        let archive = try await lab.inspect(other, as: "things.zip", declared: "application/zip").report
        #expect(archive.kind == .archive && archive.detectedType == "application/zip")
        // A seller may sell books as an archive, too.
        #expect(try await lab.inspect(book, as: "book.zip").report.kind == .archive)
        #expect(try await lab.inspect(book, as: "book").report.kind == .ebook)
    }

    @Test("a ZIP that was cut is damaged")
    func cutArchive() async throws {
        let lab = try Lab()
        let whole = zip((0..<50).map { ("entry \($0)", String(repeating: "x", count: 100)) })
        #expect(try await lab.rejection(whole, as: "a.zip") == nil)
        #expect(try await lab.rejection(whole.dropLast(30), as: "a.zip") == "archive_damaged")
        #expect(try await lab.rejection(whole.prefix(2000), as: "a.zip") == "archive_damaged")
    }

    @Test("random damage to a ZIP's directory is told or harmless, and never a crash")
    func damagedArchive() async throws {
        let lab = try Lab()
        let whole = zip((0..<20).map { ("entry \($0)", "content") })
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            damaged = damaged.prefix(Int.random(in: 0...damaged.count, using: &generator))
            let path = try lab.file("damaged", damaged)
            do {
                let file = try FileReader(path)
                _ = try ZipLayout(try ZipDirectory(file), file)
            } catch let refusal as Refusal {
                #expect(refusal.code.hasPrefix("archive_"))
            }
        }
    }

    @Test("a checksum or a size that is not the declared one is rejected, and says what was found")
    func mismatches() async throws {
        let lab = try Lab()
        let text = Data("hello".utf8)
        let right = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        let report = try await lab.inspect(text, as: "a.txt", sha256: right.uppercased()).report
        #expect(report.sha256 == right && report.size == 5)
        #expect(report.checks.contains(.init(name: "sha256", result: "passed", detail: "As declared.")))
        let wrong = String(repeating: "0", count: 64)
        let rejection = await #expect(throws: Rejection.self) {
            try await lab.inspect(text, as: "a.txt", sha256: wrong)
        }
        #expect(rejection?.code == "checksum_mismatch")
        #expect(rejection?.detail.contains(right) == true)
        #expect(try await lab.rejection(text, as: "a.txt", size: 6) == "size_mismatch")
    }

    @Test("a file larger than a turn is hashed whole")
    func largeFile() async throws {
        let lab = try Lab()
        let digest = try await FileDigest.compute(lab.file("zeros", Data(count: (20 << 20) + 3)))
        #expect(digest.size == (20 << 20) + 3)
        // openssl dgst -sha256 of the same.
        #expect(digest.sha256 == "8cae0eaa7ae6ef64b6b7983e54356853ef5ba6415d0db184ade7d1c32f5ec4f2")
    }
}
