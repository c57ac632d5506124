internal import ClickCodec
internal import ClickModel
internal import Storage

/// Where each source of a database stands, and what it has brought so far.
struct SourceLedger {
    private var records: [String: SourceRecord] = [:]
    private var changed: Set<String> = []
    private var used: [String] = []
    private(set) var current = SourceRecord(source: "", name: "")

    init(_ known: [SourceRecord]) {
        for record in known { records[record.source] = record }
    }

    /// Makes the source with this content the current one, known or new; returns where to go on reading it.
    ///
    /// A source known by a short prefix that has grown since is known by the longer one from now on, so that another file
    /// with the same beginning is told apart.
    mutating func begin(_ name: String, identity: SourceIdentity) -> SourcePosition {
        if let known = identity.match(among: Array(records.values)) {
            current = known
            current.finished = false
            if Int(known.prefixBytes) < identity.prefix.count {
                current.prefixBytes = Int64(identity.prefix.count)
                current.prefixHash = identity.hash(first: identity.prefix.count)
            }
        } else {
            let hash = identity.hash(first: identity.prefix.count)
            current = SourceRecord(source: hash, name: name, prefixBytes: Int64(identity.prefix.count), prefixHash: hash, line: 1)
        }
        current.name = name
        if !used.contains(current.source) { used.append(current.source) }
        return SourcePosition(offset: current.offset, line: current.line)
    }

    mutating func advance(to position: SourcePosition, adding totals: JobTotals) {
        current.offset = position.offset
        current.line = position.line
        current.grossCost += totals.gross
        current.billableCost += totals.billable
        current.totals = (JobTotals(current) + totals).ends
        store()
    }

    /// The current source was read to its end.
    mutating func finish() {
        current.finished = true
        if records[current.source]?.finished != true { store() }
    }

    /// Notes what stands before the current place, so that a later run can tell whether the file is still the same.
    mutating func setTail(_ hash: String?) {
        guard current.tailHash != hash else { return }
        current.tailHash = hash
        if records[current.source] != nil { store() }
    }

    mutating func setVerdicts(path: String, bytes: Int64) {
        current.verdictsPath = path
        current.verdictsBytes = bytes
        store()
    }

    private mutating func store() {
        records[current.source] = current
        changed.insert(current.source)
    }

    var hasChanges: Bool { !changed.isEmpty }

    /// Committed length of a verdicts file, by its standard path; nil when no source wrote to it last.
    func verdictBytes(of path: String) -> Int64? {
        records.values.filter { $0.verdictsPath == path }.map(\.verdictsBytes).max()
    }

    /// Records of the sources this job was given.
    var touched: [SourceRecord] { used.compactMap { records[$0] } }

    /// The records to write with the next epoch, in a fixed order.
    mutating func takeChanges() -> [SourceRecord] {
        defer { changed.removeAll() }
        return changed.sorted().compactMap { records[$0] }
    }
}
