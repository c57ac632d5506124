/// The layout of a snapshot's file.
///
///     0   8  "FRAUDSNP"
///     8   4  format version, 2
///     12  4  zero
///     16  8  epoch
///     24  8  payload length
///     32  8  XXH64 of the payload, seeded with the XXH64 of bytes 0–23 and 40–63
///     40  24 zero
///     64  …  payload, to the end of the file
///
/// Numbers are little-endian.
enum SnapshotLayout {
    static let formatVersion: UInt32 = 2
    static let headerBytes = 64
    private static let magic: StaticString = "FRAUDSNP"
    private static let lengthAt = 24
    private static let checksumAt = 32

    /// A header that lacks the length and the checksum.
    static func header(epoch: Int64) -> [UInt8] {
        var header: [UInt8] = []
        magic.withUTF8Buffer { header.append(contentsOf: $0) }
        withUnsafeBytes(of: formatVersion.littleEndian) { header.append(contentsOf: $0) }
        header.append(contentsOf: [0, 0, 0, 0])
        withUnsafeBytes(of: epoch.littleEndian) { header.append(contentsOf: $0) }
        return header + [UInt8](repeating: 0, count: headerBytes - header.count)
    }

    static func complete(_ header: inout [UInt8], payloadBytes: Int, checksum: UInt64) {
        withUnsafeBytes(of: UInt64(payloadBytes).littleEndian) { header.replaceSubrange(lengthAt..<lengthAt + 8, with: $0) }
        withUnsafeBytes(of: checksum.littleEndian) { header.replaceSubrange(checksumAt..<checksumAt + 8, with: $0) }
    }

    /// So that the checksum covers the header too; the length is checked against the file's.
    static func seed(_ header: [UInt8]) -> UInt64 {
        (header[..<lengthAt] + header[(checksumAt + 8)..<headerBytes]).withUnsafeBytes { XXH64.hash($0) }
    }

    /// The checksum of a header that fits the file.
    static func check(_ header: [UInt8], _ path: String, epoch: Int64, payloadBytes: Int) throws(StorageError) -> UInt64 {
        func number(_ at: Int) -> UInt64 { header.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self)) } }
        guard magic.withUTF8Buffer({ header[..<8].elementsEqual($0) }) else { throw .badSnapshot(path: path, detail: "it is no snapshot") }
        let version = number(8)
        guard version == UInt64(formatVersion) else {
            throw .badSnapshot(path: path, detail: "its format version is \(version & 0xFFFF_FFFF), this program reads \(formatVersion)")
        }
        guard Int64(bitPattern: number(16)) == epoch else {
            throw .badSnapshot(path: path, detail: "it is of epoch \(Int64(bitPattern: number(16)))")
        }
        guard number(lengthAt) == UInt64(payloadBytes) else {
            throw .badSnapshot(path: path, detail: "it has \(payloadBytes) bytes of content, \(number(lengthAt)) were written")
        }
        return number(checksumAt)
    }
}
