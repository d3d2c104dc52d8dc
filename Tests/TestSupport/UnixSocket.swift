import Foundation

/// Opens a blocking connection to a Unix socket and returns its descriptor.
public func connectUnixSocket(_ path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestSupportError("socket failed: errno \(errno)") }
    let result = withUnixAddress(path) { connect(descriptor, $0, $1) }
    guard result == 0 else {
        let code = errno
        close(descriptor)
        throw TestSupportError("cannot connect to \(path): errno \(code)")
    }
    return descriptor
}

/// Binds a Unix socket, listens on it and returns its descriptor.
func listenUnixSocket(_ path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestSupportError("socket failed: errno \(errno)") }
    unlink(path)
    guard withUnixAddress(path, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 128) == 0 else {
        let code = errno
        close(descriptor)
        throw TestSupportError("cannot listen on \(path): errno \(code)")
    }
    return descriptor
}

private func withUnixAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
    withUnsafeMutableBytes(of: &address.sun_path) { buffer in
        for (index, byte) in path.utf8.prefix(capacity).enumerated() {
            buffer[index] = byte
        }
    }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
