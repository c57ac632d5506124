import ClickModel
import Foundation
import Storage
import Testing

/// Rows that are written before their epoch ends, against the same rows written with it.
@Suite("Rows ahead of their epoch")
struct RowsAheadTests {
    private static func epoch(_ number: Int64) -> EpochCommit {
        EpochCommit(record: EpochRecord(epoch: number, source: "s", offset: number, totals: EventTotals(), committedAt: EventTime(milliseconds: number)))
    }

    private static func addSession(_ number: Int, to epoch: EpochCommit) {
        Array("visitor-\(number)".utf8).withUnsafeBytes {
            epoch.appendSession(
                visitor: $0, start: Int64(number) * 1000, end: Int64(number) * 1000 + 1, clicks: 1, ads: 1, cost: 5, epoch: epoch.record.epoch, isNew: true)
        }
    }

    private static func dump(_ database: DuckDB) throws -> [[[Value]]] {
        try WarehouseTable.all.map { try database.query("SELECT * FROM \($0.name) ORDER BY rowid").rows }
    }

    /// Writes every full portion; as the committer does, with the builder that comes back as the next.
    private static func writeAhead(_ epoch: EpochCommit, portion: Int, to warehouse: Warehouse) throws {
        guard epoch.newSessions.isDue(portion: portion) else { return }
        var failure: StorageError?
        epoch.newSessions.handOver { rows, table in
            do throws(StorageError) { try warehouse.append(rows, to: table, ahead: epoch.record.epoch) } catch { failure = error }
            rows.removeAll()
            return rows
        }
        if let failure { throw failure }
    }

    @Test("the tables are those of rows that waited, in their order, and nobody sees a row before its epoch", arguments: [1 as UInt64, 2, 3])
    func sameTables(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let (ahead, waiting) = (try Warehouse(path: folder.file("ahead.duckdb")), try Warehouse(path: folder.file("waiting.duckdb")))
        let reader = try ahead.database.connect()
        var random = SplitMix64(seed: seed)
        var next = 0
        for number in 1...4 as ClosedRange<Int64> {
            let (first, second) = (Self.epoch(number), Self.epoch(number))
            let portion = Int.random(in: 1...40, using: &random)
            let before = try Self.dump(reader)
            // More than a row group in the third: such rows go into the file before the commit.
            for _ in 0..<(number == 3 ? 40_000 : Int.random(in: 0...400, using: &random)) {
                Self.addSession(next, to: first)
                Self.addSession(next, to: second)
                next += 1
                try Self.writeAhead(first, portion: number == 3 ? 8192 : portion, to: ahead)
            }
            #expect(try Self.dump(reader) == before, "seed \(seed), epoch \(number)")
            #expect(try ahead.commit(first) == .committed)
            #expect(try waiting.commit(second) == .committed)
            #expect(try Self.dump(reader) == Self.dump(waiting.database), "seed \(seed), epoch \(number)")
        }
    }

    @Test("a write that fails takes all of the epoch back, and the epoch cannot be committed without those rows")
    func failedWrite() throws {
        let folder = try TemporaryFolder()
        let warehouse = try Warehouse(path: folder.file("x.duckdb"))
        let first = Self.epoch(1)
        Self.addSession(0, to: first)
        try warehouse.commit(first)
        let before = try Self.dump(warehouse.database)
        let second = Self.epoch(2)
        try FaultPoint.$plan.withValue(FaultPlan("rows-ahead:2:ENOSPC")) {
            Self.addSession(1, to: second)
            try Self.writeAhead(second, portion: 0, to: warehouse)
            Self.addSession(2, to: second)
            #expect { try Self.writeAhead(second, portion: 0, to: warehouse) } throws: { "\($0)".contains("No space left") }
        }
        #expect(second.handedOver == 2)
        Self.addSession(3, to: second)
        #expect { try warehouse.commit(second) } throws: { "\($0)".contains("handed over 2 rows, and 0 were written ahead") }
        #expect(try Self.dump(warehouse.database) == before)
        // Filled anew it is whole.
        second.removeAll()
        #expect(second.handedOver == 0)
        for number in 1...3 { Self.addSession(number, to: second) }
        try Self.writeAhead(second, portion: 0, to: warehouse)
        #expect(try warehouse.commit(second) == .committed)
        #expect(try warehouse.database.query("SELECT count(*) FROM click_sessions").scalar == .int(4))
    }

    @Test("rows of an epoch that is committed, or of another than the one whose rows wait, are refused")
    func wrongEpoch() throws {
        let folder = try TemporaryFolder()
        let warehouse = try Warehouse(path: folder.file("x.duckdb"))
        try warehouse.commit(Self.epoch(1))
        let again = Self.epoch(1)
        Self.addSession(0, to: again)
        #expect { try Self.writeAhead(again, portion: 0, to: warehouse) } throws: { "\($0)".contains("epoch 1 is committed already") }
        let (second, third) = (Self.epoch(2), Self.epoch(3))
        Self.addSession(0, to: second)
        Self.addSession(1, to: third)
        try Self.writeAhead(second, portion: 0, to: warehouse)
        #expect { try Self.writeAhead(third, portion: 0, to: warehouse) } throws: { "\($0)".contains("rows of epoch 2 wait") }
        #expect { try warehouse.commit(second) } throws: { "\($0)".contains("handed over 1 rows, and 0 were") }
        #expect(try warehouse.database.query("SELECT count(*) FROM click_sessions").scalar == .int(0))
        // What waits for another epoch goes with the commit that did not expect it.
        let fourth = Self.epoch(4)
        Self.addSession(2, to: fourth)
        try Self.writeAhead(fourth, portion: 0, to: warehouse)
        #expect(throws: StorageError.self) { try warehouse.commit(Self.epoch(5)) }
        #expect(try warehouse.commit(Self.epoch(5)) == .committed)
        #expect(try warehouse.database.query("SELECT count(*) FROM click_sessions").scalar == .int(0))
    }

    @Test("a kill between a write and the commit leaves the epoch before")
    func killed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("x.duckdb")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let warehouse = try Warehouse(path: path)
            try warehouse.commit(Self.epoch(1))
            try FaultPoint.$plan.withValue(FaultPlan("rows-ahead:3")) {
                let second = Self.epoch(2)
                for number in 0..<100_000 {
                    Self.addSession(number, to: second)
                    try Self.writeAhead(second, portion: 8192, to: warehouse)
                }
            }
        }
        let warehouse = try Warehouse(path: path)
        #expect(try warehouse.lastEpoch()?.epoch == 1)
        #expect(try warehouse.database.query("SELECT count(*) FROM click_sessions").scalar == .int(0))
    }
}
