@testable import JobQueue

extension Model {
    /// Renews claims and brings parked jobs of known types back: `Lua/beat.lua`; answers the lost claims.
    mutating func beat(_ name: String, claims: [(id: String, epoch: Int64)], types: [String], lease: Int64) -> [String]
    {
        for type in types {
            // The set's own order, which is by bytes.
            let members = self[name].parked(type).prefix(100)
            for id in members { self[name].putBack(id) }
            if !members.isEmpty { self[name].isHinted = true }
            saw(.unparked, members.count)
        }
        var lost: [String] = []
        for claim in claims {
            if self[name].holds(claim.id, claim.epoch) {
                let expiry = now + lease
                self[name].jobs[claim.id]?.place = .leased(epoch: claim.epoch, expiry: expiry)
                saw(.renewed)
            } else {
                lost.append("\(claim.id):\(claim.epoch)")
                saw(.lost)
            }
        }
        return lost
    }
}
