/// One page of a list, and where the next one starts.
public struct Page<Element: Sendable>: Sendable {
    /// The elements of this page, in the list's order.
    public var data: [Element]
    /// What to ask the next page with; `nil` at the end.
    ///
    /// Opaque: only the list that made it can read it.
    public var nextCursor: String?

    /// Makes a page.
    public init(data: [Element], nextCursor: String?) {
        self.data = data
        self.nextCursor = nextCursor
    }

    /// Whether the list goes on.
    public var hasMore: Bool { nextCursor != nil }

    /// The same page with every element transformed.
    public func map<Other: Sendable>(_ transform: (Element) throws -> Other) rethrows -> Page<Other> {
        try Page<Other>(data: data.map(transform), nextCursor: nextCursor)
    }
}

extension Page: Encodable where Element: Encodable {
    private enum CodingKeys: String, CodingKey {
        case object, data
        case hasMore = "has_more"
        case nextCursor = "next_cursor"
    }

    /// Writes the page as `{object: "list", data, has_more, next_cursor}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("list", forKey: .object)
        try container.encode(data, forKey: .data)
        try container.encode(hasMore, forKey: .hasMore)
        try container.encode(nextCursor, forKey: .nextCursor)
    }
}
