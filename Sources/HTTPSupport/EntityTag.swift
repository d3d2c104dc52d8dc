package import HTTPTypes

/// Strong entity tags and the conditions on them (RFC 9110 §8.8.3, §13.1).
package enum EntityTag {
    /// The tags of an `If-Match` or `If-None-Match` field; nil stands for `*`.
    package static func list(_ values: [String]) -> [Substring]? {
        let text = values.joined(separator: ",")
        guard text.trimmed != "*" else { return nil }
        return split(text)
    }

    /// Whether `If-None-Match` names the tag: weak comparison, as for GET and HEAD it only saves bytes.
    package static func noneMatchHolds(_ headers: HTTPFields, tag: String) -> Bool {
        let values = headers[values: .ifNoneMatch]
        guard !values.isEmpty else { return true }
        guard let tags = list(values) else { return false }
        return !tags.contains { $0 == "\"\(tag)\"" || $0 == "W/\"\(tag)\"" }
    }

    /// Whether `If-Match` is absent or names the tag: strong comparison.
    package static func matchHolds(_ headers: HTTPFields, tag: String) -> Bool {
        let values = headers[values: .ifMatch]
        guard !values.isEmpty, let tags = list(values) else { return true }
        return tags.contains { $0 == "\"\(tag)\"" }
    }

    /// Whether a `Range` counts: without `If-Range`, or when it is exactly this strong tag.
    ///
    /// A date never is, because
    /// no `Last-Modified` is sent that it could be (RFC 9110 §13.1.5).
    package static func rangeHolds(_ headers: HTTPFields, tag: String) -> Bool {
        guard let condition = headers[.ifRange] else { return true }
        return condition.trimmed == "\"\(tag)\""
    }

    /// At the commas outside of quotes.
    private static func split(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var quoted = false
        for index in text.indices {
            if text[index] == "\"" {
                quoted.toggle()
            } else if text[index] == ",", !quoted {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts.map(\.trimmed).filter { !$0.isEmpty }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without the spaces and tabs around it.
    package var trimmed: Substring {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }
}
