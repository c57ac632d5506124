internal import CClickRecord
internal import ClickModel
internal import Foundation
internal import Scoring

/// Writes one JSON line per received event, in input order: `click_id, ts, status, label, score, ivt, rule, reasons`.
///
/// The file follows the epochs: what was written after the last committed epoch is cut off when a job goes on, so the
/// file of an interrupted job equals that of an undisturbed one. One thread uses it at a time.
package final class VerdictWriter: @unchecked Sendable {
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
        let present = try Self.attempt(path) { Int64(try handle.seekToEnd()) }
        guard present >= committedLength else {
            throw PipelineError.verdicts(
                "\(path): has \(present) bytes, but \(committedLength) were committed: was it changed? Give another --verdicts file")
        }
        _ = try Self.attempt(path) {
            try handle.truncate(atOffset: UInt64(committedLength))
            return try handle.seekToEnd()
        }
        buffer.reserveCapacity(Self.flushBytes + 4096)
    }

    deinit { try? handle.close() }

    /// - Throws: `PipelineError.verdicts` with the system's own words where there are any.
    private static func attempt<Result>(_ path: String, _ operation: () throws -> Result) throws -> Result {
        do { return try operation() } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            let words = cause.map { String(cString: strerror(Int32($0.code))) } ?? error.localizedDescription
            throw PipelineError.verdicts("\(path): the verdicts cannot be written: \(words)")
        }
    }

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
        try Self.attempt(path) { try handle.synchronize() }
    }

    private func flush() throws {
        guard !buffer.isEmpty else { return }
        try Self.attempt(path) { try handle.write(contentsOf: buffer) }
        length += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}
