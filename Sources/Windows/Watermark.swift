package import ClickModel

/// How far event time has come: the greatest event time believed so far, less the bound on disorder.
///
/// Everything before it is taken to have arrived. One corrupt timestamp must neither stop the stream nor make it late:
///
/// - An event more than `jumpBound` ahead of the maximum only starts a run. After 8 such events in a row the gap is
///   believed and the maximum becomes the *least* time of the run, so one corrupt time among honest ones does not win.
///   Any other event ends the run.
/// - A maximum that one single event vouches for (the first event ever) is provisional until another event falls within
///   `jumpBound` of it. While it is provisional, 8 events in a row that are all more than `jumpBound` behind it take
///   it back to the greatest time among them, which is provisional in turn. In no other case does the watermark go back.
/// - Who knows several events before the first is observed may `seed` it: their least time is the maximum to start from.
///
/// An honest gap of days therefore delays closing of windows by 8 events and makes nothing late.
package struct Watermark: BitwiseCopyable, Sendable {
    /// Consecutive events that it takes to believe a jump.
    package static let eventsToBelieve = 8

    /// How late an event may come without being behind the watermark, ms.
    package let outOfOrdernessMilliseconds: Int64
    /// The greatest step ahead that one event may cause, ms.
    package let jumpBoundMilliseconds: Int64

    /// The greatest time believed, epoch ms; `Int64.min` before the first event.
    private(set) var maximum = Int64.min
    private var aheadMinimum = Int64.max
    private var behindMaximum = Int64.min
    private var aheadCount: Int32 = 0
    private var behindCount: Int32 = 0
    /// Events that vouch for the maximum: none yet after a seed, 2 for any number from there on.
    private var support: UInt8 = 0

    /// Whether a maximum is known.
    @inline(__always)
    var hasMaximum: Bool { maximum != .min }

    /// Whether at most one event vouches for the maximum.
    @inline(__always)
    var isProvisional: Bool { support < 2 }

    package init(outOfOrdernessMilliseconds: Int64 = 5_000, jumpBoundMilliseconds: Int64 = EventTime.millisecondsPerHour) {
        precondition(outOfOrdernessMilliseconds >= 0 && jumpBoundMilliseconds >= 0)
        self.outOfOrdernessMilliseconds = min(outOfOrdernessMilliseconds, EventBounds.greatest)
        self.jumpBoundMilliseconds = min(jumpBoundMilliseconds, EventBounds.greatest)
    }

    /// The watermark, epoch ms; `Int64.min` before the first event.
    @inline(__always)
    package var current: Int64 { hasMaximum ? maximum - outOfOrdernessMilliseconds : .min }

    /// Where an event stands in its partition, for merging partitions by time: its time, but that of the maximum when it is
    /// more than `jumpBound` ahead of it. So a jump that is not believed yet does not hold the events behind it back.
    @inline(__always)
    package func standing(of time: Int64) -> Int64 { hasMaximum && time > maximum + jumpBoundMilliseconds ? maximum : time }

    /// Takes note of an event's time, epoch ms. O(1).
    package mutating func observe(_ time: Int64) {
        let ts = EventBounds.clamp(time)
        guard hasMaximum else {
            maximum = ts
            support = 1
            return
        }
        if ts > maximum + jumpBoundMilliseconds {
            noteAhead(ts)
        } else if ts < maximum - jumpBoundMilliseconds {
            noteBehind(ts)
        } else {
            endRuns()
            if support < 2 { support += 1 }
            if ts > maximum { maximum = ts }
        }
    }

    /// Starts from the least of some events' times, epoch ms; times that are `Int64.min` are none. O(count).
    ///
    /// For the events that are about to be observed, so that clocks far ahead at the start do not make the rest late unless
    /// all are; a time far behind is harmless, 8 events in a row lead away from it. The seed is provisional, and its own
    /// event, when it is observed, does not yet vouch for it. Changes nothing when there is a maximum, but for one that is
    /// provisional and more than `jumpBound` ahead of all these times: it is taken back.
    ///
    /// - Returns: whether it changed anything.
    package mutating func seed(_ times: UnsafeBufferPointer<Int64>) -> Bool {
        var (least, greatest) = (Int64.max, Int64.min)
        for time in times where time != .min {
            least = min(least, EventBounds.clamp(time))
            greatest = max(greatest, EventBounds.clamp(time))
        }
        guard greatest != .min, !hasMaximum || (isProvisional && greatest < maximum - jumpBoundMilliseconds) else { return false }
        maximum = least
        support = 0
        endRuns()
        return true
    }

    private mutating func noteAhead(_ ts: Int64) {
        behindCount = 0
        behindMaximum = .min
        aheadCount += 1
        aheadMinimum = min(aheadMinimum, ts)
        guard aheadCount == Int32(Self.eventsToBelieve) else { return }
        maximum = aheadMinimum
        support = 2
        endRuns()
    }

    private mutating func noteBehind(_ ts: Int64) {
        aheadCount = 0
        aheadMinimum = .max
        guard isProvisional else { return }
        behindCount += 1
        behindMaximum = max(behindMaximum, ts)
        guard behindCount == Int32(Self.eventsToBelieve) else { return }
        maximum = behindMaximum
        support = 1
        endRuns()
    }

    private mutating func endRuns() {
        aheadCount = 0
        aheadMinimum = .max
        behindCount = 0
        behindMaximum = .min
    }
}

extension Watermark {
    private static let tag: StaticString = "WMK2"

    /// Appends the whole state, settings included.
    package func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        for value in [outOfOrdernessMilliseconds, jumpBoundMilliseconds, maximum, aheadMinimum, behindMaximum] { writer.append(value) }
        for value in [aheadCount, behindCount] { writer.append(value) }
        writer.append(support)
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `StateError` when the bytes are none of it.
    package init(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: Self.tag)
        let disorder = try reader.read(Int64.self)
        let jump = try reader.read(Int64.self)
        guard (0...EventBounds.greatest).contains(disorder), (0...EventBounds.greatest).contains(jump) else {
            throw StateError("watermark bounds out of range")
        }
        self.init(outOfOrdernessMilliseconds: disorder, jumpBoundMilliseconds: jump)
        maximum = try reader.read(Int64.self)
        aheadMinimum = try reader.read(Int64.self)
        behindMaximum = try reader.read(Int64.self)
        aheadCount = try reader.read(Int32.self)
        behindCount = try reader.read(Int32.self)
        support = try reader.read(UInt8.self)
        guard isConsistent else { throw StateError("watermark state out of range") }
    }

    /// Whether events can have led here.
    private var isConsistent: Bool {
        let isFree = aheadCount == 0 && behindCount == 0
        guard hasMaximum else { return isFree && aheadMinimum == .max && behindMaximum == .min && support == 0 }
        let runs = 0..<Int32(Self.eventsToBelieve)
        guard EventBounds.clamp(maximum) == maximum, support <= 2, runs.contains(aheadCount), runs.contains(behindCount),
            aheadCount == 0 || behindCount == 0, behindCount == 0 || isProvisional
        else { return false }
        let ahead = maximum + jumpBoundMilliseconds + 1
        let behind = maximum - jumpBoundMilliseconds - 1
        return (aheadCount == 0 ? aheadMinimum == .max : aheadMinimum >= ahead && aheadMinimum <= EventBounds.greatest)
            && (behindCount == 0 ? behindMaximum == .min : behindMaximum <= behind && behindMaximum >= -EventBounds.greatest)
    }
}
