import CVectorKernels
import ClickModel
import Rules
import Testing

@Suite("Compiled rules")
struct CompiledRulesTests {
    static let names = ["f0", "f1", "f2", "f3", "f4", "f5"]

    @Test("agree with a tree walker in three-valued logic on random rules and rows", arguments: 0..<60 as Range<UInt64>)
    func agreesWithTreeWalker(seed: UInt64) throws {
        var rng = SplitMix64(seed: seed)
        let count = Self.names.count
        let trees = (0..<Int.random(in: 1...64, using: &rng)).map { _ in
            SlowExpression.randomCondition(depth: 4, features: count, &rng)
        }
        let spelled = trees.map { $0.spelled(Self.names, &rng) }
        let set = try RuleSet.load(text: Fixtures.file(spelled), catalogue: Fixtures.catalogue(Self.names))
        let rows = (0..<Int.random(in: 1...400, using: &rng)).map { _ in SlowExpression.randomRow(count, &rng) }
        let rules = set.compile()
        let batch = Fixtures.fired(rules, Fixtures.block(rows, columns: count), rows: rows.count)
        var trueCount = 0
        for (row, bits) in zip(rows, batch) {
            for (i, tree) in trees.enumerated() {
                let isTrue = tree.truth(row) == true
                trueCount += isTrue ? 1 : 0
                #expect((bits >> UInt64(i) & 1 == 1) == isTrue, "seed \(seed), rule \(spelled[i]), row \(row)")
            }
            #expect(trees.count == 64 || bits >> UInt64(trees.count) == 0, "seed \(seed): a bit without a rule")
        }
        #expect(trueCount > 0, "seed \(seed): nothing was true, so nothing was tested")
        // Alone and under every instruction set they are the same.
        let beside = FeatureBlock(rowOf: count)
        let widest = fraud_vector_set_level(.max)
        for level in Int32(FRAUD_VECTOR_BASE)...widest {
            _ = fraud_vector_set_level(level)
            #expect(Fixtures.fired(rules, Fixtures.block(rows, columns: count), rows: rows.count) == batch, "seed \(seed), instruction set \(level)")
            for (row, bits) in zip(rows, batch) {
                #expect(Fixtures.fired(rules, Fixtures.block([row], columns: count), rows: 1) == [bits], "seed \(seed), instruction set \(level), row \(row)")
                for (column, value) in row.enumerated() { beside.column(column)[0] = value }
                #expect(Fixtures.fired(rules, beside, rows: 1) == [bits], "seed \(seed), instruction set \(level), side by side, row \(row)")
            }
        }
    }

    @Test("give a click alone what they give it in a batch, whatever else is in the block", arguments: [1, 7, 64, 65, 130, 1024])
    func batchEqualsSingle(rowCount: Int) throws {
        var rng = SplitMix64(seed: UInt64(rowCount))
        let count = Self.names.count
        let spelled = (0..<20).map { _ in
            SlowExpression.randomCondition(depth: 3, features: count, &rng).spelled(Self.names, &rng)
        }
        let rules = try RuleSet.load(text: Fixtures.file(spelled), catalogue: Fixtures.catalogue(Self.names)).compile()
        let rows = (0..<rowCount).map { _ in SlowExpression.randomRow(count, &rng) }
        let batch = Fixtures.fired(rules, Fixtures.block(rows, columns: count), rows: rowCount)
        let single = FeatureBlock(columnCount: count)
        for j in 0..<count { single.column(j).update(repeating: Float(j), count: single.capacity) }
        for (i, row) in rows.enumerated() {
            for j in 0..<count { single.column(j)[0] = row[j] }
            #expect(Fixtures.fired(rules, single, rows: 1)[0] == batch[i], "seed \(rowCount), row \(row)")
        }
    }

    @Test("unknown is never evidence, negated or not", arguments: [
        ("f0 > 1", false), ("not f0 > 1", false), ("f0 != 1", false), ("f0 == f0", false), ("not (f0 < 1 and f1 < 3)", false), ("not (f0 < 1 and f1 < 1)", true),
        ("f0 > 1 or f1 == 2", true), ("not (f0 > 1 and f1 > 5)", true), ("known(f0)", false), ("not known(f0)", true),
        ("f0 * 0 == 0", false), ("f1 / (f1 - 2) > 0", false), ("f1 / (f1 - 2) != 0", false), ("not f1 / (f1 - 2) > 0", false),
    ])
    func unknownIsNoEvidence(condition: String, fires: Bool) throws {
        #expect(try Fixtures.fires(condition, [.nan, 2], names: ["f0", "f1"]) == fires)
    }

    @Test("binds operators as arithmetic and logic do", arguments: [
        ("f0 + f1 * 2 == 5", true), ("(f0 + f1) * 2 == 6", true), ("f0 - f1 - 1 == -2", true), ("f1 / 2 / 2 == 0.5", true),
        ("-f1 + 3 == f0", true), ("- - f1 == 2", true), ("1 < f1", true), ("2 <= f0", false), ("f0 == 1 or f0 == 9 and f1 == 9", true),
        ("(f0 == 1 or f0 == 9) and f1 == 9", false), ("not f0 == 1 or f1 == 2", true), ("not (f0 == 1 or f1 == 2)", false),
        ("f0 == 1_000 / 1e3", true), ("f0 < 1.5 and\nf1 > 1.5", true), ("not not f0 == 1", true), ("f0 == f1 - 1", true),
    ])
    func precedence(condition: String, fires: Bool) throws {
        let condition = condition.replacing("\n", with: "\\n")
        #expect(try Fixtures.fires(condition, [1, 2], names: ["f0", "f1"]) == fires)
    }

    @Test("the first fraud rule in file order decides; notes never do")
    func decides() throws {
        let text = Fixtures.file(
            ["f0 > 0", "f0 > 1", "f0 > 2", "f0 > 3"], actions: ["note", "fraud", "note", "fraud"])
        let set = try RuleSet.load(text: text, catalogue: Fixtures.catalogue(["f0"]))
        let rules = set.compile()
        let fired = Fixtures.fired(rules, Fixtures.block([[0], [1], [2], [3], [4]], columns: 1), rows: 5)
        #expect(fired == [0b0000, 0b0001, 0b0011, 0b0111, 0b1111])
        #expect(fired.map { rules.decide(fired: $0) } == [-1, -1, 1, 1, 1])
        #expect(rules.decide(fired: 0b1000) == 3)
        #expect(set.rules.map(\.action) == [.note, .fraud, .note, .fraud])
        #expect(set.rules[1].ivt == .sivt && set.rules[0].ivt == .none)
    }

    @Test("no rows and no rules are fine")
    func empty() throws {
        let none = try RuleSet.load(text: "version: 1\nrules: []\n", catalogue: Fixtures.catalogue(["f0"]))
        #expect(Fixtures.fired(none.compile(), Fixtures.block([[1], [2]], columns: 1), rows: 2) == [0, 0])
        let one = try RuleSet.load(text: Fixtures.file(["f0 > 0"]), catalogue: Fixtures.catalogue(["f0"]))
        #expect(Fixtures.fired(one.compile(), Fixtures.block([[1]], columns: 1), rows: 0) == [])
    }

    @Test("the default rules run over a batch of mixed clicks; prints the cost of a click")
    func speed() throws {
        let catalogue = try Fixtures.realCatalogue()
        let rules = try RuleSet.load(path: Fixtures.defaultRulesPath(), catalogue: catalogue).compile()
        var rng = SplitMix64(seed: 1)
        let block = FeatureBlock(columnCount: catalogue.count)
        for j in 0..<catalogue.count {
            for i in 0..<block.capacity { block.column(j)[i] = rng.next() % 4 == 0 ? .nan : Float(rng.next() % 3) }
        }
        var fired = [UInt64](repeating: 0, count: block.capacity)
        /// The best of 20 tries: other tests run beside this one.
        func nanoseconds(rows: Int, rounds: Int) -> Double {
            let best = (0..<20).map { _ in
                ContinuousClock().measure {
                    fired.withUnsafeMutableBufferPointer { buffer in
                        for _ in 0..<rounds { rules.evaluate(block, rows: rows, into: buffer.baseAddress!) }
                    }
                }
            }.min()!
            return (best / (rounds * rows)) / .nanoseconds(1)
        }
        let batch = nanoseconds(rows: 1024, rounds: 20)
        let single = nanoseconds(rows: 1, rounds: 4000)
        print("rules: \(rules.ruleSet.rules.count) rules, \(batch) ns a click in batches of 1024, \(single) ns for one click")
        #expect(fired.contains { $0 != 0 })
    }
}
