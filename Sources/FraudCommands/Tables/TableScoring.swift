internal import ClickModel
internal import Features
internal import LogisticModel
internal import Storage

/// Scores the rows of table files with a model, batch by batch: the scorer of clicks over columns found by name.
final class TableScoring {
    /// Rows scored together, as long as `body` runs.
    struct Batch {
        /// Position of the first row in its file, from 0.
        var first: Int
        var count: Int
        var scores: UnsafeBufferPointer<Float>
        /// Intercept and terms before calibration.
        var sums: UnsafeBufferPointer<Float>
        var block: FeatureBlock
        /// Where the row of the batch `offset` stands in the reader.
        var reader: TableReader
        var readerOffset: Int
    }

    let model: LogisticModel
    let compiled: CompiledModel
    /// The model's features, in the order of the block's columns.
    let names: [String]
    private let encodings: [LogisticModel.CategoryEncoding?]
    private let block: FeatureBlock
    private var scores: [Float]
    private var sums: [Float]

    /// - Throws: `ModelError` when the model is not usable.
    init(_ model: LogisticModel) throws {
        self.model = model
        names = model.inputNames
        let byName = Dictionary(model.encodings.map { ($0.feature, $0) }, uniquingKeysWith: { first, _ in first })
        encodings = names.map { byName[$0] }
        compiled = try CompiledModel(model, catalogue: FeatureDescription.ofTable(names))
        block = FeatureBlock(columnCount: max(1, names.count), capacity: 2048)
        scores = Array(repeating: 0, count: block.capacity)
        sums = scores
    }

    /// Scores every row of a file in its order.
    ///
    /// - Parameter others: columns that `body` reads beside the features; they stand in the reader after those.
    /// - Throws: `CommandError` naming every feature that the file lacks; `TableFileError`; what `body` throws.
    func run(_ file: TableFile, _ database: DuckDB, others: [(TableFile.Column, TableReader.Reading)] = [], _ body: (Batch) throws -> Void) throws {
        let columns = try features(of: file) + others
        guard !columns.isEmpty else { throw CommandError("\(model.name): the model has no feature, and so no score to give") }
        let reader = try TableReader(file, columns, database)
        var first = 0
        while case let count = try reader.next(), count > 0 {
            var start = 0
            while start < count {
                let rows = min(block.capacity, count - start)
                fill(reader, start: start, rows: rows)
                try scores.withUnsafeMutableBufferPointer { scores in
                    try sums.withUnsafeMutableBufferPointer { sums in
                        compiled.score(block, rows: rows, into: scores.baseAddress!)
                        compiled.uncalibratedLogits(block, rows: rows, into: sums.baseAddress!)
                        try body(
                            Batch(
                                first: first, count: rows, scores: UnsafeBufferPointer(rebasing: scores[..<rows]),
                                sums: UnsafeBufferPointer(rebasing: sums[..<rows]), block: block, reader: reader, readerOffset: start))
                    }
                }
                start += rows
                first += rows
            }
        }
    }

    private func features(of file: TableFile) throws -> [(TableFile.Column, TableReader.Reading)] {
        let lacking = names.filter { file.column($0) == nil }
        guard lacking.isEmpty else {
            throw CommandError("\(file.name) lacks \(lacking.count) of the model's \(names.count) features: \(lacking.joined(separator: ", "))")
        }
        return try zip(names, encodings).map { name, encoding in
            let column = file.column(name)!
            if encoding != nil { return (column, .text) }
            guard [.number, .flag, .empty].contains(column.kind) else {
                let example = column.misfits.map { ", such as `\(OutputTable.printable($0.example, widest: 40))`" } ?? ""
                throw CommandError("\(file.name): column \(name): the model expects numbers, found \(column.kind)\(example)")
            }
            return (column, .number)
        }
    }

    private func fill(_ reader: TableReader, start: Int, rows: Int) {
        for (column, encoding) in encodings.enumerated() {
            let target = block.column(column)
            for row in 0..<rows {
                if let encoding {
                    target[row] = reader.text(column, row: start + row).map { Float(encoding[LogisticModel.CategoryEncoding.canonical($0)]) } ?? .nan
                } else {
                    target[row] = Float(reader.number(column, row: start + row))
                }
            }
        }
    }
}

extension FeatureDescription {
    /// Columns of a table by their names: those of clicks where a name is theirs, so that models of clicks and exported features
    /// go together.
    static func ofTable(_ names: [String]) -> [FeatureDescription] {
        let known = Dictionary(uniqueKeysWithValues: Feature.catalogue.map { ($0.name, $0) })
        return names.map { known[$0] ?? FeatureDescription(name: $0, unit: "", meaning: "", missing: "") }
    }
}
