import JobQueue
import RedisClient

extension Marketplace {
    /// The most elements that a page may be asked to have.
    package static let maximumPageSize = 100

    /// One page of records, newest first.
    ///
    /// - Parameters:
    ///   - zset: Lists the ids by the time of their creation.
    ///   - recordPrefix: What the keys of the records begin with.
    ///   - kind: The kind of the ids.
    /// - Throws: ``MarketplaceError`` `cursor_invalid`, `limit_invalid`.
    package func page(
        zset: String, recordPrefix: String, kind: IdentifierKind, cursor: String?, limit: Int
    ) async throws -> Page<[String: String]> {
        try Self.checkLimit(limit)
        let position = try cursor.map { try Cursor($0, tag: kind.rawValue, kind: kind) }
        let values = try await run(
            Self.pageScript, keys: [zset],
            arguments: [
                .init(recordPrefix), .init(position.map { Cursor.text($0.score) } ?? "0"),
                .init(position?.member ?? ""), .init(limit),
            ],
            retry: .safe)
        let records = (values[0].array ?? []).map(ScriptReply.record)
        let next = Cursor(
            tag: kind.rawValue, score: Double(values[1].string ?? "") ?? 0, member: values[2].string ?? "")
        return Page(data: records, nextCursor: values[3].int == 1 ? next.encoded : nil)
    }

    static func checkLimit(_ limit: Int) throws(MarketplaceError) {
        guard (1...maximumPageSize).contains(limit) else {
            throw .invalid(
                pointer: "/limit", code: "limit_invalid", detail: "A page has 1 to \(maximumPageSize) elements.")
        }
    }

    private static let pageScript = DomainScript(
        name: "market.page", fragments: [MarketFragments.keys, MarketFragments.pages],
        body: ScriptSource.text(PackageResources.market_page_lua), allowsOutOfMemory: true)
}
