import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

/// Random test data, reproducible from the seed that every failure message shows.
struct RandomData {
    var generator: SplitMix64
    init(_ seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func uniform() -> Double { Double(generator.next() >> 11) / Double(1 << 53) }
    mutating func normal() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }
    mutating func below(_ n: Int) -> Int { Int(generator.next() % UInt64(n)) }
}

/// Runs Python with the packages `make deps` installs: numpy and scikit-learn are the software we compare with.
enum Python {
    struct Failure: Error, CustomStringConvertible { let description: String }

    static func packages(filePath: String = #filePath) throws -> String {
        if let path = ProcessInfo.processInfo.environment["FRAUD_PYTHON"] { return path }
        var folder = URL(fileURLWithPath: filePath).deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
                let path = folder.appendingPathComponent(".deps/python").path
                if FileManager.default.fileExists(atPath: path) { return path }
                break
            }
            folder.deleteLastPathComponent()
        }
        throw Failure(description: "Python packages are missing: run `make deps`, or set FRAUD_PYTHON to their folder")
    }

    /// Runs a script in a folder of its own that holds `files`; it prints one JSON value.
    static func run<T: Decodable>(_ script: String, files: [String: Data] = [:], as type: T.Type = T.self) throws -> T {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fraud-training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
        try Data(script.utf8).write(to: folder.appendingPathComponent("script.py"))
        let output = folder.appendingPathComponent("stdout")
        let errors = folder.appendingPathComponent("stderr")
        for file in [output, errors] { try Data().write(to: file) }

        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-I", "-c", "import sys; sys.path.insert(0, \(quoted(try packages()))); exec(open('script.py').read())"]
        process.currentDirectoryURL = folder
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "python failed: \(String(decoding: try Data(contentsOf: errors), as: UTF8.self).suffix(2000))")
        }
        return try JSONDecoder().decode(type, from: Data(contentsOf: output))
    }

    private static func quoted(_ text: String) -> String { "'\(text.replacingOccurrences(of: "'", with: "\\'"))'" }
}

extension Array where Element: BitwiseCopyable {
    /// The elements' bytes, as numpy.fromfile reads them.
    var data: Data { withUnsafeBytes { Data($0) } }
}

/// A catalogue of one feature per unit that behaves differently.
let sampleCatalogue: [FeatureDescription] = ["count", "ms", "flag", "share", "ratio", "min", "count", "s", "px", "km/h", "count"]
    .enumerated().map { FeatureDescription(name: "f\($0.offset)", unit: $0.element, meaning: "", missing: "") }

/// Labelled rows over `sampleCatalogue`: heavy tails, flags, unknown values, and fraud that shows in three of them.
func sampleTable(seed: UInt64, rows: Int, hasGroups: Bool = false) -> LabelledTable {
    var random = RandomData(seed)
    var table = LabelledTable(names: sampleCatalogue.map(\.name), hasTimes: true, hasGroups: hasGroups)
    for row in 0..<rows {
        let isFraud = random.uniform() < 0.15
        var values = sampleCatalogue.map { feature -> Float in
            switch feature.unit {
            case "flag": Float(random.uniform() < 0.1 ? 1 : 0)
            case "share": Float(random.uniform())
            default: Float(exp(random.normal() * 1.5).rounded(.down))
            }
        }
        if isFraud {
            values[0] = 2 + values[0] * Float(1 + 8 * random.uniform())
            values[2] = random.uniform() < 0.5 ? 1 : 0
            values[3] = Float(random.uniform().squareRoot())
        }
        values[4] = 7  // constant
        if random.uniform() < 0.2 { values[1] = .nan }
        if random.uniform() < (isFraud ? 0.4 : 0.1) { values[7] = .nan }
        table.append(
            values, isFraud: isFraud, eventTime: EventTime(milliseconds: 1_700_000_000_000 + Int64(row) * 250),
            group: UInt64(random.below(max(1, rows / 8))), attack: isFraud ? ["ip_burst", "hosting", "humanoid"][random.below(3)] : "")
    }
    return table
}

/// A model with random weights over `count` features, some log, some with missing weights, some unused; with curves of
/// every second feature, surfaces between neighbours, and a calibration on even seeds.
func randomModel(seed: UInt64, features count: Int) -> (LogisticModel, [FeatureDescription]) {
    var random = RandomData(seed)
    let weightings = (0..<count).map { index in
        LogisticModel.Weighting(
            name: "feature_\(index)", transform: index % 5 == 4 ? .identity : .log1p, clipLow: index % 5 == 4 ? -3 : 0,
            clipHigh: 10 + 5000 * random.uniform(), center: random.normal(), scale: 0.1 + random.uniform(),
            weight: index % 7 == 6 ? 0 : random.normal() * 0.3, missingWeight: index % 3 == 0 ? 0 : random.normal() * 0.3)
    }
    let catalogue = weightings.map { FeatureDescription(name: $0.name, unit: "count", meaning: "", missing: "") }
    let facts = LogisticModel.TrainingFacts(
        dataHash: "00", rows: 10, frauds: 3, firstEventMs: 1, lastEventMs: 2, l2: 1, seed: seed, solverStatus: "converged", iterations: 4)
    func edges() -> [Double] { Set((0..<random.below(40)).map { _ in Float(exp(random.normal() * 3) - 1) }).sorted().map { Double($0) } }
    func values(_ bins: Int) -> [Double] { (0..<bins).map { _ in random.normal() * 0.2 } }
    let curves = stride(from: 0, to: count, by: 2).map { index in
        let edges = edges()
        return LogisticModel.Curve(feature: "feature_\(index)", edges: edges, values: values(edges.count + 2), weight: 0.5 + random.uniform())
    }
    let surfaces = (1..<max(2, count)).filter { $0 < count }.map { index in
        let (first, second) = (edges(), edges())
        return LogisticModel.Surface(
            first: "feature_\(index)", second: "feature_\(index - 1)", firstEdges: first, secondEdges: second,
            values: values((first.count + 2) * (second.count + 2)), weight: 0.5 + random.uniform())
    }
    let calibration = Calibration(method: .isotonic, inputs: [-3, -1, 0.5, 2], outputs: [-4, -1.5, 0.2, 0.9])
    let model = LogisticModel(
        name: "random", features: weightings, curves: curves, surfaces: surfaces, intercept: random.normal(),
        calibration: seed % 2 == 0 ? calibration : nil, threshold: 0.9, training: facts,
        metrics: ["test_roc_auc": 0.1 + 0.2], featureSchemaHash: LogisticModel.schemaHash(catalogue))
    return (model, catalogue)
}

/// Feature values as clicks have them, with unknown, huge and infinite ones.
func fill(_ block: FeatureBlock, _ random: inout RandomData) {
    for column in 0..<block.columnCount {
        for row in 0..<block.capacity {
            let draw = random.uniform()
            block.column(column)[row] =
                draw < 0.2 ? .nan : draw < 0.21 ? .infinity : draw < 0.22 ? -.infinity : draw < 0.23 ? 3e38 : Float(exp(random.normal() * 3) - 1)
        }
    }
}
