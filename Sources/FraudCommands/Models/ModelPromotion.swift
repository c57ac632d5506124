internal import Foundation
internal import LogisticModel
internal import Storage

/// Changes which model decides: the champion's file is swapped in one step, the former one kept, and the act put on the trail.
///
///     champion.json         swapped by rename: whoever reads it finds the old model or the new
///     archive/ID.json       every champion there was, and the one there is
///     promotions.ndjson     the trail
///
/// What a crash interrupted is found by the next act and put on the trail as it ended.
struct ModelPromotion {
    /// The champion's file, without links.
    let champion: String
    let by: String
    let reason: String

    /// What came of an act.
    struct Outcome {
        let entry: PromotionTrail.Entry
        let notes: [String]
    }

    private var folder: String { (champion as NSString).deletingLastPathComponent }
    var trailPath: String { folder + "/promotions.ndjson" }

    init(champion: String, by: String, reason: String) {
        self.champion = URL(filePath: champion).resolvingSymlinksInPath().standardizedFileURL.path
        self.by = by
        self.reason = reason
    }

    /// Makes a challenger the champion.
    ///
    /// - Throws: `ModelError` when the file is no model this program can score by; `CommandError` when it is the champion already, or
    ///   champion and trail contradict each other; `StorageError` when a file cannot be written: the champion is then the old one.
    func promote(_ challenger: String) throws -> Outcome {
        try act { trail, current, notes in
            let file = try ModelFile(path: challenger)
            guard file.model.modelID != current.id else { throw CommandError("\(challenger): model \(file.model.modelID) is the champion already") }
            if file.model.threshold > 1 { notes.append("its threshold is over 1: by itself it flags nothing, the rules decide alone") }
            return try swap(.promote, from: current, to: file, &trail)
        }
    }

    /// Makes the model the champion again that the last act which still holds replaced.
    func rollBack() throws -> Outcome {
        try act { trail, current, _ in
            guard let undone = trail.undoable.last, !undone.fromID.isEmpty else { throw CommandError("\(trailPath): there is no promotion to take back") }
            let names = ["\(undone.fromID).json", Self.archiveName(undone.fromID, undone.fromSHA256)]
            for name in names {
                guard let file = try? ModelFile(path: "\(folder)/archive/\(name)"), file.sha256 == undone.fromSHA256 else { continue }
                return try swap(.rollback, from: current, to: file, &trail)
            }
            throw CommandError("\(folder)/archive/\(names[0]) is not there as it was archived: model \(undone.fromID) cannot be brought back")
        }
    }

    /// Puts on the trail that the champion's file, changed by other means, is right as it stands.
    func adopt() throws -> Outcome {
        try act(allowsContradiction: true) { trail, current, _ in
            let file = try ModelFile(path: champion)
            guard let last = trail.entries.last else { throw CommandError("\(trailPath): no trail has begun; there is nothing to contradict") }
            guard last.effectiveSHA256 != current.sha256 else { throw CommandError("\(champion) is what the trail says") }
            let former = last.state == .abandoned ? last.fromID : last.toID
            return try trail.append(entry(.adopt, from: (former, last.effectiveSHA256), to: file, probe: try ModelProbe(file.model).hash))
        }
    }

    // MARK: -

    /// A model file as it stands, byte for byte.
    private struct ModelFile {
        let bytes: [UInt8]
        let model: LogisticModel
        let sha256: String

        init(path: String) throws {
            guard let data = FileManager.default.contents(atPath: path) else { throw CommandError("\(path): no such file") }
            bytes = [UInt8](data)
            model = try LogisticModel(decoding: bytes, source: path)
            sha256 = SHA256.hex(bytes)
        }
    }

    private typealias Current = (id: String, sha256: String, bytes: [UInt8])

    /// Runs an act under the trail's lock, once what an earlier one left is settled.
    private func act(
        allowsContradiction: Bool = false, _ body: (inout PromotionTrail, Current, inout [String]) throws -> PromotionTrail.Entry
    ) throws -> Outcome {
        try DurableFile.locked(trailPath) {
            var trail = try PromotionTrail(path: trailPath)
            var notes: [String] = []
            let bytes = FileManager.default.contents(atPath: champion).map { [UInt8]($0) }
            let sha256 = bytes.map { SHA256.hex($0) } ?? ""
            if let note = try settle(&trail, sha256) { notes.append(note) }
            if !allowsContradiction, let words = trail.contradiction(of: champion, sha256: sha256) {
                throw CommandError(words + ": put it back (\(folder)/archive), or accept it with `fraud model promote --adopt --by NAME`")
            }
            // Also what is no model any more must be replaceable; it is kept under its hash.
            let id = bytes.map { (try? LogisticModel(decoding: $0, source: champion).modelID) ?? "invalid" } ?? ""
            return Outcome(entry: try body(&trail, (id, sha256, bytes ?? []), &notes), notes: notes)
        }
    }

    /// Completes an act that a crash interrupted, by what the file says of it.
    private func settle(_ trail: inout PromotionTrail, _ sha256: String) throws -> String? {
        guard var entry = trail.entries.last, entry.state == .begun, [entry.toSHA256, entry.fromSHA256].contains(sha256) else { return nil }
        entry.state = sha256 == entry.toSHA256 ? .done : .abandoned
        try trail.append(entry)
        return "the \(entry.action.rawValue) of \(entry.toID) by \(entry.by) on \(entry.time) was interrupted, and is \(entry.state.rawValue)"
    }

    private func swap(
        _ action: PromotionTrail.Action, from current: Current, to file: ModelFile, _ trail: inout PromotionTrail
    ) throws -> PromotionTrail.Entry {
        // Before anything is written: the new model must score here.
        let probe = try ModelProbe(file.model)
        if !current.bytes.isEmpty { try archive(current) }
        // The new one too: should its file be changed by other means, it can be put back.
        try archive((file.model.modelID, file.sha256, file.bytes))
        try FaultPoint.pass("champion-archived", path: champion, operation: "promote to")
        var entry = entry(action, from: (current.id, current.sha256), to: file, probe: probe.hash)
        entry.state = .begun
        try trail.append(entry)
        try FaultPoint.pass("promotion-begun", path: champion, operation: "promote to")
        try DurableFile.replace(champion, with: file.bytes, name: "champion")
        try FaultPoint.pass("champion-swapped", path: champion, operation: "promote to")
        entry.state = .done
        return try trail.append(entry)
    }

    /// Keeps a champion's file under its id, unless it is there; another file of the same id, under id and hash.
    private func archive(_ current: Current) throws {
        try DurableFile.makeFolder("\(folder)/archive")
        var path = "\(folder)/archive/\(current.id).json"
        if let present = FileManager.default.contents(atPath: path), [UInt8](present) != current.bytes {
            path = "\(folder)/archive/" + Self.archiveName(current.id, current.sha256)
        }
        if FileManager.default.contents(atPath: path).map({ [UInt8]($0) }) == current.bytes { return }
        try DurableFile.replace(path, with: current.bytes, name: "archive")
    }

    private static func archiveName(_ id: String, _ sha256: String) -> String { "\(id)-\(sha256.prefix(16)).json" }

    private func entry(
        _ action: PromotionTrail.Action, from: (id: String, sha256: String), to file: ModelFile, probe: String
    ) -> PromotionTrail.Entry {
        PromotionTrail.Entry(
            action: action, state: .done, time: Date().ISO8601Format(), by: by, reason: reason, fromID: from.id, fromSHA256: from.sha256,
            toID: file.model.modelID, toSHA256: file.sha256, probe: probe, previous: "")
    }
}
