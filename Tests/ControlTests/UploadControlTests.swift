import Foundation
import JobQueue
import Marketplace
import NIOCore
import ObjectStore
import TestSupport
import Testing

@Suite("sunsetctl: uploads")
struct UploadControlTests {
    @Test("quarantined uploads are listed, shown, released and rejected, each decision with an audit line")
    func quarantine() async throws {
        try await ControlHarness.run { harness in
            let market = try await harness.market()
            let seller = try await harness.account("s@example.org", in: market, groups: [.seller])
            var ids: [String] = []
            for name in ["a.txt", "b.txt"] {
                let upload = try await market.uploads.create(
                    NewUpload(filename: name, size: 5, contentType: "text/plain"), owner: seller.id)
                try await market.objects.put(
                    bucket: Uploads.bucket, key: upload.objectKey, bytes: ByteBuffer(string: "hello"))
                ids.append(try await market.uploads.complete(id: upload.id, owner: seller.id).id)
            }
            try await ingest(harness, market)
            let listed = try await harness.ctl("upload", "ls")
            #expect(listed.status == 0 && listed.output.contains("a.txt") && listed.output.contains("b.txt"))
            #expect(listed.output.contains("The scanner found Test in it."))
            #expect(try await harness.ctl("upload", "show", ids[0]).output.contains("quarantined"))
            #expect(try await harness.ctl("upload", "release", ids[0]).status == 64)

            let released = try await harness.ctl("upload", "release", ids[0], "--reason", "harmless", "--yes")
            #expect(released.status == 0 && released.output == "\(ids[0]) is ingested again, without the scanner\n")
            #expect(released.errors.contains("audit") && released.errors.contains("upload.release"))
            #expect(try await harness.ctl("upload", "release", ids[0], "--yes").status == 1)
            let rejected = try await harness.ctl("upload", "reject", ids[1], "--yes", "--json")
            #expect(try rejected.object()["state"] as? String == "rejected")
            #expect(try await harness.ctl("upload", "show", "upl_none").status == 1)
            #expect(try await harness.ctl("upload", "ls", "--state", "ready").status == 64)
            let rest = try await harness.ctl("upload", "ls", "--json").object()
            #expect((rest["uploads"] as? [Any])?.isEmpty == true)
            // What the queue holds now: the ingestion of the one, the mail about the other.
            #expect(try await market.uploads.record(id: ids[0])?.state == .uploaded)
            let waiting = try await harness.inspector.jobs(queue: "ingest", state: .waiting, limit: 10).jobs
            #expect(waiting.count == 1)
        }
    }

    /// A worker that takes everything for malware, until both are decided.
    private func ingest(_ harness: ControlHarness, _ market: Marketplace) async throws {
        var handlers = JobHandlers()
        for effect in Marketplace.uploadEffects { handlers.register(effect: effect) }
        handlers.register(IngestUpload.self) { job, _ in
            guard let upload = try await market.uploads.begin(id: job.upload) else { return .done }
            let effect = try market.uploads.quarantined(
                upload, code: "malware_found", detail: "The scanner found Test in it.", owner: nil)
            return Completion(effects: [effect])
        }
        let worker = JobWorker(
            queue: harness.queue, handlers: handlers,
            configuration: JobWorkerConfiguration(
                queues: [WorkerQueue("ingest", concurrency: 1, prefetches: false)], lease: .seconds(30),
                heartbeat: .milliseconds(100), gracePeriod: .milliseconds(100), name: "test"),
            logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            try await eventually { try await market.uploads.quarantined().data.count == 2 }
            group.cancelAll()
        }
    }
}
