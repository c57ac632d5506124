internal import Foundation
internal import LogisticModel
internal import Storage

/// Who made which model the champion, when and why: a file of one JSON line an act, that only grows.
///
///     {"action":"promote","state":"begun",…}   what is about to happen, written first
///     {"action":"promote","state":"done",…}    once the file is swapped; `abandoned` when a crash prevented that
///
/// Each line carries the SHA-256 of the line before it, so a line that is changed or taken out shows.
struct PromotionTrail {
    enum Action: String, Codable { case promote, rollback, adopt }
    enum State: String, Codable { case begun, done, abandoned }

    struct Entry: Codable, Equatable {
        var action: Action
        var state: State
        /// RFC 3339, by the clock of the machine.
        var time: String
        var by: String
        var reason: String
        /// Empty when there was no champion before.
        var fromID: String
        var fromSHA256: String
        var toID: String
        var toSHA256: String
        /// What the new champion makes of the probe clicks: see `ModelProbe`.
        var probe: String
        /// SHA-256 of the line before; empty for the first.
        var previous: String

        enum CodingKeys: String, CodingKey {
            case action, state, time, by, reason, probe, previous
            case fromID = "from_id"
            case fromSHA256 = "from_sha256"
            case toID = "to_id"
            case toSHA256 = "to_sha256"
        }

        /// The hash of the champion that holds once the act is over.
        var effectiveSHA256: String { state == .abandoned ? fromSHA256 : toSHA256 }
    }

    /// A longer trail is refused: some 100,000 acts.
    static let maximumBytes = 64 << 20

    let path: String
    private(set) var entries: [Entry] = []
    /// Hash of the last line.
    private var last = ""
    /// Bytes of whole lines; what a crash left of another is behind them.
    private var length = 0

    /// Reads and checks a trail; none, and an empty one, is a trail that has not begun.
    /// - Throws: `CommandError` naming the first line that is not as it was written.
    init(path: String) throws {
        self.path = path
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        defer { try? file.close() }
        let data = try file.read(upToCount: Self.maximumBytes + 1) ?? Data()
        guard data.count <= Self.maximumBytes else { throw CommandError("\(path): over \(Self.maximumBytes) bytes") }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.dropLast().enumerated() {
            func refuse(_ words: String) -> CommandError { CommandError("\(path): line \(number + 1) \(words): the trail was changed after it was written") }
            guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line)) else { throw refuse("is no entry") }
            guard entry.previous == last else { throw refuse("does not follow the line before it") }
            entries.append(entry)
            last = SHA256.hex(line)
            length += line.count + 1
        }
    }

    /// Appends an act; on the disk when it returns.
    /// - Returns: the entry as it stands there.
    @discardableResult
    mutating func append(_ entry: Entry) throws -> Entry {
        var entry = entry
        entry.previous = last
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = [UInt8](try encoder.encode(entry))
        try DurableFile.append(line + [UInt8(ascii: "\n")], to: path, length: length)
        entries.append(entry)
        last = SHA256.hex(line)
        length += line.count + 1
        return entry
    }

    /// The acts that hold, each undone by the rollback that followed it left out.
    var undoable: [Entry] {
        var stack: [Entry] = []
        for entry in entries where entry.state == .done {
            if entry.action == .rollback { _ = stack.popLast() } else { stack.append(entry) }
        }
        return stack
    }

    /// What the trail says of a file with this hash, in words; nil when it agrees.
    func contradiction(of file: String, sha256: String) -> String? {
        guard let entry = entries.last, entry.effectiveSHA256 != sha256 else { return nil }
        let id = entry.state == .abandoned ? entry.fromID : entry.toID
        return "\(file) is not the champion that \(path) names: model \(id), SHA-256 \(entry.effectiveSHA256.prefix(16))…, by \(entry.by) on "
            + "\(entry.time); the file has \(sha256.isEmpty ? "no content" : "SHA-256 \(sha256.prefix(16))…"). It was changed by other means"
    }
}
