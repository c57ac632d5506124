import ClickModel
import Testing
import Training

@Suite struct SplitTests {
    private func table(times: [Int64]) -> LabelledTable {
        var table = LabelledTable(names: ["a"])
        for time in times { table.append([0], isFraud: false, eventTime: EventTime(milliseconds: time)) }
        return table
    }

    @Test("all of training lies before all of testing, whatever the order of the rows")
    func timeSplit() {
        for seed in UInt64(1)...50 {
            var random = RandomData(seed)
            let count = 2 + random.below(300)
            let times = (0..<count).map { _ in Int64(random.below(40)) }
            let split = TimeSplit(table: table(times: times), rows: Array(0..<count), share: 0.7)
            #expect((split.before + split.after).sorted() == Array(0..<count), "seed \(seed)")
            if let cut = split.cutMs {
                #expect(split.before.allSatisfy { times[$0] < cut } && split.after.allSatisfy { times[$0] >= cut }, "seed \(seed)")
                #expect(split.before.count <= Int((Double(count) * 0.7).rounded()), "seed \(seed)")
            }
        }
    }

    @Test("one stray timestamp does not empty a side")
    func strayTime() {
        let split = TimeSplit(table: table(times: Array(0..<100).map(Int64.init) + [4_000_000_000_000]), rows: Array(0...100), share: 0.7)
        #expect(split.before.count == 71 && split.after.count == 30)
    }

    @Test("without times the order of the rows is their time")
    func noTimes() {
        var table = LabelledTable(names: ["a"], hasTimes: false)
        for _ in 0..<10 { table.append([0], isFraud: false) }
        let split = TimeSplit(table: table, rows: Array(0..<10), share: 0.7)
        #expect(split.before == Array(0..<7) && split.after == [7, 8, 9] && split.cutMs == nil)
    }

    @Test("no group is split, every row is in one fold, and folds have nearly equal fraud")
    func groupedFolds() throws {
        for seed in UInt64(1)...20 {
            var random = RandomData(seed)
            let groups = (0..<3000).map { _ in UInt64(random.below(400)) }
            let labels = groups.map { group in random.uniform() < (group % 10 == 0 ? 0.9 : 0.05) }
            let folds = try GroupedFolds(groups: groups, labels: labels, folds: 5, seed: seed)
            var foldOfGroup: [UInt64: Int] = [:]
            for (group, fold) in zip(groups, folds.foldOfRow) {
                #expect(foldOfGroup[group, default: fold] == fold, "seed \(seed)")
                foldOfGroup[group] = fold
            }
            let total = labels.count { $0 }
            for fold in 0..<5 {
                let (train, test) = folds.split(fold)
                #expect(train.count + test.count == 3000)
                let frauds = test.count { labels[$0] }
                #expect(abs(Double(frauds) / Double(total) - 0.2) < 0.02, "seed \(seed), fold \(fold): \(frauds) of \(total)")
                #expect(abs(Double(test.count) / 3000 - 0.2) < 0.02, "seed \(seed), fold \(fold)")
            }
        }
    }

    @Test("folds depend on the seed alone")
    func foldsAreSeeded() throws {
        let groups = (0..<500).map { UInt64($0 % 100) }
        let labels = (0..<500).map { $0 % 7 == 0 }
        let first = try GroupedFolds(groups: groups, labels: labels, folds: 4, seed: 1).foldOfRow
        #expect(try GroupedFolds(groups: groups, labels: labels, folds: 4, seed: 1).foldOfRow == first)
        #expect(try GroupedFolds(groups: groups, labels: labels, folds: 4, seed: 2).foldOfRow != first)
    }

    @Test("fewer groups than folds is an error")
    func tooFewGroups() {
        #expect(throws: TrainingError.tooFewGroups(groups: 2, folds: 3)) {
            try GroupedFolds(groups: [1, 1, 2], labels: [true, false, true], folds: 3, seed: 1)
        }
        #expect(throws: TrainingError.self) { try GroupedFolds(groups: [1, 2], labels: [true, false], folds: 1, seed: 1) }
    }
}
