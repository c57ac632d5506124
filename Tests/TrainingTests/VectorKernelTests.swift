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
}
