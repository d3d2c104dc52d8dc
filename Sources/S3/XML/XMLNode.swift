import Foundation
import FoundationXML

/// An element of a small document that a client sent.
final class XMLNode {
    let name: String
    private(set) var children: [XMLNode] = []
    /// The text between the tags, of this element alone.
    private(set) var text = ""

    fileprivate init(name: String) {
        self.name = name
    }

    /// Parses a document with this root (any namespace), by libxml2.
    ///
    /// A document type is refused before the parser sees it, in whatever encoding it hides: the document must be UTF-8,
    /// and its declaration, which could name another encoding, is cut off. So there are no entities to expand.
    static func parse(_ bytes: [UInt8], root: String) throws(S3Error) -> XMLNode {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformedXML }
        var document = Substring(text)
        if document.hasPrefix("\u{FEFF}") {
            document.removeFirst()
        }
        document = document.drop(while: \.isWhitespace)
        if document.hasPrefix("<?xml"), let end = document.firstRange(of: "?>") {
            document = document[end.upperBound...]
        }
        guard !document.contains("<!"), !document.contains("<?"), !document.contains("\0") else {
            throw .malformedXML
        }
        let parser = XMLParser(data: Data(document.utf8))
        parser.shouldProcessNamespaces = true
        parser.shouldResolveExternalEntities = false
        let builder = Builder()
        parser.delegate = builder
        // The parser's result alone is not enough: it is true for a document that ends early or has two roots.
        guard parser.parse(), parser.parserError == nil, builder.isWellFormed, let node = builder.root,
            node.name == root
        else { throw .malformedXML }
        return node
    }

    /// The children of a name.
    func all(_ name: String) -> [XMLNode] {
        children.filter { $0.name == name }
    }

    /// The first child of a name.
    func first(_ name: String) -> XMLNode? {
        children.first { $0.name == name }
    }

    /// The text of the first child of a name.
    func text(_ name: String) -> String? {
        first(name)?.text
    }

    private final class Builder: NSObject, XMLParserDelegate {
        var root: XMLNode?
        private var isBroken = false
        private var open: [XMLNode] = []
        private var count = 0

        var isWellFormed: Bool { !isBroken && open.isEmpty }

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            count += 1
            // S3's documents are four deep, and have some fifty thousand elements where an upload has ten thousand parts.
            guard open.count < 16, count <= 100_000, root == nil || !open.isEmpty else {
                isBroken = true
                parser.abortParsing()
                return
            }
            let node = XMLNode(name: name)
            open.last?.children.append(node)
            root = root ?? node
            open.append(node)
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) {
            _ = open.popLast()
        }

        func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) {
            isBroken = true
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) {
            open.last?.text += string
        }
    }
}
