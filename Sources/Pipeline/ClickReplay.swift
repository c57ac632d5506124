package import ClickCodec
package import ClickModel
internal import Windows

/// Replays click logs through the same admission as scoring, without a database: what training and evaluation read.
///
/// Whoever computes features in `visit` therefore never knows more than the scorer would have known at that click: the
/// guard against leakage.
package enum ClickReplay {
    /// Reads inputs, merged in order of event time.
    ///
    /// - Parameters:
    ///   - visit: called with each batch, the indices of its counted clicks, and the event time before which none will come.
    ///   - progress: called after each batch with the events read so far.
    /// - Throws: `SourceError` of an input, or what `visit` throws.
    package static func run(
        _ inputs: [String], format: SourceFormat? = nil, defaults: CombinedDefaults = .none,
        visit: (ClickBatch, UnsafeBufferPointer<Int32>, _ horizon: Int64) throws -> Void, progress: (_ events: Int) -> Void = { _ in }
    ) throws {
        var admission = Admission()
        let outcomes = BatchOutcomes()
        let lateness = WindowStore.defaultAllowedLatenessMilliseconds
        let merge = SourceMerge(isAlone: inputs.count == 1)
        defer { merge.abandon() }
        var waiting = ArraySlice(inputs.enumerated())
        var events = 0
        while true {
            for ended in try merge.takeEnded() { admission.close(ended.slot) }
            while merge.hasRoom, let (number, input) = waiting.popFirst() {
                let decoder = DecodeThread(
                    try ClickStream(path: input, format: format, defaults: defaults),
                    batches: SourceMerge.batches(sources: inputs.count, threads: DecodeThread.defaultThreads),
                    threads: SourceMerge.threads(sources: inputs.count, threads: DecodeThread.defaultThreads))
                guard let head = try decoder.next() else { continue }
                let slot = admission.open(source: UInt64(number) + 1, first: head.batch)
                merge.add(OpenSource(input: input, key: "", slot: slot, decoder: decoder, head: head, start: .start, clock: admission.clock(slot)))
            }
            guard !merge.open.isEmpty else { return }
            // Nothing is held: no source has a limit.
            guard let merged = merge.next() else { return }
            let horizon = admission.horizon(allowedLateness: lateness)
            admission.admit(merged.batch, allowedLateness: lateness, into: outcomes)
            try visit(merged.batch, outcomes.counted, horizon)
            events += merged.batch.count
            merged.home.push(merged.batch)
            progress(events)
        }
    }
}
