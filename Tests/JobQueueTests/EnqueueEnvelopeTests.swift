import Foundation
import RedisClient
import TestSupport
import Testing

@testable import JobQueue

@Suite("Envelopes")
struct EnqueueEnvelopeTests {
    private func envelope(_ text: String) -> Envelope? { Envelope(Array(text.utf8)) }

    @Test("an envelope of schema 1 is read as it was written")
    func schemaOne() throws {
        let read = try #require(
            envelope("1 1763971200123 5000 send-mail 3 10 2 600000 0 4bf92f\n{\"to\":\"a b\\nc\"}"))
        #expect(
            read.header
                == EnvelopeHeader(
                    priority: .normal, createdMilliseconds: 1_763_971_200_123, delayMilliseconds: 5_000,
                    name: "send-mail", version: 3, maximumFailures: 10, maximumLapses: 2, windowMilliseconds: 600_000,
                    retentionMilliseconds: 0, traceID: "4bf92f"))
        #expect(!read.header.hasExtras)
        #expect(String(decoding: read.payload, as: UTF8.self) == "{\"to\":\"a b\\nc\"}")
        #expect(envelope("0 1 0 x 1 1 1 0 0 -\n{}")?.header.traceID == nil)
    }

    @Test("extras come in any order, and a letter of a later version is passed over")
    func extras() throws {
        let header = try #require(
            envelope("2+ 1 0 x 1 1 1 0 0 u=trace g=ord_1 z=later b=bat_1 u=p60000:=x:k=1:2\n{}")
        ).header
        #expect(header.traceID == "u=trace" && header.tag == "ord_1" && header.batch == "bat_1")
        #expect(header.unique == UniqueLock(uniqueness: .period(.seconds(60)), digest: "=x:k=1:2"))
        #expect(header.hasExtras && header.priority == .low)
        #expect(envelope("1+ 1 0 x 1 1 1 0 0 -\n{}")?.header.hasExtras == false)
    }

    @Test(
        "what has another form is no envelope",
        arguments: [
            "", "1", "1 1 0 x 1 1 1 0 0 -", "1 1 0 x 1 1 1 0 0 - g=t\n{}", "1+ 1 0 x 1 1 1 0 0 - g=\n{}",
            "1+ 1 0 x 1 1 1 0 0 - gt\n{}", "1- 1 0 x 1 1 1 0 0 -\n{}", "3 1 0 x 1 1 1 0 0 -\n{}",
            "1 1 0 x 1 -1 1 0 0 -\n{}", "1+ 1 0 x 1 1 1 0 0 - u=q:d\n{}", "1+ 1 0 x 1 1 1 0 0 - u=p:d\n{}",
        ])
    func malformed(text: String) {
        #expect(envelope(text) == nil)
    }

    @Test("every header reads back as it was written, whatever bytes come in", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let names = ["a", "send-mail", "u=x", String(repeating: "n", count: 64)]
        let locks: [Uniqueness?] = [nil, .whilePending, .untilDone, .period(.milliseconds(1 + Int64(seed)))]
        var header = EnvelopeHeader(
            priority: try #require(JobPriority.allCases.randomElement(using: &generator)), createdMilliseconds: 1,
            delayMilliseconds: 2, name: try #require(names.randomElement(using: &generator)), version: 3,
            maximumFailures: 4, maximumLapses: 5, windowMilliseconds: 6, retentionMilliseconds: 7)
        header.traceID = [nil, "b=no", "t"].randomElement(using: &generator) ?? nil
        header.batch = [nil, "bat_1", "g=x"].randomElement(using: &generator) ?? nil
        header.tag = [nil, "ord_1", "+"].randomElement(using: &generator) ?? nil
        header.unique = (locks.randomElement(using: &generator) ?? nil).map {
            UniqueLock($0, name: "type", key: String(repeating: "k", count: Int(seed)).utf8)
        }
        let payload = Data(
            (0..<Int.random(in: 0..<40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) })
        var bytes = Array("\(header.mark) 1 2 ".utf8) + header.encoded(before: payload)
        let read = try #require(Envelope(bytes))
        #expect(read.header == header && read.payload == payload)
        // A damaged one is read or refused, and never traps.
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        _ = Envelope(bytes)
        _ = Envelope(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
    }

    @Test("the hash of long keys is SHA-256: NIST's vectors")
    func sha256() {
        func hash(_ text: String) -> String { SHA256.hash(Array(text.utf8)).hex }
        #expect(hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            hash(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("a trace that looks like an extra is no extra for the scripts either")
    func deceivingTrace() async throws {
        try await QueueHarness.run { harness in
            // Were the trace taken for a lock, the second would be held.
            try await harness.queue.enqueue(Work(), id: JobID("a"), traceID: "u=d:=x", tag: "t")
            #expect(try await harness.queue.enqueue(Work(), id: JobID("b"), traceID: "u=d:=x", tag: "t") == .enqueued)
            // A batch that is not there: the extra goes, and the trace stays.
            let job = try Work().prepared(id: JobID("c"), traceID: "b=trace").joining(batch: BatchID("none"))
            try await harness.queue.enqueue(job)
            let envelope = try await harness.client.send(RedisCommand("HGET", harness.key("q:work:jobs"), "c"))
            let header = try #require(envelope.bytes.flatMap { Envelope($0) }).header
            #expect(header.traceID == "b=trace" && header.batch == nil)
        }
    }

    @Test("a job that inherits keeps what it has and takes what it lacks")
    func inheriting() throws {
        let bare = try Work().prepared().inheriting(tag: "ord_1", traceID: "t1")
        #expect(bare.tag == "ord_1" && bare.traceID == "t1")
        let own = try Work().prepared(traceID: "mine", tag: "ord_2").inheriting(tag: "ord_1", traceID: "t1")
        #expect(own.tag == "ord_2" && own.traceID == "mine")
        let wrong = try Work().prepared().inheriting(tag: "a b", traceID: "")
        #expect(wrong.tag == nil && wrong.traceID == nil)
        let error = #expect(throws: JobQueueError.self) { try Work().prepared(tag: "a b") }
        #expect(error?.code == .invalidJob)
    }
}
