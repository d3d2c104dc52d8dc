import Foundation
import HTTPTypes
import NIOCore
import Testing

@testable import ObjectStore
@testable import S3

@Suite("Signature V4")
struct SignatureTests {
    // The examples of "Authenticating Requests (AWS Signature Version 4)" in Amazon S3's API reference.
    static let signer = SignatureV4.Signer(
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope: .init(day: "20130524", region: "us-east-1"),
        time: "20130524T000000Z")
    static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("AWS's own examples come out: a range, a listing, a presigned URL")
    func examples() throws {
        func signature(
            _ target: String, _ headers: [(String, String)], _ payload: String
        ) throws -> String {
            let target = try #require(S3Target(target))
            let canonical = SignatureV4.canonicalRequest(
                method: "GET", path: target.canonicalPath, query: target.query,
                headers: headers.map { (name: $0.0, value: $0.1) }, payload: payload)
            return Self.signer.signature(of: Self.signer.stringToSign(canonicalRequest: canonical))
        }
        let host = ("host", "examplebucket.s3.amazonaws.com")
        let common = [("x-amz-content-sha256", Self.empty), ("x-amz-date", "20130524T000000Z")]
        #expect(
            try signature("/test.txt", [host, ("range", "bytes=0-9")] + common, Self.empty)
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(
            try signature("/?max-keys=2&prefix=J", [host] + common, Self.empty)
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
        let query =
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
            + "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        #expect(
            try signature("/test.txt?\(query)", [host], "UNSIGNED-PAYLOAD")
                == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test("AWS's example of a signed stream is taken, however it is cut, and no changed byte of it is")
    func signedStream() throws {
        let chunks: [(Int, String)] = [
            (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ]
        var stream: [UInt8] = []
        for (size, signature) in chunks {
            stream += Array("\(String(size, radix: 16));chunk-signature=\(signature)\r\n".utf8)
            stream += [UInt8](repeating: UInt8(ascii: "a"), count: size) + Array("\r\n".utf8)
        }
        let decoder = ChunkDecoder(
            signature: ChunkSignature(
                signer: Self.signer, seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
            hasTrailer: false)
        for size in [1, 2, 17, 1000, 65536, 100_000] {
            let data = try #require(try Self.decode(stream, by: decoder, inPiecesOf: size))
            #expect(data == [UInt8](repeating: UInt8(ascii: "a"), count: 66560))
        }
        for position in [0, 5, 30, 90, 5000, 65_630, stream.count - 10] {
            var damaged = stream
            damaged[position] ^= 1
            #expect(throws: S3Error.self) { try Self.decode(damaged, by: decoder, inPiecesOf: 4096) }
        }
        for count in [0, 10, 66_000, stream.count - 1] {
            #expect(try Self.decode(Array(stream.prefix(count)), by: decoder, inPiecesOf: 4096) == nil)
        }
    }

    @Test("a trailer is read, and noise is taken or refused the same however it is cut")
    func trailersAndNoise() throws {
        let text = "5\r\nhello\r\n0\r\nX-Amz-Checksum-CRC32: NhCmhg==\r\n\r\n"
        let decoder = ChunkDecoder(signature: nil, hasTrailer: true)
        var copy = decoder
        var input = ByteBuffer(string: text)
        #expect(try copy.next(&input) == ByteBuffer(string: "hello"))
        #expect(try copy.next(&input) == nil)
        #expect(copy.isComplete && copy.trailer == ["x-amz-checksum-crc32": "NhCmhg=="])
        #expect(throws: S3Error.self) {
            try Self.decode(Array(text.utf8) + [0], by: decoder, inPiecesOf: 1000)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            // Nil for what is refused or incomplete, which may show later in one than in the other.
            let whole = try? Self.decode(bytes, by: decoder, inPiecesOf: bytes.count)
            let cut = try? Self.decode(bytes, by: decoder, inPiecesOf: Int.random(in: 1...20, using: &generator))
            #expect(whole == cut, "\(bytes)")
        }
        for size in ["-1", "ffffffffffffffff", "", "g", "0x5"] {
            #expect(throws: S3Error.self) {
                try Self.decode(Array("\(size)\r\nhello\r\n".utf8), by: decoder, inPiecesOf: 100)
            }
        }
        #expect(throws: S3Error.self) {
            try Self.decode([UInt8](repeating: UInt8(ascii: "1"), count: 10_000), by: decoder, inPiecesOf: 100)
        }
    }

    @Test("AWS's presigned URL is good from 15 minutes before its time until a second before it expires")
    func presignedTimes() async throws {
        let query =
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
            + "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
            + "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        let key = AccessKey(
            id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", owner: "x", grants: [])
        func refusal(after seconds: Double, _ query: String = query) async throws -> S3Error? {
            let authenticator = Authenticator(keys: StaticAccessKeys([key])) {
                Date(timeIntervalSince1970: 1_369_353_600 + seconds)
            }
            let path = "/test.txt?\(query)"
            let head = HTTPRequest(
                method: .get, scheme: "http", authority: "examplebucket.s3.amazonaws.com", path: path)
            do {
                _ = try await authenticator.identify(head, try #require(S3Target(path)))
                return nil
            } catch let error as S3Error {
                return error
            }
        }
        for seconds in [-900.0, 0, 86_399] {
            #expect(try await refusal(after: seconds) == nil)
        }
        for (seconds, message) in [(-901.0, "Request is not valid yet"), (86_400, "Request has expired")] {
            let error = try await refusal(after: seconds)
            #expect(error?.code == "AccessDenied" && error?.message == message)
        }
        for lifetime in ["0", "604801", "-1", "", "1e3"] {
            let changed = query.replacing("Expires=86400", with: "Expires=\(lifetime)")
            #expect(try await refusal(after: 0, changed)?.code == "AuthorizationQueryParametersError")
        }
        for lifetime in ["1", "604800"] {
            let changed = query.replacing("Expires=86400", with: "Expires=\(lifetime)")
            #expect(try await refusal(after: 0, changed)?.code == "SignatureDoesNotMatch")
        }
    }

    @Test(
        "moments of signatures are read, and nothing else is",
        arguments: [
            ("20130524T000000Z", 1_369_353_600.0), ("19700101T000000Z", 0), ("20240229T235959Z", 1_709_251_199),
            ("20000301T000001Z", 951_868_801), ("21001231T120000Z", 4_133_937_600),
        ])
    func times(text: String, seconds: Double) {
        #expect(SignatureTime.date(text)?.timeIntervalSince1970 == seconds)
        for bad in [String(text.dropLast()), text + "Z", text.replacing("T", with: " "), "2013-05-24T00:00Z"] {
            #expect(SignatureTime.date(bad) == nil)
        }
    }

    /// All data; nil when the stream is not complete.
    static func decode(_ bytes: [UInt8], by decoder: ChunkDecoder, inPiecesOf size: Int) throws -> [UInt8]? {
        var decoder = decoder
        var data: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            var input = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            while let next = try decoder.next(&input) {
                data += next.readableBytesView
            }
        }
        return decoder.isComplete ? data : nil
    }
}

@Suite("Targets and XML")
struct ParsingTests {
    @Test(
        "a key is every byte after the bucket",
        arguments: [
            ("/b/k", "b", "k"), ("/b//k", "b", "/k"), ("/b/a/../k/", "b", "a/../k/"), ("/b/a%2Fk", "b", "a/k"),
            ("/b/%C3%A9+%2B", "b", "é++"), ("/b/e%CC%81", "b", "e\u{301}"), ("/b/%2e%2e", "b", ".."),
        ])
    func targets(text: String, bucket: String, key: String) throws {
        let target = try #require(S3Target(text))
        #expect(target.bucket == bucket)
        #expect(target.key.map { Array($0.utf8) } == Array(key.utf8))
    }

    @Test("buckets alone, the service, queries, and what is no target")
    func others() throws {
        #expect(try #require(S3Target("/b")).key == nil)
        #expect(try #require(S3Target("/b/")).key == nil)
        #expect(try #require(S3Target("/?x=1")).bucket == nil)
        let target = try #require(S3Target("/b?uploads&prefix=a%2Bb+c&x="))
        #expect(target.has("uploads") && target.value("prefix") == "a+b c" && target.value("x") == "")
        for bad in ["", "b", "*", "http://h/b", "/b/%", "/b/%zz", "/b/%FF", "/b?%FF"] {
            #expect(S3Target(bad) == nil, "\(bad)")
        }
    }

    @Test("a document is read with its namespace and escapes")
    func document() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>
            <Object><Key>a &amp; &lt;b&gt; &#xE9;&#13;</Key></Object><Object><Key>c</Key></Object></Delete>
            """
        let node = try XMLNode.parse(Array(text.utf8), root: "Delete")
        #expect(node.text("Quiet") == "true")
        #expect(node.all("Object").map { $0.text("Key") } == ["a & <b> é\r", "c"])
    }

    @Test(
        "document types, entities, other encodings, depth and noise are refused",
        arguments: [
            "<!DOCTYPE Delete [<!ENTITY a \"b\">]><Delete>&a;</Delete>", "<Delete>&a;</Delete>",
            "<?xml version=\"1.0\" encoding=\"UTF-7\"?><Delete>+ADwAIQ-</Delete><x/>", "<Delete>", "", "x", "<Other/>",
            "<Delete><?target data?></Delete>", "<Delete/><Delete/>", "<Delete>\u{0}</Delete>",
            "<Delete><![CDATA[x]]></Delete>",
            "<Delete>" + String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100) + "</Delete>",
        ])
    func refused(text: String) {
        #expect(throws: S3Error.self) { try XMLNode.parse(Array(text.utf8), root: "Delete") }
        let wide = text.utf16.flatMap { [UInt8($0 & 255), 0] }
        #expect(throws: S3Error.self) { try XMLNode.parse(wide, root: "Delete") }
    }

    @Test("a document may have as many elements as the largest upload needs, and not many more")
    func size() throws {
        func document(_ count: Int) -> [UInt8] { Array("<R>\(String(repeating: "<a/>", count: count - 1))</R>".utf8) }
        #expect(try XMLNode.parse(document(100_000), root: "R").children.count == 99_999)
        #expect(throws: S3Error.self) { try XMLNode.parse(document(100_001), root: "R") }
    }

    @Test("what is written is read back, whatever the text")
    func roundTrip() throws {
        for text in ["", "a", "<&>\"'", "é🦊", "a\r\nb\tc", " spaced "] {
            let written = XMLWriter.document("R") { $0.element("T", text) }
            #expect(try XMLNode.parse(Array(written.utf8), root: "R").text("T") == text)
        }
    }
}
