import Foundation

/// Cuts text into the words that it is found by.
enum SearchTerms {
    /// What a word counts by where it stands: a title says what a thing is, a description what it also has.
    static let titleWeight = 8
    static let tagWeight = 4
    static let sellerWeight = 2
    static let descriptionWeight = 1
    /// Words of one product at most; each is a member of a sorted set while it is published.
    static let maximumTerms = 400
    /// Longer words are cut: nobody types them to the end.
    static let maximumLength = 40

    /// The words of a text in their order, folded: without case, accents and width.
    ///
    /// Letters and digits make words; all else separates, but an apostrophe within a word is just left out. An ideograph
    /// is a word of its own, as its script puts no spaces between words.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        func finish() {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        for scalar in TextFolding.fold(text).unicodeScalars {
            let properties = scalar.properties
            if properties.isIdeographic || (0x3040...0x30FF).contains(scalar.value) {
                finish()
                words.append(String(scalar))
            } else if properties.isAlphabetic || properties.numericType != nil
                || properties.generalCategory == .spacingMark
            {
                if word.count < maximumLength { word.unicodeScalars.append(scalar) }
            } else if scalar != "'" {
                finish()
            }
        }
        finish()
        return words
    }

    /// The words of a product with their weights: a word counts in each part of the product once.
    static func weights(of product: NewProduct, seller: String) -> [String: Int] {
        var weights: [String: Int] = [:]
        let parts: [(text: String, weight: Int)] = [
            (product.title, titleWeight), (product.tags.joined(separator: " "), tagWeight), (seller, sellerWeight),
            (product.description, descriptionWeight),
        ]
        for part in parts {
            var seen: Set<String> = []
            for word in words(part.text) where seen.insert(word).inserted {
                guard weights[word] != nil || weights.count < maximumTerms else { continue }
                weights[word, default: 0] += part.weight
            }
        }
        return weights
    }
}
