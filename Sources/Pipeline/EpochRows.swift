internal import CClickRecord
package import ClickModel
internal import Features
package import Scoring
package import Storage
package import Windows

/// What becomes of the many rows of an epoch before it ends.
enum RowsAhead {
    /// They stay until then.
    case kept
    /// They are dropped by portions, as those that are written would be: the epoch is read again for its state alone.
    case forgotten
    /// They are written by portions.
    case written(Committer)
}

/// The rows of one epoch, filled while clicks are scored; becomes one database transaction.
package final class EpochRows: @unchecked Sendable {
    package let commit = EpochCommit(record: EpochRecord(epoch: 0, source: "", offset: 0, totals: EventTotals(), committedAt: EventTime(milliseconds: 0)))
    /// Keys of the open sources, by slot: what the rows' events came from.
    var sources = [String](repeating: "", count: StreamWatermark.maximumOpen) {
        didSet { nameSources() }
    }
    /// The same as bytes: owner, and where each begins.
    private var sourceNames = NameBytes([])
    private let sourceBytes = UnsafeMutablePointer<UnsafeRawBufferPointer>.allocate(capacity: StreamWatermark.maximumOpen)
    /// Keys of sources by number.
    var sourceKeys: [UInt64: String] = [:]
    /// Whether a row that is said to be new surely is: not once events were read again whose rows are in the tables already.
    var knowsRows = true
    /// Number of the epoch being filled.
    package var epoch: Int64 = 0
    /// What becomes of the many rows before the epoch ends.
    var ahead = RowsAhead.kept
    /// Flagged clicks of a portion, or as much of other rows, where rows do not stay.
    var portion = 0

    /// Of the scorer whose verdicts come here.
    private var names: VerdictNames?
    /// The same, to be read without counting a reference for each row.
    private var knownNames: Unmanaged<VerdictNames>?

    /// Duplicates of the epoch by ad and day.
    private var duplicates: [DuplicateKey: DuplicateTotal] = [:]

    private struct DuplicateKey: Hashable {
        var ad: UInt64
        var day: Int64
    }

    private struct DuplicateTotal {
        var adID: String
        var count: Int64 = 0
        var conflicts: Int64 = 0
        var cost = Money.zero
    }

    package init() {
        sourceBytes.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: StreamWatermark.maximumOpen)
    }

    deinit { sourceBytes.deallocate() }

    private func nameSources() {
        precondition(sources.count == StreamWatermark.maximumOpen, "a name for each slot")
        sourceNames = NameBytes(sources)
        for slot in sources.indices { sourceBytes[slot] = sourceNames[slot] }
    }

    package var isFull: Bool { commit.isFull }

    /// Forgets the rows and keeps the memory.
    package func removeAll() {
        commit.removeAll()
        duplicates.removeAll(keepingCapacity: true)
    }

    /// The key of a source that this job has open, or had; else the number its key begins with.
    func sourceKey(_ number: UInt64) -> String { sourceKeys[number] ?? number.hexDigits }

    /// Hands over what has come to a portion of rows of a table.
    @inline(__always)
    func handOver(_ rows: PortionedRows) {
        if rows.isDue(portion: portion) { give(rows) }
    }

    @inline(never)
    private func give(_ rows: PortionedRows) {
        switch ahead {
        case .kept: return
        case .forgotten:
            rows.handOver { rows, _ in
                rows.removeAll()
                return rows
            }
        case .written(let committer): rows.handOver { committer.write($0, of: $1, ahead: epoch) }
        }
    }

    /// Names the sources, by slot, that events come from, as another set of rows knows them; and what becomes of rows.
    func takeSources(of other: EpochRows) {
        knowsRows = other.knowsRows
        ahead = other.ahead
        portion = other.portion
        sources = other.sources
        sourceKeys = other.sourceKeys
    }

    @inline(__always)
    func append<let n: Int>(_ texts: InlineArray<n, TextRange>, _ arena: UnsafePointer<UInt8>, to out: ArrowTableBuilder) {
        for i in texts.indices { out.append(textOrNull: Self.bytes(texts[i], arena)) }
    }

    static func bytes(_ text: TextRange, _ arena: UnsafePointer<UInt8>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: arena + Int(text.offset), count: Int(text.length))
    }

    package func appendFlagged(
        _ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>, verdict: Verdict, scorer: Scorer, block: FeatureBlock, row: Int
    ) {
        let names = knownNames ?? learnNames(scorer)
        names._withUnsafeGuaranteedRef { names in
            commit.appendFlagged(
                record, arena: arena,
                FlaggedVerdict(
                    score: verdict.score, furtherReasons: names.furtherReasons(verdict), rules: verdict.rules, decider: names.decider(verdict),
                    trafficClass: Int(verdict.ivt.rawValue), features: block.values + row, featureCount: Feature.count,
                    featureStride: block.stride),
                names.texts, source: sourceBytes[Int(record.pointee.partition)], epoch: epoch)
        }
    }

    private func learnNames(_ scorer: Scorer) -> Unmanaged<VerdictNames> {
        let made = VerdictNames(scorer)
        let known = Unmanaged.passUnretained(made)
        (names, knownNames) = (made, known)
        return known
    }

    func appendLate(_ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>, watermark: Int64) {
        let out = commit.late
        appendDimensions(record, arena, to: out)
        append([record.pointee.ip, record.pointee.user_agent, record.pointee.user_id, record.pointee.device_fingerprint], arena, to: out)
        out.append(money: Money(e4: record.pointee.cost_e4))
        out.append(time: EventTime(milliseconds: watermark))
        appendOrigin(record, to: out)
    }

    func appendRejected(_ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>) {
        let out = commit.rejected
        let code = RejectCode(rawValue: record.pointee.error_code) ?? .badValue
        let field = RejectCode.fieldName(record.pointee.error_field)
        out.append(text: sources[Int(record.pointee.partition)])
        out.append(int64: record.pointee.source_line)
        out.append(int64: record.pointee.source_offset)
        out.append(text: code.name)
        if field.isEmpty { out.appendNull() } else { out.append(text: field) }
        out.append(text: code.message(field: field))
        out.append(binary: Self.bytes(record.pointee.raw, arena))
        out.append(int64: epoch)
        out.endRow()
    }

    /// - Parameter isConflict: it says something else than the click whose id it repeats.
    func appendDuplicate(_ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>, isConflict: Bool) {
        let day = EventTime(milliseconds: record.pointee.ts_ms).windowStart(size: EventTime.millisecondsPerDay).milliseconds
        let key = DuplicateKey(ad: record.pointee.ad_hash, day: day / EventTime.millisecondsPerDay)
        if duplicates[key] == nil {
            duplicates[key] = DuplicateTotal(adID: String(decoding: Self.bytes(record.pointee.ad_id, arena), as: UTF8.self))
        }
        duplicates[key]!.count += 1
        duplicates[key]!.cost += Money(e4: record.pointee.cost_e4)
        guard isConflict else { return }
        duplicates[key]!.conflicts += 1
        let out = commit.conflicts
        out.append(text: Self.bytes(record.pointee.click_id, arena))
        out.append(time: EventTime(milliseconds: record.pointee.ts_ms))
        append([record.pointee.ad_id, record.pointee.campaign_id, record.pointee.advertiser_id], arena, to: out)
        out.append(money: Money(e4: record.pointee.cost_e4))
        appendOrigin(record, to: out)
    }

    package func appendWindow(_ row: borrowing WindowRow) {
        let out =
            switch row.level {
            case .minute: row.isNew && knowsRows ? commit.newMinutes.rows : commit.minutes
            case .hour: commit.hours
            case .day: commit.days
            }
        out.append(text: row.adID)
        out.append(text: row.campaignID)
        out.append(text: row.advertiserID)
        switch row.level {
        case .minute:
            out.append(time: EventTime(milliseconds: row.startMilliseconds))
            out.append(time: EventTime(milliseconds: row.endMilliseconds))
        case .hour: out.append(time: EventTime(milliseconds: row.startMilliseconds))
        case .day: out.append(days: Int32(truncatingIfNeeded: row.startMilliseconds / EventTime.millisecondsPerDay))
        }
        out.append(int64: row.clickCount)
        out.append(int64: row.uniqueUsers)
        out.append(int64: row.validClicks)
        out.append(int64: row.fraudClicks)
        out.append(money: row.totalCost)
        out.append(binary: row.uniqueUsersSketch)
        switch row.level {
        case .minute:
            out.append(text: row.firing.name)
            out.append(int64: epoch)
        case .hour: break
        case .day:
            out.append(int64: row.billableClicks)
            out.append(money: row.billableCost)
        }
        out.endRow()
        handOver(commit.newMinutes)
    }

    /// Completes the epoch: its record, the sources that moved, and the duplicates in a fixed order.
    package func close(totals: JobTotals, source: SourceRecord, sources: [SourceRecord], isFinal: Bool, committedAt: EventTime) {
        commit.record = EpochRecord(
            epoch: epoch, source: source.source, offset: source.offset, totals: totals.ends, committedAt: committedAt, isFinal: isFinal)
        commit.sources = sources
        let out = commit.duplicates
        for (key, total) in duplicates.sorted(by: { ($0.key.day, $0.value.adID) < ($1.key.day, $1.value.adID) }) {
            out.append(text: total.adID)
            out.append(days: Int32(truncatingIfNeeded: key.day))
            out.append(int64: total.count)
            out.append(money: total.cost)
            out.append(int64: total.conflicts)
            out.append(int64: epoch)
            out.endRow()
        }
    }

    /// `click_id, ts` and the seven dimensions.
    private func appendDimensions(_ record: UnsafePointer<ClickRecord>, _ arena: UnsafePointer<UInt8>, to out: ArrowTableBuilder) {
        let r = record.pointee
        out.append(text: Self.bytes(r.click_id, arena))
        out.append(time: EventTime(milliseconds: r.ts_ms))
        append([r.ad_id, r.campaign_id, r.advertiser_id, r.publisher_id, r.placement_id, r.creative_id, r.audience_id], arena, to: out)
    }

    /// `source, source_offset, epoch`, and the end of the row.
    func appendOrigin(_ record: UnsafePointer<ClickRecord>, to out: ArrowTableBuilder) {
        out.append(text: sourceBytes[Int(record.pointee.partition)])
        out.append(int64: record.pointee.source_offset)
        out.append(int64: epoch)
        out.endRow()
    }
}
