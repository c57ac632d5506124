import CClickRecord
import ClickModel
import Storage
import Testing

/// Rows written whole against the same rows written cell by cell.
@Suite("Whole rows of an epoch")
struct EpochRowTests {
    private static let reasons = ["known_crawler", "rate", "r", "hidden_element", "model_score"]
    private static let rules = ["rule-1", "a_rule_with_a_name_that_is_longer_than_thirty-two_bytes", "x", "yy"]
    private static let deciders = rules + ["model"]
    private static let classes = ["none", "givt", "sivt"]

    /// Texts of every length that is copied in its own way, and nulls.
    private struct Click {
        var record = ClickRecord()
        var arena: [UInt8] = []

        mutating func text(_ random: inout SplitMix64, least: Int = 0) -> TextRange {
            let length = [least, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 300].randomElement(using: &random)!
            let offset = arena.count
            for _ in 0..<length { arena.append(UInt8.random(in: 97...122, using: &random)) }
            return TextRange(offset: UInt32(offset), length: UInt32(length))
        }

        init(_ random: inout SplitMix64) {
            fraud_record_clear(&record)
            record.click_id = text(&random, least: 1)
            let ordinary = Int64.random(in: 0...4_000_000_000_000, using: &random)
            record.ts_ms = [Int64.max, .min, 0, -1, ordinary, ordinary].randomElement(using: &random)!
            for path in Self.texts { record[keyPath: path] = text(&random) }
            record.country = Bool.random(using: &random) ? 0 : UInt16(UInt8(ascii: "D")) << 8 | UInt16(UInt8(ascii: "E"))
            record.cost_e4 = Int64.random(in: 0...1 << 50, using: &random)
            record.source_offset = Int64.random(in: 0...1 << 50, using: &random)
        }

        static var texts: [WritableKeyPath<ClickRecord, TextRange>] {
            [
                \.ad_id, \.campaign_id, \.advertiser_id, \.publisher_id, \.placement_id, \.creative_id, \.audience_id, \.ip, \.user_agent, \.referrer,
                \.user_id, \.device_fingerprint,
            ]
        }
    }

    private static func same(_ table: WarehouseTable, _ fast: ArrowTableBuilder, _ slow: ArrowTableBuilder) throws -> Bool {
        let db = try DuckDB.open(":memory:")
        try db.ingest(fast, into: "fast", mode: .create)
        try db.ingest(slow, into: "slow", mode: .create)
        let differences =
            "SELECT count(*) FROM ((FROM fast EXCEPT ALL FROM slow) UNION ALL (FROM slow EXCEPT ALL FROM fast))"
        let counts = try db.query("SELECT (SELECT count(*) FROM fast), (SELECT count(*) FROM slow), (\(differences))").rows
        return counts == [[.int(Int64(slow.count)), .int(Int64(slow.count)), .int(0)]] && fast.columns == table.columns
    }

    private static func appendSlowly(
        _ click: Click, _ verdict: FlaggedVerdict, _ floats: [Float], source: String, epoch: Int64, to out: ArrowTableBuilder
    ) {
        func text(_ range: TextRange) -> String { String(decoding: click.arena[Int(range.offset)..<Int(range.offset + range.length)], as: UTF8.self) }
        func append(_ range: TextRange) { if range.length == 0 { out.appendNull() } else { out.append(text: text(range)) } }
        let record = click.record
        out.append(text: text(record.click_id))
        out.append(time: EventTime(milliseconds: record.ts_ms))
        for path in Click.texts.prefix(10) { append(record[keyPath: path]) }
        if record.country == 0 { out.appendNull() } else { out.append(text: "DE") }
        append(record.user_id)
        append(record.device_fingerprint)
        out.append(money: Money(e4: record.cost_e4))
        out.append(float: verdict.score)
        out.append(text: classes[verdict.trafficClass])
        out.append(text: deciders[verdict.decider])
        out.append(texts: [reasons[verdict.decider]] + reasons.indices.filter { verdict.furtherReasons >> UInt64($0) & 1 == 1 }.map { reasons[$0] })
        out.append(texts: rules.indices.filter { verdict.rules >> UInt64($0) & 1 == 1 }.map { rules[$0] })
        out.append(floats: floats)
        out.append(text: "model-1")
        out.append(text: "rules-1")
        out.append(text: source)
        out.append(int64: record.source_offset)
        out.append(int64: epoch)
        out.endRow()
    }

    @Test("Flagged clicks: every cell is that of the row written cell by cell, over fills of one commit", arguments: [1, 2, 3] as [UInt64])
    func flagged(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let epoch = EpochCommit(record: EpochRecord(epoch: 1, source: "", offset: 0, totals: EventTotals(), committedAt: EventTime(milliseconds: 0)))
        let names = FlaggedNames(
            reasons: Self.reasons, rules: Self.rules, deciders: Self.deciders, trafficClasses: Self.classes, modelID: "model-1", rulesetID: "rules-1")
        for rows in [1, 1500, 700] {
            epoch.removeAll()
            let slow = WarehouseTable.flagged.builder()
            for _ in 0..<rows {
                let click = Click(&random)
                let stride = Int.random(in: 1...3, using: &random)
                let floats = (0..<64 * stride).map { _ in Float.random(in: -1...1, using: &random) }
                let source = ["", "file:a", String(repeating: "long", count: 20)].randomElement(using: &random)!
                var record = click.record
                click.arena.withUnsafeBufferPointer { arena in
                    floats.withUnsafeBufferPointer { floats in
                        let verdict = FlaggedVerdict(
                            score: Float.random(in: 0...1, using: &random), furtherReasons: random.next() & 15, rules: random.next() & 15,
                            decider: Int.random(in: 0..<5, using: &random), trafficClass: Int.random(in: 0..<3, using: &random),
                            features: floats.baseAddress!, featureCount: 64, featureStride: stride)
                        Array(source.utf8).withUnsafeBytes {
                            epoch.appendFlagged(&record, arena: arena.baseAddress!, verdict, names, source: $0, epoch: 7)
                        }
                        Self.appendSlowly(click, verdict, (0..<64).map { floats[$0 * stride] }, source: source, epoch: 7, to: slow)
                    }
                }
            }
            #expect(try Self.same(.flagged, epoch.flagged.rows, slow), "seed \(seed), \(rows) rows")
        }
    }

    @Test("Sessions: every cell is that of the row written cell by cell, in the rows of its kind", arguments: [4, 5] as [UInt64])
    func sessions(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let epoch = EpochCommit(record: EpochRecord(epoch: 1, source: "", offset: 0, totals: EventTotals(), committedAt: EventTime(milliseconds: 0)))
        let slow = (new: WarehouseTable.sessions.builder(), old: WarehouseTable.sessions.builder())
        for _ in 0..<2000 {
            let isNew = Bool.random(using: &random)
            let visitor = String(repeating: "v", count: Int.random(in: 1...145, using: &random))
            let values = (0..<5).map { _ in Int64.random(in: 0...1 << 40, using: &random) }
            Array(visitor.utf8).withUnsafeBytes {
                epoch.appendSession(
                    visitor: $0, start: values[0], end: values[0] + values[1], clicks: values[2], ads: values[3], cost: values[4], epoch: 9, isNew: isNew)
            }
            let out = isNew ? slow.new : slow.old
            out.append(text: visitor)
            out.append(time: EventTime(milliseconds: values[0]))
            out.append(time: EventTime(milliseconds: values[0] + values[1]))
            for value in [values[2], values[3], values[1]] { out.append(int64: value) }
            out.append(money: Money(e4: values[4]))
            out.append(int64: 9)
            out.endRow()
        }
        #expect(try Self.same(.sessions, epoch.newSessions.rows, slow.new), "seed \(seed)")
        #expect(try Self.same(.sessions, epoch.sessions, slow.old), "seed \(seed)")
    }
}
