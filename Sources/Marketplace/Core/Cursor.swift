import Foundation

/// A position in a sorted list: the sort value of the last element seen, and its identifier, which breaks ties.
///
/// A position, not a count, so a page stays where it is whatever is inserted before it. It goes out as base64url; a
/// client that alters it gets another position in a list that it may read anyway, so it needs no signature. The tag
/// names the list and its order: a cursor of one does not fit another.
struct Cursor: Equatable {
    var tag: String
    var score: Double
    var member: String

    init(tag: String, score: Double, member: String) {
        self.tag = tag
        self.score = score
        self.member = member
    }

    /// Reads a cursor that `encoded` made for the same tag.
    ///
    /// - Throws: ``MarketplaceError`` `cursor_invalid`.
    init(_ text: String, tag: String, kind: IdentifierKind) throws(MarketplaceError) {
        let parts = Data(base64URL: text).flatMap { String(validating: $0, as: UTF8.self) }?
            .split(separator: "|", omittingEmptySubsequences: false)
        guard text.utf8.count <= 512, let parts, parts.count == 3, parts[0] == tag,
            let score = Double(parts[1]), score.isFinite, Identifier.isValid(String(parts[2]), kind)
        else {
            throw .invalid(
                pointer: "/cursor", code: "cursor_invalid",
                detail: "The cursor is not one that this list gave out. Start without a cursor.")
        }
        self.init(tag: tag, score: score, member: String(parts[2]))
    }

    var encoded: String {
        Data("\(tag)|\(Cursor.text(score))|\(member)".utf8).base64URL
    }

    /// A score as Redis reads it: whole numbers without a decimal point, so that nothing is lost in them.
    static func text(_ score: Double) -> String {
        Int64(exactly: score).map(String.init) ?? String(score)
    }
}
