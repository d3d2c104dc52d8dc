/// Writes XML of elements and text, which is all that S3's answers have.
struct XMLWriter {
    private(set) var text = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"

    /// S3's namespace, which answers but errors have at their root.
    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// A document whose root is in S3's namespace.
    static func document(_ root: String, _ content: (inout XMLWriter) -> Void) -> String {
        var writer = XMLWriter()
        writer.text += "<\(root) xmlns=\"\(namespace)\">"
        content(&writer)
        writer.text += "</\(root)>"
        return writer.text
    }

    mutating func element(_ name: String, _ content: (inout XMLWriter) -> Void) {
        text += "<\(name)>"
        content(&self)
        text += "</\(name)>"
    }

    /// An element with a text; nothing for nil.
    mutating func element(_ name: String, _ value: String?) {
        guard let value else { return }
        text += "<\(name)>"
        escape(value)
        text += "</\(name)>"
    }

    mutating func element(_ name: String, _ value: Int64) {
        element(name, String(value))
    }

    mutating func element(_ name: String, _ value: Bool) {
        element(name, value ? "true" : "false")
    }

    /// Escapes what has a meaning in XML; control characters become references, as S3 writes them.
    ///
    /// XML 1.0 has no other way for them, though it knows only three of these references. Clients that want to
    /// be sure ask for `encoding-type=url`.
    private mutating func escape(_ value: String) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\u{0}"..."\u{1F}", "\u{7F}": text += "&#x\(String(scalar.value, radix: 16));"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
