internal import Foundation
public import JobQueue
internal import Logging
internal import Marketplace
internal import Metrics

/// The mail queue: composes messages and delivers them into a Maildir.
public enum MailHandlers {
    /// Registers the handler of ``SendMail``.
    ///
    /// - Parameters:
    ///   - handlers: the registry that the worker runs.
    ///   - maildir: where messages go.
    ///   - from: the sender, as an RFC 5322 mailbox.
    ///   - publicURL: the origin that links in messages start with.
    public static func register(into handlers: inout JobHandlers, maildir: Maildir, from: String, publicURL: String) {
        handlers.register(SendMail.self) { mail, context in
            let text = MailText(mail.template, name: mail.name, publicURL: publicURL)
            let message = MailMessage(
                from: from, to: mail.to, toName: mail.name, subject: text.subject, body: text.body,
                messageID: context.id.rawValue, date: Date())
            // Outside Redis, so at least once: the job's id names the file, a second run finds it and is a no-op.
            let isNew = try await maildir.deliver(message.serialized(), name: context.id.rawValue)
            count(mail.template, isNew ? "delivered" : "repeated")
            context.logger.info("mail \(isNew ? "delivered" : "was delivered before")")
            return .done
        }
    }

    private static func count(_ template: MailTemplate, _ outcome: String) {
        Counter(label: "sunset_mails_total", dimensions: [("template", template.name), ("outcome", outcome)])
            .increment()
    }
}
