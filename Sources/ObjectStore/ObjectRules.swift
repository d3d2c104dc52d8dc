/// What names and options an object store takes.
enum ObjectRules {
    static func check(bucket: String, key: String) throws {
        try check(bucket: bucket)
        guard (1...1024).contains(key.utf8.count) else {
            throw ObjectStoreError(.invalidKey, "a key has 1 to 1024 bytes, not \(key.utf8.count)")
        }
    }

    static func check(limit: Int) throws {
        guard (1...1000).contains(limit) else {
            throw ObjectStoreError(.invalidArgument, "a page has 1 to 1000 entries, not \(limit)")
        }
    }

    /// S3's rules: 3 to 63 of `a-z 0-9 . -`, beginning and ending with a letter or digit, no two dots in a row, and
    /// not of an IPv4 address's form.
    static func check(bucket: String) throws {
        let bytes = Array(bucket.utf8)
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isAddress = labels.count == 4 && labels.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
        guard (3...63).contains(bytes.count), !isAddress, !labels.contains(where: \.isEmpty),
            bytes.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }),
            let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last)
        else { throw ObjectStoreError(.invalidBucket, "not a bucket's name: \(bucket.debugDescription)") }
    }

    /// All attributes go out as header fields, so they hold no control characters.
    static func check(_ attributes: ObjectAttributes) throws {
        let type = attributes.contentType
        guard (1...255).contains(type.utf8.count), type.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw ObjectStoreError(.invalidArgument, "a content type has 1 to 255 printable ASCII characters")
        }
        guard attributes.headers.values.allSatisfy({ $0.utf8.count <= 1024 && isPrintable($0) }) else {
            throw ObjectStoreError(
                .invalidArgument, "a header field has at most 1024 bytes and no control characters")
        }
        let metadata = attributes.metadata
        let bytes = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        let isFit = metadata.allSatisfy { name, value in
            !name.isEmpty && isPrintable(name) && isPrintable(value)
        }
        guard bytes <= 2048, isFit else {
            throw ObjectStoreError(.invalidArgument, "metadata has at most 2048 bytes and no control characters")
        }
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
