import ClickModel
import Foundation
import Storage
import Testing

@Suite("Click archive")
struct ClickArchiveTests {
    static let day: Int64 = EventTime.millisecondsPerDay
    static let hour: Int64 = EventTime.millisecondsPerHour
    /// 2026-11-01T00:00Z.
    static let start: Int64 = 20_758 * day

    /// Epochs of random events, each of some hours, with some far away; published.
    static func fill(_ archive: ClickArchive, epochs: ClosedRange<Int64>, rows: Int, _ random: inout RandomArchive) throws -> [ArchivedClick] {
        var all: [ArchivedClick] = []
        for epoch in epochs {
            try archive.begin(epoch: epoch)
            for row in 0..<rows {
                let odd = Int.random(in: 0..<40, using: &random.random)
                let time =
                    switch odd {
                    case 0: Int64.random(in: 0..<7_258_118_400_000, using: &random.random)
                    case 1: [Int64(0), 7_258_118_399_999, start, start + hour, start + day - 1].randomElement(using: &random.random)!
                    default: start + epoch * 11 * hour + Int64.random(in: -3 * hour...3 * hour, using: &random.random)
                    }
                all.append(random.append(at: time, epoch: epoch, to: archive.builder))
                if row % 700 == 699 { try archive.flush() }
            }
            try archive.flush()
            try archive.publish(epoch: epoch)
        }
        return all
    }

    @Test("What is archived comes back bit for bit, in event-time order and in arrival order", arguments: [1, 2] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let db = try DuckDB.open(folder.file("x.duckdb"))
        let archive = try ClickArchive(db)
        var random = RandomArchive(seed: seed)
        let all = try Self.fill(archive, epochs: 1...2, rows: 1000, &random)
        #expect(try ArchivedClick.all(archive.read(order: .arrival)) == all, "seed \(seed)")
        #expect(try ArchivedClick.all(archive.read(order: .eventTime), capacity: 7) == all.sorted(), "seed \(seed)")
        #expect(try ArchivedClick.all(ClickArchive.read(db, order: .arrival)) == all)
    }

    @Test("A range of days gives the clicks of these days, and those of the default partition among them")
    func days() throws {
        let folder = try TemporaryFolder()
        let archive = try ClickArchive(try DuckDB.open(":memory:"), folder: folder.file("archive"))
        var random = RandomArchive(seed: 9)
        let all = try Self.fill(archive, epochs: 1...4, rows: 400, &random).sorted()
        let first = CivilDate(daysSince1970: Self.start / Self.day)
        for days in 1...3 {
            let end = CivilDate(daysSince1970: first.daysSince1970 + Int64(days))
            let expected = all.filter { $0.time >= first.start.milliseconds && $0.time < end.start.milliseconds }
            #expect(try ArchivedClick.all(archive.read(from: first, before: end, order: .eventTime)) == expected)
            #expect(expected.count > 100)
        }
        #expect(try ArchivedClick.all(archive.read(before: first, order: .eventTime)) == all.filter { $0.time < first.start.milliseconds })
        let far = try #require(all.first { $0.time < Self.start - 400 * Self.day })
        let itsDay = CivilDate(daysSince1970: far.time / Self.day)
        let next = CivilDate(daysSince1970: far.time / Self.day + 1)
        #expect(try ArchivedClick.all(archive.read(from: itsDay, before: next, order: .eventTime)).contains(far))
    }

    @Test("An archive that is empty, or not there, gives no clicks")
    func empty() throws {
        let folder = try TemporaryFolder()
        let archive = try ClickArchive(try DuckDB.open(folder.file("x.duckdb")))
        try archive.recover(lastEpoch: 0)
        try archive.begin(epoch: 1)
        try archive.flush()
        try archive.publish(epoch: 1)
        #expect(try ArchivedClick.all(archive.read(order: .eventTime)).isEmpty)
        #expect(archive.files().isEmpty)
    }

    @Test("Each flush makes one file an hour; scattered corrupt times make no folder")
    func partitions() throws {
        let folder = try TemporaryFolder()
        let archive = try ClickArchive(try DuckDB.open(":memory:"), folder: folder.file("archive"))
        var random = RandomArchive(seed: 4)
        try archive.begin(epoch: 1)
        func add(_ rows: Int, _ time: (Int) -> Int64) {
            for i in 0..<rows { _ = random.append(at: time(i), epoch: 1, to: archive.builder) }
        }
        add(1000) { Self.start + Int64($0) * 3600 }
        add(1) { _ in Self.start - 48 * Self.hour }
        add(1) { _ in Self.start - 49 * Self.hour }
        add(300) { Self.start + Int64($0 + 100) * Self.day }
        add(4) { _ in Self.start - 365 * Self.day }
        try archive.flush()
        try archive.publish(epoch: 1)
        let names = archive.files().map { $0.dropFirst(archive.folder.count + 1) }
        #expect(
            names == [
                "date=2025-11-01/hour=00/epoch-1-0.parquet", "date=2026-10-30/hour=00/epoch-1-0.parquet",
                "date=2026-11-01/hour=00/epoch-1-0.parquet",
                "date=9999-12-31/hour=00/epoch-1-0.parquet",
            ])
        #expect(try ArchivedClick.all(archive.read(order: .eventTime)).count == 1306)
    }

    @Test("Hours near the median stand under their dates; far ones by their rows, the 512 largest of them")
    func chosenHours() {
        let near = Dictionary(uniqueKeysWithValues: (-60...60).map { (1000 + Int64($0), 1) })
        #expect(ArchivePartition.chosen(near) == Set(952...1048))
        let month = Dictionary(uniqueKeysWithValues: (0..<720).map { (Int64($0), 4) })
        let chosen = ArchivePartition.chosen(month)
        #expect(chosen.count == 97 + 512 && chosen.isSuperset(of: 311...407))
        #expect(ArchivePartition.chosen(month.merging([5: 3]) { $1 }).contains(5) == false)
        #expect(ArchivePartition.chosen(month.merging([719: 5]) { $1 }).contains(719), "the largest come first")
        #expect(ArchivePartition.chosen([0: 1_000_000, 500: 244]) == [0])
        #expect(ArchivePartition.chosen([0: 1_000_000, 500: 245]) == [0, 500])
        #expect(ArchivePartition.chosen([:]).isEmpty)
        #expect(ArchivePartition.chosen([7: 1]) == [7])
    }
}
