/// The links of one archive, and whether one leads out of the folder that it is unpacked to.
struct LinkTable {
    private var symbolic: [String: String] = [:]
    private var checks: [(name: EntryName, path: String)] = []

    /// More than this and Linux gives up with ELOOP, so that nothing is reached.
    private static let hops = 40

    /// Notes a symbolic link, whose target counts from the link's folder.
    mutating func add(symbolic name: EntryName, target: [UInt8]) throws {
        let target = try Self.checked(target, of: name)
        let path = Self.normalized(name.text)
        if let known = symbolic[path], known != target {
            throw Refusal("archive_link_unsafe", "The link \(name.quoted) is there twice, with different targets.")
        }
        symbolic[path] = target
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        checks.append((name, "\(folder)/\(target)"))
    }

    /// Notes a hard link, whose target is a path in the archive.
    mutating func add(hard name: EntryName, target: [UInt8]) throws {
        checks.append((name, try Self.checked(target, of: name)))
    }

    /// Whether a symbolic link has this name.
    func has(_ name: EntryName) -> Bool {
        !symbolic.isEmpty && symbolic[Self.normalized(name.text)] != nil
    }

    /// Follows every link through every other, for which all of them have to be known.
    ///
    /// By the names alone `x/y → ..` and `x/z → y/..` look harmless; together they lead out.
    func check() throws {
        for (name, path) in checks where leadsOut(path) {
            throw Refusal(
                "archive_link_unsafe", "The link \(name.quoted) leads out of the folder that it is unpacked to.")
        }
    }

    private func leadsOut(_ path: String) -> Bool {
        var waiting = path.split(separator: "/").reversed().map(String.init)
        var place: [String] = []
        var hops = 0
        while let part = waiting.popLast() {
            if part == "." { continue }
            if part == ".." {
                guard !place.isEmpty else { return true }
                place.removeLast()
                continue
            }
            place.append(part)
            guard let target = symbolic[place.joined(separator: "/")] else { continue }
            hops += 1
            if hops > Self.hops { return false }
            place.removeLast()
            waiting += target.split(separator: "/").reversed().map(String.init)
        }
        return false
    }

    private static func checked(_ target: [UInt8], of name: EntryName) throws -> String {
        let what = "The link \(name.quoted) to \(EntryName.quoted(String(decoding: target, as: UTF8.self)))"
        let place = EntryName(target)
        guard !target.isEmpty, target.count <= EntryName.longestPath else {
            throw Refusal("archive_link_unsafe", "\(what) has no target, or one that is too long.")
        }
        try place.checkPlace(what: what, code: "archive_link_unsafe")
        return place.text
    }

    private static func normalized(_ path: String) -> String {
        path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
