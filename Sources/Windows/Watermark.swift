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
///
/// An honest gap of days therefore delays closing of windows by 8 events and makes nothing late.
package struct Watermark: BitwiseCopyable, Sendable {
    /// Consecutive events that it takes to believe a jump.
    package static let eventsToBelieve = 8

    /// How late an event may come without being behind the watermark, ms.
    package let outOfOrdernessMilliseconds: Int64
    /// The greatest step ahead that one event may cause, ms.
    package let jumpBoundMilliseconds: Int64

    private var maximum = Int64.min
    private var aheadMinimum = Int64.max
    private var behindMaximum = Int64.min
    private var aheadCount: Int32 = 0
    private var behindCount: Int32 = 0
    private var isProvisional = true
    private var hasMaximum = false

    package init(outOfOrdernessMilliseconds: Int64 = 5_000, jumpBoundMilliseconds: Int64 = EventTime.millisecondsPerHour) {
        precondition(outOfOrdernessMilliseconds >= 0 && jumpBoundMilliseconds >= 0)
        self.outOfOrdernessMilliseconds = min(outOfOrdernessMilliseconds, EventBounds.greatest)
        self.jumpBoundMilliseconds = min(jumpBoundMilliseconds, EventBounds.greatest)
    }

    /// The watermark, epoch ms; `Int64.min` before the first event.
    @inline(__always)
    package var current: Int64 { hasMaximum ? maximum - outOfOrdernessMilliseconds : .min }

    /// Takes note of an event's time, epoch ms. O(1).
    package mutating func observe(_ time: Int64) {
        let ts = EventBounds.clamp(time)
        guard hasMaximum else {
            maximum = ts
            hasMaximum = true
            return
        }
        if ts > maximum + jumpBoundMilliseconds {
            noteAhead(ts)
        } else if ts < maximum - jumpBoundMilliseconds {
            noteBehind(ts)
        } else {
            endRuns()
            isProvisional = false
            if ts > maximum { maximum = ts }
        }
    }

    private mutating func noteAhead(_ ts: Int64) {
        behindCount = 0
        behindMaximum = .min
        aheadCount += 1
        aheadMinimum = min(aheadMinimum, ts)
        guard aheadCount == Int32(Self.eventsToBelieve) else { return }
        maximum = aheadMinimum
        isProvisional = false
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
    private static let tag: StaticString = "WMK1"

    /// Appends the whole state, settings included.
    package func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        for value in [outOfOrdernessMilliseconds, jumpBoundMilliseconds, maximum, aheadMinimum, behindMaximum] { writer.append(value) }
        for value in [aheadCount, behindCount] { writer.append(value) }
        writer.append(UInt8(isProvisional ? 1 : 0))
        writer.append(UInt8(hasMaximum ? 1 : 0))
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
        isProvisional = try reader.read(UInt8.self) != 0
        hasMaximum = try reader.read(UInt8.self) != 0
        let runs = 0..<Int32(Self.eventsToBelieve)
        guard !hasMaximum || EventBounds.clamp(maximum) == maximum, runs.contains(aheadCount), runs.contains(behindCount) else {
            throw StateError("watermark state out of range")
        }
    }
}
