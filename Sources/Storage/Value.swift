package import ClickModel

/// One cell of a query's result, or one parameter of a query.
package enum Value: Hashable, Sendable {
    case null
    /// All integers, and decimals without a fraction, that fit.
    case int(Int64)
    case double(Double)
    /// Decimals with up to four fraction digits that fit.
    case money(Money)
    /// Texts; and decimals and integers that fit nothing above, as digits.
    case text(String)
    case bool(Bool)
    /// TIMESTAMP, to the millisecond (rounded down).
    case time(EventTime)
    case date(CivilDate)
    case blob([UInt8])
    case list([Value])

    package var isNull: Bool { self == .null }

    package var int: Int64? {
        if case .int(let value) = self { value } else { nil }
    }

    /// A number as a double, also when it came as an integer.
    package var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    package var money: Money? {
        if case .money(let value) = self { value } else { nil }
    }

    package var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var time: EventTime? {
        if case .time(let value) = self { value } else { nil }
    }

    package var date: CivilDate? {
        if case .date(let value) = self { value } else { nil }
    }

    package var blob: [UInt8]? {
        if case .blob(let value) = self { value } else { nil }
    }

    package var list: [Value]? {
        if case .list(let value) = self { value } else { nil }
    }
}

/// A query's result, whole in memory, rows in the database's order.
package struct ResultTable: Sendable {
    package let columns: [String]
    package var rows: [[Value]]

    package init(columns: [String], rows: [[Value]]) {
        self.columns = columns
        self.rows = rows
    }

    /// Position of a column; nil when there is none of that name.
    package func column(_ name: String) -> Int? { columns.firstIndex(of: name) }

    /// The only cell of a one-row, one-column result; null when there is no row.
    package var scalar: Value { rows.first?.first ?? .null }
}
