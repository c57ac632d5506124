/// How far ahead of its use a key's lines are asked for, in clicks.
enum Prefetch {
    static let index = 16
    static let state = 8
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

    /// Gives every row's state to `known`, in order, or the row to `unknown` where the key is 0. The first rows' lines have been
    /// asked for.
    @inline(__always)
    func visit(
        _ keys: UnsafePointer<UInt64>, _ clicks: ClickRows,
        known: (_ row: Int, _ state: UnsafeMutablePointer<State>, _ now: Int64, _ fresh: Bool) -> Void, unknown: (_ row: Int) -> Void
    ) {
        for row in 0..<clicks.count {
            let key = keys[row]
            if key == 0 {
                unknown(row)
            } else {
                let now = clicks.columns.times[row]
                let (state, fresh) = state(of: key, row: row, now: now, horizon: clicks.horizon)
                known(row, state, now, fresh)
            }
            // After the row's own candidate was taken: it stands where this one goes.
            if row &+ Prefetch.state < clicks.count { prefetchState(keys[row &+ Prefetch.state], row: row &+ Prefetch.state) }
            if row &+ Prefetch.index < clicks.count { prefetchIndex(keys[row &+ Prefetch.index]) }
        }
    }
}

/// A piece of a batch on its way through the stages.
struct ClickRows {
    let columns: ClickColumns
    let count: Int
    let horizon: Int64
}
