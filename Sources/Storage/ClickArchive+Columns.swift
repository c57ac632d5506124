internal import CClickRecord
package import ClickModel

/// Where a cell of the archive stands in a click record.
enum ArchiveCell {
    /// A `TextRange` at this byte; empty is unknown.
    case text(Int)
    /// A number at this byte; NaN is unknown.
    case number(Int)
    /// Milliseconds at this byte; the smallest integer is unknown.
    case time(Int)
    /// FRAUD_UNKNOWN, NO or YES at this byte.
    case flag(Int)
    case cost, country, truth

    var kind: ArrowColumnKind {
        switch self {
        case .text, .country, .truth: .text
        case .number: .float
        case .time: .timestamp
        case .flag: .bool
        case .cost: .money
        }
    }
}

/// The scorer's answer as it is archived.
package struct ArchivedVerdict {
    package var label: Label
    package var score: Float
    package var ivt: InvalidTraffic
    /// The rule that decided, or what else did; nil when nothing spoke against the click.
    package var decidingRule: String?
    package var reasons: [ReasonCode]
    /// Bit i is set when rule i of the rule set fired.
    package var rules: UInt64

    package init(label: Label, score: Float, ivt: InvalidTraffic, decidingRule: String?, reasons: [ReasonCode], rules: UInt64) {
        self.label = label
        self.score = score
        self.ivt = ivt
        self.decidingRule = decidingRule
        self.reasons = reasons
        self.rules = rules
    }
}

/// What became of an archived event, beside its input.
package struct ArchivedOutcome {
    /// `counted`, `duplicate` or `late`.
    package var status: EventStatus
    /// Of a duplicate: whether it says something else than the first click of its id.
    package var conflict: Bool?
    /// None for an event that was not scored.
    package var verdict: ArchivedVerdict?
    package var modelID: String
    package var rulesetID: String
    /// The reference lists and GeoIP database at hand.
    package var listsID: String
    /// The stream's watermark at arrival; nil before there was any.
    package var watermark: EventTime?
    /// Key of the source.
    package var source: String
    package var epoch: Int64
    /// Number of the event in arrival order, within its database.
    package var seq: Int64

    package init(
        status: EventStatus, conflict: Bool? = nil, verdict: ArchivedVerdict?, modelID: String, rulesetID: String, listsID: String = "", watermark: EventTime?,
        source: String, epoch: Int64, seq: Int64
    ) {
        self.status = status
        self.conflict = conflict
        self.verdict = verdict
        self.modelID = modelID
        self.rulesetID = rulesetID
        self.listsID = listsID
        self.watermark = watermark
        self.source = source
        self.epoch = epoch
        self.seq = seq
    }
}

extension ClickArchive {
    /// The input, under its schema names in schema order; a click's own label is `true_label`.
    static let inputCells: [(name: String, cell: ArchiveCell)] = {
        func at(_ path: PartialKeyPath<ClickRecord>) -> Int { MemoryLayout<ClickRecord>.offset(of: path)! }
        return [
            ("click_id", .text(at(\.click_id))), ("ts", .time(at(\.ts_ms))), ("ad_id", .text(at(\.ad_id))),
            ("campaign_id", .text(at(\.campaign_id))), ("advertiser_id", .text(at(\.advertiser_id))),
            ("publisher_id", .text(at(\.publisher_id))), ("placement_id", .text(at(\.placement_id))),
            ("creative_id", .text(at(\.creative_id))), ("audience_id", .text(at(\.audience_id))), ("cost", .cost),
            ("user_id", .text(at(\.user_id))), ("device_fingerprint", .text(at(\.device_fingerprint))), ("ip", .text(at(\.ip))),
            ("user_agent", .text(at(\.user_agent))), ("referrer", .text(at(\.referrer))), ("country", .country),
            ("lat", .number(at(\.lat))), ("lon", .number(at(\.lon))), ("tz_offset_min", .number(at(\.tz_offset_min))),
            ("impression_id", .text(at(\.impression_id))), ("impression_ts", .time(at(\.impression_ts_ms))),
            ("pointer_moves", .number(at(\.pointer_moves))), ("pointer_distance_px", .number(at(\.pointer_distance_px))),
            ("pointer_straightness", .number(at(\.pointer_straightness))), ("pointer_duration_ms", .number(at(\.pointer_duration_ms))),
            ("pointer_speed_cv", .number(at(\.pointer_speed_cv))), ("hover_ms", .number(at(\.hover_ms))),
            ("scroll_events", .number(at(\.scroll_events))), ("key_events", .number(at(\.key_events))), ("touch", .flag(at(\.touch))),
            ("time_to_click_ms", .number(at(\.time_to_click_ms))), ("visible_ratio", .number(at(\.visible_ratio))),
            ("opacity", .number(at(\.opacity))), ("element_width_px", .number(at(\.element_width_px))),
            ("element_height_px", .number(at(\.element_height_px))), ("webdriver", .flag(at(\.webdriver))),
            ("dwell_ms", .number(at(\.dwell_ms))), ("true_label", .truth), ("attack", .text(at(\.attack))),
        ]
    }()

    /// What became of the event.
    static let outcomeColumns = [
        ArrowColumn("status", .text), ArrowColumn("conflict", .bool), ArrowColumn("verdict_label", .text), ArrowColumn("score", .float),
        ArrowColumn("ivt", .text), ArrowColumn("deciding_rule", .text), ArrowColumn("reasons", .textList), ArrowColumn("rules", .int64),
        ArrowColumn("model_id", .text), ArrowColumn("ruleset_id", .text), ArrowColumn("lists_id", .text),
        ArrowColumn("watermark", .timestamp),
        ArrowColumn("source", .text), ArrowColumn("source_offset", .int64), ArrowColumn("epoch", .int64), ArrowColumn("seq", .int64),
    ]

    /// The archive's columns in file order. Unknown is NULL. A reader sees two more, from the folders' names: `date` and `hour`
    /// of `ts`.
    package static let columns = inputCells.map { ArrowColumn($0.name, $0.cell.kind) } + outcomeColumns

    /// Appends one event to a builder made by `makeBuilder`.
    /// - Complexity: O(bytes of its texts); allocates only while the builder grows.
    package static func append(
        _ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>, _ outcome: borrowing ArchivedOutcome, to rows: ArrowTableBuilder
    ) {
        let base = UnsafeRawPointer(record)
        for (_, cell) in inputCells {
            switch cell {
            case .text(let at):
                let text = base.load(fromByteOffset: at, as: TextRange.self)
                rows.append(textOrNull: UnsafeRawBufferPointer(start: arena + Int(text.offset), count: Int(text.length)))
            case .number(let at):
                let number = base.load(fromByteOffset: at, as: Float.self)
                if number.isNaN { rows.appendNull() } else { rows.append(float: number) }
            case .time(let at):
                let time = base.load(fromByteOffset: at, as: Int64.self)
                if time == .min { rows.appendNull() } else { rows.append(time: EventTime(milliseconds: time)) }
            case .flag(let at): append(flag: base.load(fromByteOffset: at, as: UInt8.self), to: rows)
            case .cost: rows.append(money: Money(e4: record.pointee.cost_e4))
            case .country: append(country: record.pointee.country, to: rows)
            case .truth: append(optional: Label(rawValue: record.pointee.truth)?.name, to: rows)
            }
        }
        append(outcome, offset: record.pointee.source_offset, to: rows)
    }

    private static func append(_ outcome: borrowing ArchivedOutcome, offset: Int64, to rows: ArrowTableBuilder) {
        rows.append(text: outcome.status.name)
        if let conflict = outcome.conflict { rows.append(bool: conflict) } else { rows.appendNull() }
        if let verdict = outcome.verdict {
            rows.append(text: verdict.label.name)
            rows.append(float: verdict.score)
            rows.append(text: verdict.ivt.name)
            append(optional: verdict.decidingRule, to: rows)
            // Most clicks have none, and an empty list is made without memory.
            rows.append(texts: verdict.reasons.isEmpty ? [] : verdict.reasons.map(\.rawValue))
            rows.append(int64: Int64(bitPattern: verdict.rules))
        } else {
            for _ in 0..<6 { rows.appendNull() }
        }
        rows.append(text: outcome.modelID)
        rows.append(text: outcome.rulesetID)
        rows.append(text: outcome.listsID)
        if let watermark = outcome.watermark { rows.append(time: watermark) } else { rows.appendNull() }
        rows.append(text: outcome.source)
        rows.append(int64: offset)
        rows.append(int64: outcome.epoch)
        rows.append(int64: outcome.seq)
        rows.endRow()
    }

    private static func append(optional text: String?, to rows: ArrowTableBuilder) {
        if let text { rows.append(text: text) } else { rows.appendNull() }
    }

    private static func append(flag: UInt8, to rows: ArrowTableBuilder) {
        if flag == FRAUD_UNKNOWN { rows.appendNull() } else { rows.append(bool: flag == FRAUD_YES) }
    }

    private static func append(country: UInt16, to rows: ArrowTableBuilder) {
        guard country != 0 else { return rows.appendNull() }
        withUnsafeBytes(of: country.bigEndian) { rows.append(text: $0) }
    }
}
