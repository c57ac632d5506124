internal import CClickRecord
internal import Glibc
internal import Synchronization

/// Threads that go through the pieces of a round together with the thread that asks.
///
///     round   caller ──► piece 0, 1, …        each piece is done once, by whoever claims it first; each thread starts
///             worker ──► piece n, n + 1, …    at its own share of them and helps with the others' when that is done
///
/// A round is over when all its pieces are done; it does not wait for threads that have not begun, so where cores are busy the
/// caller does all of it. Idle threads turn for a while and then sleep. Made once, joined by `deinit`; a round
/// allocates nothing. One thread calls it at a time.
package final class ShardWorkers {
    /// Does one piece: what the caller gave, number of the thread (0 is the caller), number of the piece.
    package typealias Body = @convention(c) (UnsafeMutableRawPointer, Int, Int) -> Void

    /// Pieces of a round, at most.
    package static let maximumPieces = WorkerRound.maximumPieces

    /// Threads, the caller among them.
    package let count: Int
    private let desk: WorkerDesk
    private var threads: [pthread_t] = []

    /// - Parameter count: 2 or more. Where the system refuses a thread, fewer do the work.
    package init(count: Int) {
        self.count = count
        desk = WorkerDesk(count)
        for worker in 1..<count {
            let start = Unmanaged.passRetained(WorkerStart(desk: desk, worker: worker))
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, { context in
                guard let context else { return nil }
                let start = Unmanaged<WorkerStart>.fromOpaque(context).takeRetainedValue()
                start.desk.work(as: start.worker)
                return nil
            }, start.toOpaque())
            guard code == 0 else {
                start.release()
                continue
            }
            threads.append(thread)
        }
    }

    deinit {
        desk.stop()
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Has all pieces of a round done; what they wrote is the caller's to read after it.
    ///
    /// - Parameters:
    ///   - pieces: how many, up to `maximumPieces`.
    ///   - isLast: the next round belongs to another batch, and may be long in coming.
    ///   - context: what `body` is given; it lives until this returns.
    package func run(_ pieces: Int, isLast: Bool, _ context: UnsafeMutableRawPointer, _ body: Body) {
        desk.run(pieces, isLast: isLast, context, body)
    }
}

private final class WorkerStart {
    let desk: WorkerDesk
    let worker: Int

    init(desk: WorkerDesk, worker: Int) {
        self.desk = desk
        self.worker = worker
    }
}

/// A round in one word: its number, whether another follows soon, and how many pieces it has.
private struct WorkerRound: Equatable {
    static let maximumPieces = 256
    /// So many pieces tell the workers to end.
    static let stop = 511

    let word: Int

    init(word: Int) { self.word = word }

    init(number: Int, isLast: Bool, pieces: Int) { word = number << 10 | (isLast ? 1 << 9 : 0) | pieces }

    var number: Int { word >> 10 }
    var isLast: Bool { word & 1 << 9 != 0 }
    var pieces: Int { word & 511 }
}

/// What the threads share. All of it is atomic but the body of a round, which is written before the round is told and read after
/// one of its pieces was claimed, hence `@unchecked Sendable`.
private final class WorkerDesk: @unchecked Sendable {
    /// A value on a cache line of its own.
    private struct Line: ~Copyable {
        let value = Atomic<Int>(0)
        private let rest: (Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0)
    }

    private struct Work {
        let context: UnsafeMutableRawPointer
        let body: ShardWorkers.Body
    }

    private let count: Int
    /// The round that was told last; then pieces done of it; then, by thread, 1 while it sleeps or is about to.
    private let lines: UnsafeMutablePointer<Line>
    /// The last round that each piece was claimed in.
    private let claims: UnsafeMutablePointer<Atomic<Int>>
    private let work: UnsafeMutablePointer<Work>
    private let beds: UnsafeMutablePointer<sem_t>

    /// Turns before a thread sleeps, 10 to 40 ns each. To wake it may take as long as half a batch, so it is worth to turn until the next one
    /// where that comes soon, and where it does not, a waste.
    private static let turns = 8000
    private static let fewTurns = 100
    /// Of so many batches one is waited for with all turns, whatever the ones before it said.
    private static let trial = 64

    init(_ count: Int) {
        self.count = count
        let memory = UnsafeMutableRawPointer.allocate(byteCount: (count + 2) * MemoryLayout<Line>.stride, alignment: 64)
        lines = memory.bindMemory(to: Line.self, capacity: count + 2)
        for i in 0..<count + 2 { (lines + i).initialize(to: Line()) }
        claims = .allocate(capacity: WorkerRound.maximumPieces)
        for i in 0..<WorkerRound.maximumPieces { (claims + i).initialize(to: Atomic(0)) }
        work = .allocate(capacity: 1)
        beds = .allocate(capacity: count)
        for i in 0..<count { sem_init(beds + i, 0, 0) }
    }

    deinit {
        for i in 0..<count { sem_destroy(beds + i) }
        beds.deallocate()
        work.deallocate()
        claims.deinitialize(count: WorkerRound.maximumPieces).deallocate()
        lines.deinitialize(count: count + 2).deallocate()
    }

    // MARK: The caller

    func run(_ pieces: Int, isLast: Bool, _ context: UnsafeMutableRawPointer, _ body: ShardWorkers.Body) {
        precondition((1...WorkerRound.maximumPieces).contains(pieces))
        work.initialize(to: Work(context: context, body: body))
        lines[1].value.store(0, ordering: .relaxed)
        let round = tell(isLast: isLast, pieces: pieces)
        help(round, 0)
        wait(0, turns: Self.turns) { lines[1].value.load(ordering: .sequentiallyConsistent) == pieces }
    }

    func stop() { _ = tell(isLast: true, pieces: WorkerRound.stop) }

    private func tell(isLast: Bool, pieces: Int) -> WorkerRound {
        let last = WorkerRound(word: lines[0].value.load(ordering: .relaxed))
        let round = WorkerRound(number: last.number + 1, isLast: isLast, pieces: pieces)
        lines[0].value.store(round.word, ordering: .sequentiallyConsistent)
        wakeNext(0)
        return round
    }

    // MARK: A worker

    func work(as worker: Int) {
        var round = WorkerRound(word: 0)
        var (turns, batches) = (Self.turns, 0)
        while round.pieces != WorkerRound.stop {
            let before = round
            let slept = wait(worker, turns: before.isLast ? turns : Self.turns) {
                round = WorkerRound(word: lines[0].value.load(ordering: .sequentiallyConsistent))
                return round != before
            }
            wakeNext(worker)
            if before.isLast {
                batches += 1
                turns = slept ? max(Self.fewTurns, turns / 2) : min(Self.turns, turns * 2)
                if batches % Self.trial == 0 { turns = Self.turns }
            }
            if round.pieces != WorkerRound.stop { help(round, worker) }
        }
    }

    /// Does pieces of a round as long as there are any that nobody claimed.
    private func help(_ round: WorkerRound, _ worker: Int) {
        let pieces = round.pieces
        var (piece, done) = (worker * pieces / count, 0)
        for _ in 0..<pieces {
            if claim(piece, round.number) {
                let work = work.pointee
                work.body(work.context, worker, piece)
                done += 1
            }
            piece = piece + 1 == pieces ? 0 : piece + 1
        }
        guard done > 0 else { return }
        if lines[1].value.add(done, ordering: .sequentiallyConsistent).newValue == pieces, worker != 0 { wake(0) }
    }

    /// Fails for a round that is over: all its pieces were claimed in it or a later one.
    @inline(__always)
    private func claim(_ piece: Int, _ round: Int) -> Bool {
        let last = claims[piece].load(ordering: .relaxed)
        return last < round && claims[piece].compareExchange(expected: last, desired: round, ordering: .acquiringAndReleasing).exchanged
    }

    // MARK: Sleep

    /// Waits until `isOver`, turning first and then asleep. Who makes it true looks whether the thread sleeps after that, and the thread
    /// looks whether it is true after it said that it sleeps: one of the two sees the other.
    /// - Returns: whether it slept.
    @discardableResult
    @inline(__always)
    private func wait(_ thread: Int, turns: Int, until isOver: () -> Bool) -> Bool {
        for _ in 0..<turns {
            if isOver() { return false }
            fraud_spin_hint()
        }
        while !isOver() {
            lines[2 + thread].value.store(1, ordering: .sequentiallyConsistent)
            // Already woken, it must take the token that was left for it.
            if isOver(), lines[2 + thread].value.exchange(0, ordering: .sequentiallyConsistent) == 1 { return true }
            while sem_wait(beds + thread) != 0 {}
        }
        return true
    }

    private func wake(_ thread: Int) {
        guard lines[2 + thread].value.load(ordering: .sequentiallyConsistent) == 1,
            lines[2 + thread].value.exchange(0, ordering: .sequentiallyConsistent) == 1
        else { return }
        sem_post(beds + thread)
    }

    /// Each thread wakes two others, so that the caller need not wake all.
    private func wakeNext(_ thread: Int) {
        for next in thread * 2 + 1..<min(thread * 2 + 3, max(count, thread * 2 + 1)) { wake(next) }
    }
}
