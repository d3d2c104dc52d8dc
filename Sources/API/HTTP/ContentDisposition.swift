/// `Content-Disposition` (RFC 6266): always an attachment, so that no browser shows a seller's HTML as ours.
enum ContentDisposition {
    /// The field's value, with an ASCII form for old clients and the whole name in UTF-8 (RFC 8187) where it differs.
    static func attachment(filename: String) -> String {
        let ascii = String(
            filename.unicodeScalars.map { scalar -> Character in
                let plain = scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7f
                return plain && !"\"\\%/".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
            })
        let base = "attachment; filename=\"\(ascii)\""
        return ascii == filename ? base : base + "; filename*=UTF-8''\(PercentEncoding.encode(filename))"
    }
}
