internal import CClickRecord
internal import ClickModel
internal import Foundation
internal import Scoring

/// Writes one JSON line per received event, in input order: `click_id, ts, status, label, score, ivt, rule, reasons`.
///
/// The file follows the epochs: what was written after the last committed epoch is cut off when a job goes on, so the
/// file of an interrupted job equals that of an undisturbed one.
package final class VerdictWriter {
    private let handle: FileHandle
    private let path: String
    private var buffer: [UInt8] = []
    private let scorer: Scorer
    /// `,"rule":…,"reasons":[…]` by deciding rule and bitmap: a stream has few different ones.
    private var endings: [Ending: [UInt8]] = [:]
    /// Bytes of the file up to the last call of `flush`.
    private(set) var length: Int64

    private struct Ending: Hashable {
        var rules: UInt64
        var decidingRule: Int16
    }

    private static let flushBytes = 1 << 20
    private static let maximumEndings = 4096

    /// Opens or makes the file and cuts it to its committed length.
    ///
    /// - Throws: `PipelineError.verdicts` when it cannot be written, or is shorter than what was committed.
    init(path: String, committedLength: Int64, scorer: Scorer) throws {
        self.path = path
        self.scorer = scorer
        length = committedLength
        if !FileManager.default.fileExists(atPath: path), !FileManager.default.createFile(atPath: path, contents: nil) {
            throw PipelineError.verdicts("\(path): cannot be made; is its folder there and writable?")
        }
        guard let handle = FileHandle(forUpdatingAtPath: path) else {
            throw PipelineError.verdicts("\(path): cannot be opened for writing")
        }
        self.handle = handle
        let present = Int64(try handle.seekToEnd())
        guard present >= committedLength else {
            throw PipelineError.verdicts(
                "\(path): has \(present) bytes, but \(committedLength) were committed: was it changed? Give another --verdicts file")
        }
        try handle.truncate(atOffset: UInt64(committedLength))
        try handle.seekToEnd()
        buffer.reserveCapacity(Self.flushBytes + 4096)
    }

    deinit { try? handle.close() }

    /// Appends the line of one event.
    ///
    /// - Parameter verdict: nil unless the event was counted.
    func append(_ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>, status: EventStatus, verdict: Verdict?) throws {
        JSONText.append(#"{"click_id":"#, to: &buffer)
        let id = record.pointee.click_id
        if id.length == 0 {
            JSONText.append("null", to: &buffer)
        } else {
            JSONText.append(string: UnsafeRawBufferPointer(start: arena + Int(id.offset), count: Int(id.length)), to: &buffer)
        }
        JSONText.append(#","ts":"#, to: &buffer)
        if record.pointee.ts_ms == Int64.min {
            JSONText.append("null", to: &buffer)
        } else {
            JSONText.append(record.pointee.ts_ms, to: &buffer)
        }
        JSONText.append(#","status":""#, to: &buffer)
        buffer.append(contentsOf: status.name.utf8)
        if let verdict {
            JSONText.append(#"","label":""#, to: &buffer)
            buffer.append(contentsOf: verdict.label.name.utf8)
            JSONText.append(#"","score":"#, to: &buffer)
            buffer.append(contentsOf: verdict.score.description.utf8)
            JSONText.append(#","ivt":""#, to: &buffer)
            buffer.append(contentsOf: verdict.ivt.name.utf8)
            buffer.append(UInt8(ascii: "\""))
            appendEnding(verdict)
        } else {
            JSONText.append(#"","label":null,"score":null,"ivt":null,"rule":null,"reasons":[]}"#, to: &buffer)
        }
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.flushBytes { try flush() }
    }

    private func appendEnding(_ verdict: Verdict) {
        let key = Ending(rules: verdict.rules, decidingRule: verdict.decidingRule)
        if let known = endings[key] {
            buffer.append(contentsOf: known)
            return
        }
        let decider = scorer.decider(of: verdict)
        // Rule ids and reason codes are [a-z0-9_]: nothing to escape.
        let rule = decider.isEmpty ? "null" : "\"\(decider)\""
        let reasons = scorer.reasons(of: verdict).map { "\"\($0)\"" }.joined(separator: ",")
        let ending = Array(#","rule":\#(rule),"reasons":[\#(reasons)]}"#.utf8)
        if endings.count >= Self.maximumEndings { endings.removeAll(keepingCapacity: true) }
        endings[key] = ending
        buffer.append(contentsOf: ending)
    }

    /// Hands everything appended so far to the file and the file to the disk.
    func synchronize() throws {
        try flush()
        do { try handle.synchronize() } catch { throw PipelineError.verdicts("\(path): \(error.localizedDescription)") }
    }

    private func flush() throws {
        guard !buffer.isEmpty else { return }
        do { try handle.write(contentsOf: buffer) } catch { throw PipelineError.verdicts("\(path): \(error.localizedDescription)") }
        length += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}
