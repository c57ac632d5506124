internal import Storage

/// Which columns of a training table are features, and of what kind; what the others are for.
struct TableLayout {
    struct Roles {
        var label: String
        var time: String?
        var group: String?
        var weight: String?
        var id: String?
        var excluded: [String] = []
        var categorical: [String] = []

        /// Columns that are no features, each with the option that named it.
        var aside: [(option: String, column: String)] {
            let named = [("--label", label), ("--time", time), ("--group", group), ("--weight", weight), ("--id", id)]
            return named.compactMap { option, column in column.map { (option, $0) } } + excluded.map { ("--exclude", $0) }
        }
    }

    private(set) var numeric: [String] = []
    private(set) var categorical: [String] = []
    private(set) var notes: [String] = []

    /// - Throws: `CommandError` when an option names no column, or a file lacks a column that the first one has.
    init(_ files: [TableFile], roles: Roles) throws {
        let first = files[0]
        for (option, name) in roles.aside + roles.categorical.map({ ("--categorical", $0) }) {
            guard first.column(name) != nil else { throw CommandError("\(option) \(name): \(Self.noSuchColumn(name, first))") }
        }
        for file in files.dropFirst() {
            let lacking = first.columns.map(\.name).filter { file.column($0) == nil }
            guard lacking.isEmpty else { throw CommandError("\(file.name): expected the columns of \(first.name), found no \(Self.list(lacking))") }
        }
        for file in files {
            for name in file.repeatedNames {
                notes.append(
                    name.isEmpty ? "\(file.name): a column without a name is left out" : "\(file.name): more than one column is called \(name): the first is read")
            }
        }
        let aside = Set(roles.aside.map(\.column))
        for column in first.columns where !aside.contains(column.name) {
            place(column.name, files.compactMap { $0.column(column.name) }, isForced: roles.categorical.contains(column.name))
        }
    }

    private mutating func place(_ name: String, _ columns: [TableFile.Column], isForced: Bool) {
        let kinds = Set(columns.map(\.kind)).subtracting([.empty])
        for case .other(let type) in kinds {
            notes.append("column \(name): its type, \(type), is none that features have: left out")
            return
        }
        if isForced {
            categorical.append(name)
        } else if kinds.isEmpty {
            notes.append("column \(name): no value in any row: left out")
        } else if kinds.isSubset(of: [.number, .flag]) {
            numeric.append(name)
        } else if kinds == [.moment] {
            notes.append("column \(name): times and dates are no features: left out (--time \(name) splits by it)")
        } else {
            categorical.append(name)
            if let misfits = columns.compactMap(\.misfits).first {
                notes.append(
                    "column \(name): \(misfits.count) values are no numbers, such as `\(OutputTable.printable(misfits.example, widest: 40))`: "
                        + "all of them are taken as categories")
            }
        }
    }

    static func noSuchColumn(_ name: String, _ file: TableFile) -> String {
        "\(file.name) has no such column; it has \(list(file.columns.map(\.name)))"
    }

    /// Names for a message, not more than twenty.
    static func list(_ names: [String]) -> String {
        names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
    }
}
