import Foundation
import Fulfilment
import JobQueue
import Links
@testable import Marketplace
import NIOCore
import ObjectStore
import RedisClient
import Synchronization
import TestSupport
import Testing

@Suite("sunsetctl: an order to its last byte")
struct OrderControlTests {
    @Test("an order's trace tells of its mails and downloads, with their jobs, requests and grants")
    func mailsAndDownloads() async throws {
        try await ControlHarness.run { harness in
            let market = try await harness.market()
            let (buyer, seller) = (market.newID(.user), market.newID(.user))
            for user in [buyer, seller] {
                _ = try await harness.client.send(
                    RedisCommand(
                        "HSET", RedisArgument("{sunset}:usr:\(user)"), "id", RedisArgument(user), "email",
                        RedisArgument("\(user)@x.org"), "confirmed", "1", "created", "1"))
            }
            let upload = market.newID(.upload)
            let info = try await market.objects.put(
                bucket: Uploads.bucket, key: "\(seller)/\(upload)", bytes: ByteBuffer(string: "content"),
                options: PutOptions())
            let file = ProductFile(
                id: upload, filename: "a.epub", size: info.size, kind: .ebook, sha256: info.sha256,
                contentType: "application/epub+zip")
            let order = try await harness.purchase(
                buyer: buyer, seller: seller, files: String(decoding: try JSONEncoder().encode([file]), as: UTF8.self))
            var handlers = JobHandlers()
            FulfilmentHandlers.register(into: &handlers, marketplace: market)
            LinksHandlers.register(into: &handlers, marketplace: market)
            let sent = Mutex(0)
            handlers.register(SendMail.self) { _, _ in sent.withLock { $0 += 1 } }
            try await harness.withWorker(handlers, queue: "fulfilment", name: "w1") {
                try await harness.withWorker(handlers, queue: "links", name: "w2") {
                    try await harness.withWorker(handlers, queue: "mail", name: "w3") {
                        try await eventually("fulfilled, and both mails are out") {
                            guard try await market.orders.order(order.id).fulfilmentStatus == .fulfilled else {
                                return false
                            }
                            let mail = try await harness.inspector.queue(named: "mail")
                            return sent.withLock { $0 } == 2 && mail.depth + mail.running == 0
                        }
                    }
                }
            }
            let right = try #require(try await market.downloads.entitlements(of: market.orders.order(order.id)).first)
            let grant = try await market.downloads.grant(
                entitlement: right.id, file: right.files[0].id, user: buyer, traceID: "req_grant")
            let ticket = try await market.downloads.spend(token: grant.token, traceID: "req_download")
            try await market.downloads.log(
                ticket, bytesSent: 7, completed: true, address: "192.0.2.7", userAgent: nil, traceID: "req_download")

            let shown = try await harness.ctl("order", "trace", grant.grantID)
            #expect(shown.status == 0, "\(shown.errors)")
            for row in [
                /mail +mail +\S+ +order_ready to usr_/, /mail +mail +\S+ +sale_notice to usr_/,
                /download +granted .* req_grant\n/, /download +downloaded .* req_download\n/,
                /download +sent .*7 bytes to 192\.0\.2\.0\/24.* req_download\n/,
                /job +completed +\S+ +send-mail on mail/, /order +fulfilled/,
            ] { #expect(shown.output.contains(row), "\(shown.output)") }
            let json = try await harness.ctl("order", "trace", order.id, "--json").object()
            let events = try #require(json["events"] as? [[String: Any]])
            let mails = events.filter { $0["source"] as? String == "mail" }.compactMap { $0["subject"] as? String }
            let jobs = events.filter { $0["source"] as? String == "job" && $0["type"] as? String == "send-mail" }
            #expect(mails.count == 2 && Set(mails) == Set(jobs.compactMap { $0["subject"] as? String }))
            let last = try #require(events.last { $0["source"] as? String == "download" })
            #expect(last["event"] as? String == "sent" && last["subject"] as? String == grant.grantID)
        }
    }
}
