internal import CHiredis
import Glibc

/// Starts a detached thread.
///
/// Returns whether the system could.
@discardableResult
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    // Unmanaged: the retain travels to the thread, which releases it first thing; if there is no thread, it is released here.
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            sunset_name_thread(start.name)
            start.body()
            return nil
        }, start.toOpaque())
    if status != 0 { start.release() }
    return status == 0
}
