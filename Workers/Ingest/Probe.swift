import Marketplace
import NIOCore

/// Looks into the files of some types.
///
/// ``Inspector`` asks every probe of its list that takes the file's type, in the list's order, and puts together what
/// they found; so an EPUB can be looked at as an archive and as a book.
///
/// The rule for trouble: what can't be opened and measured is refused (``Rejection``); a preview that can't be made
/// within the limits is left out, and a check `skipped` says so; a failure of the machinery is thrown as
/// ``IngestError``, and the job runs again.
protocol Probe: Sendable {
    /// Whether it looks into files of this type.
    func takes(_ type: ResolvedType) -> Bool

    /// Throws ``Rejection`` for a file that can't be sold, and any other error when the machinery failed.
    func run(_ file: ProbedFile) async throws -> Discovery
}

/// A file to be looked into.
struct ProbedFile: Sendable {
    /// For reading only.
    var path: String
    /// Bytes.
    var size: Int64
    var type: ResolvedType
    var claims: Claims
}

/// What a probe found in one file.
struct Discovery: Sendable {
    var checks: [UploadReport.Check] = []
    var metadata = FileMetadata()
    /// Pixels, of a picture.
    var width: Int?
    /// Pixels, of a picture.
    var height: Int?
    var thumbnails: [(Thumbnail, ByteBuffer)] = []
    var placeholder: String?
    var previews: [(Preview, ByteBuffer)] = []

    /// Says that something went well.
    mutating func passed(_ name: String, _ detail: String) {
        checks.append(.init(name: name, result: "passed", detail: detail))
    }

    /// Says that something was not done, and why.
    mutating func skipped(_ name: String, _ detail: String) {
        checks.append(.init(name: name, result: "skipped", detail: detail))
    }

    /// The small variants of a picture that stands for the file.
    mutating func show(_ picture: Picture) {
        thumbnails = picture.previews
        placeholder = picture.placeholder
    }
}
