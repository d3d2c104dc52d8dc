import NIOCore
import ObjectStore
import Testing

@Suite("Keys")
struct KeyTests {
    static let odd = [
        ".", "..", "../..", "../../etc/passwd", "/", "//", "/a", "a/", "a//", "a//b", "a/./b", "a/../b", "a", "A",
        "é", "e\u{301}", "ﬁ", "fi", "🦊", "👩‍👩‍👧‍👦", "a\0b", "a\0", "\0", " ", "a ", "%2e%2e", "a\nb", "a\\b", "~", "*",
        "'; DROP TABLE object",
        "ß", "SS", "İ", "i̇", "\u{FFFD}", "\u{10FFFF}", "lock", "index.sqlite",
    ]

    @Test("keys of any form are objects of their own, and none is a path")
    func noCollisions() async throws {
        try await withStore { store in
            for (number, key) in Self.odd.enumerated() {
                try await store.put(bucket: "goods", key: key, bytes: bytes("\(number)"))
            }
            for (number, key) in Self.odd.enumerated() {
                #expect(try await store.text(key) == "\(number)", "\(key.debugDescription)")
            }
            let listed = try await store.list(bucket: "goods").objects.map { Array($0.key.utf8) }
            #expect(listed == Self.odd.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
            let files = contentAndStaging(store.directory)
            #expect(files.count == Self.odd.count)
            #expect(files.allSatisfy { $0.wholeMatch(of: /content\/[0-9a-f]{2}\/[0-9a-f]{32}/) != nil })
            for key in Self.odd {
                #expect(try await store.delete(bucket: "goods", key: key))
            }
            #expect(contentAndStaging(store.directory).isEmpty)
        }
    }

    @Test("a key has 1 to 1,024 bytes, not characters")
    func length() async throws {
        try await withStore { store in
            let longest = String(repeating: "ü", count: 512)
            try await store.put(bucket: "goods", key: longest, bytes: bytes("x"))
            #expect(try await store.text(longest) == "x")
            for key in ["", longest + "a"] {
                #expect(await code { try await store.put(bucket: "goods", key: key, bytes: bytes("x")) } == .invalidKey)
                #expect(await code { try await store.get(bucket: "goods", key: key) } == .invalidKey)
                #expect(await code { try await store.delete(bucket: "goods", key: key) } == .invalidKey)
            }
        }
    }
}

@Suite("Listing")
struct ListTests {
    @Test("prefix and delimiter give a folder's view")
    func folders() async throws {
        try await withStore { store in
            for key in ["a", "b/1", "b/2", "b/c/3", "d/4", "e"] {
                try await store.put(bucket: "goods", key: key, bytes: bytes(key))
            }
            let top = try await store.list(bucket: "goods", delimiter: "/")
            #expect(top.objects.map(\.key) == ["a", "e"])
            #expect(top.commonPrefixes == ["b/", "d/"])
            #expect(top.nextStartAfter == nil)
            let inside = try await store.list(bucket: "goods", prefix: "b/", delimiter: "/")
            #expect(inside.objects.map(\.key) == ["b/1", "b/2"])
            #expect(inside.commonPrefixes == ["b/c/"])
            let after = try await store.list(bucket: "goods", startAfter: "b/2")
            #expect(after.objects.map(\.key) == ["b/c/3", "d/4", "e"])
            #expect(try await store.list(bucket: "goods", prefix: "zzz").objects.isEmpty)
            #expect(await code { try await store.list(bucket: "nowhere") } == .noSuchBucket)
        }
    }

    @Test("the pages of any listing, put together, are what a naive model lists")
    func pagesAgreeWithModel() async throws {
        try await withStore { store in
            var generator = SystemRandomNumberGenerator()
            let letters = ["a", "b", "/", "//", "é", "\u{10FFFF}", "-"]
            var keys: Set<[UInt8]> = []
            for _ in 0..<120 {
                let length = Int.random(in: 1...6, using: &generator)
                let key = (0..<length).map { _ in letters.randomElement(using: &generator) ?? "a" }.joined()
                keys.insert(Array(key.utf8))
                try await store.put(bucket: "goods", key: key, bytes: ByteBuffer())
            }
            for (prefix, delimiter, limit) in [
                ("", nil, 7), ("", "/", 1), ("", "/", 3), ("a", "/", 2), ("a/", "/", 2), ("", "//", 2), ("é", "b", 1),
                ("\u{10FFFF}", "/", 3), ("", "a", 1000), ("/", "/", 1),
            ] as [(String, String?, Int)] {
                var seen: [[UInt8]] = []
                var start: String?
                var pages = 0
                repeat {
                    let page = try await store.list(
                        bucket: "goods", prefix: prefix, delimiter: delimiter, startAfter: start, limit: limit)
                    #expect(page.objects.count + page.commonPrefixes.count <= limit)
                    seen += page.objects.map { Array($0.key.utf8) } + page.commonPrefixes.map { Array($0.utf8) }
                    start = page.nextStartAfter
                    pages += 1
                } while start != nil && pages < 1000
                let expected = naive(keys, prefix, delimiter)
                #expect(seen.count == expected.count, "\(prefix) \(delimiter ?? "-")")
                #expect(Set(seen) == expected)
            }
        }
    }

    private func naive(_ keys: Set<[UInt8]>, _ prefix: String, _ delimiter: String?) -> Set<[UInt8]> {
        let prefix = Array(prefix.utf8)
        var result: Set<[UInt8]> = []
        for key in keys where key.starts(with: prefix) {
            guard let delimiter else {
                result.insert(key)
                continue
            }
            let mark = Array(delimiter.utf8)
            let cut = (prefix.count...key.count).first { key[$0...].starts(with: mark) }
            result.insert(cut.map { Array(key[..<($0 + mark.count)]) } ?? key)
        }
        return result
    }
}
