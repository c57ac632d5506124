internal import ClickModel
internal import Foundation
internal import LogisticModel

/// Where a champion and a challenger differ, in clicks and in money. A label is what rules and model say together.
struct ModelComparison {
    /// Clicks, what they cost, and the truth of those whose truth is known.
    struct Cell: Equatable {
        var clicks = 0
        var cost = Money.zero
        var frauds = 0
        var honest = 0

        mutating func add(cost: Money, isFraud: Bool? = nil) {
            clicks += 1
            self.cost += cost
            if isFraud == true { frauds += 1 }
            if isFraud == false { honest += 1 }
        }
    }

    /// Who calls a click fraud.
    enum Side: Int, CaseIterable {
        case both, championOnly, challengerOnly, neither

        init(champion: Bool, challenger: Bool) {
            self = champion ? (challenger ? .both : .championOnly) : challenger ? .challengerOnly : .neither
        }

        var name: String {
            switch self {
            case .both: "both"
            case .championOnly: "champion only"
            case .challengerOnly: "challenger only"
            case .neither: "neither"
            }
        }

        var key: String { name.replacingOccurrences(of: " ", with: "_") }
    }

    let championID: String
    let challengerID: String
    var cells = [Cell](repeating: Cell(), count: Side.allCases.count)
    /// What the groups are by: `advertiser_id`, `family`, …
    var groupName = "advertiser_id"
    /// The differing clicks of each group.
    var groups: [String: (championOnly: Cell, challengerOnly: Cell)] = [:]
    var differences: ContributionDifference?
    var hasTruth = false
    var notes: [String] = []

    /// More groups go together, as the one of this name.
    static let maximumGroups = 100_000
    static let others = "(others)"
    private static let shownGroups = 20
    private static let shownTerms = 12

    init(championID: String, challengerID: String) {
        self.championID = championID
        self.challengerID = challengerID
    }

    subscript(side: Side) -> Cell {
        get { cells[side.rawValue] }
        set { cells[side.rawValue] = newValue }
    }

    /// Counts a click; `group` is of differing ones.
    mutating func add(_ side: Side, cost: Money, isFraud: Bool?, group: @autoclosure () -> String) {
        self[side].add(cost: cost, isFraud: isFraud)
        if isFraud != nil { hasTruth = true }
        guard side == .championOnly || side == .challengerOnly else { return }
        var name = group()
        if groups[name] == nil, groups.count >= Self.maximumGroups { name = Self.others }
        if side == .championOnly {
            groups[name, default: (Cell(), Cell())].championOnly.add(cost: cost, isFraud: isFraud)
        } else {
            groups[name, default: (Cell(), Cell())].challengerOnly.add(cost: cost, isFraud: isFraud)
        }
    }

    private var clicks: Int { cells.reduce(0) { $0 + $1.clicks } }
    var differing: Int { self[.championOnly].clicks + self[.challengerOnly].clicks }

    /// Cohen's kappa (1960): agreement beyond what chance would give; nil when one label is all there is.
    private var kappa: Double? {
        let n = Double(clicks)
        guard n > 0 else { return nil }
        let agreed = Double(self[.both].clicks + self[.neither].clicks) / n
        let (a, b) = (Double(self[.both].clicks + self[.championOnly].clicks) / n, Double(self[.both].clicks + self[.challengerOnly].clicks) / n)
        let expected = a * b + (1 - a) * (1 - b)
        return expected < 1 ? (agreed - expected) / (1 - expected) : nil
    }

    /// Groups by how much money is called something else, the most first.
    private var ordered: [(key: String, value: (championOnly: Cell, challengerOnly: Cell))] {
        groups.map { ($0.key, $0.value) }.sorted {
            let (a, b) = ($0.1.championOnly.cost + $0.1.challengerOnly.cost, $1.1.championOnly.cost + $1.1.challengerOnly.cost)
            return a != b ? a > b : $0.0 < $1.0
        }
    }

    // MARK: Text

    var text: String {
        var out = "champion \(championID), challenger \(challengerID): \(ProgressBar.grouped(clicks)) clicks, \(ProgressBar.grouped(differing)) called differently"
        out += clicks > 0 ? String(format: " (%.3f %%", 100 * Double(differing) / Double(clicks)) + (kappa.map { String(format: ", kappa %.4f", $0) } ?? "") + ")\n" : "\n"
        let net = self[.challengerOnly].cost - self[.championOnly].cost
        out += "the challenger would bill \(net.e4 < 0 ? Money.zero - net : net) \(net.e4 < 0 ? "more" : "less")\n\n"
        var table = OutputTable(columns: ["called fraud by", "clicks", "cost"] + (hasTruth ? ["fraud", "honest"] : []))
        for side in Side.allCases { table.rows.append([.text(side.name)] + cells(self[side])) }
        out += table.text
        if !groups.isEmpty { out += "\nWhere they differ, by \(groupName)" + (groups.count > Self.shownGroups ? " (\(Self.shownGroups) of \(groups.count))" : "") + "\n" + groupTable.text }
        if let differences, !differences.isEmpty { out += "\n" + differences.text(limit: Self.shownTerms) }
        for note in notes { out += "\nNote: \(note)\n" }
        return out
    }

    private func cells(_ cell: Cell) -> [OutputTableCell] {
        [.integer(cell.clicks), .number(cell.cost.description)] + (hasTruth ? [.integer(cell.frauds), .integer(cell.honest)] : [])
    }

    private typealias OutputTableCell = FraudCommands.Cell

    private var groupTable: OutputTable {
        let columns = ["champion only", "cost"] + (hasTruth ? ["fraud", "honest"] : []) + ["challenger only", "cost"] + (hasTruth ? ["fraud", "honest"] : [])
        var table = OutputTable(columns: [groupName] + columns)
        for (key, value) in ordered.prefix(Self.shownGroups) {
            table.rows.append([key.isEmpty ? .text("(unknown)") : .text(key)] + cells(value.championOnly) + cells(value.challengerOnly))
        }
        return table
    }

    // MARK: JSON

    var json: String {
        func object(_ cell: Cell) -> String {
            JSONOutput.object(
                [("clicks", "\(cell.clicks)"), ("cost", cell.cost.description)] + (hasTruth ? [("fraud", "\(cell.frauds)"), ("honest", "\(cell.honest)")] : []))
        }
        let lines = ordered.map { key, value in
            JSONOutput.object([
                (groupName, JSONOutput.string(key)), (Side.championOnly.key, object(value.championOnly)),
                (Side.challengerOnly.key, object(value.challengerOnly)),
            ])
        }
        var members = [("champion_id", JSONOutput.string(championID)), ("challenger_id", JSONOutput.string(challengerID)), ("clicks", "\(clicks)")]
        members.append(("kappa", kappa.map { "\($0)" } ?? "null"))
        members += Side.allCases.map { ($0.key, object(self[$0])) }
        members.append(("by", JSONOutput.string(groupName)))
        members.append(("groups", "[" + lines.joined(separator: ", ") + "]"))
        members.append(("terms", differences?.json ?? "[]"))
        members.append(("notes", "[" + notes.map(JSONOutput.string).joined(separator: ", ") + "]"))
        return JSONOutput.object(members)
    }
}
