import Foundation
import Storage
import Testing

@Suite("Snapshot files")
struct SnapshotFileTests {
    private static func payload(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test("A snapshot comes back byte for byte, of any size", arguments: [0, 1, 31, 32, 33, 100_000])
    func roundTrip(size: Int) throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("x.duckdb"))
        let payload = Self.payload(size, seed: 1)
        try snapshots.save(epoch: 7, payload: Self.payload(size + 5, seed: 2))
        try snapshots.save(epoch: 7, payload: payload)
        #expect(try snapshots.load(epoch: 7) == payload)
        #expect(snapshots.epochs() == [7])
        #expect(snapshots.path(epoch: 7) == folder.file("x.duckdb.state/epoch-7.snapshot"))
    }

    @Test("Any flipped bit, any truncation and any addition is found")
    func findsDamage() throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("x.duckdb"))
        try snapshots.save(epoch: 3, payload: Self.payload(200, seed: 3))
        let file = URL(fileURLWithPath: snapshots.path(epoch: 3))
        let whole = try Data(contentsOf: file)
        func isRefused(_ damaged: Data, _ what: String) throws {
            try damaged.write(to: file)
            #expect("\(what)") {
                try snapshots.load(epoch: 3)
            } throws: { error in
                if case .badSnapshot? = error as? StorageError { true } else { false }
            }
        }
        for bit in 0..<whole.count * 8 {
            var damaged = whole
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try isRefused(damaged, "bit \(bit)")
        }
        for length in 0..<whole.count { try isRefused(whole.prefix(length), "length \(length)") }
        try isRefused(whole + [0], "one byte more")
        try whole.write(to: file)
        #expect(try snapshots.load(epoch: 3).count == 200)
    }

    @Test("A snapshot under another epoch's name is refused, and a missing one is an error of its own")
    func wrongEpoch() throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("x.duckdb"))
        try snapshots.save(epoch: 1, payload: [1])
        try FileManager.default.moveItem(atPath: snapshots.path(epoch: 1), toPath: snapshots.path(epoch: 2))
        #expect { try snapshots.load(epoch: 2) } throws: { "\($0)".contains("of epoch 1") }
        #expect { try snapshots.load(epoch: 1) } throws: { if case .io? = $0 as? StorageError { true } else { false } }
    }

    @Test("Cleaning keeps the current, the previous and anything newer, and drops unfinished files")
    func removesOlder() throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("x.duckdb"))
        for epoch in [1, 2, 5, 9, 12] as [Int64] { try snapshots.save(epoch: epoch, payload: [UInt8(epoch)]) }
        try Data().write(to: URL(fileURLWithPath: snapshots.path(epoch: 4) + ".tmp"))
        snapshots.removeOlder(than: 9)
        #expect(snapshots.epochs() == [5, 9, 12])
        snapshots.removeOlder(than: 9)
        #expect(snapshots.epochs() == [5, 9, 12])
        #expect(try FileManager.default.contentsOfDirectory(atPath: snapshots.folder).count == 3)
    }

    @Test("A folder that cannot be made is an error that names it")
    func unwritable() throws {
        let folder = try TemporaryFolder()
        let snapshots = SnapshotFile(databasePath: folder.file("none/x.duckdb"))
        #expect { try snapshots.save(epoch: 1, payload: []) } throws: { "\($0)".contains("none/x.duckdb.state") }
        #expect(snapshots.epochs() == [])
    }

    @Test("XXH64 gives the published values")
    func checksum() {
        func hash(_ text: String, _ seed: UInt64 = 0) -> UInt64 { Array(text.utf8).withUnsafeBytes { XXH64.hash($0, seed: seed) } }
        #expect(hash("") == 0xEF46_DB37_51D8_E999)
        #expect(hash("a") == 0xD24E_C4F1_A98C_6E5B)
        #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
        // xxHash's own sanity vectors: bytes of the generator in xxhsum's sanity test, lengths and seeds of its table.
        var generator: UInt64 = 2_654_435_761
        let bytes: [UInt8] = (0..<222).map { _ in
            defer { generator = generator &* 11_400_714_785_074_694_797 }
            return UInt8(truncatingIfNeeded: generator >> 56)
        }
        func sanity(_ length: Int, _ seed: UInt64) -> UInt64 { bytes.withUnsafeBytes { XXH64.hash(UnsafeRawBufferPointer(rebasing: $0[..<length]), seed: seed) } }
        #expect(sanity(0, 2_654_435_761) == 0xAC75_FDA2_929B_17EF)
        #expect(sanity(1, 0) == 0xE934_A84A_DB05_2768)
        #expect(sanity(1, 2_654_435_761) == 0x5014_607643A9B4C3)
        #expect(sanity(14, 0) == 0x8282_DCC4_994E_35C8)
        #expect(sanity(14, 2_654_435_761) == 0xC3BD_6BF6_3DEB_6DF0)
        #expect(sanity(222, 0) == 0xB641_AE8C_B691_C174)
        #expect(sanity(222, 2_654_435_761) == 0x20CB_8AB7_AE10_C14A)
    }
}
