import CMagic

/// What a file is by its content.
package enum TypeProbe {
    /// - Throws: ``Refusal`` `archive_damaged` for a ZIP that can't be read; ``ProbeFailure``.
    package static func run(_ path: String) throws -> TypeAnswer {
        let magic = try Magic()
        var answer = TypeAnswer(mediaType: try magic.mediaType(of: path), active: [])
        let file = try FileReader(path)
        if answer.mediaType == "application/zip" {
            let names = try ZipDirectory(file).names
            answer.zipEntries = names.count
            answer.mediaType = refine(zip: names)
        } else if !answer.mediaType.hasPrefix("text/"), let hidden = try hiddenZip(file) {
            answer.hiddenZipEntries = hidden
        }
        if TextFacts.isText(answer.mediaType) {
            answer.encoding = try magic.encoding(of: path)
            answer.active = TextFacts.active(try file.bytes(at: 0, count: TextFacts.looked))
        }
        return answer
    }

    /// What a ZIP is by its entries.
    ///
    /// An EPUB whose `mimetype` is not its first entry is a plain ZIP to libmagic (Debian's own are), but
    /// META-INF/container.xml is what a reader opens first (EPUB 3.3, OCF §4.2.6.3.1).
    private static func refine(zip names: [String]) -> String {
        let all = Set(names)
        if all.contains("META-INF/container.xml") { return "application/epub+zip" }
        if all.contains("AndroidManifest.xml") { return "application/vnd.android.package-archive" }
        if all.contains("META-INF/MANIFEST.MF") { return "application/java-archive" }
        guard all.contains("[Content_Types].xml") else { return "application/zip" }
        let office = "application/vnd.openxmlformats-officedocument"
        if all.contains("word/document.xml") { return "\(office).wordprocessingml.document" }
        if all.contains("xl/workbook.xml") { return "\(office).spreadsheetml.sheet" }
        if all.contains("ppt/presentation.xml") { return "\(office).presentationml.presentation" }
        return "application/zip"
    }

    /// The entries of a ZIP at the end of a file that is something else by its beginning: a self-extracting archive, or
    /// a picture that is two things at once.
    private static func hiddenZip(_ file: FileReader) throws -> Int? {
        do {
            let directory = try ZipDirectory(file)
            return directory.end.base > 0 && !directory.entries.isEmpty ? directory.entries.count : nil
        } catch is Refusal {
            return nil
        }
    }
}

/// A libmagic database in memory.
private final class Magic {
    private let cookie: magic_t

    init() throws {
        // The given path is a link of the worker's; MAGIC_COMPRESS stays off, so that libmagic decompresses nothing.
        guard let cookie = magic_open(MAGIC_MIME_TYPE | MAGIC_SYMLINK | MAGIC_ERROR) else {
            throw ProbeFailure("magic_open failed")
        }
        self.cookie = cookie
        guard magic_load(cookie, nil) == 0 else { throw failure }
    }

    deinit {
        magic_close(cookie)
    }

    func mediaType(of path: String) throws -> String {
        let type = try ask(path)
        return type.contains("/") ? type : "application/octet-stream"
    }

    func encoding(of path: String) throws -> String {
        magic_setflags(cookie, MAGIC_MIME_ENCODING | MAGIC_SYMLINK | MAGIC_ERROR)
        return try ask(path)
    }

    private func ask(_ path: String) throws -> String {
        guard let answer = magic_file(cookie, path) else { throw failure }
        return String(cString: answer)
    }

    private var failure: ProbeFailure {
        ProbeFailure("libmagic: " + (magic_error(cookie).map { String(cString: $0) } ?? "unknown error"))
    }
}
