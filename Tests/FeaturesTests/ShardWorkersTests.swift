import Features
import Foundation
import Testing

@Suite("Shard workers")
struct ShardWorkersTests {
    /// What pieces write: how often each was done, and by whom.
    private final class Marks {
        let times: UnsafeMutablePointer<Int>
        let threads: UnsafeMutablePointer<Int>

        init() {
            times = .allocate(capacity: ShardWorkers.maximumPieces)
            threads = .allocate(capacity: ShardWorkers.maximumPieces)
            times.initialize(repeating: 0, count: ShardWorkers.maximumPieces)
            threads.initialize(repeating: -1, count: ShardWorkers.maximumPieces)
        }

        deinit {
            times.deallocate()
            threads.deallocate()
        }

        func run(_ workers: ShardWorkers, _ pieces: Int, isLast: Bool) {
            workers.run(pieces, isLast: isLast, Unmanaged.passUnretained(self).toOpaque()) { context, worker, piece in
                let marks = Unmanaged<Marks>.fromOpaque(context).takeUnretainedValue()
                marks.times[piece] += 1
                marks.threads[piece] = worker
            }
        }
    }

    @Test("every piece of every round is done once, whether the threads turn, sleep or are late", arguments: [2, 3, 5, 16])
    func once(count: Int) {
        var random = SplitMix64(state: UInt64(count))
        let workers = ShardWorkers(count: count)
        let marks = Marks()
        var expected = [Int](repeating: 0, count: ShardWorkers.maximumPieces)
        for round in 0..<6000 {
            let pieces = Int.random(in: 1...(round % 50 == 0 ? ShardWorkers.maximumPieces : 20), using: &random)
            marks.run(workers, pieces, isLast: Bool.random(using: &random))
            for piece in 0..<pieces { expected[piece] += 1 }
            let seen = (0..<expected.count).map { marks.times[$0] }
            #expect(seen == expected, "round \(round) of \(pieces) pieces, \(count) threads")
            if seen != expected { return }
            #expect((0..<pieces).allSatisfy { (0..<count).contains(marks.threads[$0]) })
            if round % 600 == 0 { Thread.sleep(forTimeInterval: 0.002) }
        }
    }

    @Test("what one round wrote the next one reads, whoever does its pieces")
    func roundsAreOrdered() {
        let workers = ShardWorkers(count: 4)
        let marks = Marks()
        for round in 1...4000 {
            // Each piece takes its neighbour's value of the round before, which another thread may have written.
            let before = (0..<64).map { marks.times[$0] }
            marks.run(workers, 64, isLast: false)
            #expect((0..<64).allSatisfy { marks.times[$0] == before[$0] + 1 && marks.times[$0] == round })
            if marks.times[0] != round { return }
        }
    }

    @Test("threads end with their owner, whether there was work or not")
    func ends() {
        for round in 0..<200 {
            let workers = ShardWorkers(count: 2 + round % 8)
            let marks = Marks()
            for turn in 0..<round % 4 { marks.run(workers, 3, isLast: turn == 2) }
            #expect(marks.times[0] == round % 4)
        }
    }
}
