import Synchronization

extension KeyRing {
    /// What the copies of a ring share.
    final class Storage: Sendable {
        private struct State {
            var keys: [SigningKey]
            var newest: SigningKey
            var lastLook: ContinuousClock.Instant
            var lastReload: ContinuousClock.Instant?
            var stamp: PrivateFile.Stamp?
        }

        let file: KeyRingFile?
        private let state: Mutex<State>

        /// - Parameter keys: One at least, the newest last.
        init(file: KeyRingFile?, keys: [SigningKey], stamp: PrivateFile.Stamp?) {
            self.file = file
            self.state = Mutex(State(keys: keys, newest: keys[keys.count - 1], lastLook: .now, stamp: stamp))
        }

        var keys: [SigningKey] { state.withLock { $0.keys } }
        var newest: SigningKey { state.withLock { $0.newest } }

        func key(named kid: String) -> SigningKey? {
            state.withLock { $0.keys.first { $0.kid == kid } }
        }

        func replace(with keys: [SigningKey]) {
            guard let newest = keys.last else { return }
            state.withLock { state in
                state.keys = keys
                state.newest = newest
            }
        }

        /// Looks, at most once a second, whether the file is another one, and reads it if so.
        ///
        /// A `stat` and, after a rotation, one read of a small file: some microseconds, cheaper than a change of threads.
        func refresh() {
            guard let file, isDue(at: .now) else { return }
            let stamp = file.stamp()
            guard let stamp, stamp != state.withLock({ $0.stamp }) else { return }
            // A file that can't be read or is none of ours leaves the keys as they are, and is looked at again.
            guard let keys = try? file.load() else { return }
            replace(with: keys)
            state.withLock { $0.stamp = stamp }
        }

        private func isDue(at now: ContinuousClock.Instant) -> Bool {
            state.withLock { state in
                guard now - state.lastLook >= .seconds(1) else { return false }
                state.lastLook = now
                return true
            }
        }

        /// At most once a second, so that forged key names cost no disk reads.
        func mayReload(at now: ContinuousClock.Instant) -> Bool {
            state.withLock { state in
                if let last = state.lastReload, now - last < .seconds(1) {
                    return false
                }
                state.lastReload = now
                return true
            }
        }
    }
}
