import Crypto
import HTTPTypes
import NIOCore
import ObjectStore

/// Takes `aws-chunked` apart, piece by piece as it arrives: sizes, signatures, data, trailer.
///
/// Data is given out before its chunk's signature is checked; whoever stores it makes it visible only after the end, and
/// the end is reached only when all was right.
struct ChunkDecoder {
    private enum State {
        case header
        case data(Int64)
        case dataEnd
        case trailer
        case end
    }

    /// The fields of the trailer, in lower case, once it was read.
    private(set) var trailer: [String: String] = [:]

    private var state = State.header
    private var line: [UInt8] = []
    private var signature: ChunkSignature?
    private var trailerText = ""
    private let hasTrailer: Bool

    /// - Parameter signature: nil where the chunks are not signed.
    init(signature: ChunkSignature?, hasTrailer: Bool) {
        self.signature = signature
        self.hasTrailer = hasTrailer
    }

    /// Whether everything was read to the last byte.
    var isComplete: Bool {
        if case .end = state { true } else { false }
    }

    /// The next data in `input`; nil when all of it is used up.
    mutating func next(_ input: inout ByteBuffer) throws(S3Error) -> ByteBuffer? {
        while input.readableBytes > 0 {
            switch state {
            case .header:
                guard let text = try readLine(&input) else { return nil }
                try begin(text)
            case .data(let rest):
                let count = min(Int(clamping: rest), input.readableBytes)
                guard let slice = input.readSlice(length: count) else { return nil }
                signature?.update(slice)
                state = rest == Int64(count) ? .dataEnd : .data(rest - Int64(count))
                return slice
            case .dataEnd:
                guard let text = try readLine(&input) else { return nil }
                guard text.isEmpty else { throw .incompleteBody }
                try signature?.endChunk()
                state = .header
            case .trailer:
                guard let text = try readLine(&input) else { return nil }
                try readTrailer(text)
            case .end:
                throw .incompleteBody
            }
        }
        return nil
    }

    /// `size-in-hex[;chunk-signature=…]`.
    private mutating func begin(_ text: String) throws(S3Error) {
        let parts = text.split(separator: ";", maxSplits: 1)
        guard let digits = parts.first, digits.utf8.count <= 15, digits.allSatisfy(\.isHexDigit),
            let size = Int64(digits, radix: 16)
        else { throw .invalidRequest("A chunk of the aws-chunked body has no valid size.") }
        if signature != nil {
            let name = "chunk-signature="
            guard parts.count == 2, parts[1].hasPrefix(name) else {
                throw .invalidRequest("A chunk of the aws-chunked body has no signature.")
            }
            signature?.begin(String(parts[1].dropFirst(name.count)))
        }
        if size > 0 {
            state = .data(size)
        } else {
            try signature?.endChunk()
            state = .trailer
        }
    }

    private mutating func readTrailer(_ text: String) throws(S3Error) {
        if text.isEmpty {
            try signature?.checkTrailer(trailerText, trailer, isExpected: hasTrailer)
            state = .end
            return
        }
        guard hasTrailer, let colon = text.firstIndex(of: ":"), trailer.count < 16 else { throw Self.malformedTrailer }
        let name = text[..<colon].lowercased()
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        trailer[name] = String(value)
        if name != ChunkSignature.trailerName {
            trailerText += "\(name):\(value)\n"
        }
    }

    /// A line without its end; a bare line feed is taken, too.
    ///
    /// It is short, whatever a client sends.
    private mutating func readLine(_ input: inout ByteBuffer) throws(S3Error) -> String? {
        while let byte = input.readInteger(as: UInt8.self) {
            guard byte == UInt8(ascii: "\n") else {
                guard line.count < 4096 else { throw .invalidRequest("A line of the aws-chunked body is too long.") }
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") {
                line.removeLast()
            }
            defer { line.removeAll(keepingCapacity: true) }
            return String(decoding: line, as: UTF8.self)
        }
        return nil
    }

    static let malformedTrailer = S3Error(
        .badRequest, "MalformedTrailerError", "The request contained trailing data that was not well-formed.")
}

/// The chain of a signed stream: each chunk's signature covers its data and the signature before.
struct ChunkSignature {
    static let trailerName = "x-amz-trailer-signature"
    private static let ofNothing = Hex.encode(SHA256.hash(data: [UInt8]()))

    private let signer: SignatureV4.Signer
    private var previous: String
    private var given = ""
    private var hasher = SHA256()

    init(signer: SignatureV4.Signer, seed: String) {
        self.signer = signer
        self.previous = seed
    }

    mutating func begin(_ signature: String) {
        given = signature
        hasher = SHA256()
    }

    /// On the thread of the connection: a network buffer takes some ten microseconds, a hop to another thread as many.
    mutating func update(_ data: ByteBuffer) {
        data.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) }
    }

    mutating func endChunk() throws(S3Error) {
        try check("AWS4-HMAC-SHA256-PAYLOAD", [Self.ofNothing, Hex.encode(hasher.finalize())])
    }

    mutating func checkTrailer(_ text: String, _ fields: [String: String], isExpected: Bool) throws(S3Error) {
        guard isExpected else { return }
        guard let signature = fields[Self.trailerName] else { throw ChunkDecoder.malformedTrailer }
        given = signature
        try check("AWS4-HMAC-SHA256-TRAILER", [Hex.encode(SHA256.hash(data: Array(text.utf8)))])
    }

    private mutating func check(_ algorithm: String, _ hashes: [String]) throws(S3Error) {
        let text = ([algorithm, signer.time, signer.scope.description, previous] + hashes).joined(separator: "\n")
        let expected = signer.signature(of: text)
        guard SignatureV4.areEqual(expected, given) else {
            throw S3Error(
                .forbidden, "SignatureDoesNotMatch", "The signature of a chunk of the body does not match its data.")
        }
        previous = expected
    }
}
