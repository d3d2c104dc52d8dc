import HTTPTypes
import ObjectStore

extension S3Request {
    /// What the headers want to be kept with a new object.
    func attributes() throws(S3Error) -> ObjectAttributes {
        try refuseUnsupportedHeaders()
        var attributes = ObjectAttributes(contentType: "binary/octet-stream")
        if let type = headers[.contentType], !type.isEmpty {
            attributes.contentType = type
        }
        let prefix = "x-amz-meta-"
        for field in headers where field.name.canonicalName.hasPrefix(prefix) {
            let name = String(field.name.canonicalName.dropFirst(prefix.count))
            attributes.metadata[name] = attributes.metadata[name].map { "\($0),\(field.value)" } ?? field.value
        }
        guard attributes.metadata.reduce(0, { $0 + $1.key.utf8.count + $1.value.utf8.count }) <= 2048 else {
            throw S3Error(
                .badRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.")
        }
        attributes.headers = ContentHeaders(
            cacheControl: headers[.cacheControl], contentDisposition: headers[.contentDisposition],
            contentEncoding: contentEncoding, contentLanguage: headers[.contentLanguage], expires: headers[.expires])
        return attributes
    }

    /// `aws-chunked` belongs to the transfer and is not kept.
    private var contentEncoding: String? {
        let codings = (headers[.contentEncoding] ?? "").split(separator: ",")
            .map { $0.drop { $0 == " " } }
            .filter { !$0.isEmpty && $0 != "aws-chunked" }
        return codings.isEmpty ? nil : codings.joined(separator: ",")
    }

    /// The conditions of a write on the object that it replaces.
    func writeCondition() throws(S3Error) -> WriteCondition {
        var condition = WriteCondition()
        if let value = headers[.ifNoneMatch] {
            guard value == "*" else { throw .notImplemented("If-None-Match with anything but * for writes") }
            condition.ifNoneMatch = true
        }
        condition.ifMatch = headers[.ifMatch].map(Self.unquoted)
        return condition
    }

    static func unquoted(_ etag: String) -> String {
        guard etag.utf8.count >= 2, etag.hasPrefix("\""), etag.hasSuffix("\"") else { return etag }
        return String(etag.dropFirst().dropLast())
    }

    /// What asks for something that would silently not be done is refused.
    func refuseUnsupportedHeaders() throws(S3Error) {
        let harmlessACLs: Set<String> = ["private", "bucket-owner-full-control", "bucket-owner-read"]
        if let acl = headers.value("x-amz-acl"), !harmlessACLs.contains(acl) {
            throw .notImplemented("access control lists (x-amz-acl: \(acl))")
        }
        if let storageClass = headers.value("x-amz-storage-class"), storageClass != "STANDARD" {
            throw S3Error(
                .badRequest, "InvalidStorageClass", "The storage class you specified is not valid: there is STANDARD.")
        }
        let prefixes = [
            "x-amz-server-side-encryption", "x-amz-tagging", "x-amz-grant-", "x-amz-object-lock-",
            "x-amz-website-redirect-location", "x-amz-write-offset-bytes",
        ]
        for field in headers where field.name.canonicalName != "x-amz-tagging-directive" {
            let name = field.name.canonicalName
            if prefixes.contains(where: name.hasPrefix) {
                throw .notImplemented("the header \(name)")
            }
        }
    }
}
