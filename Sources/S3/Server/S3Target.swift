import HTTPTypes
import ObjectStore

/// What a request asks about: the bucket and key of a path-style URL, and its query.
struct S3Target: Sendable {
    /// Nil for the service itself.
    var bucket: String?
    /// Everything after the bucket's slash, decoded once and otherwise as it is: `//`, `..` and a trailing slash belong
    /// to the key.
    var key: String?
    /// The path, percent-encoded in the one way that signatures are computed with.
    var canonicalPath: String
    /// The parameters, decoded, in their order.
    var query: [(name: String, value: String)]

    /// Takes the request's target apart; nil unless it is an absolute path with valid escapes of UTF-8.
    init?(_ target: String) {
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let segments = halves[0].dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bucket = PercentCoding.decode(segments[0].utf8) else { return nil }
        canonicalPath = "/" + PercentCoding.encode(bucket)
        self.bucket = bucket.isEmpty ? nil : bucket
        if segments.count == 2 {
            guard let key = PercentCoding.decode(segments[1].utf8) else { return nil }
            canonicalPath += "/" + PercentCoding.encode(key, keepingSlashes: true)
            self.key = key.isEmpty ? nil : key
        }
        query = []
        guard halves.count == 2 else { return }
        for part in halves[1].split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(pair[0]), let value = pair.count == 2 ? Self.decode(pair[1]) : "" else {
                return nil
            }
            query.append((name, value))
        }
    }

    /// The first value of a parameter.
    func value(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    func has(_ name: String) -> Bool {
        query.contains { $0.name == name }
    }

    /// A plus sign is a space in a query, as forms have it.
    private static func decode(_ text: Substring) -> String? {
        PercentCoding.decode(text.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
    }
}

extension HTTPFields {
    /// The value of a field by its name, several of them joined by commas.
    func value(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { self[$0] }
    }

    /// Sets a field; does nothing for nil, and for a name that no field can have.
    mutating func set(_ name: String, _ value: String?) {
        guard let value, let name = HTTPField.Name(name) else { return }
        self[name] = value
    }
}
