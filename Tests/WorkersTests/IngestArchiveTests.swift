import Foundation
import Marketplace
import Probing
import TestSupport
import Testing

@testable import Ingest

@Suite("Ingest: archives")
struct IngestArchiveTests {
    /// Made once: Python takes longer than all the looking.
    private static let made = Result { () throws -> TemporaryDirectory in
        let folder = try TemporaryDirectory()
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "archives.py").path
        // zipfile warns of names that are there twice, which is what they are for.
        try Lab.run("python3", ["-W", "ignore", script, folder.path])
        return folder
    }

    private static let limits = ProbeLimits(
        archive: ArchiveLimits(entries: 2000, unpackedBytes: 16 << 30, ratio: 200, depth: 4))

    private func inspect(_ name: String, as filename: String? = nil) async throws -> UploadReport {
        let bytes = try Data(contentsOf: URL(filePath: try Self.made.get().file(name)))
        return try await Lab(limits: Self.limits).inspect(bytes, as: filename ?? name).report
    }

    @Test(
        "what is in a good archive is listed, and its size is measured",
        arguments: [
            ("good.zip", "zip", 510), ("stored.zip", "zip", 510), ("good.tar", "tar", 510),
            // A compressed stream counts to its end, with the tar's own headers and padding.
            ("good.tar.gz", "tar.gz", 10_240), ("good.tar.bz2", "tar.bz2", 10_240), ("good.tar.xz", "tar.xz", 10_240),
        ])
    func good(file: String, format: String, bytes: Int64) async throws {
        let report = try await inspect(file)
        let archive = try #require(report.metadata?.archive)
        #expect(report.kind == .archive && archive.format == format && archive.entries == 2)
        #expect(archive.unpackedBytes == bytes && archive.inspected && archive.encryptedEntries == 0)
        #expect(
            archive.listing == [
                .init(name: "folder/a.txt", type: "file", size: 500), .init(name: "b.txt", type: "file", size: 10),
            ])
        #expect(report.checks.contains { $0.name == "archive" && $0.result == "passed" })
    }

    @Test("a compressed file, an empty ZIP, ZIP64 and links that stay inside are fine")
    func alsoGood() async throws {
        let stream = try #require(try await inspect("good.gz").metadata?.archive)
        #expect(stream.format == "gz" && stream.entries == 1 && stream.unpackedBytes == 5000)
        #expect(try await inspect("empty.zip").metadata?.archive?.entries == 0)
        #expect(try await inspect("zip64.zip").metadata?.archive?.unpackedBytes == 1000)
        let links = try #require(try await inspect("links.tar").metadata?.archive)
        #expect(links.listing.map(\.type) == ["file", "link", "link", "link", "link"])
    }

    @Test("what is inside an archive inside counts, and a broken one inside is only told of")
    func nested() async throws {
        let whole = try await inspect("nested.zip")
        let archive = try #require(whole.metadata?.archive)
        #expect(archive.entries == 3 && archive.inspected)
        // Both archives inside, and what each of them unpacks to.
        let packed = archive.listing.reduce(0) { $0 + $1.size }
        #expect(archive.unpackedBytes == packed + 10_240 + 510)
        let broken = try await inspect("nested-broken.zip")
        #expect(broken.metadata?.archive?.inspected == false)
        let check = try #require(broken.checks.first { $0.name == "archive" })
        #expect(check.result == "flagged")
        #expect(check.detail?.contains(#"The archive "broken.zip" inside was not looked at whole"#) == true)
    }

    @Test(
        "what may go wrong when it is unpacked is told, and no reason to refuse it",
        arguments: [
            ("alike.zip", "differs only in case or in how accents are composed: 2."),
            ("latin.zip", "Names that are not UTF-8: 1."),
            ("selfextracting.zip", "400 bytes stand before the archive."),
        ])
    func flagged(file: String, note: String) async throws {
        let check = try #require(try await inspect(file).checks.first { $0.name == "archive" })
        #expect(check.result == "flagged")
        #expect(check.detail?.contains(note) == true, "\(check.detail ?? "")")
    }

    @Test(
        "an archive that should not be unpacked is refused, and the reason names the entry",
        arguments: [
            ("parent.zip", "archive_path_unsafe", #""a/../../evil" would leave the folder"#),
            ("parent.tar.gz", "archive_path_unsafe", #""../evil" would leave"#),
            ("absolute.tar", "archive_path_unsafe", #""/etc/evil" has an absolute path"#),
            ("drive.zip", "archive_path_unsafe", #""C:/evil" names a drive"#),
            ("backslash.zip", "archive_path_unsafe", "has a backslash"),
            ("nested-parent.zip", "archive_path_unsafe", #""in.zip/../evil" would leave"#),
            ("symbolic.tar", "archive_link_unsafe", #"The link "link" leads out"#),
            ("symbolic.zip", "archive_link_unsafe", #"The link "link" leads out"#),
            ("symbolic-absolute.tar", "archive_link_unsafe", #""link" to "/etc" has an absolute path"#),
            ("symbolic-chain.tar", "archive_link_unsafe", #"The link "x/z" leads out"#),
            ("symbolic-through.tar", "archive_link_unsafe", #""name" has the name of a link"#),
            ("hard.tar", "archive_link_unsafe", #"The link "link" leads out"#),
            ("device.tar", "archive_special_file", #""sda" is a device"#),
            ("pipe.tar", "archive_special_file", #""pipe" is a device, pipe"#),
            ("nul.zip", "archive_name_invalid", #""a\0b" has control characters"#),
            ("control.zip", "archive_name_invalid", #""a\nb" has control characters"#),
            ("long-name.zip", "archive_name_too_long", "more than 255 bytes"),
            ("long-path.tar", "archive_name_too_long", "at most 1024 are allowed"),
            ("many.zip", "archive_too_many_entries", "3000 entries; at most 2000"),
            ("many.tar.gz", "archive_too_many_entries", #"more than 2000 entries, the most there may be; "2000""#),
            ("deep.zip", "archive_too_deep", #"more than 4 levels of them; "4.zip/3.zip/2.zip/1.zip""#),
            ("deep.gz", "archive_too_deep", "more than 4 levels"),
            ("overlapping.zip", "archive_overlapping", #""zeros" share bytes"#),
            ("other-name.zip", "archive_inconsistent", "differ in the name"),
            ("small-size.zip", "archive_damaged", #"at the entry "zeros""#),
            ("count.zip", "archive_damaged", "2 entries instead of 7"),
            ("cut.zip", "archive_damaged", "it has no directory"),
            ("behind.zip", "archive_damaged", "7 bytes follow its end"),
            ("cut.tar", "archive_damaged", #"at the entry "a""#),
            ("cut.tar.gz", "archive_damaged", "damaged or incomplete"),
            ("cut.tar.xz", "archive_damaged", "damaged or incomplete"),
            ("cut.tar.bz2", "archive_damaged", "damaged or incomplete"),
            ("flipped.zip", "archive_damaged", #"at the entry "folder/a.txt""#),
        ])
    func refused(file: String, code: String, sentence: String) async throws {
        let rejection = await #expect(throws: Rejection.self) { try await inspect(file) }
        #expect(rejection?.code == code)
        #expect(rejection?.detail.contains(sentence) == true, "\(rejection?.detail ?? "")")
    }

    @Test(
        "a bomb is refused by what comes out of it, whatever its headers say",
        arguments: [
            ("bomb.zip", "zeros"), ("bomb.gz", "(content)"), ("bomb.tar.gz", "(content)"), ("bomb.bz2", "(content)"),
            ("bomb.xz", "(content)"), ("bomb-behind.tar.gz", "(content)"), ("bomb-nested.zip", ".zip/zeros"),
        ])
    func bombs(file: String, entry: String) async throws {
        let rejection = await #expect(throws: Rejection.self) { try await inspect(file) }
        #expect(rejection?.code == "archive_bomb")
        #expect(rejection?.detail.contains("more than 200 times its") == true)
        #expect(rejection?.detail.contains(entry) == true)
    }

    @Test("a file of holes counts with its holes")
    func sparse() async throws {
        let rejection = await #expect(throws: Rejection.self) { try await inspect("sparse.tar.gz") }
        #expect(rejection?.code == "archive_too_large" && rejection?.detail.contains("hole") == true)
    }

    @Test("the limits are those of the settings")
    func limits() async throws {
        let bytes = try Data(contentsOf: URL(filePath: try Self.made.get().file("nested.zip")))
        func code(_ limits: ArchiveLimits) async throws -> String? {
            try await Lab(limits: ProbeLimits(archive: limits)).rejection(bytes, as: "a.zip")
        }
        #expect(try await code(ArchiveLimits(entries: 7)) == nil)
        #expect(try await code(ArchiveLimits(entries: 6)) == "archive_too_many_entries")
        #expect(try await code(ArchiveLimits(unpackedBytes: 10_000)) == "archive_too_large")
        #expect(try await code(ArchiveLimits(depth: 2)) == nil)
        #expect(try await code(ArchiveLimits(depth: 1)) == "archive_too_deep")
    }

    @Test("what is encrypted is told of and not looked at")
    func encrypted() async throws {
        let folder = try TemporaryDirectory()
        try Data("hello".utf8).write(to: URL(filePath: folder.file("secret.txt")))
        try Lab.run("7zz", ["a", "-psecret", folder.file("some.7z"), folder.file("secret.txt")])
        try Lab.run("7zz", ["a", "-psecret", "-mhe=on", folder.file("all.7z"), folder.file("secret.txt")])
        try Lab.run("7zz", ["a", "-psecret", folder.file("some.zip"), folder.file("secret.txt")])
        for name in ["some.7z", "all.7z", "some.zip"] {
            let bytes = try Data(contentsOf: URL(filePath: folder.file(name)))
            let report = try await Lab().inspect(bytes, as: name).report
            #expect(report.metadata?.archive?.inspected == false, "\(name)")
            #expect(report.checks.first { $0.name == "archive" }?.result == "flagged")
        }
        try Lab.run("7zz", ["a", folder.file("open.7z"), folder.file("secret.txt")])
        let bytes = try Data(contentsOf: URL(filePath: folder.file("open.7z")))
        let archive = try #require(try await Lab().inspect(bytes, as: "open.7z").report.metadata?.archive)
        #expect(archive.format == "7z" && archive.inspected && archive.unpackedBytes == 5)
    }

    @Test("looking at an archive leaves nothing behind")
    func scratch() async throws {
        let lab = try Lab(limits: Self.limits)
        for name in ["nested.zip", "bomb.gz", "cut.tar.gz"] {
            let bytes = try Data(contentsOf: URL(filePath: try Self.made.get().file(name)))
            _ = try await lab.rejection(bytes, as: name)
        }
        try await lab.awaitEmptyScratch()
    }
}
