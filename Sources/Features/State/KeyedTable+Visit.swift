/// How far ahead of its use a key's lines are asked for, in clicks.
enum Prefetch {
    static let index = 32
    static let state = 16
}

extension KeyedTable {
    /// Asks for the index lines of a batch's first keys. Every table is asked before any is used, so that a click alone waits
    /// for all its lines at once and not for one after the other.
    @inline(__always)
    func prefetchIndexes(_ keys: UnsafePointer<UInt64>, count: Int) {
        for row in 0..<min(count, Prefetch.index) { prefetchIndex(keys[row]) }
    }

    /// Asks for the states of a batch's first keys, once their index lines are there.
    @inline(__always)
    func prefetchStates(_ keys: UnsafePointer<UInt64>, count: Int) {
        for row in 0..<min(count, Prefetch.state) { prefetchState(keys[row], row: row) }
    }

    /// The state of a row's key, in the order of rows from 0 on; nil where the key is 0. Asks for what later rows need; the
    /// first rows' lines have been asked for.
    @inline(__always)
    func turn(
        of row: Int, _ keys: UnsafePointer<UInt64>, _ clicks: ClickRows
    ) -> (state: UnsafeMutablePointer<State>, time: ClickTime, fresh: Bool)? {
        let key = keys[row]
        let slot = candidate(row)
        // The later row's candidate stands where this row's stood.
        if row &+ Prefetch.state < clicks.count { prefetchState(keys[row &+ Prefetch.state], row: row &+ Prefetch.state) }
        if row &+ Prefetch.index < clicks.count { prefetchIndex(keys[row &+ Prefetch.index]) }
        guard key != 0 else { return nil }
        let time = clicks.columns.times[row]
        let (state, fresh) = state(of: key, candidate: slot, now: time.now, horizon: clicks.horizon)
        return (state, time, fresh)
    }
}

/// A piece of a batch on its way through the stages.
struct ClickRows {
    let columns: ClickColumns
    let count: Int
    let horizon: Int64
}
