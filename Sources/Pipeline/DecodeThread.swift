internal import ClickCodec
internal import ClickModel
internal import Foundation

/// A decoded batch and where the next one begins.
struct DecodedBatch: @unchecked Sendable {
    let batch: ClickBatch
    let end: SourcePosition
}

/// Decodes one source on a thread of its own into a bounded queue of reused batches.
///
/// As many batches are under way as it is given; when the scorer falls behind, decoding waits.
final class DecodeThread: @unchecked Sendable {
    /// Batches of a source that is read alone; several sources share about as many.
    static let depth = 16

    /// Read on the thread; what others may look at says so.
    let stream: ClickStream
    /// Batches to fill; those that were read come back here.
    let free: BoundedQueue<ClickBatch>
    private let filled: BoundedQueue<DecodedBatch>
    /// Set before `filled` is closed, read after it: the queue's lock orders the two.
    private var failure: SourceError?

    init(_ stream: ClickStream, batches: [ClickBatch]) {
        self.stream = stream
        free = BoundedQueue(limit: batches.count)
        filled = BoundedQueue(limit: batches.count)
        for batch in batches { free.push(batch) }
        let thread = Thread { [self] in decode() }
        thread.name = "fraud-decode"
        thread.start()
    }

    private func decode() {
        do throws(SourceError) {
            while let batch = free.pop() {
                guard try stream.next(into: batch) else { break }
                guard filled.push(DecodedBatch(batch: batch, end: stream.next)) else { break }
            }
        } catch {
            failure = error
        }
        filled.close()
    }

    /// The next batch, or nil at the end.
    /// - Throws: what the source failed with, after every event before the fault.
    func next() throws(SourceError) -> DecodedBatch? {
        if let decoded = filled.pop() { return decoded }
        if let failure { throw failure }
        return nil
    }

    /// Stops decoding without waiting: the thread may be in a read that no one will answer. It keeps what it uses.
    func abandon() {
        free.close()
        filled.close()
    }
}
