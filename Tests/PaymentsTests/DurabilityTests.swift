import Foundation
import Payments
import Testing

@Suite(.timeLimit(.minutes(2)))
struct DurabilityTests {
    @Test("a restart keeps methods, intents, refunds, events and keys")
    func restart() async throws {
        try await withTemporaryDirectory { directory async throws in
            let (paid, refund, events) = try await StubHarness.run(directory: directory) { stub async throws in
                let provider = stub.provider()
                let paid = try await provider.pay("4242424242424242")
                let refund = try await provider.refund(intent: paid.id, amount: 100, idempotencyKey: "r")
                return (paid, refund, try await stub.events())
            }
            try await StubHarness.run(directory: directory) { stub async throws in
                let provider = stub.provider()
                let found = try await provider.retrieve(intent: paid.id)
                #expect(found.status == .succeeded)
                #expect(found.amountRefunded == 100)
                #expect(try await stub.events() == events)
                #expect(try await provider.refund(intent: paid.id, amount: 100, idempotencyKey: "r") == refund)
                let replayed = try await provider.confirm(
                    intent: paid.id, paymentMethod: nil, authentication: nil, idempotencyKey: "k")
                #expect(replayed == paid)
                #expect(try await provider.retrieve(intent: paid.id).amountRefunded == 100)
                let method = try #require(paid.paymentMethod)
                let again = try await provider.createIntent(
                    amount: .init(amount: 5, currency: "eur"), paymentMethod: method, metadata: [:], idempotencyKey: "n"
                )
                #expect(again.status == .requiresConfirmation)
            }
        }
    }

    @Test("at the moment of an answer its change is on disk: a copy of the journal taken then has everything")
    func killed() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            for number in 0..<10 {
                let paid = try await provider.pay("4242424242424242", key: "k\(number)")
                // What SIGKILL would leave: the file as it is now, while the process still runs.
                try await withTemporaryDirectory { copy async throws in
                    try FileManager.default.copyItem(atPath: stub.journalPath, toPath: copy + "/journal.jsonl")
                    try await StubHarness.run(directory: copy) { survivor async throws in
                        #expect(try await survivor.provider().retrieve(intent: paid.id).status == .succeeded)
                    }
                }
            }
        }
    }

    @Test("a torn last line is ignored and cut off, whatever its length")
    func tornTail() async throws {
        try await withTemporaryDirectory { directory async throws in
            let path = directory + "/journal.jsonl"
            let paid = try await StubHarness.run(directory: directory) {
                try await $0.provider().pay("4242424242424242")
            }
            let whole = try Data(contentsOf: URL(filePath: path))
            let lastLine = try #require(whole.dropLast().split(separator: UInt8(ascii: "\n")).last)
            for length in [1, 2, lastLine.count / 2, lastLine.count] {
                try (whole + lastLine.prefix(length)).write(to: URL(filePath: path))
                try await StubHarness.run(directory: directory) { stub async throws in
                    #expect(try await stub.provider().retrieve(intent: paid.id).status == .succeeded)
                }
                #expect(try Data(contentsOf: URL(filePath: path)) == whole)
            }
            // Bytes that a crash of the machine left as zeros, with a newline among them.
            try (whole + Data([0, 0, 10, 0])).write(to: URL(filePath: path))
            try await StubHarness.run(directory: directory) { stub async throws in
                let provider = stub.provider()
                #expect(try await provider.retrieve(intent: paid.id).status == .succeeded)
                _ = try await provider.pay("4242424242424242", key: "after")
            }
            try await StubHarness.run(directory: directory) { stub async throws in
                #expect(try await stub.events(type: "payment_intent.succeeded").count == 2)
            }
        }
    }

    @Test("damage in the middle of the journal stops the start")
    func damage() async throws {
        try await withTemporaryDirectory { directory async throws in
            let path = directory + "/journal.jsonl"
            _ = try await StubHarness.run(directory: directory) { try await $0.provider().pay("4242424242424242") }
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[bytes.startIndex] = UInt8(ascii: "x")
            try bytes.write(to: URL(filePath: path))
            await #expect(throws: (any Error).self) {
                try await StubHarness.run(directory: directory) { _ in }
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        }
    }

    @Test("two stubs cannot share a folder")
    func lock() async throws {
        _ = try await StubHarness.run { stub async throws in
            await #expect(throws: (any Error).self) {
                try await StubHarness.run(directory: stub.directory) { _ in }
            }
        }
    }

    @Test("a processing payment is decided after a restart")
    func processing() async throws {
        try await withTemporaryDirectory { directory async throws in
            try await WebhookReceiver.run { receiver, url async throws in
                let pending = try await StubHarness.run(directory: directory, webhookURL: url) { stub in
                    try await stub.setFaults(#"{"processing_ms": 1500}"#)
                    return try await stub.provider().pay("4242424242424242")
                }
                #expect(pending.status == .processing)
                try await StubHarness.run(directory: directory, webhookURL: url) { stub async throws in
                    let event = try #require(try await receiver.wait(for: 1).first)
                    #expect(event.kind == .succeeded)
                    #expect(event.intentID == pending.id)
                    #expect(try await stub.provider().retrieve(intent: pending.id).status == .succeeded)
                }
            }
        }
    }
}
