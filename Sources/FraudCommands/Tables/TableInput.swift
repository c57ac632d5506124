internal import LogisticModel
internal import Storage
internal import Training

/// A labelled table read whole, for training.
struct TableInput {
    /// More values (rows × features) are refused: 4 bytes each as read, and training holds them about three times.
    static let maximumValues = 500_000_000
    /// A text column with more different texts is left out as an id; so is one where this share of the rows differ.
    static let maximumDistinct = 1 << 20
    static let idShare = 0.9
    /// Fewer rows do not show that a column is an id.
    private static let fewestRowsOfID = 50

    private(set) var numeric: [(name: String, values: [Float])] = []
    private(set) var categorical: [CategoricalColumn] = []
    private(set) var labels: [Bool] = []
    private(set) var times: [Int64]?
    private(set) var groups: [UInt64]?
    private(set) var weights: [Double]?
    private(set) var notes: [String]

    private var groupNumbers: [String: UInt64] = [:]

    /// The table without its categorical columns.
    var table: LabelledTable {
        LabelledTable(
            names: numeric.map(\.name), columns: numeric.map(\.values), labels: labels, eventTimes: times, groups: groups, weights: weights)
    }

    /// Reads all rows of the files, in their order.
    /// - Throws: `CommandError` and `TableFileError`, with file and row.
    init(_ source: TableFiles, roles: TableLayout.Roles, words: LabelWords, progress: (Int) -> Void) throws {
        let layout = try TableLayout(source.files, roles: roles)
        notes = layout.notes
        let rows = source.files.reduce(0) { $0 + $1.rows }
        let features = layout.numeric.count + layout.categorical.count
        guard rows * features <= Self.maximumValues else {
            throw CommandError("\(rows) rows × \(features) features are more than the \(Self.maximumValues) values that fit in memory: leave out columns or rows")
        }
        guard features > 0 else { throw CommandError("\(source.files[0].name): no column is left that could be a feature") }
        numeric = layout.numeric.map { ($0, []) }
        for index in numeric.indices { numeric[index].values.reserveCapacity(rows) }
        categorical = layout.categorical.map { CategoricalColumn(name: $0) }
        times = roles.time == nil ? nil : []
        groups = roles.group == nil ? nil : []
        weights = roles.weight == nil ? nil : []
        for file in source.files { try read(file, source.database, roles, words, progress) }
        dropUninformative(forced: Set(roles.categorical))
        guard !numeric.isEmpty || !categorical.isEmpty else {
            throw CommandError("\(source.files[0].name): no column is left that could be a feature\n" + notes.joined(separator: "\n"))
        }
        normalizeWeights()
        if roles.time == nil { notes.append("no --time: the rows are taken to be in time order, as they stand in the file") }
    }

    /// A row may count for this many.
    private static let maximumWeight = 1e9

    /// Limits in the trainer are in rows: weights that are shares of one are brought to a mean of 1.
    private mutating func normalizeWeights() {
        guard let given = weights, !given.isEmpty else { return }
        let mean = given.reduce(0, +) / Double(given.count)
        guard mean > 0, mean < 1 else { return }
        weights = given.map { $0 / mean }
        notes.append("the weights' mean was \(mean): they are divided by it, so that a row counts for one on average")
    }

    private mutating func read(
        _ file: TableFile, _ database: DuckDB, _ roles: TableLayout.Roles, _ words: LabelWords, _ progress: (Int) -> Void
    ) throws {
        func column(_ name: String, _ reading: TableReader.Reading) -> (TableFile.Column, TableReader.Reading) { (file.column(name)!, reading) }
        var wanted = numeric.map { column($0.name, .number) } + categorical.map { column($0.name, .text) } + [column(roles.label, .text)]
        let aside: [(String?, TableReader.Reading)] = [(roles.time, .milliseconds), (roles.group, .text), (roles.weight, .number)]
        var positions: [Int?] = []
        for (name, reading) in aside {
            positions.append(name.map { _ in wanted.count })
            if let name { wanted.append(column(name, reading)) }
        }
        let reader = try TableReader(file, wanted, database)
        let first = labels.count
        while case let count = try reader.next(), count > 0 {
            for index in numeric.indices { reader.appendNumbers(index, count: count, to: &numeric[index].values) }
            for index in categorical.indices where categorical[index].categories.count <= Self.maximumDistinct {
                for row in 0..<count { categorical[index].append(reader.text(numeric.count + index, row: row).map(LogisticModel.CategoryEncoding.canonical)) }
            }
            let labelPosition = numeric.count + categorical.count
            for row in 0..<count {
                let number = labels.count - first + 1
                labels.append(try words.label(reader.text(labelPosition, row: row), column: roles.label, file: file.name, row: number))
                if let position = positions[0] {
                    guard let time = reader.milliseconds(position, row: row) else {
                        throw CommandError("\(file.name): row \(number): \(roles.time!) is no time: expected e.g. 2026-11-20T10:00:00Z, a date, or epoch seconds")
                    }
                    times!.append(time)
                }
                if let position = positions[1] { groups!.append(group(reader.text(position, row: row), row: labels.count)) }
                if let position = positions[2] {
                    let weight = reader.number(position, row: row)
                    guard weight >= 0, weight <= Self.maximumWeight else {
                        throw CommandError("\(file.name): row \(number): the weight \(roles.weight!) is \(weight.isNaN ? "missing" : "\(weight)"); expected 0 to \(Self.maximumWeight)")
                    }
                    weights!.append(weight)
                }
            }
            progress(labels.count)
        }
    }

    /// A row without a group is a group of its own.
    private mutating func group(_ text: String?, row: Int) -> UInt64 {
        guard let text else { return 1 << 63 | UInt64(row) }
        if let known = groupNumbers[text] { return known }
        let number = UInt64(groupNumbers.count)
        groupNumbers[text] = number
        return number
    }

    /// Columns that hold one value, none, or another one in nearly every row.
    private mutating func dropUninformative(forced: Set<String>) {
        var kept: [(name: String, values: [Float])] = []
        for column in numeric {
            let known = column.values.first { !$0.isNaN }
            let isConstant = column.values.allSatisfy { $0 == known }
            if known == nil || isConstant {
                notes.append("column \(column.name): \(known == nil ? "no value in any row" : "the same value in every row"): left out")
                continue
            }
            if column.values.count >= Self.fewestRowsOfID, column.values.allSatisfy({ $0.rounded() == $0 }), Set(column.values).count == column.values.count {
                notes.append("column \(column.name): a whole number of its own in every row: if it is an id, leave it out with --exclude")
            }
            kept.append(column)
        }
        numeric = kept
        categorical = categorical.filter { column in
            let known = column.knownCount
            let distinct = column.categories.count
            if distinct > Self.maximumDistinct || (!forced.contains(column.name) && known >= Self.fewestRowsOfID && Double(distinct) >= Self.idShare * Double(known)) {
                notes.append("column \(column.name): \(distinct) different texts in \(column.codes.count) rows, as an id has: left out")
                return false
            }
            if distinct == 0 || (distinct == 1 && known == column.codes.count) {
                notes.append("column \(column.name): \(distinct == 0 ? "no value in any row" : "the same value in every row"): left out")
                return false
            }
            return true
        }
    }
}
