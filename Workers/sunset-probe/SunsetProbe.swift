import FoundationEssentials
import Glibc
import Probing

/// Reads one hostile file with libmagic or libarchive, and says in JSON what it found.
///
/// A program of its own, so that the worker can bound it, and outlives what those libraries do with a bad file. Ends
/// with 0 when the reply says what is to be known, a refusal included; with 1 when it could not look; with 2 when it
/// was called in another way than the worker calls it.
@main
struct SunsetProbe {
    static func main() {
        // Names in UTF-8 as libarchive gives them.
        setlocale(LC_ALL, "C.UTF-8")
        let arguments = CommandLine.arguments.dropFirst()
        do {
            switch (arguments.first, arguments.count) {
            case ("type", 2):
                try reply { try TypeProbe.run(CommandLine.arguments[2]) }
            case ("archive", 6):
                let numbers = CommandLine.arguments[3...].compactMap { Int64($0) }
                guard numbers.count == 4 else { fallthrough }
                let limits = ArchiveLimits(
                    entries: numbers[0], unpackedBytes: numbers[1], ratio: numbers[2],
                    depth: Int(clamping: numbers[3]))
                try reply { try ArchiveWalk.run(CommandLine.arguments[2], limits: limits) }
            default:
                complain(
                    """
                    usage: sunset-probe type FILE
                           sunset-probe archive FILE MAX-ENTRIES MAX-UNPACKED-BYTES MAX-RATIO MAX-DEPTH
                    """)
                exit(2)
            }
        } catch {
            complain("sunset-probe: \(error)")
            exit(1)
        }
    }

    private static func reply<Answer>(_ body: () throws -> Answer) throws where Answer: Codable & Sendable {
        let reply: ProbeReply<Answer>
        do {
            reply = ProbeReply(answer: try body())
        } catch let refusal as Refusal {
            reply = ProbeReply(refusal: refusal)
        }
        print(String(decoding: try JSONEncoder().encode(reply), as: UTF8.self))
    }

    private static func complain(_ text: String) {
        // Where nobody listens there is nobody to tell.
        _ = (text + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}
