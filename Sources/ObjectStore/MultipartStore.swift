public import FoundationEssentials
public import NIOCore

/// An object store that takes large objects in parts, in the model of S3.
///
/// A part is durable when its upload returns, and is seen only by those who know the upload. Completing makes one object
/// of the parts that are named, atomically, and drops the others. All errors are ``ObjectStoreError``: `.noSuchUpload`
/// for an upload that is not, or no longer, under way.
public protocol MultipartStore: ObjectStore {
    /// Begins an upload. Throws `.noSuchBucket`.
    func createUpload(bucket: String, key: String, options: UploadOptions) async throws -> UploadInfo

    /// Stores one part as it streams in, and replaces an earlier one of its number.
    ///
    /// Where the upload has a checksum algorithm, the part gets its checksum, asked for or not; asking for another one
    /// is `.invalidArgument`.
    ///
    /// - Parameter number: 1 to 10,000.
    func putPart<Body: AsyncSequence & Sendable>(
        of upload: UploadName,
        number: Int,
        body: Body,
        expecting expectations: BodyExpectations
    ) async throws -> PartInfo where Body.Element == ByteBuffer

    /// Makes a part of an object's bytes, or of a range of them.
    ///
    /// - Parameter sourceETag: The ETag that the source must have, else `.preconditionFailed`.
    func copyPart(
        of upload: UploadName,
        number: Int,
        from source: ObjectName,
        range: ByteRangeRequest?,
        sourceETag: String?
    ) async throws -> PartInfo

    /// Makes the object of the named parts, one after the other; the answer to a repetition is that of the first.
    ///
    /// Throws `.invalidPartOrder` unless the numbers ascend, `.invalidPart` for one that is missing or has another ETag,
    /// and `.partTooSmall` for one below 5 MiB that is not the last.
    func completeUpload(
        _ upload: UploadName,
        parts: [CompletedPart],
        options: CompleteOptions
    ) async throws -> ObjectInfo

    /// Drops an upload and its parts.
    func abortUpload(_ upload: UploadName) async throws

    /// What is known of an upload, and one page of its parts.
    ///
    /// - Parameters:
    ///   - after: Only parts of higher numbers.
    ///   - limit: Parts at most, 1 to 1,000.
    func parts(of upload: UploadName, after: Int, limit: Int) async throws -> PartListing

    /// One page of a bucket's uploads, by key and then by when they began.
    ///
    /// - Parameters:
    ///   - prefix: Only keys that begin with these bytes.
    ///   - delimiter: Keys that contain it after the prefix are rolled up into ``UploadListing/commonPrefixes``.
    ///   - after: Only uploads after this one; the ``UploadListing/next`` of the page before.
    ///   - limit: Uploads and common prefixes at most, 1 to 1,000.
    func uploads(
        bucket: String,
        prefix: String,
        delimiter: String?,
        after: UploadMarker?,
        limit: Int
    ) async throws -> UploadListing

    /// Drops the uploads of a bucket that began before a time and whose keys begin with `prefix`; returns how many.
    @discardableResult
    func abortUploads(bucket: String, prefix: String, initiatedBefore time: Date) async throws -> Int
}

extension MultipartStore {
    /// Stores a part that is in memory already.
    @discardableResult
    public func putPart(
        of upload: UploadName,
        number: Int,
        bytes: ByteBuffer,
        expecting expectations: BodyExpectations = BodyExpectations()
    ) async throws -> PartInfo {
        try await putPart(of: upload, number: number, body: ObjectChunks(bytes), expecting: expectations)
    }

    /// One page of a bucket's uploads, with everything but the bucket optional.
    public func uploads(
        bucket: String,
        prefix: String = "",
        delimiter: String? = nil,
        after: UploadMarker? = nil
    ) async throws -> UploadListing {
        try await uploads(bucket: bucket, prefix: prefix, delimiter: delimiter, after: after, limit: 1000)
    }
}
