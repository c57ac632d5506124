import Foundation
import Testing

@Suite("Failures of the disk, and lost state", .serialized)
struct FailureTests {
    private static func source(_ name: String) -> CrashSource { CrashSource.all.first { $0.name == name }! }

    /// A run of the source that stands at its fourth epoch.
    private func interrupted(_ source: CrashSource, _ name: String, _ rig: CrashRig) throws {
        let killed = try rig.finish(source, name, fault: "epoch-committed:4")
        try #require(killed.status == SIGKILL, "\(source): \(killed.status) \(killed.errors)")
    }

    enum Damage: String, CaseIterable {
        case flippedByte, truncated, empty, deleted, appended

        func apply(to path: String) throws {
            var bytes = try Data(contentsOf: URL(filePath: path))
            switch self {
            case .flippedByte: bytes[bytes.count * 2 / 3] ^= 0x10
            case .truncated: bytes.removeLast(bytes.count / 3)
            case .empty: bytes.removeAll()
            case .appended: bytes.append(7)
            case .deleted:
                try FileManager.default.removeItem(atPath: path)
                return
            }
            try bytes.write(to: URL(filePath: path))
        }
    }

    @Test("a newest snapshot that is damaged is reported, the one before it used, and what came after it replayed", arguments: CrashSource.all)
    func damagedSnapshot(source: CrashSource) throws {
        let rig = try CrashRig.shared.get()
        var names: [String] = []
        for damage in Damage.allCases {
            try interrupted(source, damage.rawValue, rig)
            let newest = try #require(try rig.snapshots(source, damage.rawValue).first)
            try damage.apply(to: newest)
            let run = try rig.finish(source, damage.rawValue)
            #expect(run.status == 0, "\(source), \(damage): \(run.errors)")
            #expect(run.errors.contains("snapshot"), "\(source), \(damage), not said: \(run.errors)")
            names.append(damage.rawValue)
        }
        try rig.expectEqual(source, names)
    }

    @Test("a finished job whose newest snapshot is damaged is whole again after the same command", arguments: ["ndjson", "merged", "gzip"])
    func damagedAfterTheEnd(name: String) throws {
        let rig = try CrashRig.shared.get()
        let source = Self.source(name)
        #expect(try rig.finish(source, "ended").status == 0)
        try Damage.truncated.apply(to: try #require(try rig.snapshots(source, "ended").first))
        let run = try rig.finish(source, "ended")
        #expect(run.status == 0 && run.errors.contains("snapshot"), "\(run.errors)")
        try rig.expectEqual(source, ["ended"])
    }

    @Test("without any usable snapshot the job stops in words and changes nothing", arguments: [Damage.deleted, .truncated])
    func noSnapshot(damage: Damage) throws {
        let rig = try CrashRig.shared.get()
        let source = Self.source("ndjson")
        let name = "lost-\(damage)"
        try interrupted(source, name, rig)
        for suffix in ["", ".wal"] where FileManager.default.fileExists(atPath: rig.database(source, name) + suffix) {
            try FileManager.default.copyItem(atPath: rig.database(source, name) + suffix, toPath: rig.database(source, "\(name)-before") + suffix)
        }
        for path in try rig.snapshots(source, name) { try damage.apply(to: path) }
        let run = try rig.finish(source, name)
        #expect(run.status == 1 && run.errors.contains("state"), "\(run.status) \(run.errors)")
        let tablesOnly = ["--tables", rig.database(source, "\(name)-before"), rig.database(source, name)]
        let compared = try Programs.python("tables_equal.py", tablesOnly)
        #expect(compared.status == 0, "\(compared.errors)")
    }

    @Test("a write, sync or rename that fails is told in words, and nothing is lost once its cause is gone", arguments: CrashRig.fallible)
    func injectedErrors(point: String) throws {
        let rig = try CrashRig.shared.get()
        let words = [("ENOSPC", "No space left"), ("EIO", "Input/output error"), ("EROFS", "Read-only file system")]
        let index = CrashRig.fallible.firstIndex(of: point)!
        for (n, (error, text)) in words.enumerated() {
            let source = CrashSource.all[(index + n * 2) % CrashSource.all.count]
            let fault = "\(point):\(1 + (index + n) % 4):\(error)"
            let failed = try rig.finish(source, error, fault: fault)
            #expect(failed.status == 1, "\(source), \(fault): \(failed.status) \(failed.errors)")
            #expect(failed.errors.contains(text), "\(source), \(fault): \(failed.errors)")
            let run = try rig.finish(source, error)
            #expect(run.status == 0, "\(source) after \(fault): \(run.errors)")
            try rig.expectEqual(source, [error], "after \(fault)")
        }
    }

    @Test("a full disk stops the job in words at any size, and it goes on when there is room", arguments: ["ndjson", "merged", "pipe"])
    func fullDisk(name: String) throws {
        let rig = try CrashRig.shared.get()
        let source = Self.source(name)
        let largest = try rig.largestFile(source, "calm")
        var stopped = 0
        for share in [0.02, 0.1, 0.25, 0.45, 0.7, 0.9] {
            let blocks = max(1, Int(Double(largest) * share) / 1024)
            let producer = source.piped.map { "cat '\(rig.scratch.path($0))' |" } ?? "exec"
            let script = "trap '' XFSZ; ulimit -f \(blocks); \(producer) \(try rig.command(source, "full"))"
            let full = try Programs.run(URL(filePath: "/bin/bash"), ["-c", script])
            #expect(full.status == 0 || (full.status == 1 && !full.errors.isEmpty), "\(blocks) KiB: \(full.status) \(full.errors)")
            stopped += full.status == 1 ? 1 : 0
            let run = try rig.finish(source, "full")
            #expect(run.status == 0, "\(source) after \(blocks) KiB: \(run.errors)\nbefore: \(full.errors)")
            try rig.expectEqual(source, ["full"], "after \(blocks) KiB: \(full.errors)")
        }
        #expect(stopped >= 3, "the limits were too high to be met: \(stopped)")
    }

    /// A mode of 0500 would not stop a test that runs as root; a file in the folder's place stops everybody.
    @Test("a folder that cannot be written is told in words, and the job goes on when it can", arguments: [".state", ".archive"])
    func unwritableFolder(suffix: String) throws {
        let rig = try CrashRig.shared.get()
        let source = Self.source("csv")
        for atStart in [true, false] {
            let folder = rig.database(source, "blocked") + suffix
            if !atStart { try interrupted(source, "blocked", rig) }
            if !atStart { try FileManager.default.moveItem(atPath: folder, toPath: folder + ".kept") }
            try Data("in the way".utf8).write(to: URL(filePath: folder))
            let blocked = try rig.finish(source, "blocked")
            #expect(blocked.status == 1 && blocked.errors.contains(suffix), "\(blocked.status) \(blocked.errors)")
            try FileManager.default.removeItem(atPath: folder)
            if !atStart { try FileManager.default.moveItem(atPath: folder + ".kept", toPath: folder) }
            let run = try rig.finish(source, "blocked")
            #expect(run.status == 0, "\(run.errors)")
            try rig.expectEqual(source, ["blocked"], "\(suffix), at the start: \(atStart)")
        }
    }
}
