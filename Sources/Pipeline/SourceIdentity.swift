internal import ClickModel
internal import Foundation
internal import Sketches
internal import Storage

/// Recognises an input by what it begins with, so that a renamed, copied or grown file is still the same source and its
/// clicks are not counted again.
struct SourceIdentity {
    /// Longest prefix that is hashed.
    static let maximumPrefix = 64 << 10

    let prefix: [UInt8]

    /// - Parameter prefix: the first bytes of the decompressed content, up to 64 KiB; shorter only when the content is.
    init(prefix: [UInt8]) { self.prefix = prefix }

    /// MurmurHash3 x64-128 of the first `count` bytes, in hex.
    func hash(first count: Int) -> String { Self.hash(prefix[..<count]) }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> String {
        let hash = bytes.withUnsafeBytes { MurmurHash3.hash128($0) }
        return hash.0.hexDigits + hash.1.hexDigits
    }

    /// The known source this content belongs to: the one with the longest prefix that it begins with. A short prefix is only
    /// trusted while nothing beyond it was read, or where what was read last can be checked.
    func match(among known: [SourceRecord]) -> SourceRecord? {
        known
            .filter { $0.prefixBytes > 0 && ($0.prefixBytes == Self.maximumPrefix || $0.offset <= $0.prefixBytes || $0.tailHash != nil) }
            .filter { $0.prefixBytes <= prefix.count && hash(first: Int($0.prefixBytes)) == $0.prefixHash }
            .max { $0.prefixBytes < $1.prefixBytes }
    }

    /// Bytes before a resume point that are looked at again.
    private static let tailBytes = 4096

    /// The bytes of a plain file before an offset, at most 4 KiB; nil for what cannot be read again in place.
    private static func tail(of path: String, before offset: Int64) -> [UInt8]? {
        guard path != "-", let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        let start = max(0, offset - Int64(tailBytes))
        guard (try? file.seek(toOffset: UInt64(start))) != nil, let bytes = try? file.read(upToCount: Int(offset - start)) else { return nil }
        return Array(bytes)
    }

    /// Hash of the bytes of a plain file before an offset: with the prefix it tells that a file is still the one that was read.
    static func tailHash(of path: String, before offset: Int64) -> String? { tail(of: path, before: offset).map { hash($0[...]) } }

    /// Whether a plain file may be read on from where an earlier run stopped.
    ///
    /// - Throws: `PipelineError.input` when what was read has changed since, or ended within a line that has grown since.
    static func checkResume(_ path: String, _ record: SourceRecord) throws {
        guard let expected = record.tailHash, let tail = tail(of: path, before: record.offset) else { return }
        guard hash(tail[...]) == expected else {
            throw PipelineError.input(
                "\(path) begins like a file that was scored, but differs before byte \(record.offset), where that one was read to: it was replaced. Score it into a new database")
        }
        guard tail.last != UInt8(ascii: "\n"), let next = Self.tail(of: path, before: record.offset + 1)?.last,
            next != UInt8(ascii: "\n"), next != UInt8(ascii: "\r")
        else { return }
        guard let size = ScoreJob.size(of: path), size > record.offset else { return }
        throw PipelineError.input(
            "\(path) ended within line \(record.line) when it was scored; that line was taken as it stood and has grown since. Score the whole file into a new database, and give only whole lines to a running one")
    }
}
