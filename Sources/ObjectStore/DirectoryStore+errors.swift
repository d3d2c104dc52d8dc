import GRDB

extension DirectoryStore {
    /// Turns what the operating system and SQLite throw into the store's error.
    static func reportingStorage<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let failure as Posix.Failure {
            let code: ObjectStoreError.Code = failure.isOutOfSpace ? .outOfSpace : .storage
            throw ObjectStoreError(code, failure.description, underlying: failure)
        } catch let failure as DatabaseError {
            let code: ObjectStoreError.Code = failure.resultCode == .SQLITE_FULL ? .outOfSpace : .storage
            throw ObjectStoreError(code, "the index failed", underlying: failure)
        }
    }
}
