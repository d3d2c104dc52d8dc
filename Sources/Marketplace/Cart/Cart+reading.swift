import RedisClient

extension Cart {
    /// Reads what `carts.reply` (`Lua/cart_lib.lua`) answers: id, owner, created, updated, order, quote, lines.
    init(reply values: [RESPValue], currency: String, publicURL: String) throws {
        guard values.count == 7, let id = values[0].string, let lines = values[6].array else {
            throw ScriptReplyError(script: "carts.reply", reply: "\(values)")
        }
        let items = try lines.map { try CartItem(line: $0, publicURL: publicURL) }
        let unit = items.first(where: \.available)?.price.currency ?? items.first?.price.currency ?? currency
        var total = Money(amount: 0, currency: unit)
        for item in items where item.available && item.price.currency == unit {
            total = try total.adding(item.price)
        }
        self.init(
            id: id,
            owner: values[1].string.flatMap { $0.isEmpty ? nil : $0 },
            items: items,
            total: total,
            quote: values[5].string ?? "",
            createdAt: Timestamp(milliseconds: Int64(values[2].int ?? 0)),
            updatedAt: Timestamp(milliseconds: Int64(values[3].int ?? 0)),
            checkedOutOrder: values[4].string.flatMap { $0.isEmpty ? nil : $0 }
        )
    }
}

extension CartItem {
    /// Reads one line: product, captured price and currency, added, price, currency, available, then the product's
    /// slug, title, status and cover, and the seller's id, name and slug.
    init(line: RESPValue, publicURL: String) throws {
        guard let parts = line.array, parts.count == 14 else {
            throw ScriptReplyError(script: "carts.reply", reply: "\(line)")
        }
        let text = parts.map { $0.string ?? "" }
        guard let captured = Int64(text[1]), let price = Int64(text[4]), let added = Int64(text[3]) else {
            throw RecordError("cart line " + text[0], field: "price")
        }
        let before = Money(amount: captured, currency: text[2])
        let current = Money(amount: price, currency: text[5])
        self.init(
            product: try ProductSummary(
                id: text[0], slug: text[7], title: text[8], status: text[9], coverRecord: text[10],
                seller: SellerSummary(id: text[11], name: text[12], slug: text[13]), publicURL: publicURL),
            price: current,
            previousPrice: before == current ? nil : before,
            available: text[6] == "1",
            addedAt: Timestamp(milliseconds: added)
        )
    }
}
