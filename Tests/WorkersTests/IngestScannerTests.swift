import Clamd
import Foundation
import JobQueue
import Marketplace
import ObjectStore
import RedisClient
import TestSupport
import Testing

@testable import Ingest

@Suite("Ingest: malware scanner")
struct IngestScannerTests {
    @Test("what clamd says of a file is taken as it is")
    func verdicts() async throws {
        #expect(try await scan("reply", "stream: OK") == .clean)
        #expect(try await scan("reply", "stream: Eicar-Test.UNOFFICIAL FOUND") == .found("Eicar-Test.UNOFFICIAL"))
        #expect(try await scan("reply", "INSTREAM size limit exceeded. ERROR") == .tooLarge)
        // clamd says so in the middle of the file and closes.
        #expect(try await scan("early", "INSTREAM size limit exceeded. ERROR") == .tooLarge)
    }

    @Test(
        "whatever is no answer about the whole file is an error, and never clean",
        arguments: [
            ("reply", ""), ("reply", "stream: "), ("reply", "OK"), ("reply", "stream: OKAY"),
            ("reply", "UNKNOWN COMMAND"), ("reply", "stream:  FOUND"),
            ("reply", "stream: Can't allocate memory ERROR"), ("early", "stream: OK"),
            ("cut", "stream: OK"), ("close", ""), ("endless", "x"), ("silent", ""),
        ]
    )
    func nonsense(mode: String, answer: String) async throws {
        await #expect(throws: ScannerError.self) {
            let verdict = try await scan(mode, answer, timeout: mode == "silent" ? .seconds(1) : .seconds(30))
            Issue.record("\(verdict)")
        }
    }

    @Test("a scanner that is not there is an error that names it")
    func absent() async throws {
        let folder = try TemporaryDirectory()
        let address = try #require(ScannerAddress("unix:\(folder.file("none.sock"))"))
        let error = await #expect(throws: ScannerError.self) {
            try await MalwareScanner(address: address).version()
        }
        #expect(error?.detail.contains("none.sock gave no verdict: No such file") == true)
        #expect(ScannerAddress("tcp://127.0.0.1:3310")?.description == "tcp://127.0.0.1:3310")
        #expect(ScannerAddress("tcp://[::1]:3310") == .tcp(host: "::1", port: 3310))
        for text in ["", "tcp://", "tcp://:3310", "tcp://host", "tcp://host:0", "http://host:1", "unix:relative"] {
            #expect(ScannerAddress(text) == nil)
        }
    }

    @Test("a real clamd finds EICAR: the file is quarantined, kept, and released or refused by an operator")
    func quarantine() async throws {
        let folder = try TemporaryDirectory()
        let clamd = try PrivateClamd(in: folder)
        defer { clamd.stop() }
        let address = try #require(ScannerAddress("unix:\(folder.file("clamd.sock"))"))
        let scanner = MalwareScanner(address: address)
        try await clamd.awaitReady(scanner)
        try await withRedis { server, redis in
            let bench = try await IngestBench(redis: redis, socket: server.socketPath, directory: folder.path)
            try await bench.market.start()
            let uploads = bench.market.uploads
            let clean = try await bench.upload(Data("hello".utf8), "a.txt", "text/plain")
            let first = try await bench.upload(Data(PrivateClamd.eicar.utf8), "b.txt", "text/plain")
            let second = try await bench.upload(Data((PrivateClamd.eicar + "\n").utf8), "c.txt", "text/plain")
            try await bench.work(scanner: scanner)
            let ready = try await uploads.upload(id: clean.id, owner: "usr_seller")
            #expect(ready.state == .ready)
            #expect(ready.report?.checks.contains { $0.name == "malware" && $0.result == "passed" } == true)

            let held = try await uploads.quarantined()
            #expect(Set(held.data.map(\.id)) == [first.id, second.id])
            #expect(held.data.allSatisfy { $0.problem?.code == "malware_found" && $0.state == .quarantined })
            #expect(held.data.first?.problem?.detail.contains("Eicar-Test") == true)
            // It is kept, also from its seller.
            #expect(try await bench.market.objects.head(bucket: Uploads.bucket, key: first.objectKey).size == 68)
            let refusal = await #expect(throws: MarketplaceError.self) {
                try await uploads.delete(id: first.id, owner: "usr_seller")
            }
            #expect(refusal?.code == "upload_quarantined")

            _ = try await uploads.release(id: first.id, reason: "a test file")
            try await bench.work(scanner: scanner)
            let released = try await uploads.upload(id: first.id, owner: "usr_seller")
            #expect(released.state == .ready && released.problem == nil && released.review == "a test file")
            #expect(released.report?.checks.contains { $0.name == "malware" && $0.result == "flagged" } == true)

            #expect(try await uploads.reject(id: second.id, reason: "").state == .rejected)
            #expect(try await uploads.quarantined().data.isEmpty)
            let again = await #expect(throws: MarketplaceError.self) {
                try await uploads.release(id: second.id, reason: "")
            }
            #expect(again?.code == "upload_not_quarantined")
        }
    }

    @Test("while the scanner is down, no upload becomes ready")
    func down() async throws {
        try await withRedis { server, redis in
            let folder = try TemporaryDirectory()
            let address = try #require(ScannerAddress("unix:\(folder.file("none.sock"))"))
            let bench = try await IngestBench(redis: redis, socket: server.socketPath, directory: folder.path)
            try await bench.market.start()
            let upload = try await bench.upload(Data("hello".utf8), "a.txt", "text/plain")
            try await bench.work(scanner: MalwareScanner(address: address)) {
                try await redis.send(RedisCommand("ZCARD", "{test}:q:ingest:due")).int == 1
            }
            #expect(try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller").state == .processing)
        }
    }

    private func scan(
        _ mode: String, _ answer: String, timeout: Duration = .seconds(30)
    ) async throws -> MalwareScanner.Verdict {
        let folder = try TemporaryDirectory()
        let fake = try FakeClamd(in: folder, mode: mode, answer: answer)
        defer { fake.stop() }
        let path = folder.file("file")
        // More than the sockets hold, so that an early answer comes in the middle.
        try Data(count: 4 << 20).write(to: URL(filePath: path))
        let address = try #require(ScannerAddress("unix:\(folder.file("fake.sock"))"))
        return try await MalwareScanner(address: address, timeout: timeout).scan(path, size: 0)
    }
}

/// Something that speaks clamd's protocol badly.
private struct FakeClamd {
    private let process = Process()

    private static let program = """
        import os, socket, struct, sys
        path, mode, answer = sys.argv[1:]
        server = socket.socket(socket.AF_UNIX)
        server.bind(path + ".new")
        server.listen()
        os.rename(path + ".new", path)
        peer, _ = server.accept()
        stream = peer.makefile("rb")
        assert stream.read(10) == b"zINSTREAM\\0"
        if mode == "silent":
            sys.stdin.read()
        if mode == "early":
            stream.read(100)
            peer.sendall(answer.encode() + b"\\0")
            peer.close()
            stream.close()
            sys.exit()
        total = 0
        while size := struct.unpack(">I", stream.read(4))[0]:
            total += len(stream.read(size))
        assert total == 4 << 20, total
        if mode == "reply":
            peer.sendall(answer.encode() + b"\\0")
        elif mode == "cut":
            peer.sendall(answer.encode())
        elif mode == "endless":
            peer.sendall(answer.encode() * 10000)
        """

    init(in folder: TemporaryDirectory, mode: String, answer: String) throws {
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", Self.program, folder.file("fake.sock"), mode, answer]
        process.standardInput = Pipe()
        try process.run()
        // The socket has its name as soon as it listens.
        for _ in 0..<3000 where access(folder.file("fake.sock"), F_OK) != 0 {
            guard process.isRunning else { throw TestSupportError("the fake scanner did not start") }
            usleep(10_000)
        }
    }

    func stop() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A private clamd that knows one signature, which is written by hand.
private struct PrivateClamd {
    /// In two parts, so that no scanner takes this file for it.
    static let eicar = #"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-"# + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

    private let process = Process()

    init(in folder: TemporaryDirectory) throws {
        let database = folder.file("signatures")
        try FileManager.default.createDirectory(atPath: database, withIntermediateDirectories: false)
        let hex = Self.eicar.utf8.map { String($0, radix: 16) }.joined()
        try Data("Eicar-Test:0:*:\(hex)\n".utf8).write(to: URL(filePath: "\(database)/test.ndb"))
        let configuration = """
            DatabaseDirectory \(database)
            LocalSocket \(folder.file("clamd.sock"))
            TemporaryDirectory \(folder.path)
            Foreground yes

            """
        try Data(configuration.utf8).write(to: URL(filePath: folder.file("clamd.conf")))
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        process.executableURL = root.appending(path: ".build-tools/clamd")
        process.arguments = ["--config-file=\(folder.file("clamd.conf"))"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func awaitReady(_ scanner: MalwareScanner) async throws {
        for _ in 0..<3000 {
            // Until it listens, it can't be asked.
            if (try? await scanner.version()) != nil { return }
            guard process.isRunning else { throw TestSupportError("clamd ended; scripts/setup test installs it") }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestSupportError("clamd did not become ready")
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
