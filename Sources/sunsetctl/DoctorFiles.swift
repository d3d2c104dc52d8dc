import Foundation
import Marketplace
import ObjectStore
import Settings

/// What the doctor sees of the disk.
enum DoctorFiles {
    static func look(at settings: Settings, _ findings: inout Findings) async {
        privacy(of: settings, &findings)
        if FileStatus(settings.dataDirectory) != nil {
            disk("data", settings.dataDirectory, settings, &findings)
        }
        if FileStatus(settings.storeDirectory) != nil {
            let sameDisk = device(settings.storeDirectory) == device(settings.dataDirectory)
            if !sameDisk { disk("store.directory", settings.storeDirectory, settings, &findings) }
        }
        mail(settings.mailDirectory, &findings)
        await store(settings.storeDirectory, &findings)
    }

    /// Everything in the folders of keys and secrets is the owner's alone.
    private static func privacy(of settings: Settings, _ findings: inout Findings) {
        let files = [settings.keysFile, settings.payments.secretKeyFile, settings.payments.webhookSecretFile]
        let folders = Set(files.map { ($0 as NSString).deletingLastPathComponent })
        let owner = FileStatus(settings.dataDirectory)?.owner
        for folder in folders.sorted() {
            guard let status = FileStatus(folder) else { continue }
            if status.mode & 0o077 != 0 {
                findings.warn(
                    "files.private", folder, "others may look into it (mode \(status.octal))", "chmod 700 \(folder)")
            }
            // A folder that can't be listed was reported with the files in it.
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            var foreign: [String] = []
            for name in names {
                guard let file = FileStatus(folder + "/" + name) else { continue }
                if file.mode & 0o077 != 0 {
                    findings.fail(
                        "files.private", "\(folder)/\(name)", "others may read it (mode \(file.octal))",
                        "chmod 600 it, and change what it holds")
                }
                if let owner, file.owner != owner { foreign.append(name) }
            }
            if !foreign.isEmpty {
                findings.warn(
                    "files.private", folder,
                    "\(foreign.joined(separator: ", ")) belong to another user than the data folder",
                    "chown them, or the programs can't read them")
            } else if status.mode & 0o077 == 0 {
                findings.ok("files.private", folder, "\(names.count) files, for their owner alone")
            }
        }
    }

    private static func disk(_ key: String, _ path: String, _ settings: Settings, _ findings: inout Findings) {
        var status = statvfs()
        guard statvfs(path, &status) == 0, status.f_blocks > 0 else {
            return findings.warn("files.disk", key, "the disk of \(path) can't be asked", "look with df \(path)")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let share = Double(status.f_bavail) / Double(status.f_blocks)
        let inodes = status.f_files > 0 ? Double(status.f_favail) / Double(status.f_files) : 1
        let text = "\(Show.bytes(free)) free (\(Int(share * 100)) %) below \(path)"
        if free < 1 << 30 || inodes < 0.02 {
            findings.fail(
                "files.disk", key, inodes < 0.02 ? "hardly any inode is free below \(path)" : text,
                "make room now: Redis stops writing when the disk is full, and uploads fail")
        } else if share < 0.1 || inodes < 0.05 {
            findings.warn("files.disk", key, text, "make room: Redis stops writing when the disk is full")
        } else if free < UInt64(settings.uploadMaximumBytes) {
            findings.warn(
                "files.disk", key, "\(text), less than one upload may have (uploads.max_bytes)",
                "make room, or allow less")
        } else {
            findings.ok("files.disk", key, text)
        }
    }

    private static func device(_ path: String) -> UInt64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return UInt64(status.st_dev)
    }

    private static func mail(_ path: String, _ findings: inout Findings) {
        guard FileStatus(path) != nil else {
            return findings.ok("mail", "\(path) is made by the first mail worker")
        }
        let missing = ["tmp", "new", "cur"].filter { access("\(path)/\($0)", R_OK | W_OK | X_OK) != 0 }
        guard missing.isEmpty else {
            return findings.fail(
                "mail",
                "\(path) is no Maildir that can be written: \(missing.joined(separator: ", ")) missing or closed",
                "give it to the user that the workers run as; they make what is missing when they start")
        }
        findings.ok("mail", "\(path) is a Maildir that can be written")
    }

    /// Opens the store as the programs do, and reads one row of its index.
    private static func store(_ path: String, _ findings: inout Findings) async {
        guard FileStatus(path + "/index.sqlite") != nil else {
            return findings.ok("store", "\(path) is made at the first start")
        }
        do {
            let store = try await DirectoryStore(directory: path, threads: 1, logger: CommonOptions.logger)
            _ = try await store.list(
                bucket: Uploads.mediaBucket, prefix: "", delimiter: nil, startAfter: nil, limit: 1)
            findings.ok("store", "\(path) can be opened and listed")
        } catch let error as ObjectStoreError where error.code == .noSuchBucket {
            findings.warn("store", "\(path) has no buckets yet", "start sunset-api once: it makes them")
        } catch {
            findings.fail("store", "\(path) can't be used: \(error)", "look at its permissions and at the disk")
        }
    }
}
