internal import ClickModel

/// The phases of a run on the clock: where each lies, and how many clicks of it should be fraud.
struct PhaseTimeline {
    struct Part {
        let start: Int64
        let end: Int64
        let phase: SimulationPhase
        /// Fraud clicks the part should have.
        var fraudTarget = 0.0
    }

    private(set) var parts: [Part] = []

    /// Shares the clicks out among the phases: in each, honest clicks go with people's activity times the phase's volume,
    /// and fraud is its share of both together.
    /// - Complexity: O(hours of the run).
    init(_ options: SimulationOptions) {
        var at = options.start.milliseconds
        for phase in options.resolvedPhases {
            parts.append(Part(start: at, end: at + phase.durationMilliseconds, phase: phase))
            at += phase.durationMilliseconds
        }
        // A phase's clicks, honest and not, per unit of honest activity: 1 / (1 − its share of fraud).
        let weights = parts.map { honestWeight($0) / (1 - $0.phase.fraudShare) }
        let sum = weights.reduce(0, +)
        guard sum > 0 else { return }
        for index in parts.indices {
            parts[index].fraudTarget = Double(options.clicks) * weights[index] / sum * parts[index].phase.fraudShare
        }
    }

    /// Fraud clicks of the whole run.
    var fraudTarget: Double { parts.reduce(0) { $0 + $1.fraudTarget } }

    /// Honest activity at a moment, arbitrary units.
    func activity(at time: Int64) -> Double {
        let part = parts.first { time < $0.end } ?? parts[parts.count - 1]
        return HonestTraffic.activity(at: time) * part.phase.volume
    }

    private func honestWeight(_ part: Part) -> Double {
        let step = min(EventTime.millisecondsPerHour / 2, max(1000, part.end - part.start))
        var sum = 0.0
        var at = part.start
        while at < part.end {
            let length = min(step, part.end - at)
            sum += HonestTraffic.activity(at: at + length / 2) * Double(length)
            at += length
        }
        return sum * part.phase.volume
    }
}
