import CVectorKernels
import ClickModel
import LogisticModel
import Testing

/// Runs a body under each instruction set of the machine. Tests beside this one may change it meanwhile: they find the same
/// bits whatever they take.
private func eachLevel(_ body: (Int32) throws -> Void) rethrows {
    let widest = fraud_vector_set_level(.max)
    for level in Int32(FRAUD_VECTOR_BASE)...widest {
        _ = fraud_vector_set_level(level)
        try body(level)
    }
}

@Suite("Kernels of the binned terms", .serialized) struct VectorKernelTests {
    private func logits(_ compiled: CompiledModel, _ block: FeatureBlock, rows: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: block.capacity) { buffer, initialized in
            compiled.uncalibratedLogits(block, rows: rows, into: buffer.baseAddress!)
            initialized = rows
        }
    }

    @Test("a value gets its bin among any number of edges, alone and in batches, under every instruction set")
    func binsOfEveryCount() throws {
        var (model, catalogue) = randomModel(seed: 1, features: 1)
        model.features = []
        model.surfaces = []
        model.calibration = nil
        model.intercept = 0
        model.featureSchemaHash = ""
        let special: [Float] = [.nan, -.nan, .infinity, -.infinity, -0.0, 0, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        for count in 0...254 {
            var random = RandomData(UInt64(count))
            let edges = (0..<count).map { Double($0) * 1.5 - 40 }
            // The value of a bin is its number, so the sum says which was found.
            model.curves = [LogisticModel.Curve(feature: "feature_0", edges: edges, values: (0..<count + 2).map(Double.init))]
            let compiled = try CompiledModel(model, catalogue: catalogue)
            let block = FeatureBlock(columnCount: 1, capacity: 320)
            for row in 0..<320 {
                let edge = count == 0 ? 0 : Float(edges[random.below(count)])
                block.column(0)[row] = [special[random.below(8)], edge, edge.nextDown, edge.nextUp, Float(random.normal() * 200)][random.below(5)]
            }
            let expected = (0..<320).map { row in
                let value = block.column(0)[row]
                return Float(value.isNaN ? 0 : 1 + edges.count { Float($0) <= value })
            }
            eachLevel { level in
                for rows in [1, 2, 17, 129, 320] {
                    #expect(logits(compiled, block, rows: rows) == Array(expected[..<rows]), "\(count) edges, \(rows) rows, instruction set \(level)")
                }
            }
        }
    }

    @Test("whole models give the same bits under every instruction set", arguments: 1...12 as ClosedRange<UInt64>)
    func sameBits(seed: UInt64) throws {
        let features = [1, 2, 15, 16, 17, 40, 66][Int(seed) % 7]
        let (model, catalogue) = randomModel(seed: seed, features: features)
        let compiled = try CompiledModel(model, catalogue: catalogue)
        let block = FeatureBlock(columnCount: features, capacity: 320)
        var random = RandomData(seed)
        fill(block, &random)
        var first: [Int: [UInt32]] = [:]
        eachLevel { level in
            for rows in [1, 2, 16, 127, 129, 320] {
                let bits = logits(compiled, block, rows: rows).map(\.bitPattern)
                #expect(bits == first[rows, default: bits], "seed \(seed), \(rows) rows, instruction set \(level)")
                first[rows] = bits
            }
        }
        #expect(first[1]! == Array(first[320]![..<1]), "seed \(seed): a row alone")
    }

    /// Eight products in one chain of roundings, the eights in order, a four, and single products rounded by themselves.
    private func slowSum(_ weights: [Float], _ values: [Float]) -> Float {
        var sum: Float = 0
        var column = 0
        func chain(_ count: Int) {
            var part: Float = 0
            for _ in 0..<count {
                part = part.addingProduct(values[column], weights[column])
                column += 1
            }
            sum += part
        }
        for _ in 0..<weights.count / 8 { chain(8) }
        if weights.count % 8 >= 4 { chain(4) }
        while column < weights.count {
            let product = values[column] * weights[column]
            sum += product
            column += 1
        }
        return sum
    }

    @Test("a row is summed in the order of its description, under every instruction set", arguments: [11, 12] as [UInt64])
    func rowSums(seed: UInt64) {
        var random = RandomData(seed)
        for columns in Array(0...300) + [1000, 1023] {
            let weights = (0..<columns).map { _ in Float(random.normal()) }
            let values = (0..<columns).map { _ in random.below(5) == 0 ? 0 : Float(random.normal() * 30) }
            var laidOut = (weights: [Float](repeating: 0, count: Int(fraud_row_floats(Int32(columns)))), values: [Float]())
            laidOut.values = laidOut.weights
            let places = (0..<columns).map { Int(fraud_row_place(Int32($0), Int32(columns))) }
            #expect(Set(places).count == columns && places.allSatisfy { $0 < laidOut.values.count }, "\(columns) columns")
            for (column, place) in places.enumerated() { (laidOut.weights[place], laidOut.values[place]) = (weights[column], values[column]) }
            let expected = slowSum(weights, values)
            eachLevel { level in
                let sum = fraud_row_sum(laidOut.weights, laidOut.values, Int32(columns))
                #expect(sum.bitPattern == expected.bitPattern, "seed \(seed), \(columns) columns, instruction set \(level)")
            }
        }
    }
}
