/// A refusal: what was asked for can't be done, and why, in words that are safe to show to whoever asked.
///
/// It knows nothing of HTTP. The code is the stable part that programs act on; the category says what kind of refusal
/// it is, so that an interface needs no list of codes.
public struct MarketplaceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of refusal it is.
    public enum Category: String, Sendable {
        /// What was sent can't be accepted as it is; ``MarketplaceError/fields`` says where.
        case invalid
        /// It is not known who asks.
        case unauthenticated
        /// It is known who asks, and they may not.
        case forbidden
        /// There is no such thing, or it is not for the one who asks to know.
        case notFound
        /// The state of the thing does not allow it now.
        case conflict
        /// The thing is not at the version that the caller expected.
        case preconditionFailed
        /// It was there, and will not come back.
        case gone
        /// The card or the bank refused.
        case declined
        /// Too often; ``MarketplaceError/retryAfter`` says when to come back.
        case rateLimited
        /// Larger than allowed.
        case tooLarge
        /// Not now, through no fault of the caller.
        case unavailable
    }

    /// One part of the input that was refused.
    public struct Field: Sendable, Equatable, Codable {
        /// Where, as a JSON pointer (RFC 6901) into the input: `/price/amount`.
        public var pointer: String
        /// The stable code.
        public var code: String
        /// One sentence for people.
        public var detail: String

        /// Names a part of the input and what is wrong with it.
        public init(pointer: String, code: String, detail: String) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    /// What kind of refusal it is.
    public let category: Category
    /// The stable code, `snake_case`.
    public let code: String
    /// One or two sentences for people.
    public let detail: String
    /// The parts of the input that were refused, if it is about the input.
    public let fields: [Field]
    /// When to come back, for ``Category/rateLimited`` and ``Category/unavailable``.
    public let retryAfter: Duration?
    /// Further members for programs, such as `decline_code`.
    public let info: [String: String]

    /// Makes a refusal; the functions named after the categories are shorter.
    public init(
        category: Category, code: String, detail: String, fields: [Field] = [], retryAfter: Duration? = nil,
        info: [String: String] = [:]
    ) {
        self.category = category
        self.code = code
        self.detail = detail
        self.fields = fields
        self.retryAfter = retryAfter
        self.info = info
    }

    /// The category, the code and the sentence, for logs.
    public var description: String {
        let places = fields.map { " \($0.pointer): \($0.code)" }.joined()
        return "\(category.rawValue) \(code): \(detail)\(places)"
    }
}
