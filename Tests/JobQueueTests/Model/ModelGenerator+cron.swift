@testable import JobQueue

extension ModelGenerator {
    /// Schedulers that mostly know how an entry stands, and operators.
    mutating func cron() {
        let name = random.happens(75) ? "e0" : "e1"
        let entry = model.entries[name]
        let isKnown = random.happens(80)
        let version = isKnown ? entry?.version ?? 1 : 1 + random.below(2)
        let declared = ModelCron.Declared(
            name: name, version: version, timing: "rule\(version)",
            definition: isKnown ? entry?.definition ?? "d0" : "d\(random.below(2))")
        // What is wanted is mostly heard at once.
        if let wanted = entry?.run?.id, random.happens(40) {
            return emit(.cron(.run(declared, id: wanted, job: job())))
        }
        switch random.below(10) {
        case ..<3:
            let forget: Int64 = random.happens(60) ? 7 * 86_400_000 : 20_000
            emit(.cron(.look(declared, takesOver: random.happens(20), forget: forget)))
        case ..<7: advance(declared, entry)
        case 7:
            let id = random.happens(80) ? entry?.run?.id ?? "r0" : "r\(random.below(3))"
            emit(.cron(.run(declared, id: id, job: job())))
        default:
            let operation = ["pause", "resume", "run", "run", "run", "forget"][random.below(6)]
            emit(.cron(.steer(operation, name: name, id: "r\(random.below(3))")))
        }
    }

    private mutating func advance(_ declared: ModelCron.Declared, _ entry: ModelEntry?) {
        let from = random.happens(85) ? entry?.tick ?? model.now : model.now - Int64(random.below(2_000))
        let to = from + Int64(random.below(Int(max(2, min(3_000, model.now - from + 100)))))
        let ticks = (0..<random.below(4)).map { to - Int64(3 - $0) }
        let step = ModelOperation.cron(
            .advance(
                declared, from: from, to: to, dropped: random.below(2), ticks: ticks, jobs: jobs(ticks.count)))
        emit(step)
        // Another scheduler, or the same one that did not hear the answer.
        if random.happens(30) { emit(step) }
    }
}
