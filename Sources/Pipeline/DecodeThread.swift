package import ClickCodec
package import ClickModel
internal import Foundation

/// A decoded batch and where the next one begins.
package struct DecodedBatch: @unchecked Sendable {
    package let batch: ClickBatch
    package let end: SourcePosition
}

/// Decodes one source on a thread of its own, or on several, into a bounded queue of reused batches.
///
/// As many batches are under way as it is given; when the scorer falls behind, decoding waits. Of a file the batches are the
/// same for any number of threads; a pipe is decoded by one, as it comes. A compressed file is decompressed on a thread beside.
package final class DecodeThread: @unchecked Sendable {
    /// Batches of a source that is read alone by one thread; several sources share about as many.
    package static let depth = 16

    /// Threads to decode with when nobody says: one where the scorer needs the only other core, else most of the cores.
    package static var defaultThreads: Int {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return cores <= 2 ? 1 : min(cores - 1, 8)
    }

    /// Read on the thread; what others may look at says so.
    package let stream: ClickStream
    /// Batches to fill; those that were read come back here.
    package let free: BoundedQueue<ClickBatch>
    private let filled: BoundedQueue<DecodedBatch>
    /// Set when several threads work on it.
    private let pool: DecodePool?
    /// Set before `filled` is closed, read after it: the queue's lock orders the two.
    private var failure: SourceError?

    package init(_ stream: ClickStream, batches: [ClickBatch], threads: Int = 1) {
        self.stream = stream
        free = BoundedQueue(limit: batches.count)
        filled = BoundedQueue(limit: batches.count)
        for batch in batches { free.push(batch) }
        let isBeside = !stream.isLive && (threads > 1 || stream.compression != .none)
        pool = isBeside ? DecodePool(stream, free: free, batchCount: batches.count, threads: threads) : nil
        guard pool == nil else { return }
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
    package func next() throws(SourceError) -> DecodedBatch? {
        if let pool { return try pool.next() }
        if let decoded = filled.pop() { return decoded }
        if let failure { throw failure }
        return nil
    }

    /// Stops decoding without waiting: the thread may be in a read that no one will answer. It keeps what it uses.
    package func abandon() {
        pool?.abandon()
        free.close()
        filled.close()
    }
}
