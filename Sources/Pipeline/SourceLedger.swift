internal import ClickCodec
internal import ClickModel
internal import Storage

/// Where each source of a database stands, and what it has brought so far.
struct SourceLedger {
    private var records: [String: SourceRecord] = [:]
    private var keys: [UInt64: String] = [:]
    private var changed: Set<String> = []
    private var used: [String] = []
    /// Key of the source that moved last.
    private(set) var latest = ""

    init(_ known: [SourceRecord]) {
        for record in known { store(record) }
    }

    private mutating func store(_ record: SourceRecord) {
        records[record.source] = record
        keys[Self.number(of: record.source)] = record.source
    }

    /// The known source this content belongs to, or a new one. Changes nothing.
    ///
    /// A source known by a short prefix that has grown since is known by the longer one from now on, so that another file
    /// with the same beginning is told apart.
    func recognise(_ name: String, _ identity: SourceIdentity) -> SourceRecord {
        guard var record = identity.match(among: Array(records.values)) else {
            let hash = identity.hash(first: identity.prefix.count)
            // The beginning of a source that was known by it before it grew.
            if let grown = records[hash] { return grown }
            return SourceRecord(source: hash, name: name, prefixBytes: Int64(identity.prefix.count), prefixHash: hash, line: 1)
        }
        record.name = name
        if Int(record.prefixBytes) < identity.prefix.count {
            record.prefixBytes = Int64(identity.prefix.count)
            record.prefixHash = identity.hash(first: identity.prefix.count)
        }
        return record
    }

    /// Takes up a source that `recognise` gave; it is written with the next epoch that moves or ends it.
    mutating func begin(_ record: SourceRecord) {
        store(record)
        if !used.contains(record.source) { used.append(record.source) }
    }

    /// Every known source, in no order.
    var all: [SourceRecord] { Array(records.values) }

    func record(_ key: String) -> SourceRecord? { records[key] }

    mutating func advance(_ key: String, to position: SourcePosition) {
        guard records[key]?.offset != position.offset || records[key]?.line != position.line else { return }
        records[key]?.offset = position.offset
        records[key]?.line = position.line
        records[key]?.finished = false
        latest = key
        changed.insert(key)
    }

    /// Adds what a source's events came to; also of a source whose clicks were relabelled later.
    mutating func add(_ totals: JobTotals, to key: String) {
        guard totals != JobTotals(), var record = records[key] else { return }
        record.grossCost += totals.gross
        record.billableCost += totals.billable
        record.totals = (JobTotals(record) + totals).ends
        records[key] = record
        changed.insert(key)
    }

    /// A source was read to its end.
    mutating func finish(_ key: String) {
        guard records[key]?.finished == false else { return }
        records[key]?.finished = true
        changed.insert(key)
    }

    /// Notes what stands before a source's place, so that a later run can tell whether the file is still the same.
    mutating func setTail(_ key: String, _ hash: String?) {
        guard let record = records[key], record.tailHash != hash else { return }
        records[key]?.tailHash = hash
        changed.insert(key)
    }

    /// Notes how much of the verdicts file belongs to what is committed with the sources that moved.
    mutating func setVerdicts(path: String, bytes: Int64) {
        guard let key = changed.min() ?? used.first else { return }
        records[key]?.verdictsPath = path
        records[key]?.verdictsBytes = bytes
        changed.insert(key)
    }

    var hasChanges: Bool { !changed.isEmpty }

    /// Committed length of a verdicts file, by its standard path; nil when no source wrote to it last.
    func verdictBytes(of path: String) -> Int64? {
        records.values.filter { $0.verdictsPath == path }.map(\.verdictsBytes).max()
    }

    /// Records of the sources this job was given.
    var touched: [SourceRecord] { used.compactMap { records[$0] } }

    /// Key of the source with this number; the watermark and the windows know sources by number.
    func key(number: UInt64) -> String? { keys[number] }

    /// A source's number: the first 64 bits of its key.
    static func number(of key: String) -> UInt64 { UInt64(key.prefix(16), radix: 16) ?? 0 }

    /// The records to write with the next epoch, in a fixed order.
    mutating func takeChanges() -> [SourceRecord] {
        defer { changed.removeAll() }
        return changed.sorted().compactMap { records[$0] }
    }
}
