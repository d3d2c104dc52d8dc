import Foundation
import JobQueue
import Marketplace
import TestSupport
import Testing

@testable import Mail

@Suite("Mail")
struct MailTests {
    private func message(
        toName: String = "Ada", subject: String = "Hello", body: String = "Text", messageID: String = "job_1"
    ) -> String {
        let message = MailMessage(
            from: "Sunset <no-reply@sunset.test>", to: "ada@example.org", toName: toName, subject: subject, body: body,
            messageID: messageID, date: Date(timeIntervalSince1970: 0))
        return String(decoding: message.serialized(), as: UTF8.self)
    }

    @Test("a message has the headers of RFC 5322 and lines that end in CRLF")
    func headers() {
        let text = message()
        #expect(
            text.hasPrefix("From: Sunset <no-reply@sunset.test>\r\nTo: Ada\r\n <ada@example.org>\r\nSubject: Hello\r\n")
        )
        #expect(text.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"))
        #expect(text.contains("Message-ID: <job_1@sunset.test>\r\n"))
        #expect(text.hasSuffix("\r\n\r\nText\r\n"))
        #expect(!text.replacing("\r\n", with: "").contains { $0 == "\n" || $0 == "\r" })
    }

    @Test("a line break in a name or subject adds no header")
    func injection() {
        let text = message(toName: "Eve\r\nBcc: all@example.org", subject: "x\nX-Evil: 1")
        let head = text.components(separatedBy: "\r\n\r\n")[0]
        #expect(!head.components(separatedBy: "\r\n").contains { $0.hasPrefix("Bcc:") || $0.hasPrefix("X-Evil:") })
    }

    @Test(
        "text that is not ASCII is encoded, in lines of at most 76 characters",
        arguments: ["Größe €", "日本語の長い題名" + String(repeating: "あ", count: 80), "🎵"])
    func encoding(text: String) throws {
        let raw = message(toName: text, subject: text, body: text + "\n" + String(repeating: "é", count: 200))
        #expect(raw.utf8.allSatisfy { $0 < 0x80 })
        for line in raw.components(separatedBy: "\r\n") { #expect(line.utf8.count <= 78) }
        let subject = try #require(
            raw.components(separatedBy: "Subject: ").last?.components(separatedBy: "\r\nDate:").first)
        let decoded = subject.components(separatedBy: "\r\n ").map { word -> Data in
            Data(base64Encoded: String(word.dropFirst("=?utf-8?b?".count).dropLast(2))) ?? Data()
        }
        #expect(String(decoding: decoded.reduce(Data(), +), as: UTF8.self) == text)
    }

    @Test("a job that runs twice delivers one message", arguments: ["new", "cur"])
    func deliveredOnce(folder: String) async throws {
        try await withTemporaryDirectory { directory in
            let maildir = try Maildir(directory: directory.path)
            #expect(try await maildir.deliver([1, 2, 3], name: "job_a"))
            if folder == "cur" {  // a reader has seen it in the meantime
                try FileManager.default.moveItem(
                    atPath: directory.file("new/job_a"), toPath: directory.file("cur/job_a:2,S"))
            }
            #expect(try await !maildir.deliver([4, 5, 6], name: "job_a"))
            let files = try ["new", "cur", "tmp"].flatMap {
                try FileManager.default.contentsOfDirectory(atPath: directory.file($0))
            }
            #expect(files.count == 1)
        }
    }

    @Test("a name that would leave the Maildir is refused", arguments: ["../x", ".", "a/b", ""])
    func badName(name: String) async throws {
        try await withTemporaryDirectory { directory in
            let maildir = try Maildir(directory: directory.path)
            await #expect(throws: MaildirError.self) { try await maildir.deliver([1], name: name) }
        }
    }

    @Test("the confirmation code stands in the text on a line of its own")
    func code() {
        let text = MailText(.confirmCode(code: "123456", minutes: 15), name: "Ada", publicURL: "http://x")
        #expect(text.body.split(separator: "\n").contains { $0.trimmingCharacters(in: .whitespaces) == "123456" })
    }
}
