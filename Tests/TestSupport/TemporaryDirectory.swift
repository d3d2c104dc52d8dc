import Foundation

/// A folder of its own for a test, removed with the object.
public final class TemporaryDirectory: Sendable {
    /// The folder's absolute path, short enough for Unix sockets in it.
    public let path: String

    /// Makes an empty folder.
    public init(prefix: String = "sunset") throws {
        var template = Array("/tmp/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestSupportError("mkdtemp failed: errno \(errno)")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// Removes the folder and everything in it; harmless when it is gone already.
    public func remove() {
        // A folder that cannot be removed is litter in /tmp, and no reason to fail a test.
        try? FileManager.default.removeItem(atPath: path)
    }

    deinit {
        remove()
    }
}

/// Runs `body` with a temporary folder that is removed afterwards.
public func withTemporaryDirectory<T>(_ body: (TemporaryDirectory) async throws -> T) async throws -> T {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    return try await body(directory)
}

/// A fault of the test's equipment, not of what is tested.
public struct TestSupportError: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    /// Makes an error from its text.
    public init(_ description: String) {
        self.description = description
    }
}
