internal import ClickModel
internal import Pipeline
internal import Sketches
internal import Storage
internal import Synchronization

/// A key and the start of a step, told apart by their bytes.
struct WindowKey: Hashable {
    /// Nil for NULL.
    let text: String?
    let time: Int64

    static let none = WindowKey(text: nil, time: .min)

    private init(text: String?, time: Int64) { (self.text, self.time) = (text, time) }

    init(_ row: StoredTotals) {
        text = row.key.map { String(decoding: $0, as: UTF8.self) }
        time = row.time
    }

    var value: Value { text.map(Value.text) ?? .null }

    /// Whether it is the key of a row.
    func isOf(_ row: StoredTotals) -> Bool {
        guard time == row.time else { return false }
        guard let text, let bytes = row.key else { return text == nil && row.key == nil }
        return text.utf8.elementsEqual(bytes)
    }

    static func == (a: WindowKey, b: WindowKey) -> Bool { a.time == b.time && a.hasText(of: b) }

    func hasText(of other: WindowKey) -> Bool {
        guard let left = text, let right = other.text else { return text == nil && other.text == nil }
        return left.utf8.elementsEqual(right.utf8)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(time)
        guard var text else { return }
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// As DuckDB orders texts: by their bytes, NULL last.
    static func textPrecedes(_ a: WindowKey, _ b: WindowKey) -> Bool {
        guard let left = a.text else { return false }
        guard let right = b.text else { return true }
        return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

/// All totals of a query in memory: its rows come unsorted, cut by time into slices that two threads read and merge.
///
/// Totals are sums and unions, so that neither the order of the rows nor the thread matters.
struct WindowGroups {
    /// Room for the totals of each thread.
    static let limitBytes = 512 << 20
    /// Of the whole period; fewer when they would be shorter than is worth a query.
    private static let slices: Int64 = 12
    private static let threads = 2

    private let query: WindowTotalsQuery
    private var shares: [Share] = []

    /// - Returns: nil when the totals have no room.
    /// - Throws: what the queries throw, and `HyperLogLogError` for a broken sketch.
    init?(_ query: WindowTotalsQuery, _ database: DuckDB) throws {
        self.query = query
        let slices = try Self.slices(query, database)
        // By this thread alone when there is nothing to share.
        guard slices.count > 1 else {
            guard let share = try Share.of(slices, Counter(), query, database) else { return nil }
            shares = [share]
            return
        }
        let next = Counter()
        let connections = try (1..<Self.threads).map { _ in try database.connect() }
        let others = connections.map { connection in Concurrently { try Share.of(slices, next, query, connection) } }
        let own = Result { try Share.of(slices, next, query, database) }
        // Waits for all of them, whatever the first says: here the connections have their last owner.
        let all = [own] + others.map { other in Result { try other.get() } }
        for result in all {
            guard let share = try result.get() else { return nil }
            shares.append(share)
        }
    }

    /// Calls `body` with each total, in the query's order.
    func forEach(_ body: (WindowTotals) throws -> Void) throws {
        let first = shares[0]
        for other in shares.dropFirst() { try first.add(other) }
        let order = query.order
        let sorted = first.index.sorted { a, b in
            switch order {
            case .time where a.key.time != b.key.time: a.key.time < b.key.time
            case .key where a.key.hasText(of: b.key): a.key.time < b.key.time
            default: WindowKey.textPrecedes(a.key, b.key)
            }
        }
        for (_, place) in sorted { try body(first.totals[place]) }
    }

    /// The query's pieces, long ones cut.
    private static func slices(_ query: WindowTotalsQuery, _ database: DuckDB) throws -> [WindowTotalsQuery.Piece] {
        try query.pieces.flatMap { piece -> [WindowTotalsQuery.Piece] in
            let shortest: Int64
            switch piece.table {
            case .day: shortest = 2
            case .hour: shortest = 24
            case .minute: shortest = 240
            }
            let unit = piece.table.milliseconds
            var (from, to) = (piece.from?.milliseconds, piece.to?.milliseconds)
            if from == nil || to == nil {
                guard let span = try query.span(database, piece.table) else { return [] }
                (from, to) = (from ?? span.first, to ?? span.last + 1)
            }
            guard let from, let to, from < to else { return [] }
            let length = max(shortest, ((to - from) / unit + slices - 1) / slices) * unit
            return stride(from: from, to: to, by: Int(length)).map { start in
                .init(table: piece.table, from: EventTime(milliseconds: start), to: EventTime(milliseconds: min(to, start + length)))
            }
        }
    }

    /// Hands out slices, and says when one thread has given up.
    private final class Counter: Sendable {
        private let next = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
    }

    /// What one thread has read.
    private final class Share: @unchecked Sendable {
        let memory = SketchMemory()
        var totals: [WindowTotals] = []
        var index: [WindowKey: Int] = [:]
        private var storedBytes = 0

        /// - Returns: nil when there was no room, here or in another thread.
        static func of(
            _ slices: [WindowTotalsQuery.Piece], _ next: Counter, _ query: WindowTotalsQuery, _ database: DuckDB
        ) throws -> Share? {
            let share = Share()
            do {
                while true {
                    let slice = next.take()
                    guard slice < slices.count, !next.isOver.load(ordering: .relaxed) else { break }
                    try database.forEachStoredTotals(query.sql(slices[slice])) { try share.take($0, query) }
                }
            } catch {
                next.isOver.store(true, ordering: .relaxed)
                guard error is NoRoom else { throw error }
                return nil
            }
            return share
        }

        private struct NoRoom: Error {}

        private func take(_ row: StoredTotals, _ query: WindowTotalsQuery) throws {
            let key = WindowKey(row)
            if let place = index[key] { return try totals[place].add(row, memory) }
            storedBytes += row.sketch.count + 256
            guard memory.bytesInUse + storedBytes < WindowGroups.limitBytes else { throw NoRoom() }
            index[key] = totals.count
            totals.append(WindowTotals(key: key.value, time: query.time(row.time), row))
        }

        func add(_ other: Share) throws {
            for (key, place) in other.index {
                if let mine = index[key] {
                    try totals[mine].add(other.totals[place], memory)
                } else {
                    index[key] = totals.count
                    totals.append(WindowTotals(other.totals[place], memory))
                }
            }
        }
    }
}
