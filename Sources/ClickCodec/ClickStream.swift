package import ClickModel

/// A source as batches of events: opens it, tells its format, goes to a resume point and decodes.
package final class ClickStream {
    package let format: SourceFormat
    /// The place after the last event given out: where the next run goes on.
    package var next: SourcePosition { chunk.next }

    private let reader: SourceReader
    private var decoder: ClickDecoder
    private let chunk: Chunk
    /// Where the events begin: behind a CSV header.
    private let firstEvent: SourcePosition
    private var hasBegun = false
    private var failure: SourceError?

    /// - Parameters:
    ///   - path: a file, or `-` for standard input.
    ///   - format: nil to tell it from the content.
    ///   - defaults: of an access log.
    ///   - resumeAt: a `next` of an earlier run over the same content. A CSV header is read again all the same.
    /// - Throws: `unreadable`, `unknownFormat`, `unusableHeader`.
    package init(
        path: String, format: SourceFormat? = nil, defaults: CombinedDefaults = .none,
        resumeAt: SourcePosition = .start, waitsForPrefix: Bool = false, chunkBytes: Int = Chunk.defaultCapacity
    ) throws(SourceError) {
        reader = try SourceReader(path: path, waitsForPrefix: waitsForPrefix)
        guard let format = format ?? SourceFormat.detect(reader.prefix) else { throw .unknownFormat(path: path) }
        self.format = format
        var first = SourcePosition.start
        switch format {
        case .ndjson: decoder = ClickDecoder(.ndjson)
        case .combined: decoder = ClickDecoder(.combined(defaults))
        case .csv:
            let header = try CSVHeader(content: reader.prefix, path: path)
            decoder = ClickDecoder(.csv(header))
            first = SourcePosition(offset: Int64(header.byteCount), line: 2)
        }
        chunk = Chunk(capacity: chunkBytes)
        firstEvent = first
        resume(at: resumeAt)
    }

    /// Where to begin, for a caller that must see `prefix` to know it; call it before the first `next(into:)`.
    package func resume(at position: SourcePosition) {
        precondition(!hasBegun, "a stream resumes before its first event")
        chunk.hold(0, at: position.offset < firstEvent.offset ? firstEvent : position)
    }

    /// The first content of the source, at most 64 KiB: what identifies it.
    package var prefix: [UInt8] { reader.prefix }
    package var compression: Compression { reader.compression }
    /// Bytes of the file on disk; nil when it is no regular file.
    package var inputSize: Int64? { reader.inputSize }
    /// Bytes taken from the file so far, compressed as they are. Safe from any thread.
    package var bytesConsumedOfInput: Int64 { reader.bytesConsumedOfInput }

    /// Empties the batch and fills it with the next events. From a pipe it gives what has come instead of waiting.
    /// - Returns: false when there are no more events; the batch is empty then.
    /// - Throws: `unreadable`, `corrupt`, `truncated`, once every event before the fault was given; and at first
    ///   `endsBeforeResumePoint` when the source is shorter than its resume point.
    package func next(into batch: ClickBatch) throws(SourceError) -> Bool {
        batch.removeAll()
        if let failure { throw failure }
        if !hasBegun {
            hasBegun = true
            do throws(SourceError) {
                if next.offset > 0 { try reader.skip(to: next) }
            } catch {
                failure = error // and again on every later call: reading on would give events from elsewhere
                throw error
            }
        }
        while true {
            if !chunk.isFinished, !decoder.decode(chunk, into: batch) { return true }
            if batch.count > 0, batch.count == batch.capacity || reader.isLive { return true }
            do throws(SourceError) {
                guard try reader.read(into: chunk) else { return batch.count > 0 }
            } catch {
                if batch.count == 0 { throw error }
                failure = error
                return true
            }
        }
    }
}
