import Foundation
import JobQueue
import Logging
import Marketplace
import ObjectStore
import Payments
import RedisClient
import TestSupport
import Testing

@Suite("sunsetctl: batches, raw jobs, traces")
struct TraceControlTests {
    @Test("batches are listed a page at a time, and one is shown with what follows from its end")
    func batches() async throws {
        try await ControlHarness.run { harness in
            func batch(_ id: String, _ jobs: [String]) throws -> JobBatch {
                JobBatch(
                    id: BatchID(id), jobs: try jobs.map { try Chore(text: $0).prepared(id: JobID($0)) },
                    onSuccess: try Chore(text: "after \(id)").prepared(id: JobID("after-\(id)")))
            }
            try await harness.queue.enqueue(batch: try batch("bat_1", ["a", "b"]))
            var handlers = JobHandlers()
            handlers.register(Chore.self) { job, _ in
                if job.text == "b" { throw JobFailure.permanent("no luck") }
            }
            try await harness.withWorker(handlers) {
                try await eventually { try await harness.queue.batch(id: BatchID("bat_1"))?.pending == 0 }
            }
            try await harness.queue.enqueue(batch: try batch("bat_2", ["c"]))

            let first = try await harness.ctl("batch", "ls", "--limit", "1")
            #expect(first.output.contains("bat_2  running"))
            #expect(!first.output.contains("bat_1"))
            let cursor = try #require(first.output.split(separator: "\n").last?.split(separator: " ").last)
            let second = try await harness.ctl("batch", "ls", "--cursor", String(cursor), "--json").object()
            let listed = try #require((second["batches"] as? [[String: Any]])?.first)
            #expect(listed["id"] as? String == "bat_1")
            #expect(listed["dead"] as? Int == 1)

            let shown = try await harness.ctl("batch", "show", "bat_1")
            #expect(shown.output.hasPrefix("batch      bat_1 (ended)\n"))
            #expect(shown.output.contains("100 % 2/2 ended"))
            #expect(shown.output.contains("after-bat_1 (never: not all jobs completed)"))
            let running = try await harness.ctl("batch", "show", "bat_2", "--json").object()
            #expect((running["batch"] as? [String: Any])?["pending"] as? Int == 1)
            #expect((running["callbacks"] as? [[String: Any]])?.first?["job"] as? String == "after-bat_2")

            let members = try await harness.ctl("batch", "show", "bat_1", "--members")
            #expect(
                members.output.contains(/\nMEMBER .*\nb +chores  chore  dead +1\/1 +0  no luck\n$/), "\(members.output)"
            )
            #expect(running["members"] == nil)
            let page = try await harness.ctl("batch", "show", "bat_2", "--members", "--json").object()
            #expect(
                ((page["members"] as? [String: Any])?["jobs"] as? [[String: Any]])?.map { $0["id"] as? String } == ["c"]
            )
            let looked = try await harness.ctl("batch", "show", "bat_2", "--members", "--scan", "1", "--limit", "1")
                .output
            let next = try #require(looked.split(separator: "\n").last.map(String.init))
            #expect(next.hasPrefix("more: --members --cursor "))
            let rest = try await harness.ctl(
                "batch", "show", "bat_2", "--members", "--cursor", String(next.split(separator: " ").last ?? ""),
                "--json")
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(try await harness.ctl("batch", "show", "bat_2", "--members", "--cursor", "x").status == 64)
            #expect(try await harness.ctl("batch", "show", "bat_2", "--cursor", "x").status == 64)
            let none = try await harness.ctl("batch", "show", "bat_3")
            #expect(none.status == 1)
            #expect(none.errors.contains("there is no batch 'bat_3'"))
            #expect(try await harness.ctl("batch", "ls", "--cursor", "x").status == 64)
        }
    }

    @Test("a raw job is enqueued from an argument, a file or standard input, as its options say")
    func enqueuing() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let said = try await harness.ctl(
                "job", "enqueue", "chores", "chore", "--payload", #"{"text":"x"}"#, "--id", "x1", "--priority", "low",
                "--tag", "ord_1", "--delay", "10m", "--failures", "4", "--version", "2")
            #expect(said.output == "job x1 is on queue chores\n")
            #expect(said.errors == "sunsetctl: the job waits: no worker serves 'chores'\n")
            let job = try #require(try await harness.inspector.job(id: JobID("x1")))
            #expect(job.payload == #"{"text":"x"}"#)
            #expect(job.priority == .low && job.tag == "ord_1" && job.version == 2 && job.maximumFailures == 4)
            #expect(job.state == .scheduled && job.stateAt == job.createdAt.map { $0 + 600_000 })

            try Data(#"{"text":"file"}"#.utf8).write(to: URL(filePath: harness.folder.file("payload")))
            let file = try await harness.ctl(
                "job", "enqueue", "chores", "chore", "--file", harness.folder.file("payload"), "--id", "x2", "--json")
            #expect(try file.object() as? [String: String] == ["id": "x2", "queue": "chores", "result": "enqueued"])
            let input = try await harness.ctl(
                ["job", "enqueue", "chores", "chore", "--id", "x3"], input: #"{"text":"typed"}"#)
            #expect(input.status == 0)
            #expect(try await harness.inspector.job(id: JobID("x3"))?.payload == #"{"text":"typed"}"#)

            let again = try await harness.ctl("job", "enqueue", "chores", "chore", "--payload", "{}", "--id", "x2")
            #expect(again.status == 1)
            #expect(again.output.hasPrefix("nothing changed"))
            let unique = ["job", "enqueue", "chores", "chore", "--payload", "{}", "--unique", "done", "--json", "--id"]
            #expect(try await harness.ctl(unique + ["u1"]).status == 0)
            let held = try await harness.ctl(unique + ["u2"])
            #expect(held.status == 1)
            #expect(try held.object()["holder"] as? String == "u1")
        }
    }

    @Test("what can't be enqueued is refused with what is allowed, and nothing changes")
    func refusing() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let refused: [([String], Int32, String)] = [
                (["chorse", "chore", "--payload", "{}"], 1, "there is no queue 'chorse'; there are: charges, chores"),
                (["chores", "a b", "--payload", "{}"], 64, "'a b'"),
                (["chores", "chore", "--payload", "{"], 64, "no JSON"),
                (["chores", "chore", "--payload", "{}", "--delay", "soon"], 64, "soon"),
                (["chores", "chore", "--payload", "{}", "--unique", "always"], 64, "always"),
                (["chores", "chore", "--payload", "{}", "--failures", "0"], 64, "1 to 1000"),
                (["chores", "chore", "--payload", "{}", "--batch", "bat_1"], 1, "no batch 'bat_1'"),
                (["chores", "chore", "--payload", "{}", "--file", "x"], 64, "not both"),
                (["chores", "chore", "--file", "/none"], 64, "'/none' can't be read"),
                (["chores", "chore", "--payload", "{}", "--tag", "a b"], 64, "tag"),
            ]
            for (words, status, text) in refused {
                let said = try await harness.ctl(["job", "enqueue"] + words)
                #expect(said.status == status, "\(words)")
                #expect(said.errors.contains(text), "\(words): \(said.errors)")
            }
            #expect(try await harness.inspector.queues().map(\.name) == ["chores"])
            #expect(try await harness.inspector.queue(named: "chores").depth == 3)
            let new = try await harness.ctl(
                "job", "enqueue", "errands", "errand", "--payload", "{}", "--new-queue")
            #expect(new.status == 0)
            #expect(try await harness.inspector.queue(named: "errands").depth == 1)
        }
    }

    @Test("a job's trace shows its events among those of its tag, or what the job keeps itself")
    func jobTrace() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let alone = try await harness.ctl("job", "trace", "d1")
            #expect(alone.status == 0)
            #expect(alone.output.contains("state      dead\n"))
            #expect(alone.output.contains("no luck with d1"))
            #expect(alone.output.contains("it has no tag, so only what the job itself keeps is known"))
            try await harness.queue.enqueue(Chore(text: "t"), id: JobID("t1"), tag: "tag-w1")
            let tagged = try await harness.ctl("job", "trace", "w1", "--json").object()
            #expect(tagged["tag"] as? String == "tag-w1")
            #expect((tagged["events"] as? [[String: Any]])?.map { $0["id"] as? String } == ["w1"])
            #expect((tagged["tag_events"] as? [[String: Any]])?.map { $0["id"] as? String } == ["w1", "t1"])
            let shown = try await harness.ctl("job", "trace", "w1").output.split(separator: "\n")
            #expect(shown.filter { $0.hasPrefix(">") }.count == 1)
            let completed = try await harness.ctl("job", "trace", "c1").output
            #expect(completed.contains("say --tag"))
            let none = try await harness.ctl("job", "trace", "nobody", "--tag", "tag-w1")
            #expect(none.status == 1)
            #expect(none.errors.contains("no event of it under the tag 'tag-w1'"))
        }
    }

    @Test("ledger verify ends with 0 after a purchase, and with 1 after an entry was taken out")
    func ledger() async throws {
        try await ControlHarness.run { harness in
            let order = try await harness.purchase()
            _ = try await harness.market()
            let right = try await harness.ctl("ledger", "verify")
            #expect(right.status == 0, "\(right.errors)")
            #expect(right.output.contains("1 transactions, 1 paid orders\n"))
            #expect(right.output.hasSuffix("the ledger is right\n"))
            let entries = try await harness.client.send(RedisCommand("XRANGE", "{sunset}:ledger", "-", "+"))
            let id = try #require(entries[0][0].string)
            _ = try await harness.client.send(RedisCommand("XDEL", "{sunset}:ledger", RedisArgument(id)))
            let wrong = try await harness.ctl("ledger", "verify")
            #expect(wrong.status == 1)
            #expect(wrong.output.contains("missing_sale  \(order.id)"))
            #expect(wrong.output.contains("the ledger is WRONG"))
            let json = try await harness.ctl("ledger", "verify", "--json")
            #expect(json.status == 1)
            #expect(try json.object()["ok"] as? Bool == false)
        }
    }

    @Test("an order's story is told by its id or number, with and without its jobs")
    func orderTrace() async throws {
        try await ControlHarness.run { harness in
            let order = try await harness.purchase()
            let shown = try await harness.ctl("order", "trace", "\(order.number)")
            #expect(shown.status == 0, "\(shown.errors)")
            #expect(shown.output.hasPrefix("order     \(order.id), number \(order.number), of usr_buyer\n"))
            #expect(shown.output.contains("state     paid, paid, unfulfilled\n"))
            let rows = shown.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            let steps = rows.filter { $0.count > 4 && $0[0].hasPrefix("20") }
            #expect(steps.contains { $0.contains("created") && $0.last == "req_checkout" })
            #expect(steps.contains { $0.contains("paid") })
            #expect(steps.contains { $0.contains("sale") && $0.contains("money") })
            #expect(steps.contains { $0.contains("charge-order") })
            let json = try await harness.ctl("order", "trace", order.payment.id, "--no-jobs", "--json").object()
            #expect((json["order"] as? [String: Any])?["status"] as? String == "paid")
            let events = try #require(json["events"] as? [[String: Any]])
            #expect(events.compactMap { $0["event"] as? String } == ["created", "paid", "sale"])
            #expect((json["jobs"] as? [[String: Any]])?.count == 3)
            let told = try #require(json["order"] as? [String: Any])
            #expect(told["created_at"] as? Int64 == order.createdAt.milliseconds)
            #expect(told["paid_at"] is Int64)
            for absent in ["fulfilled_at", "canceled_at"] { #expect(told[absent] == nil, "\(absent)") }
            #expect((told["payment"] as? [String: Any])?["decline"] == nil)
            let none = try await harness.ctl("order", "trace", "999")
            #expect(none.status == 1)
            #expect(none.errors.contains("there is no order '999'"))
        }
    }
}

extension ControlHarness {
    /// A paid order, whose jobs wait; its product has these files (JSON).
    func purchase(
        buyer: String = "usr_buyer", seller: String = "usr_seller", files: String = "[]"
    ) async throws -> Order {
        func write(_ words: String...) async throws {
            _ = try await client.send(RedisCommand(words[0], words.dropFirst().map { RedisArgument($0) }))
        }
        let market = Marketplace(
            redis: client, queue: queue,
            objects: try await DirectoryStore(directory: folder.file("store"), threads: 1, logger: .quiet),
            payments: HTTPPaymentProvider(
                HTTPPaymentProviderConfiguration(
                    baseURL: "http://127.0.0.1:1", secretKey: "sk_test", webhookSecrets: ["whsec"]), logger: .quiet),
            keyRing: try KeyRing(keys: [.generate()]), logger: .quiet)
        try await write("HSET", "{sunset}:usr:\(seller)", "id", seller, "name", "S", "slug", "s", "groups", "")
        let product = market.newID(.product)
        try await write(
            "HSET", "{sunset}:prd:\(product)", "id", product, "seller", seller, "title", "A book", "slug", "book",
            "description", "", "price", "900", "currency", "USD", "category", "ebooks", "tags", "[]", "status",
            "published", "files", files, "cover", "", "download_limit", "", "sales", "0", "version", "1", "created",
            "1", "updated", "1", "published", "1")
        var cart = try await market.carts.create(owner: nil)
        cart = try await market.carts.put(product: product, in: cart.id, viewer: nil)
        let order = try await market.orders.checkout(
            cart: cart.id, user: buyer, quote: cart.quote, paymentMethod: "pm", claim: nil,
            traceID: "req_checkout")
        let intent = PaymentIntent(
            id: "pi_1", amount: 900, currency: "usd", status: .succeeded, amountCaptured: 900,
            metadata: ["order": order.id, "payment": order.payment.id, "payment_no": "1"])
        try await market.orders.apply(
            PaymentEvent(id: "evt_1", kind: .succeeded, created: 0, object: .intent(intent)), traceID: "req_hook")
        return order
    }
}
