package import ClickModel

/// A source as batches of events: opens it, tells its format, goes to a resume point and decodes.
package final class ClickStream {
    package let format: SourceFormat
    /// The place after the last event given out: where the next run goes on.
    package var next: SourcePosition { chunk.next }

    private let reader: SourceReader
    private let lines: LineFormat
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
        resumeAt: SourcePosition = .start, waitsForPrefix: Bool = false, chunkBytes: Int = Chunk.defaultCapacity,
        cellBytes: Int = SourceReader.defaultCellBytes
    ) throws(SourceError) {
        reader = try SourceReader(path: path, waitsForPrefix: waitsForPrefix, cellBytes: cellBytes)
        guard let format = format ?? SourceFormat.detect(reader.prefix) else { throw .unknownFormat(path: path) }
        self.format = format
        var first = SourcePosition.start
        switch format {
        case .ndjson: lines = .ndjson
        case .combined: lines = .combined(defaults)
        case .csv:
            let header = try CSVHeader(content: reader.prefix, path: path)
            lines = .csv(header)
            first = SourcePosition(offset: Int64(header.byteCount), line: 2)
        }
        decoder = ClickDecoder(lines)
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

    /// True for a pipe or a terminal: reads wait for someone to write.
    package var isLive: Bool { reader.isLive }

    /// Empties the batch and fills it with the next events. From a pipe it gives what has come instead of waiting.
    ///
    /// A batch ends where it is full and where a cell of the reader's grid does, so that of a file the batches after any of
    /// them depend on the content alone.
    /// - Returns: false when there are no more events; the batch is empty then.
    /// - Throws: `unreadable`, `corrupt`, `truncated`, once every event before the fault was given; and at first
    ///   `endsBeforeResumePoint` when the source is shorter than its resume point.
    package func next(into batch: ClickBatch) throws(SourceError) -> Bool {
        batch.removeAll()
        if let failure { throw failure }
        try begin()
        while true {
            if !chunk.isFinished, !decoder.decode(chunk, into: batch) { return true }
            if batch.count > 0, batch.count == batch.capacity || reader.isLive || isCellFinished { return true }
            do throws(SourceError) {
                guard try reader.read(into: chunk) else { return batch.count > 0 }
            } catch {
                if batch.count == 0 { throw error }
                failure = error
                return true
            }
        }
    }

    private var isCellFinished: Bool {
        let cell = Int64(reader.cellBytes)
        return chunk.next.offset / cell > chunk.lines.startOffset / cell
    }

    /// Goes to the resume point before the first event.
    private func begin() throws(SourceError) {
        guard !hasBegun else { return }
        hasBegun = true
        do throws(SourceError) {
            if next.offset > 0 { try reader.skip(to: next) }
        } catch {
            failure = error // and again on every later call: reading on would give events from elsewhere
            throw error
        }
    }

    // For those who decode cells on several threads: they read by this and not by `next(into:)`, and decode by decoders of their own.

    /// A chunk that a whole cell fits.
    package func makeChunk() -> Chunk { Chunk(capacity: reader.cellBytes + Chunk.minimumCapacity) }

    /// Decodes the lines of this source.
    package func makeDecoder() -> ClickDecoder { ClickDecoder(lines) }

    /// Fills a chunk of `makeChunk` with what is left of the next cell; not for a live source.
    /// - Returns: false at the end.
    /// - Throws: as `next(into:)`, once every whole line before the fault was given.
    package func readCell(into chunk: Chunk) throws(SourceError) -> Bool {
        if let failure { throw failure }
        try begin()
        return try reader.read(into: chunk)
    }
}
