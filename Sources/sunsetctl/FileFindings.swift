import Foundation
import ObjectStore
import S3
import Settings

/// Files and folders: whether they are there, and who may use them.
enum FileFindings {
    /// A folder that the programs write to; they make it where it is missing.
    static func folder(_ key: String, _ path: String, _ findings: inout Findings) {
        guard let status = FileStatus(path) else {
            let parent = existingParent(of: path)
            if access(parent, W_OK | X_OK) == 0 {
                findings.ok("files.folder", key, "\(path) is made at the first start")
            } else {
                findings.fail(
                    "files.folder", key, "\(path) is missing, and this user may not make it in \(parent)",
                    "make it and give it to the user that the programs run as")
            }
            return
        }
        guard status.isFolder else {
            return findings.fail("files.folder", key, "\(path) is no folder", "move it away, or name another path")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            return findings.fail(
                "files.folder", key, "\(path) can't be read and written by this user (uid \(geteuid()))",
                "give it to the user that the programs run as: it belongs to uid \(status.owner)")
        }
        guard status.mode & 0o002 == 0 else {
            return findings.fail(
                "files.folder", key, "everybody may write in \(path) (mode \(status.octal))", "chmod o-w \(path)")
        }
        findings.ok("files.folder", key, "\(path) can be read and written")
    }

    /// A file with a secret; `isMade` if the programs make it where it is missing.
    static func secret(_ key: String, _ path: String, isMade: Bool, _ findings: inout Findings) {
        guard let status = FileStatus(path) else {
            if isMade {
                findings.ok("files.secret", key, "\(path) is made at the first start")
            } else {
                findings.fail(
                    "files.secret", key, "there is no \(path)", "write the secret into it, mode 0600, one line")
            }
            return
        }
        guard access(path, R_OK) == 0 else {
            return findings.fail(
                "files.secret", key, "\(path) can't be read by this user (uid \(geteuid()))",
                "give it to the user that the programs run as: it belongs to uid \(status.owner)")
        }
        // A file that can't be read as text holds no secret that the programs could use.
        guard let lines = try? SecretFile.read(path), !lines.isEmpty else {
            return findings.fail("files.secret", key, "\(path) holds no secret", "write it into it, on the first line")
        }
        guard status.mode & 0o077 == 0 else {
            return findings.warn(
                "files.secret", key, "others may read \(path) (mode \(status.octal))",
                "chmod 600 \(path), and change the secret")
        }
        findings.ok("files.secret", key, "\(path) is private")
    }

    /// The signing keys, which the programs refuse to use where others may read them.
    static func keyRing(_ path: String, _ findings: inout Findings) {
        guard FileStatus(path) != nil else {
            return findings.ok("files.secret", "keys.file", "\(path) is made at the first start")
        }
        do {
            let ring = try KeyRing(file: path)
            findings.ok("files.secret", "keys.file", "\(path) is private and holds \(ring.kids.count) keys")
        } catch {
            findings.fail(
                "files.secret", "keys.file", "\(error)", "no program starts without it; see 'sunsetctl keys --help'")
        }
    }

    /// The access keys of the S3 protocol, which is not served where a line of them can't be read.
    static func accessKeys(_ path: String, _ findings: inout Findings) {
        guard FileStatus(path) != nil else {
            return findings.ok("files.secret", "store.access_keys", "\(path) is made at the first start")
        }
        do {
            let count = try AccessKeyFile.check(path: path)
            findings.ok("files.secret", "store.access_keys", "\(path) is private and holds \(count) keys")
        } catch {
            findings.fail(
                "files.secret", "store.access_keys", "\(error)", "sunset-api does not start with it: mend the file")
        }
    }

    private static func existingParent(of path: String) -> String {
        var parent = (path as NSString).deletingLastPathComponent
        while !parent.isEmpty, parent != "/", FileStatus(parent) == nil {
            parent = (parent as NSString).deletingLastPathComponent
        }
        return parent.isEmpty ? "." : parent
    }
}

/// What `stat` says of a path.
struct FileStatus {
    let mode: UInt32
    let owner: UInt32
    let isFolder: Bool

    /// `nil` if there is nothing, or nothing that this user may look at.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        mode = status.st_mode & 0o7777
        owner = status.st_uid
        isFolder = status.st_mode & S_IFMT == S_IFDIR
    }

    var octal: String { "0" + String(mode, radix: 8) }
}
