/// Why a model cannot be trained on a table.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
    case emptyTable
    /// All rows in use have one label.
    case oneClass(rows: Int, frauds: Int, part: String)
    /// Fewer distinct groups than folds, or no groups at all.
    case tooFewGroups(groups: Int, folds: Int)
    case badOption(name: String, reason: String)
    /// Features that seem to leak the label, in words, when such a table is refused.
    case leaks([String])
    /// The solver gave no usable weights.
    case solver(status: String)

    package var description: String {
        switch self {
        case .emptyTable: "the table has no rows or no features"
        case .oneClass(let rows, let frauds, let part):
            "\(part) has \(rows) rows of which \(frauds) are fraud; both labels are needed"
        case .tooFewGroups(let groups, let folds): "\(groups) groups cannot be dealt into \(folds) folds"
        case .badOption(let name, let reason): "\(name): \(reason)"
        case .leaks(let leaks): "the table seems to leak its label:\n" + leaks.joined(separator: "\n")
        case .solver(let status): "the solver stopped: \(status)"
        }
    }
}
