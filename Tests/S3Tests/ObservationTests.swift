import HTTPTypes
import ObjectStore
import Synchronization
import Testing

@testable import S3

@Suite("S3's requests are told of")
struct ObservationTests {
    @Test("each request is told of by its operation's name, with its status, whatever the key is")
    func answers() async throws {
        let answers = Mutex<[String]>([])
        let begun = Mutex(0)
        try await TestServer.run(
            didBegin: { begun.withLock { $0 += 1 } },
            didAnswer: { answer in
                answers.withLock { $0.append("\(answer.method) \(answer.operation) \(answer.status)") }
            }
        ) { server in
            try await server.store.createBucket("goods")
            let client = RawClient()
            for (method, path) in [("GET", "/goods/a/GetObject?list-type=2"), ("HEAD", "/goods"), ("GET", "/")] {
                let (head, _) = try client.head(
                    method, path, headers: ["content-length": "0"], payload: SignatureV4.unsignedPayload)
                _ = try server.exchange(head)
            }
            _ = try server.exchange(
                "PUT /goods/secret HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        let told = answers.withLock { $0 }
        #expect(begun.withLock { $0 } == 4)
        #expect(
            told.map { $0.prefix { !$0.isNumber } } == [
                "GET GetObject ", "HEAD HeadBucket ", "GET ListBuckets ", "PUT PutObject ",
            ])
        #expect(told.last == "PUT PutObject 403")
        #expect(told.contains("GET ListBuckets 200"), "\(told)")
    }

    @Test(
        "operations have S3's names",
        arguments: [
            (HTTPRequest.Method.get, "/b?location", "GetBucketLocation"), (.get, "/b?uploads", "ListMultipartUploads"),
            (.get, "/b?list-type=2", "ListObjectsV2"), (.get, "/b", "ListObjects"), (.put, "/b", "CreateBucket"),
            (.delete, "/b", "DeleteBucket"), (.post, "/b?delete", "DeleteObjects"),
            (.get, "/b/k?uploadId=1", "ListParts"),
            (.put, "/b/k?uploadId=1&partNumber=2", "UploadPart"), (.post, "/b/k?uploads", "CreateMultipartUpload"),
            (.post, "/b/k?uploadId=1", "CompleteMultipartUpload"), (.delete, "/b/k?uploadId=1", "AbortMultipartUpload"),
            (.delete, "/b/k", "DeleteObject"), (.options, "/b/k", "Preflight"), (.patch, "/b/k", "Unknown"),
        ])
    func names(_ method: HTTPRequest.Method, _ path: String, _ name: String) {
        #expect(CountingResponder.operation(method, S3Target(path), isCopy: false) == name)
        #expect(CountingResponder.operation(.put, S3Target("/b/k"), isCopy: true) == "CopyObject")
        #expect(CountingResponder.operation(.get, nil, isCopy: false) == "Unknown")
    }
}
