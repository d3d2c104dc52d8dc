extension MarketplaceError {
    /// The categories of the codes that carts, orders, payments and downloads refuse with.
    static let commerceCategories: [String: Category] = [
        "cart_empty": .conflict,
        "cart_full": .conflict,
        "cart_checked_out": .conflict,
        "quote_mismatch": .conflict,
        "product_unavailable": .conflict,
        "already_owned": .conflict,
        "purchase_in_progress": .conflict,
        "currency_mismatch": .conflict,
        "payment_method_required": .invalid,
        "payment_not_awaiting_action": .conflict,
        "payment_not_payable": .conflict,
        "payment_in_progress": .conflict,
        "payment_not_cancelable": .conflict,
        "idempotency_key_reused": .invalid,
        "idempotency_key_invalid": .invalid,
        "request_in_flight": .conflict,
        "token_forged": .forbidden,
        "token_expired": .gone,
        "download_limit_reached": .gone,
        "entitlement_revoked": .gone,
    ]

    /// The same refusal with a sentence for people; what the script gave as its detail becomes a member for programs.
    func explained() -> MarketplaceError {
        guard let explanation = Self.explanations[code] else { return self }
        var info = info
        if let member = explanation.member, !detail.isEmpty, detail != code {
            info[member] = detail
        }
        let fields = explanation.pointer.map { [Field(pointer: $0, code: code, detail: explanation.sentence)] } ?? []
        let wait: Duration? = code == "request_in_flight" ? .milliseconds(max(Int64(detail) ?? 1000, 1000)) : nil
        return MarketplaceError(
            category: category, code: code, detail: explanation.sentence, fields: fields, retryAfter: wait, info: info)
    }

    private struct Explanation {
        var sentence: String
        var member: String?
        var pointer: String?

        init(_ sentence: String, member: String? = nil, pointer: String? = nil) {
            self.sentence = sentence
            self.member = member
            self.pointer = pointer
        }
    }

    private static let explanations: [String: Explanation] = [
        "not_found": Explanation("There is no such resource."),
        "cart_empty": Explanation("The cart is empty."),
        "cart_full": Explanation("The cart holds as many items as a cart can hold."),
        "cart_checked_out": Explanation("The cart was checked out already; its order has the rest.", member: "order"),
        "quote_mismatch": Explanation(
            "A price or an item changed since the quote was given. Read the cart again and confirm what it says now.",
            pointer: "/quote"),
        "product_unavailable": Explanation("The product is not for sale any more.", member: "product"),
        "already_owned": Explanation("The product is in the library already.", member: "product"),
        "purchase_in_progress": Explanation(
            "Another order with the same product is being paid right now.", member: "order"),
        "currency_mismatch": Explanation("A cart holds products of one currency only.", member: "product"),
        "payment_method_required": Explanation("A payment method is needed.", pointer: "/card"),
        "payment_not_awaiting_action": Explanation(
            "The payment does not wait for a confirmation.", member: "payment_status"),
        "payment_not_payable": Explanation(
            "The payment can't be tried again in the state it is in.", member: "payment_status"),
        "payment_in_progress": Explanation("The payment is being made right now. Wait for its outcome."),
        "payment_not_cancelable": Explanation("The order can't be canceled any more.", member: "order_status"),
        "idempotency_key_reused": Explanation("The Idempotency-Key was used with another request body."),
        "request_in_flight": Explanation("A request with the same Idempotency-Key is still running."),
        "token_expired": Explanation("The download link has expired. Get a new one from the library."),
        "download_limit_reached": Explanation(
            "The downloads of this purchase are used up. Ask the seller for more."),
        "account_suspended": Explanation(
            "The account that bought this is suspended. Write to the people who run this shop."),
        "entitlement_revoked": Explanation("The right to download this was withdrawn. Ask the seller why."),
    ]
}
