/// What a column of an `ArrowTableBuilder` holds; every kind is nullable.
package enum ArrowColumnKind: Hashable, Sendable, CaseIterable {
    case int64, int32, double, float, bool
    /// UTF-8 text, VARCHAR.
    case text
    /// Bytes, BLOB.
    case binary
    /// A moment in UTC without a zone, to the microsecond; appended in milliseconds. TIMESTAMP.
    case timestamp
    /// Days since 1970-01-01, DATE.
    case date
    /// DECIMAL(19,4), appended as ten-thousandths.
    case money
    /// VARCHAR[]
    case textList
    /// FLOAT[]
    case floatList

    /// The Arrow C data interface's format string. Texts and lists have 64-bit offsets: no 2 GiB limit a batch.
    var arrowFormat: String {
        switch self {
        case .int64: "l"
        case .int32: "i"
        case .double: "g"
        case .float: "f"
        case .bool: "b"
        case .text: "U"
        case .binary: "Z"
        case .timestamp: "tsu:"
        case .date: "tdD"
        case .money: "d:19,4"
        case .textList, .floatList: "+L"
        }
    }

    /// The DuckDB type.
    package var sqlType: String {
        switch self {
        case .int64: "BIGINT"
        case .int32: "INTEGER"
        case .double: "DOUBLE"
        case .float: "FLOAT"
        case .bool: "BOOLEAN"
        case .text: "VARCHAR"
        case .binary: "BLOB"
        case .timestamp: "TIMESTAMP"
        case .date: "DATE"
        case .money: "DECIMAL(19,4)"
        case .textList: "VARCHAR[]"
        case .floatList: "FLOAT[]"
        }
    }

    /// Bytes a row in the fixed-width buffer: the value itself, or the offset of its end. Bits (0) for booleans.
    var width: Int {
        switch self {
        case .int64, .double, .timestamp, .text, .binary, .textList, .floatList: 8
        case .int32, .float, .date: 4
        case .money: 16
        case .bool: 0
        }
    }

    /// Whether the fixed-width buffer holds offsets, of which there is one more than rows.
    var hasOffsets: Bool {
        switch self {
        case .text, .binary, .textList, .floatList: true
        default: false
        }
    }
}

/// A column's name and kind.
package struct ArrowColumn: Hashable, Sendable {
    package let name: String
    package let kind: ArrowColumnKind

    package init(_ name: String, _ kind: ArrowColumnKind) {
        self.name = name
        self.kind = kind
    }
}
