/// What must hold of the object that a write replaces, checked in the transaction that replaces it.
public struct WriteCondition: Sendable, Equatable {
    /// Refuses (`.preconditionFailed`) to replace an existing object (`If-None-Match: *`, RFC 9110 §13.1.2).
    public var ifNoneMatch: Bool
    /// The ETag, without quotes, of the object that may be replaced, `*` for any (`If-Match`, RFC 9110 §13.1.1).
    ///
    /// Another object is `.preconditionFailed`, none `.noSuchKey`.
    public var ifMatch: String?

    /// Makes a condition; the default is none.
    public init(ifNoneMatch: Bool = false, ifMatch: String? = nil) {
        self.ifNoneMatch = ifNoneMatch
        self.ifMatch = ifMatch
    }
}

/// What goes with an object's bytes and what they are held to while they stream in.
public struct PutOptions: Sendable {
    /// What is kept with the object.
    public var attributes: ObjectAttributes
    /// What the body is held to.
    public var expectations: BodyExpectations
    /// What must hold of the object that it replaces.
    public var condition: WriteCondition

    /// Options for a put; the defaults hold the body to nothing.
    public init(
        attributes: ObjectAttributes,
        expectations: BodyExpectations = BodyExpectations(),
        condition: WriteCondition = WriteCondition()
    ) {
        self.attributes = attributes
        self.expectations = expectations
        self.condition = condition
    }

    /// Options for a put, by the fields that are used most; see ``BodyExpectations`` and ``WriteCondition``.
    public init(
        contentType: String = "application/octet-stream",
        metadata: [String: String] = [:],
        maximumBytes: Int64? = nil,
        expectedBytes: Int64? = nil,
        expectedSHA256: String? = nil,
        ifNoneMatch: Bool = false
    ) {
        self.init(
            attributes: ObjectAttributes(contentType: contentType, metadata: metadata),
            expectations: BodyExpectations(
                maximumBytes: maximumBytes, expectedBytes: expectedBytes, expectedSHA256: expectedSHA256),
            condition: WriteCondition(ifNoneMatch: ifNoneMatch))
    }
}

/// What a copy does beside copying.
public struct CopyOptions: Sendable {
    /// What is kept with the copy instead of what is kept with its source; nil: the same.
    public var attributes: ObjectAttributes?
    /// The ETag, without quotes, that the source must have at the copy, else `.preconditionFailed`.
    public var sourceETag: String?
    /// What must hold of the object that the copy replaces.
    public var condition: WriteCondition

    /// Options for a copy; the default keeps all and checks nothing.
    public init(
        attributes: ObjectAttributes? = nil,
        sourceETag: String? = nil,
        condition: WriteCondition = WriteCondition()
    ) {
        self.attributes = attributes
        self.sourceETag = sourceETag
        self.condition = condition
    }
}
