import ClickModel
import Foundation
import Storage
import Testing

/// Steps that fail and processes that die, where the tests say.
@Suite("Faults")
struct FaultTests {
    private static let steps = ["snapshot-created", "snapshot-written", "snapshot-synced", "snapshot-renamed"]

    private static func files(_ snapshots: SnapshotFile) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: snapshots.folder).sorted()
    }

    @Test("A failed step leaves the snapshots there were and nothing else, and another try succeeds", arguments: steps, ["ENOSPC", "EIO", "EROFS"])
    func failedSave(step: String, error: String) throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("x.duckdb"))
        let words = ["ENOSPC": "No space left on device", "EIO": "Input/output error", "EROFS": "Read-only file system"][error]!
        try FaultPoint.$plan.withValue(FaultPlan("\(step):2:\(error)")) {
            try snapshots.save(epoch: 1, payload: [1])
            #expect { try snapshots.save(epoch: 2, payload: [2]) } throws: { "\($0)".contains(words) && "\($0)".contains("epoch-2") }
            #expect(try Self.files(snapshots) == ["epoch-1.snapshot"])
            #expect(try snapshots.load(epoch: 1) == [1])
            try snapshots.save(epoch: 2, payload: [2, 2])
        }
        #expect(try Self.files(snapshots) == ["epoch-1.snapshot", "epoch-2.snapshot"])
        #expect(try snapshots.load(epoch: 2) == [2, 2])
    }

    @Test("A failed save over a snapshot of the same epoch leaves that one", arguments: steps)
    func failedOverwrite(step: String) throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("x.duckdb"))
        try snapshots.save(epoch: 1, payload: [1])
        FaultPoint.$plan.withValue(FaultPlan("\(step):1:EIO")) {
            #expect(throws: StorageError.self) { try snapshots.save(epoch: 1, payload: [9]) }
        }
        #expect(try snapshots.load(epoch: 1) == [1])
        #expect(try Self.files(snapshots) == ["epoch-1.snapshot"])
    }

    @Test("A kill leaves whole snapshots and at most an unfinished file, which the next save replaces", arguments: steps)
    func killedSave(step: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("x.duckdb")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, step = step as String] in
            let snapshots = SnapshotFile(databasePath: path)
            try FaultPoint.$plan.withValue(FaultPlan("\(step):2")) {
                try snapshots.save(epoch: 1, payload: [1])
                try snapshots.save(epoch: 2, payload: [2])
            }
        }
        let snapshots = SnapshotFile(databasePath: path)
        #expect(try Self.files(snapshots) == ["epoch-1.snapshot", step == "snapshot-renamed" ? "epoch-2.snapshot" : "epoch-2.snapshot.tmp"])
        #expect(snapshots.loadNewest(upTo: 9).epoch == (step == "snapshot-renamed" ? 2 : 1))
        try snapshots.save(epoch: 2, payload: [3])
        #expect(try Self.files(snapshots) == ["epoch-1.snapshot", "epoch-2.snapshot"])
        #expect(try snapshots.load(epoch: 2) == [3])
    }

    @Test("A disk that is full in the middle of a snapshot leaves nothing of it")
    func fullDisk() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("x.duckdb")
        await #expect(processExitsWith: .success) { [path = path as String] in
            let snapshots = SnapshotFile(databasePath: path)
            try snapshots.save(epoch: 1, payload: [1])
            setFileLimit(10_000)
            #expect { try snapshots.save(epoch: 2, payload: [UInt8](repeating: 2, count: 50_000)) } throws: { "\($0)".contains("cannot write") }
            #expect(snapshots.epochs() == [1])
            #expect(!FileManager.default.fileExists(atPath: snapshots.path(epoch: 2) + ".tmp"))
            setFileLimit(nil)
            try snapshots.save(epoch: 2, payload: [UInt8](repeating: 2, count: 50_000))
        }
        #expect(try SnapshotFile(databasePath: path).load(epoch: 2).count == 50_000)
    }

    @Test("The newest whole snapshot is found behind damaged ones, which are named")
    func newest() throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("x.duckdb"))
        #expect(snapshots.loadNewest(upTo: 5).epoch == nil)
        for epoch in 1...4 as ClosedRange<Int64> {
            try snapshots.save(epoch: epoch, payload: [UInt8](repeating: UInt8(epoch), count: 10))
        }
        for epoch in [2, 3] as [Int64] { try Data([1, 2, 3]).write(to: URL(fileURLWithPath: snapshots.path(epoch: epoch))) }
        #expect(snapshots.loadNewest(upTo: 9).epoch == 4)
        let found = snapshots.loadNewest(upTo: 3)
        #expect(found.epoch == 1)
        #expect(found.payload == [UInt8](repeating: 1, count: 10))
        #expect(found.skipped.map { "\($0)".contains("epoch-3") } == [true, false])
        #expect(found.skipped.count == 2)
        try FileManager.default.removeItem(atPath: snapshots.path(epoch: 1))
        #expect(snapshots.loadNewest(upTo: 3).epoch == nil)
        #expect(snapshots.loadNewest(upTo: 3).skipped.count == 2)
    }

    @Test("A fault's text is a name, a count and an error, or nothing")
    func planText() {
        for text in ["", ":1", "a:0", "a:-1", "a:x", "a:1:", "a:1:EPERM", "a:1:EIO:1"] { #expect(FaultPlan(text) == nil, "\(text)") }
        for text in ["a", "a:1", "a:2:EIO"] { #expect(FaultPlan(text) != nil, "\(text)") }
    }

    // Commits

    static func epoch(_ number: Int64, rows: Int, seed: UInt64) -> EpochCommit {
        let epoch = EpochCommit(
            record: EpochRecord(epoch: number, source: "s", offset: number, totals: EventTotals(), committedAt: EventTime(milliseconds: number)))
        var random = SplitMix64(seed: seed)
        for i in 0..<rows {
            let row = WarehouseModel.Counts(clicks: Int64.random(in: 1...1 << 50, using: &random), valid: 1, billableCost: .zero, firing: "on_time", epoch: number)
            let place = WarehouseModel.Place(ad: "ad-\(UInt64.random(in: 0...UInt64.max, using: &random))", start: Int64(i) * 60_000)
            epoch.append(.minute, place, row)
            epoch.append(WarehouseModel.Session(visitor: place.ad, start: place.start), clicks: row.clicks)
        }
        epoch.appliesLabelChanges = true
        return epoch
    }

    static func dump(_ warehouse: Warehouse) throws -> [[[Value]]] {
        try WarehouseTable.all.map { try warehouse.database.query("SELECT * FROM \($0.name) ORDER BY ALL").rows }
    }

    @Test("A commit that fails before its last word leaves everything as before, and the same epoch commits then")
    func failedCommit() throws {
        let folder = try TemporaryFolder()
        let warehouse = try Warehouse(path: folder.file("x.duckdb"))
        try warehouse.commit(Self.epoch(1, rows: 5, seed: 1))
        let before = try Self.dump(warehouse)
        let second = Self.epoch(2, rows: 5, seed: 1)
        try FaultPoint.$plan.withValue(FaultPlan("rows-staged:1:ENOSPC")) { () throws in
            #expect { try warehouse.commit(second) } throws: { "\($0)".contains("No space left") }
            #expect(try Self.dump(warehouse) == before)
            #expect(try warehouse.commit(second) == .committed)
        }
        #expect(try warehouse.database.query("SELECT count(*) FROM click_minute_history").scalar == .int(5))
    }

    @Test("A kill before the last word leaves everything as before")
    func killedCommit() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("x.duckdb")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let warehouse = try Warehouse(path: path)
            try FaultPoint.$plan.withValue(FaultPlan("rows-staged:2")) {
                try warehouse.commit(Self.epoch(1, rows: 5, seed: 1))
                try warehouse.commit(Self.epoch(2, rows: 5, seed: 1))
            }
        }
        let warehouse = try Warehouse(path: path)
        #expect(try warehouse.lastEpoch()?.epoch == 1)
        let undisturbed = try Warehouse(path: ":memory:")
        try undisturbed.commit(Self.epoch(1, rows: 5, seed: 1))
        #expect(try Self.dump(warehouse) == Self.dump(undisturbed))
        #expect(try warehouse.commit(Self.epoch(2, rows: 5, seed: 1)) == .committed)
    }

    @Test("A disk that is full during a commit leaves everything as before, and the same epoch commits when there is room")
    func fullDiskCommit() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("x.duckdb")
        await #expect(processExitsWith: .success) { [path = path as String] in
            let second = Self.epoch(2, rows: 20_000, seed: 2)
            do {
                let warehouse = try Warehouse(path: path)
                try warehouse.commit(Self.epoch(1, rows: 5, seed: 1))
                try warehouse.database.checkpoint()
                setFileLimit(600_000)
                #expect(throws: StorageError.self) { try warehouse.commit(second) }
                setFileLimit(nil)
            }
            // DuckDB may have given the open database up.
            let again = try Warehouse(path: path)
            #expect(try again.lastEpoch()?.epoch == 1)
            #expect(try again.database.query("SELECT count(*) FROM click_aggregates_minute").scalar == .int(5))
            #expect(try again.database.query("SELECT count(*) FROM click_sessions").scalar == .int(5))
            #expect(try again.commit(second) == .committed)
        }
        let warehouse = try Warehouse(path: path)
        #expect(try warehouse.lastEpoch()?.epoch == 2)
        #expect(try warehouse.database.query("SELECT count(*) FROM click_sessions").scalar == .int(20_005))
    }
}

/// How large a file of this process may grow, as if the disk were full there; nil for as large as it was.
func setFileLimit(_ bytes: Int?) {
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}
