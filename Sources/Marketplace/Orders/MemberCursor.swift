import Foundation

/// A position in a list that is sorted by its members: the last one seen.
///
/// Identifiers sort by the time they were made, so such a list needs no scores, and a page stays where it is whatever
/// comes before it. The tag names the list: a cursor of one does not fit another.
struct MemberCursor {
    let tag: String
    let member: String

    init(tag: String, member: String) {
        self.tag = tag
        self.member = member
    }

    /// Reads a cursor that ``encoded`` made for the same list.
    ///
    /// - Throws: ``MarketplaceError`` `cursor_invalid`.
    init(_ text: String, tag: String) throws(MarketplaceError) {
        let parts = Data(base64URL: text).flatMap { String(validating: $0, as: UTF8.self) }?
            .split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        guard text.utf8.count <= 256, let parts, parts.count == 2, parts[0] == tag, !parts[1].isEmpty else {
            throw .invalid(
                pointer: "/cursor", code: "cursor_invalid",
                detail: "The cursor is not one that this list gave out. Start without a cursor.")
        }
        self.init(tag: tag, member: String(parts[1]))
    }

    var encoded: String { Data("\(tag)|\(member)".utf8).base64URL }
}

extension Page {
    /// Makes a page of the `limit + 1` elements that were asked for; the extra one only says that the list goes on.
    init(_ elements: [Element], members: [String], limit: Int, tag: String) {
        let shown = Array(elements.prefix(limit))
        let more = members.count > limit && limit > 0
        self.init(data: shown, nextCursor: more ? MemberCursor(tag: tag, member: members[limit - 1]).encoded : nil)
    }
}
