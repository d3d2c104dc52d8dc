/// Where an order stands.
public enum OrderStatus: String, Sendable, Codable {
    /// Waits for the buyer: to confirm the payment or to pay again.
    case open
    /// A charge is under way.
    case processing
    /// Paid; final but for refunds.
    case paid
    /// Given up by the buyer; final.
    case canceled
    /// Never paid in time; final.
    case expired
}

/// Where an order's money stands.
public enum OrderPaymentStatus: String, Sendable, Codable {
    /// No money came.
    case unpaid
    /// Reserved, not collected.
    case authorized
    /// Collected.
    case paid
    /// Some of it went back.
    case partiallyRefunded = "partially_refunded"
    /// All of it went back.
    case refunded
    /// The last attempt was declined.
    case failed
}

/// Where an order's delivery stands.
public enum FulfilmentStatus: String, Sendable, Codable {
    /// The files were not released yet.
    case unfulfilled
    /// The files are in the buyer's library.
    case fulfilled
}

/// Where a payment stands.
public enum PaymentStatus: String, Sendable {
    /// Declined: the buyer may pay again.
    case requiresPaymentMethod = "requires_payment_method"
    /// Being charged.
    case processing
    /// The buyer must answer the bank's challenge.
    case requiresAction = "requires_action"
    /// Collected.
    case succeeded
    /// Given up, or the order expired.
    case canceled
    /// The money came after that, and is on its way back; to the buyer this is a canceled payment.
    case lateSuccess = "late_success"
}
