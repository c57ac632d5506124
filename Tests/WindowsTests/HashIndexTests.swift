import Testing
import Windows

@Suite("HashIndex")
struct HashIndexTests {
    /// What must be there: the hash of each number.
    private struct Model {
        var hashes: [UInt32: UInt64] = [:]
        var numbers: [UInt32] = []

        mutating func insert(_ hash: UInt64, _ number: UInt32) {
            hashes[number] = hash
            numbers.append(number)
        }

        mutating func removeAny(_ random: inout SplitMix) -> (hash: UInt64, number: UInt32)? {
            guard !numbers.isEmpty else { return nil }
            let at = Int(random.next() % UInt64(numbers.count))
            numbers.swapAt(at, numbers.count - 1)
            let number = numbers.removeLast()
            return (hashes.removeValue(forKey: number)!, number)
        }
    }

    private func holds(_ index: borrowing HashIndex, _ model: Model) -> Bool {
        guard index.count == model.hashes.count else { return false }
        return model.hashes.allSatisfy { number, hash in
            // All numbers of one hash are offered, and none twice.
            var offered: [UInt32] = []
            let none = index.find(hash) {
                offered.append($0)
                return false
            }
            let found = index.find(hash) { $0 == number }
            return none == HashIndex.none && found == number && Set(offered).count == offered.count
                && offered.allSatisfy { model.hashes[$0].map { $0 >> 32 } == hash >> 32 }
        }
    }

    @Test("it holds what a dictionary holds, while it grows too", arguments: 0..<60)
    func againstModel(seed: UInt64) {
        var random = SplitMix(seed &* 977 &+ 1)
        var index = HashIndex()
        var model = Model()
        var next: UInt32 = 0
        // Spread, in clusters, in clusters round the table's end, all alike.
        let mask: UInt64 = [.max, 0xfff0_0000_0000_0000, 0x003f_ffff_ffff_ffff, 0xff00_0000_0000_0000][Int(seed % 4)]
        let flip: UInt64 = seed % 8 >= 4 ? .max : 0
        let most = seed % 4 == 3 ? 2000 : 30_000
        func check(_ at: Int) -> Bool {
            let isRight = holds(index, model)
            #expect(isRight, "operation \(at), \(model.hashes.count) entries, seed \(seed)")
            return isRight
        }
        for at in 0..<most {
            switch random.next() % 10 {
            case 0, 1:
                if let gone = model.removeAny(&random) { index.remove(gone.hash, gone.number) }
            case 2:
                guard let old = model.removeAny(&random) else { continue }
                index.renumber(old.hash, old.number, to: next)
                model.insert(old.hash, next)
                next += 1
            default:
                let hash = (random.next() & mask) ^ flip
                index.insert(hash, next)
                model.insert(hash, next)
                next += 1
            }
            if at % (most / 20) == 0, !check(at) { return }
        }
        guard check(most) else { return }
        index.removeAll(reserving: 10)
        let gone = model.hashes.values.allSatisfy { index.find($0) { _ in true } == HashIndex.none }
        #expect(gone, "seed \(seed)")
        for (number, hash) in model.hashes { index.insert(hash, number) }
        _ = check(most + 1)
    }
}
