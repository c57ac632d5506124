/// Fits an additive model with automatic pair interactions.
package enum AdditiveFitter {
    package static func labLogits(
        train: LabelledTable, rows: [Int], test: LabelledTable, testRows: [Int], options: AdditiveOptions
    ) -> (logits: [Double], outOfBag: [Double]) {
        let table = BinnedTable(table: train, rows: rows, options: options)
        var seeds = SplitMix64(seed: options.seed)
        let bagSeeds = (0..<options.bags).map { _ in seeds.next() }
        var order = Array(0..<table.rows)
        order.shuffle(using: &seeds)
        var part = [Int](repeating: 0, count: table.rows)
        var next = [0, 0]
        if options.parts > 0 { for row in order { let c = table.labels[row] ? 1 : 0; part[row] = next[c] % options.parts; next[c] += 1 } }
        let parts = part
        let tests = testRows
        let results = parallelMap(options.bags) { b in
            var booster = PairBooster(table: table, options: options, partners: nil, isHeldOut: options.parts == 0 ? nil : parts.map { $0 == b % options.parts }, seed: bagSeeds[b])
            let bag = booster.boost()
            let binned = table.features.enumerated().map { (j, f) in tests.map { UInt8(f.binning.bin(of: test.columns[j][$0])) } }
            let out = tests.indices.map { i in bag.trees.reduce(bag.intercept) { $0 + $1.value { Int(binned[$0][i]) } } }
            return (out, bag.logits)
        }
        var sum = [Double](repeating: 0, count: testRows.count)
        for r in results { for i in sum.indices { sum[i] += r.0[i] / Double(options.bags) } }
        return (sum, results[0].1)
    }
}
