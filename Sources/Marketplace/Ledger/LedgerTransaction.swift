import Foundation
import RedisClient

/// One entry of the ledger's stream: lines that sum to zero (`ledger.post` in `Lua/ledger_lib.lua`).
struct LedgerTransaction: Sendable {
    struct Line: Decodable, Sendable {
        var account: String
        var amount: Int64
        var what: String

        private enum CodingKeys: String, CodingKey {
            case account, amount, what
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            account = try container.decode(String.self, forKey: .account)
            what = try container.decode(String.self, forKey: .what)
            let text = try container.decode(String.self, forKey: .amount)
            guard let amount = Int64(text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .amount, in: container, debugDescription: "'\(text)' is not an amount")
            }
            self.amount = amount
        }
    }

    var id: String
    var kind: String
    var order: String
    var payment: String
    var intent: String
    var currency: String
    var lines: [Line]

    /// Reads one element of XRANGE: the id, and the fields and values in turns.
    init(_ entry: RESPValue) throws {
        id = entry[0].string ?? ""
        let record = try CommerceRecord("ledger entry " + id, entry[1])
        kind = try record.text("kind")
        order = try record.text("order")
        payment = try record.text("payment")
        intent = record.optional("intent") ?? ""
        currency = try record.text("currency")
        lines = try JSONDecoder().decode([Line].self, from: Data(try record.text("lines").utf8))
    }

    /// The sum, nil where it overflows: those lines were written by nobody of us.
    var sum: Int64? {
        lines.reduce(Int64?(0)) { sum, line in
            guard let (partial, overflow) = sum?.addingReportingOverflow(line.amount), !overflow else { return nil }
            return partial
        }
    }

    /// What the buyer paid, by the provider's line.
    var received: Int64 {
        lines.reduce(0) { $1.account == "provider" ? $0 &+ $1.amount : $0 }
    }
}
