internal import Foundation
internal import Marketplace

/// The subject and the text of one kind of message.
struct MailText: Sendable {
    let subject: String
    let body: String

    init(_ template: MailTemplate, name: String, publicURL: String) {
        let greeting = name.isEmpty ? "Hello," : "Hello \(name),"
        let (subject, paragraphs) = Self.content(of: template, publicURL: publicURL)
        self.subject = subject
        body = ([greeting] + paragraphs + ["— Sunset, \(publicURL)"]).joined(separator: "\n\n") + "\n"
    }

    private static func content(of template: MailTemplate, publicURL: String) -> (String, [String]) {
        switch template {
        case .confirmCode(let code, let minutes):
            (
                "Your confirmation code",
                [
                    "your confirmation code is:", "    \(code)",
                    "It is good for \(minutes) minutes. If you did not sign up, ignore this message.",
                ]
            )
        case .resetCode(let code, let minutes):
            (
                "Reset your password",
                [
                    "the code to set a new password is:", "    \(code)",
                    "It is good for \(minutes) minutes. If you did not ask for it, ignore this message: nothing has changed.",
                ]
            )
        case .alreadyRegistered:
            (
                "You already have an account",
                [
                    "somebody, probably you, tried to sign up with this address, which has an account already.",
                    "Sign in at \(publicURL)/sign-in, or set a new password at \(publicURL)/forgot-password.",
                ]
            )
        case .passwordChanged:
            (
                "Your password was changed",
                [
                    "your password was changed and every session was ended.",
                    "If this was not you, set a new one at once: \(publicURL)/forgot-password",
                ]
            )
        case .uploadRejected(let filename, _, let detail):
            (
                "Your file was not accepted: \(filename)",
                [
                    "your file \(filename) was not accepted:", "    \(detail)", "Mend it and upload it again.",
                ]
            )
        case .uploadQuarantined(let filename, let detail):
            (
                "Your file is held back: \(filename)",
                [
                    "your file \(filename) is held back:", "    \(detail)",
                    "It can't be sold until the people who run this shop have looked at it. You need not do anything; if you "
                        + "did not know of this, look at the computer that the file comes from.",
                ]
            )
        case .orderReady(let number, let order, let total, let links):
            (
                "Your order \(number) is ready",
                [
                    "thank you for your order \(number) (\(total.formatted())). Your files are ready:",
                    links.map(Self.describe).joined(separator: "\n\n"),
                    "They stay in your library: \(publicURL)/library. The order: \(publicURL)/orders/\(order)",
                ]
            )
        case .saleNotice(let number, let title, let price):
            ("You sold \(title)", ["\(title) was sold for \(price.formatted()) (order \(number))."])
        case .paymentFailed(let number, let order, let reason):
            (
                "Your payment for order \(number) failed",
                [
                    "the payment for your order \(number) failed: \(reason)",
                    "You can pay again: \(publicURL)/orders/\(order)",
                ]
            )
        }
    }

    private static func describe(_ link: MailLink) -> String {
        var lines = ["\(link.title): \(link.filename) (\(link.size) bytes)", link.url, "SHA-256 \(link.sha256)"]
        if let expiry = link.expiresAt { lines.append("The link is good until \(expiry).") }
        return lines.map { "    " + $0 }.joined(separator: "\n")
    }
}
