import Payments

/// The page that stands for a bank's: approve or decline a payment.
enum ChallengePage {
    static func html(for stored: StoredIntent) -> String {
        let intent = stored.intent
        let content: String =
            switch intent.status {
            case .requiresAction:
                """
                <p>Approve a payment of <b>\(intent.amount) \(intent.currency)</b> (minor units)?</p>
                <form method="post">
                <button formaction="?client_secret=\(stored.clientSecret)&amp;answer=succeed">Approve</button>
                <button formaction="?client_secret=\(stored.clientSecret)&amp;answer=fail">Decline</button>
                </form>
                """
            case .succeeded, .requiresCapture, .processing: "<p>Approved. You can close this page.</p>"
            default: "<p>Not approved. You can close this page.</p>"
            }
        return """
            <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Test bank</title><body style="font:1.1rem system-ui;max-width:30rem;margin:15vh auto"><h1>Test bank</h1>
            \(content)
            </body></html>
            """
    }
}
