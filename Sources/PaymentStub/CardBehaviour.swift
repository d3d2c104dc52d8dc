import Payments

/// What a test card does; the only thing about a number, beside brand and last four digits, that outlives its request.
enum CardBehaviour: String, Codable, Sendable {
    case succeed
    case declineGeneric = "decline_generic"
    case declineInsufficientFunds = "decline_insufficient_funds"
    case declineExpired = "decline_expired"
    case declineCVC = "decline_cvc"
    case declineProcessing = "decline_processing"
    case declineNotTestCard = "decline_not_test_card"
    case authenticate
    case dispute
    case refundFails = "refund_fails"

    /// The test cards by number, as the field knows them.
    init(number: String) {
        self =
            switch number {
            case "4242424242424242", "5555555555554444", "378282246310005": .succeed
            case "4000000000000002": .declineGeneric
            case "4000000000009995": .declineInsufficientFunds
            case "4000000000000069": .declineExpired
            case "4000000000000127": .declineCVC
            case "4000000000000119": .declineProcessing
            case "4000002500003155": .authenticate
            case "4000000000000259": .dispute
            case "4000000000005126": .refundFails
            // A stub that took any number would take a real one.
            default: .declineNotTestCard
            }
    }

    /// The refusal at confirmation; nil if the bank agrees.
    var decline: PaymentDecline? {
        switch self {
        case .succeed, .authenticate, .dispute, .refundFails: nil
        case .declineGeneric:
            PaymentDecline(code: "card_declined", declineCode: "generic_decline", message: "Your card was declined.")
        case .declineInsufficientFunds:
            PaymentDecline(
                code: "card_declined",
                declineCode: "insufficient_funds",
                message: "Your card has insufficient funds."
            )
        case .declineExpired:
            PaymentDecline(code: "expired_card", declineCode: "expired_card", message: "Your card has expired.")
        case .declineCVC:
            PaymentDecline(
                code: "incorrect_cvc",
                declineCode: "incorrect_cvc",
                message: "Your card's security code is incorrect."
            )
        case .declineProcessing:
            PaymentDecline(
                code: "processing_error",
                declineCode: "processing_error",
                message: "An error occurred while processing your card. Try again in a little bit."
            )
        case .declineNotTestCard:
            PaymentDecline(
                code: "card_declined",
                declineCode: "test_mode_live_card",
                message:
                    "Your card was declined. The request was in test mode, but used a card that is not a test card."
            )
        }
    }
}

extension PaymentDecline {
    /// The payer refused or failed the bank's challenge.
    static let authenticationFailed = PaymentDecline(
        code: "payment_intent_authentication_failure",
        message: "The payment could not be authenticated. Use another payment method and try again."
    )
}
