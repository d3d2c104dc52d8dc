internal import RedisClient

extension RESPValue {
    /// A score that is a time; Redis sends scores as text.
    var milliseconds: Int64? { string.flatMap { Double($0) }.map { Int64($0) } }

    /// The reply of a range with scores.
    var scoredMembers: [(member: String, score: Int64)] {
        let flat = array ?? []
        return stride(from: 0, to: flat.count - 1, by: 2).compactMap { index in
            guard let member = flat[index].string, let score = flat[index + 1].milliseconds else { return nil }
            return (member, score)
        }
    }

    /// The reply of `HGETALL`.
    var fields: [String: String] {
        let flat = array ?? []
        return stride(from: 0, to: flat.count - 1, by: 2).reduce(into: [:]) { fields, index in
            if let name = flat[index].string { fields[name] = flat[index + 1].string }
        }
    }
}
