import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

@Suite struct ONNXTests {
    /// What onnx and onnxruntime say of the files of one run.
    struct Answer: Decodable {
        var scores: [[Float]]
        var names: [String]
        var opset: Int
    }

    /// Checks each model by onnx.checker, and scores its rows by onnxruntime.
    static let script = """
        import json
        import numpy as np, onnx, onnxruntime

        scores = []
        for n in range(int(open('count').read())):
            model = onnx.load(f'{n}.onnx')
            onnx.checker.check_model(model, full_check=True)
            names = {p.key: p.value for p in model.metadata_props}['feature_names'].split(',')
            x = np.fromfile(f'{n}.rows', np.float32).reshape(-1, len(names))
            session = onnxruntime.InferenceSession(f'{n}.onnx', providers=['CPUExecutionProvider'])
            got, = session.run(['score'], {'features': x})
            assert got.shape == (len(x), 1) and got.dtype == np.float32, (got.shape, got.dtype)
            scores.append([float(s) for s in got[:, 0]])
        print(json.dumps({'scores': scores, 'names': names, 'opset': model.opset_import[0].version}))
        """

    static let rows = 256

    /// The rows of a block as the exported model takes them, and the scorer's scores.
    static func scored(_ model: LogisticModel, _ catalogue: [FeatureDescription], seed: UInt64) throws -> (rows: [Float], scores: [Float]) {
        let block = FeatureBlock(columnCount: catalogue.count, capacity: rows)
        var random = RandomData(seed)
        fill(block, &random)
        let columns = try model.matching(catalogue: catalogue)
        let matrix = (0..<rows).flatMap { row in model.inputNames.map { block.column(columns[$0]!)[row] } }
        let compiled = try CompiledModel(model, catalogue: catalogue)
        let scores = [Float](unsafeUninitializedCapacity: block.capacity) { buffer, initialized in
            buffer.initialize(repeating: -1)
            compiled.score(block, rows: rows, into: buffer.baseAddress!)
            initialized = rows
        }
        return (matrix, scores)
    }

    /// - Parameter models: each with its rows.
    static func run(_ models: [(LogisticModel, [Float])]) throws -> Answer {
        var files = ["count": Data("\(models.count)".utf8)]
        for (number, (model, rows)) in models.enumerated() {
            files["\(number).onnx"] = Data(try ONNXExport.encoded(model))
            files["\(number).rows"] = rows.data
        }
        return try Python.run(script, files: files)
    }

    /// Curves and surfaces alone, without a linear term.
    static func additive(seed: UInt64, features: Int) -> (LogisticModel, [FeatureDescription]) {
        var (model, catalogue) = randomModel(seed: seed, features: features)
        model.features = []
        model.bind(to: catalogue)
        return (model, catalogue)
    }

    @Test("onnxruntime gives an exported additive model's scores to 1e-6, on unknown, huge and infinite values too")
    func additiveModels() throws {
        let cases = try [2, 3, 11, 40].enumerated().map { index, features in
            let (model, catalogue) = Self.additive(seed: UInt64(20 + index), features: features)
            return (model, try Self.scored(model, catalogue, seed: UInt64(index)))
        }
        let answer = try Self.run(cases.map { ($0.0, $0.1.rows) })
        #expect(answer.opset == 17 && answer.names == cases.last!.0.inputNames)
        for (index, (got, (_, expected))) in zip(answer.scores, cases).enumerated() {
            for (row, pair) in zip(got, expected.scores).enumerated() {
                #expect(abs(pair.0 - pair.1) <= 1e-6, "model \(index), row \(row): \(pair)")
            }
        }
    }

    @Test("linear terms too, with and without calibration")
    func linearModels() throws {
        let cases = try [1, 2, 7, 30].flatMap { features in
            try [UInt64(4), 5].map { seed in
                let (model, catalogue) = randomModel(seed: seed, features: features)
                return (model, try Self.scored(model, catalogue, seed: seed))
            }
        }
        let answer = try Self.run(cases.map { ($0.0, $0.1.rows) })
        for (index, (got, (_, expected))) in zip(answer.scores, cases).enumerated() {
            for (row, pair) in zip(got, expected.scores).enumerated() {
                #expect(abs(pair.0 - pair.1) <= 1e-6, "model \(index), row \(row): \(pair)")
            }
        }
    }

    @Test("a value at an edge falls in the bin above it, as in the scorer")
    func edges() throws {
        let (made, catalogue) = Self.additive(seed: 3, features: 2)
        var model = made
        let edges: [Double] = [-1, 0, 0.1, 1, 16_777_217]
        model.curves = [.init(feature: "feature_0", edges: edges, values: [9, -3, -2, -1, 0, 1, 2].map { $0 / 3 })]
        model.surfaces = []
        model.calibration = nil
        model.bind(to: catalogue)
        let values = edges.flatMap { [Float($0).nextDown, Float($0), Float($0).nextUp] } + [.nan, .infinity, -.infinity]
        let got = try Self.run([(model, values)]).scores[0]
        for (value, score) in zip(values, got) {
            let term = model.curves[0].values[LogisticModel.bin(of: value, edges: edges)]
            #expect(abs(Double(score) - 1 / (1 + exp(-(model.intercept + term)))) < 1e-6, "\(value)")
        }
    }

    @Test("the shipped champion scores the same in onnxruntime")
    func champion() throws {
        var folder = URL(fileURLWithPath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) { folder.deleteLastPathComponent() }
        var model = try LogisticModel.load(from: folder.appendingPathComponent("models/champion.json").path)
        let catalogue = model.inputNames.map { FeatureDescription(name: $0, unit: "", meaning: "", missing: "") }
        model.bind(to: catalogue)
        let (rows, expected) = try Self.scored(model, catalogue, seed: 1)
        let got = try Self.run([(model, rows)]).scores[0]
        for (row, pair) in zip(got, expected).enumerated() { #expect(abs(pair.0 - pair.1) <= 1e-6, "row \(row): \(pair)") }
    }

    @Test("the same model gives the same bytes, and one without a term is refused in words")
    func bytes() throws {
        let (model, _) = randomModel(seed: 8, features: 9)
        #expect(try ONNXExport.encoded(model) == ONNXExport.encoded(model))
        var empty = model
        empty.features = []
        empty.curves = []
        empty.surfaces = []
        #expect(throws: ModelError.self) { try ONNXExport.encoded(empty) }
    }
}
