import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends one operation, again if that is right, and sorts what came back.
struct PaymentTransport: Sendable {
    /// An intent with its metadata is some hundred bytes; more than this is not the provider speaking.
    private static let maximumAnswerBytes = 1 << 20

    let configuration: HTTPPaymentProviderConfiguration
    let client: HTTPClient
    let logger: Logger

    func get<Answer: Decodable & Sendable>(_ path: String) async throws(PaymentError) -> Answer {
        try await retrying(request(.GET, path), changesState: false)
    }

    func post<Answer: Decodable & Sendable>(
        _ path: String,
        key: String?,
        body: some Encodable
    ) async throws(PaymentError) -> Answer {
        var request = request(.POST, path)
        request.headers.add(name: "Content-Type", value: "application/json")
        if let key {
            request.headers.add(name: "Idempotency-Key", value: key)
        }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]  // The same arguments are the same bytes.
            request.body = .bytes(ByteBuffer(bytes: try encoder.encode(body)))
        } catch {
            throw PaymentError(.invalidRequest, message: "arguments cannot be encoded", underlying: error)
        }
        return try await retrying(request, changesState: true)
    }

    private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: configuration.baseURL + path)
        request.method = .init(rawValue: method.rawValue)
        request.headers.add(name: "Authorization", value: "Bearer \(configuration.secretKey)")
        request.headers.add(name: "User-Agent", value: "sunset")
        return request
    }

    private func retrying<Answer: Decodable & Sendable>(
        _ request: HTTPClientRequest,
        changesState: Bool
    ) async throws(PaymentError) -> Answer {
        var delay = configuration.retryDelay
        for attempt in 1..<max(2, configuration.maximumAttempts + 1) {
            do throws(PaymentError) {
                return try await once(request, changesState: changesState)
            } catch {
                let isLast = attempt >= configuration.maximumAttempts
                guard error.isRetryable, !isLast, !Task.isCancelled else { throw error }
                logger.info(
                    "payment request is repeated", metadata: ["attempt": "\(attempt)", "code": "\(error.code)"])
            }
            do {
                try await Task.sleep(for: delay)
            } catch {
                throw PaymentError(.unknownOutcome, message: "cancelled between two attempts", underlying: error)
            }
            delay *= 2
        }
        throw PaymentError(.invalidRequest, message: "no attempt was allowed")
    }

    private func once<Answer: Decodable & Sendable>(
        _ request: HTTPClientRequest,
        changesState: Bool
    ) async throws(PaymentError) -> Answer {
        let status: Int
        let bytes: [UInt8]
        do {
            let timeout = TimeAmount(configuration.requestTimeout)
            let response = try await client.execute(request, timeout: timeout)
            status = Int(response.status.code)
            bytes = Array(buffer: try await response.body.collect(upTo: Self.maximumAnswerBytes))
        } catch {
            throw Self.classify(transport: error, changesState: changesState)
        }
        guard (200..<300).contains(status) else {
            throw PaymentError(status: status, body: bytes, changesState: changesState)
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            // It was done, and cannot be read: asking again is the only way to know.
            throw PaymentError(.unknownOutcome, message: "the answer cannot be read", status: status, underlying: error)
        }
    }

    private static func classify(transport error: any Error, changesState: Bool) -> PaymentError {
        let neverSent: Bool =
            switch error {
            case let error as HTTPClientError:
                error == .connectTimeout || error == .getConnectionFromPoolTimeout || error == .tlsHandshakeTimeout
            case is NIOConnectionError: true
            case let error as IOError: error.errnoCode == ECONNREFUSED
            default: false
            }
        guard !neverSent, changesState else {
            return PaymentError(.unavailable, message: "the payment service was not reached", underlying: error)
        }
        return PaymentError(.unknownOutcome, message: "the answer was lost", underlying: error)
    }
}
