/// A model as an ONNX file, for runtimes that know nothing of this program.
///
///     features (clicks × inputs, float) ──► score (clicks × 1, float)
///
/// The columns of `features` are `inputNames`, in that order; NaN is unknown. A categorical column is given as the number its
/// text is encoded by (the model file's `encodings`), not as text. Values are binned by comparison with the edges, in single
/// precision as the scorer does, so every click falls in the same bins; the terms are summed in double precision, so a score
/// differs from the scorer's by the rounding of the latter. Names, threshold and ids are in the file's metadata.
///
/// Operators: Gather, GreaterOrEqual, Cast, ReduceSum, Add, Sub, Mul, IsNaN, Where, Max, Min, Log, Concat, MatMul, Sigmoid.
package struct ONNXExport {
    /// A protobuf message ends at 2 GiB; a file stays far under it.
    package static let maximumCells = 1 << 26
    package static let inputName = "features"
    package static let outputName = "score"

    private let model: LogisticModel
    private var graph = ONNXGraph()
    private let position: [String: Int]
    /// Columns of terms, n × 1 or wider, and what each of theirs weighs.
    private var columns: [String] = []
    private var weights: [Double] = []
    /// The bins of a feature over some edges.
    private var bins: [Bins: String] = [:]

    private struct Bins: Hashable {
        var feature: String
        var edges: [Float]
    }

    /// The file's bytes: the same for the same model.
    ///
    /// - Throws: `ModelError.content` when the model is not valid, has no term, or holds more than `maximumCells`.
    package static func encoded(_ model: LogisticModel) throws(ModelError) -> [UInt8] {
        try model.validate(source: model.name)
        let cells = model.curves.reduce(0) { $0 + $1.values.count } + model.surfaces.reduce(0) { $0 + $1.values.count }
        guard cells <= maximumCells else { throw .content(source: model.name, field: "surfaces", reason: "hold more than \(maximumCells) cells") }
        guard !model.inputNames.isEmpty else { throw .content(source: model.name, field: "features", reason: "are none, and neither are curves: there is nothing to compute") }
        var export = ONNXExport(model)
        return export.build()
    }

    private init(_ model: LogisticModel) {
        self.model = model
        position = Dictionary(model.inputNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func build() -> [UInt8] {
        addLinear(model.features.filter { $0.transform == .log1p }, isLog: true)
        addLinear(model.features.filter { $0.transform == .identity }, isLog: false)
        for curve in model.curves {
            let bin = bins(curve.feature, curve.edges)
            addTerm(curve.values, bin, weight: curve.weight)
        }
        for surface in model.surfaces {
            let (first, second) = (bins(surface.first, surface.firstEdges), bins(surface.second, surface.secondEdges))
            let width = graph.constant([surface.secondEdges.count + 2])
            addTerm(surface.values, graph.add("Add", [graph.add("Mul", [first, width]), second]), weight: surface.weight)
        }
        let matrix = columns.count == 1 ? columns[0] : graph.add("Concat", columns, [("axis", 1)])
        let sum = graph.add("MatMul", [matrix, graph.constant(weights, shape: [weights.count, 1])])
        var logit = graph.add("Add", [sum, graph.constant([Double(Float(model.intercept))])])
        if let calibration = model.calibration { logit = calibrated(logit, calibration) }
        let score = graph.cast(graph.add("Sigmoid", [logit]), to: .float, output: Self.outputName)
        return graph.encoded(
            name: model.name, input: (Self.inputName, position.count), output: score, producer: "fraud",
            metadata: [
                ("model_id", model.modelID), ("feature_names", model.inputNames.joined(separator: ",")), ("threshold", "\(model.threshold)"),
                ("feature_schema_hash", model.featureSchemaHash), ("data_hash", model.training.dataHash),
            ])
    }

    /// Columns of the input, n × names.
    private mutating func input(_ names: [String]) -> String {
        let columns = graph.constant(names.map { position[$0]! })
        return graph.add("Gather", [Self.inputName, columns], [("axis", 1)])
    }

    private mutating func addLinear(_ terms: [LogisticModel.Weighting], isLog: Bool) {
        guard !terms.isEmpty else { return }
        let values = input(terms.map(\.name))
        let isUnknown = graph.add("IsNaN", [values])
        let low = graph.constant(terms.map { Double(Float($0.clipLow)) })
        let high = graph.constant(terms.map { Double(Float($0.clipHigh)) })
        var known = graph.add("Min", [graph.add("Max", [graph.cast(values, to: .double), low]), high])
        if isLog { known = graph.add("Log", [graph.add("Add", [known, graph.constant([1.0])])]) }
        let centred = graph.add("Sub", [known, graph.constant(terms.map { Double(Float($0.center)) })])
        columns.append(graph.add("Where", [isUnknown, graph.constant([0.0]), centred]))
        weights += terms.map { Double($0.foldedWeight) }
        columns.append(graph.cast(isUnknown, to: .double))
        weights += terms.map { Double(Float($0.missingWeight)) }
    }

    /// The bins of a feature, n × 1: 0 unknown, else 1 and the edges at or under the value.
    private mutating func bins(_ feature: String, _ edges: [Double]) -> String {
        let key = Bins(feature: feature, edges: edges.map { Float($0) })
        if let known = bins[key] { return known }
        let column = input([feature])
        let one = graph.constant([1])
        let bin = edges.isEmpty ? one : graph.add("Add", [graph.count(edgesUnder: column, edges: graph.constant(key.edges)), one])
        let result = graph.add("Where", [graph.add("IsNaN", [column]), graph.constant([0]), bin])
        bins[key] = result
        return result
    }

    private mutating func addTerm(_ values: [Double], _ index: String, weight: Double) {
        columns.append(graph.add("Gather", [graph.constant(values.map { Double(Float($0)) }), index], [("axis", 0)]))
        weights.append(Double(Float(weight)))
    }

    /// The log-odds of a sum of terms, n × 1, by the segment it falls in.
    private mutating func calibrated(_ sum: String, _ calibration: Calibration) -> String {
        let (inputs, outputs) = (calibration.inputs.map { Double(Float($0)) }, calibration.outputs.map { Double(Float($0)) })
        let slopes = (1..<inputs.count).map { knot -> Double in
            let rise: Double = calibration.outputs[knot] - calibration.outputs[knot - 1]
            let run: Double = calibration.inputs[knot] - calibration.inputs[knot - 1]
            return Double(Float(rise / run))
        }
        let inner = Array(inputs[1..<inputs.count - 1])
        // One segment: its values stand for all rows.
        let segment = inner.isEmpty ? graph.constant([0]) : graph.count(edgesUnder: sum, edges: graph.constant(inner))
        let run = graph.add("Sub", [sum, at(segment, inputs.dropLast())])
        return graph.add("Add", [at(segment, outputs.dropLast()), graph.add("Mul", [at(segment, slopes[...]), run])])
    }

    private mutating func at(_ index: String, _ values: ArraySlice<Double>) -> String {
        graph.add("Gather", [graph.constant(Array(values)), index], [("axis", 0)])
    }
}
