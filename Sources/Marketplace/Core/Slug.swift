import Foundation

/// Names for URLs: lower-case ASCII letters and digits with single hyphens between.
enum Slug {
    /// The longest slug before a suffix that makes it unique.
    static let maximumLength = 60

    /// A slug for a title; `fallback` where nothing of it is left (a title in a script without ASCII letters).
    static func make(_ title: String, fallback: String) -> String {
        var slug = ""
        for scalar in TextFolding.fold(title).unicodeScalars {
            if scalar.isASCII, scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                slug.unicodeScalars.append(scalar)
            } else if !slug.isEmpty, slug.last != "-", scalar != "'" {
                slug.append("-")
            }
            if slug.utf8.count >= maximumLength { break }
        }
        while slug.last == "-" { slug.removeLast() }
        return slug.isEmpty ? fallback : slug
    }
}
