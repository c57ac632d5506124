import ClickModel
import Windows

/// What engagements must do, with arrays that are searched from end to end. It never drops anything
/// because the windows are drained, so it cannot depend on when they are.
struct RetractionModel {
    struct Remembered {
        var click: TestClick
        var score: Float
        var source: UInt64
        var isDecided = false
        var expires: Int64
    }

    struct Waiting {
        var id: UInt64
        var ts: Int64
        var dwell: Int64
        var expires: Int64
        var isTaken = false
    }

    static let minute: Int64 = 60_000

    var windows = WindowModel(lateness: 5 * Self.minute)
    var remembered: [Remembered] = []
    var waiting: [Waiting] = []
    var forgottenClicks = 0
    var forgottenEngagements = 0
    var latest = Int64.min
    let maximumClicks: Int
    let maximumWaiting: Int

    init(maximumClicks: Int, maximumWaiting: Int) {
        self.maximumClicks = maximumClicks
        self.maximumWaiting = maximumWaiting
    }

    /// 10 minutes + 5 minutes of lateness + 1 minute after its time, which counts for at most an hour after the watermark.
    func expiry(_ ts: Int64, _ watermark: Int64) -> Int64 {
        (watermark == .min ? ts : min(ts, watermark + 60 * Self.minute)) + 16 * Self.minute
    }

    mutating func notice(_ watermark: Int64) {
        if watermark < latest {
            while let first = remembered.first, first.expires < latest { remembered.removeFirst() }
            while let first = waiting.first, first.isTaken || first.expires < latest { waiting.removeFirst() }
            for i in remembered.indices { remembered[i].expires = min(remembered[i].expires, watermark + 76 * Self.minute) }
            for i in waiting.indices { waiting[i].expires = min(waiting[i].expires, watermark + 76 * Self.minute) }
        }
        latest = watermark
    }

    /// Returns the engagement that waited for the click.
    mutating func remember(_ click: TestClick, score: Float, source: UInt64, watermark: Int64) -> Waiting? {
        notice(watermark)
        if remembered.count == maximumClicks {
            while let first = remembered.first, first.expires < watermark { remembered.removeFirst() }
            if remembered.count == maximumClicks {
                remembered.removeFirst()
                forgottenClicks += 1
            }
        }
        remembered.append(Remembered(click: click, score: score, source: source, expires: expiry(click.ts, watermark)))
        guard click.label == .valid else { return nil }
        var best: Int?
        for (i, other) in waiting.enumerated()
        where other.id == click.id && !other.isTaken && other.expires >= watermark && abs(other.ts - click.ts) <= 10 * Self.minute {
            if best == nil || abs(other.ts - click.ts) < abs(waiting[best!].ts - click.ts) { best = i }
        }
        if let best { waiting[best].isTaken = true }
        return best.map { waiting[$0] }
    }

    func nearest(_ id: UInt64, _ ts: Int64, _ watermark: Int64) -> Int? {
        var best: Int?
        for (i, other) in remembered.enumerated() where other.click.id == id && other.expires >= watermark {
            if best == nil || abs(other.click.ts - ts) < abs(remembered[best!].click.ts - ts) { best = i }
        }
        return best
    }

    /// Returns what became of the engagement, and for a relabelled click that click and the levels that were closed.
    mutating func engage(_ id: UInt64, ts: Int64, dwell: Int64, watermark: Int64) -> (EngagementOutcome, Remembered?, WindowLevels) {
        notice(watermark)
        guard let at = nearest(id, ts, watermark) else {
            wait(Waiting(id: id, ts: ts, dwell: dwell, expires: expiry(ts, watermark)), watermark)
            return (.unknownClick, nil, [])
        }
        let click = remembered[at].click
        if abs(click.ts - ts) > 10 * Self.minute { return (.tooFar, nil, []) }
        if click.label == .fraud || remembered[at].isDecided { return (.unchanged, nil, []) }
        remembered[at].click.label = .fraud
        return (.relabelled, remembered[at], windows.relabel(click, to: .fraud))
    }

    private mutating func wait(_ engagement: Waiting, _ watermark: Int64) {
        guard engagement.expires >= watermark else { return }
        let same = waiting.filter { $0.id == engagement.id && !$0.isTaken && $0.expires >= watermark }
        if same.contains(where: { $0.ts == engagement.ts }) { return }
        if same.count == 8 {
            forgottenEngagements += 1
            return
        }
        if waiting.count == maximumWaiting {
            while let first = waiting.first, first.isTaken || first.expires < watermark { waiting.removeFirst() }
            if waiting.count == maximumWaiting {
                waiting.removeFirst()
                forgottenEngagements += 1
            }
        }
        waiting.append(engagement)
    }

    /// A decision from outside on a counted click.
    mutating func apply(_ click: TestClick, from: Label, to: Label) -> WindowLevels {
        if let at = nearest(click.id, click.ts, .min), remembered[at].click.ts == click.ts {
            remembered[at].click.label = to
            remembered[at].isDecided = true
        }
        return from == to ? [] : windows.relabel(click, to: to)
    }
}
