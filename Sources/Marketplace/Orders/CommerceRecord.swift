import RedisClient

/// Reads a record's fields as what they mean.
struct CommerceRecord {
    let name: String
    let fields: [String: String]

    init(_ name: String, _ value: RESPValue) throws {
        self.name = name
        fields = ScriptReply.record(value)
        guard !fields.isEmpty else { throw MarketplaceError.notFound() }
    }

    func text(_ field: String) throws -> String {
        guard let value = fields[field] else { throw RecordError(name, field: field) }
        return value
    }

    /// An empty or missing field is none.
    func optional(_ field: String) -> String? {
        fields[field].flatMap { $0.isEmpty ? nil : $0 }
    }

    func integer<Value: FixedWidthInteger>(_ field: String) throws -> Value {
        guard let value = fields[field].flatMap({ Value($0) }) else { throw RecordError(name, field: field) }
        return value
    }

    func time(_ field: String) throws -> Timestamp {
        Timestamp(milliseconds: try integer(field))
    }

    func optionalTime(_ field: String) throws -> Timestamp? {
        guard optional(field) != nil else { return nil }
        return try time(field)
    }

    func value<Value: RawRepresentable>(_ field: String) throws -> Value where Value.RawValue == String {
        guard let value = fields[field].flatMap({ Value(rawValue: $0) }) else { throw RecordError(name, field: field) }
        return value
    }
}
