public import JobQueue

/// Sends one message; at least once, so its Message-ID is made from the job's id.
public struct SendMail: Job {
    /// The name on the wire.
    public static let name = "send-mail"
    /// The queue of messages.
    public static let queue = "mail"
    /// Somebody waits for the code that is in it: tried often at first, and for about a day.
    public static let options = JobOptions(
        priority: .high, maximumFailures: 15, timeout: .seconds(60),
        backoff: Backoff(base: .seconds(1), cap: .seconds(7200)))

    /// The recipient's address, checked at its sign-up.
    public var to: String
    /// The recipient's name; empty where it is not known.
    public var name: String
    /// What the message says.
    public var template: MailTemplate

    /// Makes the job of a message.
    public init(to: String, name: String, template: MailTemplate) {
        self.to = to
        self.name = name
        self.template = template
    }
}

/// What a message says, as data; the mail worker has the words.
public enum MailTemplate: Codable, Sendable, Equatable {
    /// The code that confirms an address, and the minutes it is good for.
    case confirmCode(code: String, minutes: Int)
    /// The code that allows to set a new password, and the minutes it is good for.
    case resetCode(code: String, minutes: Int)
    /// Somebody signed up with an address that has an account.
    case alreadyRegistered
    /// The password was changed.
    case passwordChanged
    /// A file was refused, and why.
    case uploadRejected(filename: String, code: String, detail: String)
    /// A file was taken for dangerous, and why.
    case uploadQuarantined(filename: String, detail: String)
    /// An order is paid and its files can be had.
    case orderReady(number: String, order: String, total: Money, links: [MailLink])
    /// A product was sold; for its seller.
    case saleNotice(number: String, title: String, price: Money)
    /// A payment failed for good.
    case paymentFailed(number: String, order: String, reason: String)

    /// Its name alone, for counting.
    package var name: String {
        switch self {
        case .confirmCode: "confirm_code"
        case .resetCode: "reset_code"
        case .alreadyRegistered: "already_registered"
        case .passwordChanged: "password_changed"
        case .uploadRejected: "upload_rejected"
        case .uploadQuarantined: "upload_quarantined"
        case .orderReady: "order_ready"
        case .saleNotice: "sale_notice"
        case .paymentFailed: "payment_failed"
        }
    }
}

/// A download link in a message.
public struct MailLink: Codable, Sendable, Equatable {
    /// The product's title.
    public var title: String
    /// The file's name.
    public var filename: String
    /// Where it is.
    public var url: String
    /// Bytes.
    public var size: Int64
    /// The SHA-256 in hex.
    public var sha256: String
    /// When the link ends.
    public var expiresAt: Timestamp?

    /// Makes a link.
    public init(title: String, filename: String, url: String, size: Int64, sha256: String, expiresAt: Timestamp?) {
        self.title = title
        self.filename = filename
        self.url = url
        self.size = size
        self.sha256 = sha256
        self.expiresAt = expiresAt
    }
}
