internal import ClickCodec
internal import ClickModel
internal import Foundation
internal import Storage
internal import Windows

/// Opening and closing the inputs of a job.
extension ScoreJob {
    /// Closes the sources that have ended and opens inputs that wait, as far as there is room.
    ///
    /// - Returns: false when nothing is left to read.
    /// - Throws: `SourceError`, `PipelineError.input`.
    func openAndClose() throws -> Bool {
        while true {
            let ended = try merge.takeEnded()
            // Whose totals are asked for, and whose slot is given away, is counted to its end.
            if !ended.isEmpty || merge.open.isEmpty { try counting.finish() }
            for source in ended { close(source) }
            if !ended.isEmpty || merge.open.isEmpty { try openWaiting() }
            if report.events == 0 { engine.closeAll(except: merge.open.map(\.slot)) }
            if !merge.open.isEmpty { return true }
            // In a replay inputs may wait for its end.
            if waiting.isEmpty || replay != nil { return false }
        }
    }

    private func openWaiting() throws {
        var left: [String] = []
        for input in waiting where try !merge.hasRoom || !open(input) { left.append(input) }
        noteLimit(waiting: left.count)
        waiting = left[...]
    }

    private func noteLimit(waiting count: Int) {
        guard count > 0, !merge.hasRoom, !hasNotedLimit else { return }
        hasNotedLimit = true
        report.notes.append(
            "\(count) inputs wait until one of the first \(StreamWatermark.maximumOpen) has ended: if they are of the same hours, give fewer at once, or their clicks come late")
    }

    private func close(_ source: OpenSource) {
        settle(source)
        engine.close(slot: source.slot)
        bytesOfEnded += Self.size(of: source.input) ?? 0
        if source.eventsTaken > 0, source.start.offset > 0 { report.resumed.append(source.input) }
        if replay == nil { ledger.finish(source.key) }
    }

    /// Opens an input, or notes that there is nothing new in it.
    /// - Returns: false when it must wait: it is a source that is open now.
    private func open(_ input: String) throws -> Bool {
        let stream = try ClickStream(path: input, format: options.format, defaults: options.defaults, waitsForPrefix: true)
        guard !stream.prefix.isEmpty else {
            // An archive that is broken before its first byte of content says so now.
            _ = try stream.next(into: ClickBatch())
            report.notes.append("\(input): empty")
            return true
        }
        let record = ledger.recognise(input, SourceIdentity(prefix: stream.prefix))
        let number = SourceLedger.number(of: record.source)
        if merge.open.contains(where: { $0.key == record.source }) { return false }
        // What the lost epoch had not begun to read comes after it.
        if let replay, record.offset == 0, replay.places[record.source] == nil, !engine.knows(source: number) { return false }
        if stream.prefix.count < record.prefixBytes, Int64(stream.prefix.count) <= record.offset {
            report.alreadyScored.append(input)
            return true
        }
        let end = SourcePosition(offset: record.offset, line: record.line)
        let start = replay.map { $0.places[record.source] ?? .start } ?? end
        let isPlain = stream.compression == .none && stream.inputSize != nil
        // What is refused leaves no trace: the next run must refuse it too.
        if record.offset > 0, isPlain { try SourceIdentity.checkResume(input, record) }
        if start.offset > 0 { stream.resume(at: start) }
        ledger.begin(record)
        let count = options.inputs.count
        let decoder = DecodeThread(
            stream, batches: SourceMerge.batches(sources: count, threads: options.decodeThreads),
            threads: SourceMerge.threads(sources: count, threads: options.decodeThreads))
        let head: DecodedBatch?
        do { head = try decoder.next() } catch {
            decoder.abandon()
            throw error
        }
        guard let head else {
            if replay == nil { ledger.finish(record.source) }
            if record.offset > 0 { report.alreadyScored.append(input) }
            bytesOfEnded += Self.size(of: input) ?? 0
            return true
        }
        // Partitions that an earlier run left open make room for this one's.
        if !engine.hasFreeSlot, !engine.knows(source: number) { engine.closeAll(except: merge.open.map(\.slot)) }
        let slot = engine.open(source: number, first: head.batch)
        rows.sources[slot] = record.source
        rows.sourceKeys[number] = record.source
        let source = OpenSource(
            input: input, key: record.source, slot: slot, decoder: decoder, head: head, start: start, clock: engine.admission.clock(slot))
        if replay != nil { source.limit = end.offset }
        merge.add(source)
        return true
    }

    /// Brings the ledger to what was taken of every open source, and of clicks that were relabelled.
    func settleSources() {
        for source in merge.open { settle(source) }
        for (number, totals) in engine.takeRelabelledTotals() {
            if let key = ledger.key(number: number) { ledger.add(totals, to: key) }
        }
    }

    private func settle(_ source: OpenSource) {
        let totals = engine.takeTotals(slot: source.slot)
        guard replay == nil else { return }
        ledger.add(totals, to: source.key)
        ledger.advance(source.key, to: source.position)
        if source.isPlain, source.eventsTaken > 0 { ledger.setTail(source.key, SourceIdentity.tailHash(of: source.input, before: source.position.offset)) }
    }
}
