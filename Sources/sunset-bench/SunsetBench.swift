import ArgumentParser

@main
struct SunsetBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sunset-bench",
        abstract: "Measures parts of Sunset beside a reference in the same run.",
        subcommands: [
            QueueBench.self, QueueSoak.self, InspectionBench.self, BenchWorker.self, BenchProducer.self,
        ]
    )
}
