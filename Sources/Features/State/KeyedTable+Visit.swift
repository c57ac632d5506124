/// How far ahead of its use a key's lines are asked for, in clicks.
enum Prefetch {
    static let index = 32
    static let state = 16
}

extension KeyedTable {
    /// Asks for the index lines of a batch's first keys. Every table is asked before any is used, so that a click alone waits
    /// for all its lines at once and not for one after the other.
    @inline(__always)
    func prefetchIndexes<Order: RowOrder>(_ keys: UnsafePointer<UInt64>, _ clicks: ClickRows<Order>) {
        for place in 0..<min(clicks.count, Prefetch.index) { prefetchIndex(keys[clicks[place]]) }
    }

    /// Asks for the states of a batch's first keys, once their index lines are there.
    @inline(__always)
    func prefetchStates<Order: RowOrder>(_ keys: UnsafePointer<UInt64>, _ clicks: ClickRows<Order>) {
        for place in 0..<min(clicks.count, Prefetch.state) { prefetchState(keys[clicks[place]], row: place) }
    }

    /// The state of the key of a row, by the row's place among those to go through, from place 0 on; nil where the key is 0.
    /// Asks for what later rows need; the first rows' lines have been asked for.
    @inline(__always)
    func turn<Order: RowOrder>(
        of place: Int, _ keys: UnsafePointer<UInt64>, _ clicks: ClickRows<Order>
    ) -> (state: UnsafeMutablePointer<State>, time: ClickTime, fresh: Bool)? {
        let row = clicks[place]
        let key = keys[row]
        let slot = candidate(place)
        // The later row's candidate stands where this row's stood.
        if place &+ Prefetch.state < clicks.count { prefetchState(keys[clicks[place &+ Prefetch.state]], row: place &+ Prefetch.state) }
        if place &+ Prefetch.index < clicks.count { prefetchIndex(keys[clicks[place &+ Prefetch.index]]) }
        guard key != 0 else { return nil }
        let time = clicks.columns.times[row]
        let (state, fresh) = state(of: key, candidate: slot, now: time.now, horizon: clicks.horizon)
        return (state, time, fresh)
    }
}

/// A piece of a batch on its way through the stages.
struct ClickRows<Order: RowOrder> {
    let columns: ClickColumns
    let order: Order
    let horizon: Int64

    @inline(__always) var count: Int { order.count }

    /// The row at a place, from 0 on.
    @inline(__always)
    subscript(place: Int) -> Int { order[place] }
}

/// Rows of a batch in the order a stage goes through them, ascending.
///
/// Stages are compiled for each kind, so that all rows in turn cost nothing for the sake of some of them.
protocol RowOrder {
    var count: Int { get }
    subscript(place: Int) -> Int { get }
}

/// All rows from 0 on.
struct AllRows: RowOrder {
    let count: Int

    @inline(__always)
    subscript(place: Int) -> Int { place }
}
