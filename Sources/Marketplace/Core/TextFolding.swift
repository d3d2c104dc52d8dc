import Foundation

/// Text as it is compared: without case, accents and width, as people search without them.
enum TextFolding {
    static func fold(_ text: String) -> String {
        var folded = ""
        // Compatibility decomposition makes "é" an e and an accent, "ﬁ" an f and an i, "Ａ" an A.
        for scalar in text.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
            if scalar.properties.generalCategory == .nonspacingMark { continue }
            switch scalar {
            // These have no decomposition.
            case "ß": folded.append("ss")
            case "æ": folded.append("ae")
            case "œ": folded.append("oe")
            case "ø": folded.append("o")
            case "ł": folded.append("l")
            case "đ", "ð": folded.append("d")
            case "þ": folded.append("th")
            case "ı": folded.append("i")
            case "’", "ʼ": folded.append("'")
            default: folded.unicodeScalars.append(scalar)
            }
        }
        return folded
    }
}
