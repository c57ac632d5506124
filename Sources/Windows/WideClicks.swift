internal import ClickModel

/// What entries of `RecentClicks` share, the sources, and the values of those few that do not fit an entry: times before 1970
/// or after the year 4199, expiries of times far ahead of the watermark, costs over 429,496, and sources beyond the first 65,535.
struct WideClicks {
    struct Details: BitwiseCopyable {
        /// Event time, ms.
        var ts: Int64
        /// The last watermark at which the click is known.
        var expires: Int64
        var cost: Int64
        var source: UInt64
    }

    private static let tag: StaticString = "WCL1"

    private var sources: [UInt64] = []
    private var places: [UInt64: Int] = [:]
    /// The source asked for last and its place.
    private var latest: (source: UInt64, place: Int) = (0, RecentClicks.Entry.wide)
    private var details: [Details] = []
    private var free: [Int] = []

    var byteCount: Int {
        sources.capacity * 4 * MemoryLayout<UInt64>.stride + details.capacity * MemoryLayout<Details>.stride
            + free.capacity * MemoryLayout<Int>.stride
    }
    /// Wide entries.
    var count: Int { details.count - free.count }
    var sourceCount: Int { sources.count }

    @inline(__always)
    func source(_ place: Int) -> UInt64 { sources[place] }

    /// The place of a source; `Entry.wide` when there is no room for another. O(1); takes memory for a source it has not seen.
    @inline(__always)
    mutating func place(ofSource source: UInt64) -> Int {
        if source != latest.source || latest.place == RecentClicks.Entry.wide { latest = (source, find(source)) }
        return latest.place
    }

    private mutating func find(_ source: UInt64) -> Int {
        if let known = places[source] { return known }
        guard sources.count < RecentClicks.Entry.wide else { return RecentClicks.Entry.wide }
        places[source] = sources.count
        sources.append(source)
        return sources.count - 1
    }

    func hasDetails(_ place: Int) -> Bool { details.indices.contains(place) }

    @inline(__always)
    func details(_ place: Int) -> Details { details[place] }

    mutating func setExpiry(_ place: Int, _ expires: Int64) { details[place].expires = min(details[place].expires, expires) }

    /// Keeps the values of an entry; returns their place.
    mutating func add(_ added: Details) -> Int {
        if let place = free.popLast() {
            details[place] = added
            return place
        }
        details.append(added)
        return details.count - 1
    }

    mutating func remove(_ place: Int) { free.append(place) }
}

extension WideClicks {
    func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        sources.withUnsafeBufferPointer { writer.append($0) }
        details.withUnsafeBufferPointer { writer.append($0) }
        free.withUnsafeBufferPointer { writer.append($0) }
    }

    /// - Throws: `StateError` when the bytes are not what `write` wrote.
    static func read(_ reader: inout StateReader) throws(StateError) -> WideClicks {
        try reader.expect(tag: tag)
        var wides = WideClicks()
        wides.sources = try reader.readArray(UInt64.self)
        wides.details = try reader.readArray(Details.self)
        wides.free = try reader.readArray(Int.self)
        for (place, source) in wides.sources.enumerated() { wides.places[source] = place }
        guard wides.places.count == wides.sources.count, wides.sources.count <= RecentClicks.Entry.wide,
            wides.details.allSatisfy({ EventBounds.clamp($0.ts) == $0.ts && $0.cost >= 0 })
        else { throw StateError("remembered clicks' sources or times are malformed") }
        return wides
    }

    /// Whether each place is either free or that of one of the entries.
    func isUsed(by entries: [Int]) -> Bool {
        var seen = [Bool](repeating: false, count: details.count)
        for place in entries + free {
            guard seen.indices.contains(place), !seen[place] else { return false }
            seen[place] = true
        }
        return !seen.contains(false)
    }
}
