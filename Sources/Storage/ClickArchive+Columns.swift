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

/// The scorer's answer as it is archived; numbers are places among the names of an `ArchivedNames`.
package struct ArchivedVerdict {
    package var label: Label
    package var score: Float
    package var ivt: InvalidTraffic
    /// The rule that decided, or what else did; nil when nothing spoke against the click.
    package var decider: Int?
    /// Whose reason comes first, and whose come after it.
    package var firstReason: Int?
    package var furtherReasons: UInt64
    /// Bit i is set when rule i of the rule set fired.
    package var rules: UInt64

    package init(label: Label, score: Float, ivt: InvalidTraffic, decider: Int?, firstReason: Int?, furtherReasons: UInt64, rules: UInt64) {
        self.label = label
        self.score = score
        self.ivt = ivt
        self.decider = decider
        self.firstReason = firstReason
        self.furtherReasons = furtherReasons
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
    /// The stream's watermark at arrival, ms; the smallest integer before there was any.
    package var watermark: Int64
    /// Key of the source, lent.
    package var source: UnsafeRawBufferPointer
    package var epoch: Int64
    /// Number of the event in arrival order, within its database.
    package var seq: Int64

    package init(
        status: EventStatus, conflict: Bool? = nil, verdict: ArchivedVerdict?, watermark: Int64, source: UnsafeRawBufferPointer, epoch: Int64, seq: Int64
    ) {
        self.status = status
        self.conflict = conflict
        self.verdict = verdict
        self.watermark = watermark
        self.source = source
        self.epoch = epoch
        self.seq = seq
    }
}

/// The names that rows of the archive repeat.
package final class ArchivedNames: Sendable {
    let verdicts: FlaggedNames
    /// Of the reference lists and GeoIP database at hand.
    let lists: NameBytes
    let statuses = NameBytes(EventStatus.allCases.map(\.name))
    /// By raw value; nothing for 0, which is unknown.
    let labels = NameBytes((0...2).map { Label(rawValue: $0)?.name ?? "" })

    package init(_ verdicts: FlaggedNames, listsID: String) {
        self.verdicts = verdicts
        lists = NameBytes([listsID])
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

    /// The cells alone: no name is counted as it goes by.
    private static let cells = inputCells.map(\.cell)

    /// Appends one event to a builder made by `makeBuilder`.
    /// - Complexity: O(bytes of its texts); allocates only while the builder grows.
    package static func append(
        _ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>, _ outcome: borrowing ArchivedOutcome, _ names: ArchivedNames,
        to rows: ArrowTableBuilder
    ) {
        let base = UnsafeRawPointer(record)
        var row = rows.newRow()
        cells.withUnsafeBufferPointer { cells in
            for cell in cells {
                switch cell {
                case .text(let at):
                    let text = base.load(fromByteOffset: at, as: TextRange.self)
                    row.add(textOrNull: UnsafeRawBufferPointer(start: arena + Int(text.offset), count: Int(text.length)))
                case .number(let at): row.add(floatOrNull: base.load(fromByteOffset: at, as: Float.self))
                case .time(let at): row.add(timeOrNull: base.load(fromByteOffset: at, as: Int64.self))
                case .flag(let at):
                    let flag = base.load(fromByteOffset: at, as: UInt8.self)
                    row.add(boolOrNull: flag == FRAUD_UNKNOWN ? nil : flag == FRAUD_YES)
                case .cost: row.add(money: record.pointee.cost_e4)
                case .country: row.add(country: record.pointee.country)
                case .truth: row.add(textOrNull: names.labels[Label(rawValue: record.pointee.truth) == nil ? 0 : Int(record.pointee.truth)])
                }
            }
        }
        append(outcome, names, offset: record.pointee.source_offset, to: &row)
        rows.end(row)
    }

    @inline(__always)
    private static func append(_ outcome: borrowing ArchivedOutcome, _ names: ArchivedNames, offset: Int64, to row: inout ArrowRow) {
        row.add(text: names.statuses[Int(outcome.status.rawValue)])
        row.add(boolOrNull: outcome.conflict)
        if let verdict = outcome.verdict {
            row.add(text: names.labels[Int(verdict.label.rawValue)])
            row.add(float: verdict.score)
            row.add(text: names.verdicts.trafficClasses[Int(verdict.ivt.rawValue)])
            if let decider = verdict.decider { row.add(text: names.verdicts.deciders[decider]) } else { row.addNull() }
            row.add(texts: names.verdicts.reasons, first: verdict.firstReason, selectedBy: verdict.furtherReasons)
            row.add(int64: Int64(bitPattern: verdict.rules))
        } else {
            for _ in 0..<6 { row.addNull() }
        }
        row.add(text: names.verdicts.versions[0])
        row.add(text: names.verdicts.versions[1])
        row.add(text: names.lists[0])
        row.add(timeOrNull: outcome.watermark)
        row.add(text: outcome.source)
        row.add(int64: offset)
        row.add(int64: outcome.epoch)
        row.add(int64: outcome.seq)
    }
}
