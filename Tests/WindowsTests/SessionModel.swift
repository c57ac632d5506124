import CClickRecord
import ClickModel
import Windows

/// A click of the session tests.
struct SessionClick: Sendable {
    var ts: Int64
    var user = ""
    var device = ""
    var ip = ""
    var agent = ""
    var ad = "ad"
    var cost: Int64 = 1

    /// What makes two clicks one visitor's; empty when unknown.
    var visitor: String { !user.isEmpty ? user : !device.isEmpty ? device : ip + agent }

    func withRecord<R>(_ body: (UnsafePointer<ClickRecord>, UnsafeRawPointer) -> R) -> R {
        var record = fraud_click_record()
        fraud_record_clear(&record)
        var arena: [UInt8] = Array("padding".utf8)
        func text(_ value: String) -> fraud_text {
            let start = arena.count
            arena += Array(value.utf8)
            return fraud_text(offset: UInt32(start), length: UInt32(arena.count - start))
        }
        record.ad_id = text(ad)
        record.user_id = text(user)
        record.device_fingerprint = text(device)
        record.ip = text(ip)
        record.user_agent = text(agent)
        record.ts_ms = ts
        record.cost_e4 = cost
        return arena.withUnsafeBufferPointer { bytes in
            fraud_record_finish(&record, bytes.baseAddress!)
            return body(&record, UnsafeRawPointer(bytes.baseAddress!))
        }
    }
}

/// The key of the table of sessions.
struct SessionKey: Hashable {
    var visitor: String
    var start: Int64
}

/// The rest of a row.
struct SessionTotals: Equatable {
    var end: Int64
    var clicks: Int64
    var ads: Int64
    var cost: Int64
    var duration: Int64
}

/// A row as it came out, copied; no totals when it is a removal.
struct EmittedSession: Equatable {
    var key: SessionKey
    var totals: SessionTotals?
}

extension SessionStore {
    mutating func add(_ click: SessionClick) {
        click.withRecord { record, arena in add(record: record, arena: arena) }
    }

    mutating func drainRows(watermark: Int64, final: Bool = false) -> [EmittedSession] {
        var rows: [EmittedSession] = []
        drain(watermark: watermark, final: final) { row in
            let key = SessionKey(visitor: String(decoding: row.visitor, as: UTF8.self), start: row.startMilliseconds)
            let totals = SessionTotals(
                end: row.endMilliseconds, clicks: row.clickCount, ads: row.distinctAds, cost: row.totalCost.e4,
                duration: row.durationMilliseconds)
            rows.append(EmittedSession(key: key, totals: row.isRemoved ? nil : totals))
        }
        return rows
    }

    func snapshot() -> [UInt8] {
        var writer = StateWriter()
        write(to: &writer)
        return writer.bytes
    }
}

/// The table that a reader of the emitted rows keeps.
struct ReaderTable {
    var rows: [SessionKey: SessionTotals] = [:]

    /// Applies the rows of one drain; what is wrong with them, if anything.
    mutating func apply(_ emitted: [EmittedSession]) -> String? {
        var seen: Set<SessionKey> = []
        var last: (isWritten: Bool, start: Int64) = (false, .min)
        for row in emitted {
            let isWritten = row.totals != nil
            if !seen.insert(row.key).inserted { return "\(row.key) comes twice" }
            if !isWritten && last.isWritten { return "the removal of \(row.key) comes after a row that is written" }
            if isWritten == last.isWritten && row.key.start < last.start { return "\(row.key) is out of order" }
            last = (isWritten, row.key.start)
            if isWritten {
                if rows[row.key] == row.totals { return "\(row.key) is written though it did not change" }
                rows[row.key] = row.totals
            } else if rows.removeValue(forKey: row.key) == nil {
                return "\(row.key) is removed though it is not there"
            }
        }
        return nil
    }
}

/// What the sessions must be: all clicks, sorted and scanned anew at every drain; slow and obvious.
struct SessionModel {
    private struct Click {
        var ts: Int64
        var ad: String
        var cost: Int64
        /// It was part of a session that was emitted.
        var isShown = false
    }

    let gap: Int64
    let lateness: Int64
    private var clicks: [String: [Click]] = [:]

    init(gap: Int64, lateness: Int64) {
        self.gap = gap
        self.lateness = lateness
    }

    func isLate(_ ts: Int64, watermark: Int64) -> Bool { WindowModel.floor(ts, 60_000) + 60_000 + lateness <= watermark }

    mutating func add(_ click: SessionClick) {
        guard !click.visitor.isEmpty else { return }
        clicks[click.visitor, default: []].append(Click(ts: click.ts, ad: click.ad, cost: click.cost))
    }

    /// Ranges of a visitor's clicks, sorted by time, that are a session each.
    private func sessions(_ sorted: [Click]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var start = 0
        for i in 1...sorted.count where i == sorted.count || sorted[i].ts - sorted[i - 1].ts >= gap {
            found.append(start..<i)
            start = i
        }
        return found
    }

    /// The table after a drain, and the sessions that a click can still reach.
    mutating func drain(watermark: Int64, final: Bool) -> (rows: [SessionKey: SessionTotals], reachable: Int) {
        var rows: [SessionKey: SessionTotals] = [:]
        var reachable = 0
        for visitor in clicks.keys {
            var sorted = clicks[visitor]!.sorted { $0.ts < $1.ts }
            for range in sessions(sorted) {
                let (start, end) = (sorted[range.lowerBound].ts, sorted[range.upperBound - 1].ts)
                if !isLate(end + gap - 1, watermark: watermark) { reachable += 1 }
                guard final || end + gap <= watermark || sorted[range].contains(where: \.isShown) else { continue }
                for i in range { sorted[i].isShown = true }
                rows[SessionKey(visitor: Self.stored(visitor), start: start)] = SessionTotals(
                    end: end, clicks: Int64(range.count), ads: Int64(Set(sorted[range].map(\.ad)).count),
                    cost: sorted[range].reduce(0) { $0 + $1.cost }, duration: end - start)
            }
            clicks[visitor] = sorted
        }
        return (rows, reachable)
    }

    /// The text under which a visitor is stored.
    static func stored(_ visitor: String) -> String {
        guard visitor.utf8.count > 128 else { return visitor }
        var cut = ""
        for scalar in visitor.unicodeScalars {
            guard cut.utf8.count + String(scalar).utf8.count <= 128 else { break }
            cut.unicodeScalars.append(scalar)
        }
        let hash = SessionClick(ts: 0, user: visitor).withRecord { record, _ in record.pointee.visitor_hash }
        return "\(cut)~\(hash.hexDigits)"
    }
}
