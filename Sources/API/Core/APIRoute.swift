import HTTPTypes
import Hummingbird
import Synchronization

/// A route as it was registered.
public struct APIRoute: Sendable, Hashable {
    /// The method, upper-case.
    public let method: String
    /// The path with its parameters in braces, as in the contract.
    public let path: String
}

/// The router, with a record of what was registered: the contract's test and the answer 405 need it, and Hummingbird
/// keeps its own to itself.
final class RecordingRouter: RouterMethods {
    typealias Context = APIContext

    let router: Router<APIContext>
    let index = RouteIndex()

    init(router: Router<APIContext>) {
        self.router = router
    }

    @discardableResult
    func on<Responder: HTTPResponder>(
        _ path: RouterPath,
        method: HTTPRequest.Method,
        responder: Responder
    ) -> Self where Responder.Context == APIContext {
        router.on(path, method: method, responder: responder)
        index.add(path, method)
        return self
    }

    @discardableResult
    func add(middleware: any MiddlewareProtocol<Request, Response, APIContext>) -> Self {
        router.add(middleware: middleware)
        return self
    }
}

/// Which methods a path has.
///
/// It fills while routes are registered and is only read afterwards.
final class RouteIndex: Sendable {
    private let entries = Mutex<[(path: RouterPath, method: HTTPRequest.Method)]>([])

    func add(_ path: RouterPath, _ method: HTTPRequest.Method) {
        entries.withLock { $0.append((path, method)) }
    }

    var routes: [APIRoute] {
        entries.withLock { entries in
            entries.map { APIRoute(method: $0.method.rawValue, path: $0.path.description) }
        }
    }

    /// The methods that some route has for this path, sorted; empty when no route matches.
    func methods(for path: String) -> [String] {
        let components = path.split(separator: "/", omittingEmptySubsequences: true)
        let found = entries.withLock { entries in
            entries.filter { Self.matches($0.path, components) }.map(\.method.rawValue)
        }
        let implied = found.contains("GET") ? ["HEAD"] : []
        return Set(found + implied).sorted()
    }

    private static func matches(_ path: RouterPath, _ components: [Substring]) -> Bool {
        for (offset, element) in path.components.enumerated() {
            if element == .recursiveWildcard { return components.count > offset }
            guard offset < components.count, element ~= components[offset] else { return false }
        }
        return path.components.count == components.count
    }
}
