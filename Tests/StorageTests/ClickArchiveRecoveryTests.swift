import ClickModel
import Foundation
import Storage
import Testing

@Suite("Recovery of the click archive")
struct ClickArchiveRecoveryTests {
    private static func paths(_ root: String) -> [String] {
        (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".parquet") }.sorted()
    }

    /// An archive with epoch 1 published and epoch 2 staged, its rows by epoch.
    private static func staged(_ folder: TemporaryFolder) throws -> (archive: ClickArchive, first: [ArchivedClick], second: [ArchivedClick]) {
        let archive = try ClickArchive(try DuckDB.open(":memory:"), folder: folder.file("archive"))
        var random = RandomArchive(seed: 21)
        let first = try ClickArchiveTests.fill(archive, epochs: 1...1, rows: 60, &random)
        try archive.begin(epoch: 2)
        var second: [ArchivedClick] = []
        for i in 0..<90 {
            let time = ClickArchiveTests.start + Int64(i % 3) * ClickArchiveTests.hour + Int64(i)
            second.append(random.append(at: time, epoch: 2, to: archive.builder))
            if i == 40 { try archive.flush() }
        }
        try archive.flush()
        return (archive, first, second)
    }

    @Test("A staged epoch is not read before it is published")
    func stagedIsNotRead() throws {
        let folder = try TemporaryFolder()
        let (archive, first, second) = try Self.staged(folder)
        #expect(try ArchivedClick.all(archive.read(order: .arrival)) == first)
        try archive.publish(epoch: 2)
        #expect(try ArchivedClick.all(archive.read(order: .arrival)) == first + second)
    }

    @Test("A kill at any rename of a publication is repaired: the same files and rows as without it")
    func everyState() throws {
        let reference = try TemporaryFolder()
        let (whole, first, second) = try Self.staged(reference)
        let stagedFiles = Self.paths(whole.folder + "/.staging")
        #expect(stagedFiles.count == 6)
        try whole.publish(epoch: 2)
        let expected = Self.paths(whole.folder)
        for renamed in 0...stagedFiles.count {
            for folderIsGone in renamed == stagedFiles.count ? [false, true] : [false] {
                let folder = try TemporaryFolder()
                let (archive, _, _) = try Self.staged(folder)
                let staging = archive.folder + "/.staging/"
                for name in stagedFiles[..<renamed] {
                    let target = archive.folder + "/" + name.split(separator: "/")[1].replacingOccurrences(of: ",", with: "/")
                    try FileManager.default.createDirectory(atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    try FileManager.default.moveItem(atPath: staging + name, toPath: target)
                }
                if folderIsGone { try FileManager.default.removeItem(atPath: staging + "epoch-2") }
                for _ in 0..<2 {
                    try archive.recover(lastEpoch: 2)
                    #expect(Self.paths(archive.folder) == expected, "\(renamed) files renamed")
                    #expect(try ArchivedClick.all(archive.read(order: .arrival)) == first + second, "\(renamed) files renamed")
                    #expect(!FileManager.default.fileExists(atPath: staging + "epoch-2"))
                }
            }
        }
    }

    @Test("A kill before the commit leaves nothing: staged files of an epoch the database lacks are removed, and the epoch can be written again")
    func uncommitted() throws {
        let folder = try TemporaryFolder()
        let (archive, first, _) = try Self.staged(folder)
        let half = archive.folder + "/.staging/epoch-2/date=2026-11-01,hour=09,epoch-2-7.parquet"
        try Data("PAR1 half a file".utf8).write(to: URL(fileURLWithPath: half))
        for _ in 0..<2 {
            try archive.recover(lastEpoch: 1)
            #expect(try ArchivedClick.all(archive.read(order: .arrival)) == first)
            #expect(try FileManager.default.contentsOfDirectory(atPath: archive.folder + "/.staging").isEmpty)
        }
        var random = RandomArchive(seed: 22)
        random.seq = 60
        let again = try ClickArchiveTests.fill(archive, epochs: 2...2, rows: 50, &random)
        #expect(try ArchivedClick.all(archive.read(order: .arrival)) == first + again)
    }

    @Test("An epoch begun again starts from nothing, also after the kill of a flush")
    func begunAgain() throws {
        let folder = try TemporaryFolder()
        let (archive, first, _) = try Self.staged(folder)
        var random = RandomArchive(seed: 23)
        random.seq = 60
        let again = try ClickArchiveTests.fill(archive, epochs: 2...2, rows: 50, &random)
        #expect(try ArchivedClick.all(archive.read(order: .arrival)) == first + again)
    }

    @Test("An archive that is ahead of its database is refused in words, and left as it is")
    func newer() throws {
        let folder = try TemporaryFolder()
        let (archive, _, _) = try Self.staged(folder)
        try archive.publish(epoch: 2)
        let before = Self.paths(archive.folder)
        let error = #expect(throws: StorageError.self) { try archive.recover(lastEpoch: 1) }
        #expect("\(error!)".contains("up to epoch 2, the database only up to epoch 1"))
        #expect(Self.paths(archive.folder) == before)
        try archive.recover(lastEpoch: 2)
    }

    @Test("A full disk: an error in words, nothing staged of that flush, the rows kept; it goes on when there is room")
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        let (archive, first, second) = try Self.staged(folder)
        var random = RandomArchive(seed: 24)
        random.seq = 150
        let third = (0..<40).map { random.append(at: ClickArchiveTests.start + Int64($0 % 3) * ClickArchiveTests.hour, epoch: 2, to: archive.builder) }
        let staging = archive.folder + "/.staging/epoch-2"
        let staged = Self.paths(staging)
        // The third file of the flush has no room: /dev/full fails each write with ENOSPC.
        let full = staging + "/date=2026-11-01,hour=02,epoch-2-2.parquet"
        try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
        let error = #expect(throws: StorageError.self) { try archive.flush() }
        #expect("\(error!)".contains("cannot write \(full)") && "\(error!)".contains("No space left on device"), "\(error!)")
        #expect(Self.paths(staging) == staged)
        #expect(archive.builder.count == 40)
        try archive.flush()
        try archive.publish(epoch: 2)
        #expect(try ArchivedClick.all(archive.read(order: .arrival)) == first + second + third)
    }

    @Test("A folder that cannot be made is an error in words that names it")
    func noFolder() throws {
        let folder = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: folder.file("archive")))
        let archive = try ClickArchive(try DuckDB.open(":memory:"), folder: folder.file("archive"))
        var random = RandomArchive(seed: 25)
        try archive.begin(epoch: 1)
        _ = random.append(at: 0, epoch: 1, to: archive.builder)
        let error = #expect(throws: StorageError.self) { try archive.flush() }
        #expect("\(error!)".contains("cannot create \(folder.file("archive"))"), "\(error!)")
        #expect(archive.builder.count == 1)
    }

    @Test("A damaged file is an error, not wrong clicks")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let (archive, _, _) = try Self.staged(folder)
        let file = try #require(archive.files().first)
        try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
        try Data("PAR1".utf8).write(to: URL(fileURLWithPath: file))
        #expect(throws: StorageError.self) { try ArchivedClick.all(archive.read(order: .eventTime)) }
        let other = try DuckDB.open(":memory:")
        try other.execute("COPY (SELECT 1 AS click_id) TO '\(file)' (FORMAT parquet)")
        #expect(throws: StorageError.self) { try ArchivedClick.all(archive.read(order: .eventTime)) }
    }
}
