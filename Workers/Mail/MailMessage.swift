public import Foundation

/// One message as RFC 5322 text: a plain-text body in UTF-8, quoted-printable (RFC 2045 §6.7), lines ended by CRLF.
public struct MailMessage: Sendable {
    /// The sender, as an RFC 5322 mailbox (`Sunset <no-reply@example.org>`).
    public var from: String
    /// The receiver's address.
    public var to: String
    /// The receiver's display name; may be empty.
    public var toName: String
    /// The subject, any Unicode text.
    public var subject: String
    /// The body, lines separated by `\n`.
    public var body: String
    /// The left part of the Message-ID: the job's id, so that a message that was delivered twice is seen as one.
    public var messageID: String
    /// When the message was written.
    public var date: Date

    /// Creates a message.
    public init(
        from: String, to: String, toName: String, subject: String, body: String, messageID: String, date: Date
    ) {
        self.from = from
        self.to = to
        self.toName = toName
        self.subject = subject
        self.body = body
        self.messageID = messageID
        self.date = date
    }

    /// The message's bytes as they go into a Maildir or over SMTP's DATA (before dot-stuffing).
    ///
    /// Line breaks in any header value are dropped, so that no value can add a header of its own.
    public func serialized() -> [UInt8] {
        let host = from.split(separator: "@").last.map { $0.filter { $0 != ">" && $0 != " " } } ?? "localhost"
        let receiver = toName.isEmpty ? Self.oneLine(to) : "\(Self.displayName(toName))\r\n <\(Self.oneLine(to))>"
        let headers = [
            ("From", Self.oneLine(from)),
            ("To", receiver),
            ("Subject", Self.unstructured(subject)),
            ("Date", Self.format(date)),
            ("Message-ID", Self.oneLine("<\(messageID)@\(host)>")),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "quoted-printable"),
            ("Auto-Submitted", "auto-generated"),
        ]
        return Array((headers.map { "\($0): \($1)\r\n" }.joined() + "\r\n").utf8) + Self.quotedPrintable(body)
    }

    private static func oneLine(_ text: String) -> String {
        text.filter { !$0.isNewline && $0 != "\0" }
    }

    /// An unstructured header text (RFC 5322 §2.2.1): as it is where it is short printable ASCII, else encoded words.
    static func unstructured(_ text: String) -> String {
        let line = oneLine(text)
        let isPlain =
            line.utf8.count <= 200 && line.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !line.contains("=?")
        return isPlain ? line : encodedWords(line)
    }

    /// A display name (RFC 5322 §3.4): atoms as they are, anything else as encoded words, which need no quoting.
    static func displayName(_ text: String) -> String {
        let line = oneLine(text)
        let isAtoms =
            line.utf8.count <= 60
            && line.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_' ".contains($0)) }
        return isAtoms ? line : encodedWords(line)
    }

    /// Encoded words in lines of at most 76 characters (RFC 2047 §2); no character is split between two.
    private static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var chunk: [UInt8] = []
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // 39 bytes make 52 base64 characters; with "=?utf-8?b?", "?=" and "Subject: " a line stays below 76.
            if chunk.count + bytes.count > 39 {
                words.append(encodedWord(chunk))
                chunk = []
            }
            chunk += bytes
        }
        words.append(encodedWord(chunk))
        return words.joined(separator: "\r\n ")
    }

    private static func encodedWord(_ bytes: [UInt8]) -> String {
        "=?utf-8?b?\(Data(bytes).base64EncodedString())?="
    }

    private static func format(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return formatter.string(from: date)
    }

    /// Quoted-printable with soft breaks at 76 characters; trailing white space of a line is encoded.
    static func quotedPrintable(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bytes = Array(line.utf8).filter { $0 != 0x0D }
            var column = 0
            for (index, byte) in bytes.enumerated() {
                let isLast = index == bytes.count - 1
                let isPlain =
                    (byte >= 0x21 && byte <= 0x7E && byte != UInt8(ascii: "="))
                    || ((byte == 0x20 || byte == 0x09) && !isLast)
                let width = isPlain ? 1 : 3
                if column + width > 75 {
                    output += Array("=\r\n".utf8)
                    column = 0
                }
                if isPlain {
                    output.append(byte)
                } else {
                    let digits = Array("0123456789ABCDEF".utf8)
                    output += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
                column += width
            }
            output += Array("\r\n".utf8)
        }
        return output
    }
}
