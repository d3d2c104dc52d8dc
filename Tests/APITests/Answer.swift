import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// What came back.
struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; null when it is none.
    var json: JSON { (try? JSONDecoder().decode(JSON.self, from: Data(body))) ?? .null }

    var code: String? { json["code"].string }

    func header(_ name: String) -> String? { headers.first(name: name) }

    /// Expects a problem document of this status and code.
    func expectProblem(_ status: Int, _ code: String, at location: SourceLocation = #_sourceLocation) {
        #expect(self.status == status, "\(text)", sourceLocation: location)
        #expect(self.code == code, sourceLocation: location)
        #expect(header("content-type") == "application/problem+json", sourceLocation: location)
        #expect(json["request_id"].string == header("x-request-id"), sourceLocation: location)
    }
}
