import ClickCodec
import ClickModel
import Foundation
import Pipeline

/// What a snapshot costs the stream.
enum BenchState {
    /// One click of each visitor, all with addresses, devices and users of their own, then the state's copy, again and again.
    static func snapshot(visitors: Int) throws -> String {
        var engine = Engine(scorer: try ScorerConfiguration().makeScorer())
        let rows = EpochRows()
        let batch = ClickBatch()
        for i in 0..<visitors {
            if i % ClickBatch.defaultCapacity == 0, i > 0 { try take(batch, &engine, rows, isFirst: i == ClickBatch.defaultCapacity) }
            var click = Click(
                clickID: "click-\(i)", time: EventTime(milliseconds: 1_790_000_000_000 + Int64(i) * 60_000_000 / Int64(visitors) / 100),
                adID: "ad-\(i % 500)", campaignID: "campaign-\(i % 500 % 40)", advertiserID: "advertiser-\(i % 500 % 40 % 9)")
            click.userID = "user-\(i)"
            click.deviceFingerprint = "device-\(i)"
            click.ip = "\(i >> 16 & 127 | 16).\(i >> 8 & 255).\(i & 255).7"
            try ClickEncoder.append(click, to: batch)
        }
        try take(batch, &engine, rows, isFirst: visitors <= ClickBatch.defaultCapacity)
        let state = StateBuffer()
        var pauses: [Double] = []
        for _ in 0..<6 {
            let before = BenchClock.thread
            state.fill(reserving: engine.snapshotBytes) { engine.write(to: &$0) }
            pauses.append(Double(BenchClock.thread - before) / 1e9)
        }
        let again = pauses.dropFirst().sorted()
        return "  " + String(visitors) + " visitors, " + String(engine.keyCount) + " keys, " + String(state.count >> 20)
            + String(format: " MiB: %.1f ms into fresh memory, then median %.1f ms, worst %.1f ms", pauses[0] * 1e3, again[again.count / 2] * 1e3, again.last! * 1e3)
    }

    private static func take(_ batch: ClickBatch, _ engine: inout Engine, _ rows: EpochRows, isFirst: Bool) throws {
        if isFirst { engine.open(source: 1, first: batch) }
        try engine.process(batch, into: rows, verdictWriter: nil)
        rows.removeAll()
        batch.removeAll()
    }
}
