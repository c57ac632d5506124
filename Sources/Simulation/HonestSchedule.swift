internal import ClickModel

/// When honest sessions begin: a Poisson stream whose rate follows the people's day, corrected from bucket to bucket
/// towards the clicks the run should have.
struct HonestSchedule {
    private let start: Int64
    private let end: Int64
    private let bucket: Int64
    private let target: Double
    /// Share of the run's honest activity up to the end of each bucket.
    private let progress: [Double]
    private var index = -1
    private var bucketEnd: Int64
    private var time: Double
    private var meanGap = Double.infinity

    /// - Parameter target: honest clicks of the whole run.
    init(_ options: SimulationOptions, target: Double) {
        start = options.start.milliseconds
        end = options.end
        self.target = target
        let wanted = min(5 * EventTime.millisecondsPerMinute, max(100, options.durationMilliseconds / 100))
        bucket = wanted
        var sum = 0.0
        var sums: [Double] = []
        var at = start
        let timeline = PhaseTimeline(options)
        while at < end {
            let length = min(wanted, end - at)
            sum += timeline.activity(at: at + length / 2) * Double(length)
            sums.append(sum)
            at += length
        }
        progress = sums.map { sum > 0 ? $0 / sum : 1 }
        bucketEnd = start
        time = Double(start)
    }

    /// Epoch ms of the next session, or of the end of the bucket when that comes first.
    var next: Int64 { min(Int64(time), bucketEnd) }
    var isBucketEnd: Bool { time >= Double(bucketEnd) }

    /// Moves into the next bucket; `made` is how many honest clicks there are already.
    mutating func enterBucket(made: Int, _ honest: inout HonestTraffic) {
        let from = bucketEnd
        index += 1
        guard index < progress.count else {
            bucketEnd = .max
            time = .infinity
            return
        }
        bucketEnd = min(end, from + bucket)
        honest.enterBucket(at: from + (bucketEnd - from) / 2)
        let sessions = (target * progress[index] - Double(made)) / HonestTraffic.clicksPerSession
        meanGap = sessions > 0 ? Double(bucketEnd - from) / sessions : .infinity
        time = Double(from)
        advance(&honest)
    }

    mutating func advance(_ honest: inout HonestTraffic) {
        time += honest.gap(mean: meanGap)
        if time >= Double(bucketEnd) { time = Double(bucketEnd) }
    }
}
