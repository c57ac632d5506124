/// A min-heap of slot numbers by time; equal times leave in the order they came.
struct BinaryHeap {
    struct Entry {
        let time: Int64
        let order: UInt64
        let slot: Int

        func precedes(_ other: Entry) -> Bool { time != other.time ? time < other.time : order < other.order }
    }

    private var entries: [Entry] = []
    private var order: UInt64 = 0

    var count: Int { entries.count }
    var first: Entry? { entries.first }

    /// - Complexity: O(log n).
    mutating func push(time: Int64, slot: Int) {
        let entry = Entry(time: time, order: order, slot: slot)
        order += 1
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.precedes(entries[parent]) else { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    /// Takes the earliest entry; the heap must not be empty. - Complexity: O(log n).
    mutating func pop() -> Entry {
        let top = entries[0]
        let last = entries.removeLast()
        guard !entries.isEmpty else { return top }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) { child += 1 }
            guard entries[child].precedes(last) else { break }
            entries[parent] = entries[child]
            parent = child
        }
        entries[parent] = last
        return top
    }
}

/// Values in reused slots: bounded by the most that were alive at once.
struct SlotPool<Value> {
    private var values: [Value] = []
    private var free: [Int] = []

    mutating func insert(_ value: Value) -> Int {
        if let slot = free.popLast() {
            values[slot] = value
            return slot
        }
        values.append(value)
        return values.count - 1
    }

    mutating func remove(_ slot: Int) { free.append(slot) }

    subscript(slot: Int) -> Value {
        _read { yield values[slot] }
        _modify { yield &values[slot] }
    }
}
