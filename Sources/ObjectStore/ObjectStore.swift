public import NIOCore

/// Buckets and keys in the model of S3, whatever lies beneath: a directory here, another S3 service later.
///
/// A key is 1 to 1,024 bytes of UTF-8 of any form; keys are compared byte by byte, so names that differ by case or
/// Unicode normalisation are different objects. An object is visible only when it is whole and durable, and replacing
/// one is atomic: a reader sees the old object or the new one. All errors are ``ObjectStoreError``, except those that
/// the body itself throws.
public protocol ObjectStore: Sendable {
    /// Creates a bucket; does nothing when it exists. Throws `.invalidBucket` for a name that S3 would not take.
    func createBucket(_ bucket: String) async throws

    /// Removes a bucket and aborts its uploads. Throws `.noSuchBucket`, or `.bucketNotEmpty` while it holds an object.
    func deleteBucket(_ bucket: String) async throws

    /// All buckets, sorted by name.
    func buckets() async throws -> [BucketInfo]

    /// Stores a body as it streams in; the object appears, or replaces its predecessor, when the last byte is durable.
    ///
    /// Whatever fails (the body, a limit, a checksum, cancellation), nothing of it stays behind. Throws `.noSuchBucket`
    /// before the first byte is read, `.tooLarge` at the first byte over `maximumBytes`, `.sizeMismatch`,
    /// `.checksumMismatch`, `.preconditionFailed` and `.outOfSpace`.
    func put<Body: AsyncSequence & Sendable>(
        bucket: String,
        key: String,
        body: Body,
        options: PutOptions
    ) async throws -> ObjectInfo where Body.Element == ByteBuffer

    /// What is known of an object without its bytes. Throws `.noSuchKey`.
    func head(bucket: String, key: String) async throws -> ObjectInfo

    /// Opens an object for reading, whole or one range of it.
    ///
    /// The bytes come from the version that was current at the call, even if it is replaced or deleted meanwhile.
    /// Throws `.noSuchKey`, and `.invalidRange` (with the object's size) for a range that selects no byte.
    func get(bucket: String, key: String, range: ByteRangeRequest?) async throws -> ObjectBody

    /// Copies an object, also onto itself; ETag and checksum are the source's. Throws `.noSuchKey` and
    /// `.preconditionFailed`.
    func copy(from source: ObjectName, to destination: ObjectName, options: CopyOptions) async throws -> ObjectInfo

    /// Deletes an object; false when there was none, which is no error.
    ///
    /// With `ifMatch` (an ETag without quotes) another object is `.preconditionFailed`, and none `.noSuchKey`.
    @discardableResult
    func delete(bucket: String, key: String, ifMatch: String?) async throws -> Bool

    /// Deletes many objects; says of each key whether there was one.
    @discardableResult
    func delete(bucket: String, keys: [String]) async throws -> [Bool]

    /// One page of keys in byte order; its cost is that of the page.
    ///
    /// - Parameters:
    ///   - prefix: Only keys that begin with these bytes.
    ///   - delimiter: Keys that contain it after the prefix are rolled up into ``ObjectListing/commonPrefixes``.
    ///   - startAfter: Only keys after this one; the ``ObjectListing/nextStartAfter`` of the page before.
    ///   - limit: Objects and common prefixes at most, 1 to 1,000.
    func list(
        bucket: String,
        prefix: String,
        delimiter: String?,
        startAfter: String?,
        limit: Int
    ) async throws -> ObjectListing

    /// Lends the path of a file with the object's bytes for the time of `body`, for programs that read files.
    ///
    /// The file is read-only, keeps its content even if the object is replaced, and has no file name extension.
    func withLocalFile<T>(bucket: String, key: String, _ body: (String) async throws -> T) async throws -> T
}

extension ObjectStore {
    /// Opens a whole object for reading.
    public func get(bucket: String, key: String) async throws -> ObjectBody {
        try await get(bucket: bucket, key: key, range: nil)
    }

    /// Stores bytes that are in memory already.
    @discardableResult
    public func put(
        bucket: String,
        key: String,
        bytes: ByteBuffer,
        options: PutOptions = PutOptions()
    ) async throws -> ObjectInfo {
        try await put(bucket: bucket, key: key, body: ObjectChunks(bytes), options: options)
    }

    /// One page of keys in byte order, with everything but the bucket optional.
    public func list(
        bucket: String,
        prefix: String = "",
        delimiter: String? = nil,
        startAfter: String? = nil
    ) async throws -> ObjectListing {
        try await list(bucket: bucket, prefix: prefix, delimiter: delimiter, startAfter: startAfter, limit: 1000)
    }

    /// Copies an object with all that is kept with it.
    @discardableResult
    public func copy(from source: ObjectName, to destination: ObjectName) async throws -> ObjectInfo {
        try await copy(from: source, to: destination, options: CopyOptions())
    }

    /// Deletes an object, whichever it is; false when there was none.
    @discardableResult
    public func delete(bucket: String, key: String) async throws -> Bool {
        try await delete(bucket: bucket, key: key, ifMatch: nil)
    }
}
