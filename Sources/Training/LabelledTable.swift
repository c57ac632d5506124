package import ClickModel

/// Rows of features with their truth: what training and evaluation read. Column by column; NaN is unknown.
package struct LabelledTable: Sendable {
    package let names: [String]
    /// `columns[j][i]` is feature j of row i.
    package private(set) var columns: [[Float]]
    /// True for fraud.
    package private(set) var labels: [Bool] = []
    /// Epoch ms; nil when the table has no times: then rows are taken to be in time order.
    package private(set) var eventTimes: [Int64]?
    /// What cross-validation must keep together, e.g. a hash of the user; nil when there is none.
    package private(set) var groups: [UInt64]?
    /// How many rows each row counts for, ≥ 0; nil: 1 each.
    package private(set) var weights: [Double]?
    /// Index into `attackNames` of each row; 0 is no attack.
    package private(set) var attackCodes: [UInt16] = []
    /// Families met so far; the first is empty.
    package private(set) var attackNames = [""]
    /// Cost of each row, ten-thousandths of a unit; nil when there is none.
    package private(set) var costs: [Int64]?
    /// Whose each row is, for figures per publisher and the like; nil when there is none.
    private(set) var segments: Segments?
    private var attackIndex: [String: UInt16] = ["": 0]

    package var rowCount: Int { labels.count }
    package var fraudCount: Int { labels.reduce(0) { $0 + ($1 ? 1 : 0) } }

    /// An empty table.
    ///
    /// - Parameters:
    ///   - names: distinct feature names, in column order.
    ///   - hasTimes, hasGroups, hasWeights, hasCosts: whether rows will carry them.
    ///   - segmentColumn: name of what rows are told apart by in reports, e.g. `publisher_id`; nil: nothing.
    package init(
        names: [String], hasTimes: Bool = true, hasGroups: Bool = false, hasWeights: Bool = false, hasCosts: Bool = false,
        segmentColumn: String? = nil
    ) {
        precondition(Set(names).count == names.count, "feature names are distinct")
        self.names = names
        columns = Array(repeating: [], count: names.count)
        eventTimes = hasTimes ? [] : nil
        groups = hasGroups ? [] : nil
        weights = hasWeights ? [] : nil
        costs = hasCosts ? [] : nil
        segments = segmentColumn.map(Segments.init)
    }

    package mutating func reserveCapacity(_ rows: Int) {
        for column in columns.indices { columns[column].reserveCapacity(rows) }
        labels.reserveCapacity(rows)
        eventTimes?.reserveCapacity(rows)
        groups?.reserveCapacity(rows)
        weights?.reserveCapacity(rows)
        attackCodes.reserveCapacity(rows)
    }

    /// Appends one row; facts the table was made without are ignored. A negative or non-finite weight counts as 0.
    package mutating func append(
        _ values: [Float], isFraud: Bool, eventTime: EventTime = EventTime(milliseconds: 0), group: UInt64 = 0, weight: Double = 1,
        attack: String = "", facts: Facts = Facts()
    ) {
        precondition(values.count == names.count, "one value per feature")
        for column in values.indices { columns[column].append(values[column]) }
        costs?.append(max(0, facts.costE4))
        segments?.append(facts.segment)
        appendFacts(isFraud: isFraud, eventTime: eventTime, group: group, weight: weight, attack: attack)
    }

    /// Appends one row of a feature block, whose columns are this table's.
    package mutating func append(
        _ block: FeatureBlock, row: Int, isFraud: Bool, eventTime: EventTime, group: UInt64 = 0, weight: Double = 1,
        attack: String = "", facts: Facts = Facts()
    ) {
        precondition(block.columnCount == names.count && row < block.capacity, "a block of this table's features")
        for column in 0..<names.count { columns[column].append(block.column(column)[row]) }
        costs?.append(max(0, facts.costE4))
        segments?.append(facts.segment)
        appendFacts(isFraud: isFraud, eventTime: eventTime, group: group, weight: weight, attack: attack)
    }

    private mutating func appendFacts(isFraud: Bool, eventTime: EventTime, group: UInt64, weight: Double, attack: String) {
        labels.append(isFraud)
        eventTimes?.append(eventTime.milliseconds)
        groups?.append(group)
        weights?.append(weight.isFinite && weight > 0 ? weight : 0)
        attackCodes.append(code(of: attack))
    }

    /// Families past the 65,535th share the last code.
    private mutating func code(of attack: String) -> UInt16 {
        if let known = attackIndex[attack] { return known }
        guard attackNames.count < Int(UInt16.max) else { return UInt16(attackNames.count - 1) }
        let code = UInt16(attackNames.count)
        attackNames.append(attack)
        attackIndex[attack] = code
        return code
    }

    /// A table of whole columns, each as long as `labels`; without families of fraud.
    package init(
        names: [String], columns: [[Float]], labels: [Bool], eventTimes: [Int64]? = nil, groups: [UInt64]? = nil, weights: [Double]? = nil
    ) {
        let counts = columns.map(\.count) + [eventTimes?.count, groups?.count, weights?.count].compactMap(\.self)
        precondition(columns.count == names.count && counts.allSatisfy { $0 == labels.count }, "one value a row")
        self.init(names: names, hasTimes: eventTimes != nil, hasGroups: groups != nil, hasWeights: weights != nil)
        self.columns = columns
        self.labels = labels
        self.eventTimes = eventTimes
        self.groups = groups
        self.weights = weights.map { $0.map { $0.isFinite && $0 > 0 ? $0 : 0 } }
        attackCodes = Array(repeating: 0, count: labels.count)
    }

    /// Descriptions of this table's columns: those of `known` by name, else a feature without a unit, whose transform is
    /// chosen from its values.
    package func catalogue(known: [FeatureDescription]) -> [FeatureDescription] {
        let byName = Dictionary(known.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return names.map { byName[$0] ?? FeatureDescription(name: $0, unit: "", meaning: "", missing: "") }
    }
}
