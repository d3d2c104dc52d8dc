public import Hummingbird
import Logging
import Marketplace
import NIOCore

/// What one request carries through middleware and handlers.
public struct APIContext: RequestContext {
    /// Hummingbird's part: logger, path parameters.
    public var coreContext: CoreRequestContextStorage
    /// The connection, for its peer's address and for `100 Continue`.
    let channel: any Channel
    /// The request's id: the client's `X-Request-Id` if it is fit to be logged, else a new one.
    var requestID = ""
    /// Who asks, as far as the route wanted to know.
    var session: Session?

    /// Makes the context of a request that has just arrived.
    public init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.channel = source.channel
    }

    /// The signed-in user's id, nil for a guest.
    var viewer: String? { session?.user.id }

    /// The signed-in user.
    ///
    /// Routes in a group that requires a session always have one.
    func user() throws(Problem) -> User {
        guard let session else { throw Problem.unauthenticated }
        return session.user
    }

    /// A part of the route's path.
    func parameter(_ name: String) throws(Problem) -> String {
        guard let value = coreContext.parameters.get(name) else { throw Problem.notFound }
        return value
    }
}
