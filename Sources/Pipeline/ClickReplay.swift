package import ClickCodec
package import ClickModel
internal import Windows

/// Replays click logs through the same admission as scoring, without a database: what training and evaluation read.
///
/// Whoever computes features in `visit` therefore never knows more than the scorer would have known at that click: the
/// guard against leakage.
package enum ClickReplay {
    /// Reads inputs in order.
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
        let windows = WindowStore()
        let batch = ClickBatch()
        var events = 0
        for input in inputs {
            let stream = try ClickStream(path: input, format: format, defaults: defaults)
            while try stream.next(into: batch) {
                let horizon = admission.horizon(allowedLateness: windows.allowedLatenessMilliseconds)
                let chosen = admission.admit(batch, isLate: { windows.isLate($0, watermark: $1) }, ended: { _, _, _ in })
                try visit(batch, UnsafeBufferPointer(start: UnsafePointer(admission.selected), count: chosen), horizon)
                events += batch.count
                progress(events)
            }
        }
    }
}
