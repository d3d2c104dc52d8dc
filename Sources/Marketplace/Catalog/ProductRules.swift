import Foundation

/// What a product has to look like.
enum ProductRules {
    /// Below this the fees of a card payment eat the sale.
    static let minimumPrice: Int64 = 50
    /// Far above any digital good, far below what sums could overflow at.
    static let maximumPrice: Int64 = 100_000_000
    static let maximumFiles = 50
    static let maximumProducts = 20_000

    /// The product as it is stored, or what is wrong with it.
    static func checked(_ product: NewProduct, configuration: MarketplaceConfiguration) throws -> NewProduct {
        var checked = product
        var fields: [MarketplaceError.Field] = []
        func refuse(_ pointer: String, _ code: String, _ detail: String) {
            fields.append(.init(pointer: pointer, code: code, detail: detail))
        }
        checked.title = tidy(product.title)
        if !(1...200).contains(checked.title.count) || checked.title.utf8.count > 1000 {
            refuse("/title", "title_length", "A title has 1 to 200 characters.")
        } else if checked.title.hasControlCharacters {
            refuse("/title", "title_has_controls", "A title has no control characters.")
        }
        checked.description = tidy(product.description.replacingOccurrences(of: "\r\n", with: "\n"))
        if checked.description.count > 20_000 || checked.description.utf8.count > 80_000 {
            refuse("/description", "description_length", "A description has at most 20,000 characters.")
        } else if checked.description.filter({ $0 != "\n" && $0 != "\t" }).hasControlCharacters {
            refuse("/description", "description_has_controls", "A description has no control characters.")
        }
        if product.price.currency != configuration.currency {
            refuse("/price/currency", "currency_unsupported", "Prices here are in \(configuration.currency).")
        } else if product.price.amount != 0, !(minimumPrice...maximumPrice).contains(product.price.amount) {
            let lowest = Money(amount: minimumPrice, currency: configuration.currency).formatted()
            let highest = Money(amount: maximumPrice, currency: configuration.currency).formatted()
            refuse("/price/amount", "price_out_of_range", "A price is 0, or from \(lowest) to \(highest).")
        }
        if !configuration.categories.contains(where: { $0.slug == product.category }) {
            let slugs = configuration.categories.map(\.slug).joined(separator: ", ")
            refuse("/category", "category_unknown", "The categories are \(slugs).")
        }
        if product.tags.count > 20 { refuse("/tags", "too_many_tags", "A product has at most 20 tags.") }
        checked.tags = []
        for (index, tag) in product.tags.prefix(20).enumerated() {
            let tag = Self.tag(tag)
            if !(1...40).contains(tag.count) || tag.utf8.count > 160 || tag.hasControlCharacters {
                refuse("/tags/\(index)", "tag_invalid", "A tag has 1 to 40 characters and no control characters.")
            } else if !checked.tags.contains(tag) {
                checked.tags.append(tag)
            }
        }
        if let limit = product.downloadLimit, !(1...1000).contains(limit) {
            refuse("/download_limit", "download_limit_out_of_range", "A limit is from 1 to 1,000 downloads.")
        }
        guard fields.isEmpty else { throw MarketplaceError.invalid(fields) }
        return checked
    }

    /// Tags are compared without case.
    static func tag(_ text: String) -> String {
        tidy(text).lowercased()
    }

    private static func tidy(_ text: String) -> String {
        text.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
