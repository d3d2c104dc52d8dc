import Foundation
import Marketplace
import Testing

@testable import Ingest

@Suite("Ingest: sniffing")
struct IngestSniffTests {
    @Test("a picture that is a ZIP as well is told of")
    func polyglot() async throws {
        let lab = try Lab()
        let picture = try lab.picture("png", width: 40, height: 30)
        let archive = zip([("hidden.txt", "x"), ("more.txt", "y")])
        let report = try await lab.inspect(picture + archive, as: "a.png").report
        let check = try #require(report.checks.first { $0.name == "polyglot" })
        #expect(check.result == "flagged" && check.detail?.contains("a ZIP of 2 entries") == true)
        #expect(try await lab.inspect(picture, as: "a.png").report.checks.allSatisfy { $0.name != "polyglot" })
        // Under the other name it is not what it says.
        #expect(try await lab.rejection(picture + archive, as: "a.zip") == "type_mismatch")
    }

    @Test("an SVG or a page that runs scripts or calls home is sold, and its report says so")
    func active() async throws {
        let lab = try Lab()
        func found(_ text: String, _ name: String) async throws -> String? {
            try await lab.inspect(Data(text.utf8), as: name).report.checks.first { $0.name == "active_content" }?.detail
        }
        let namespace = #"xmlns="http://www.w3.org/2000/svg""#
        #expect(try await found("<svg \(namespace)><circle r=\"1\"/></svg>", "a.svg") == nil)
        let script = try await found("<svg \(namespace)><script>alert(1)</script></svg>", "a.svg")
        #expect(script?.hasPrefix("It may have scripts;") == true)
        let both = try await found(
            "<svg \(namespace) onload=\"x()\"><image href=\"http://evil.example/\"/></svg>", "a.svg")
        #expect(both?.contains("scripts and external references") == true)
        let page = try await found("<!DOCTYPE html><html><body><script>x()</script></body></html>", "a.html")
        #expect(page?.contains("scripts") == true)
        #expect(try await found("Write <script> to begin one.", "a.txt") == nil)
    }

    @Test(
        "a text's encoding is told",
        arguments: [
            ("Words.\n", String.Encoding.utf8, "us-ascii"), ("Größe, façade.\n", .utf8, "utf-8"),
            ("Größe, façade.\n", .isoLatin1, "iso-8859-1"), ("Größe, façade.\n", .utf16, "utf-16le"),
        ])
    func encodings(text: String, encoding: String.Encoding, name: String) async throws {
        let report = try await Lab().inspect(try #require(text.data(using: encoding)), as: "a.txt").report
        let check = try #require(report.checks.first { $0.name == "type" })
        #expect(check.detail == "The content is text/plain, encoded as \(name).")
    }

    @Test("programs are recorded as such, and a script under a picture's name is refused")
    func programs() async throws {
        let lab = try Lab()
        let program = try Data(contentsOf: URL(filePath: "/usr/bin/env"))
        #expect(try await lab.inspect(program, as: "tool.appimage").report.kind == .software)
        #expect(try await lab.inspect(program, as: "tool").report.kind == .software)
        #expect(try await lab.rejection(program, as: "tool.pdf") == "type_mismatch")
        let script = Data("#!/bin/sh\nrm -rf /\n".utf8)
        #expect(try await lab.inspect(script, as: "setup.sh").report.kind == .software)
        #expect(try await lab.rejection(script, as: "a.png") == "type_mismatch")
    }
}
