/// Replaced by the tests' worker.
@main
struct QueueTestWorker {
    static func main() {}
}
