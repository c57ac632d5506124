internal import ArgumentParser
internal import Foundation

/// How a command prints its table.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, csv, json
}

/// A cell: text, or a number whose digits are kept as they are.
enum Cell: Equatable {
    case text(String)
    /// A number already written out, e.g. money with four decimals.
    case number(String)
    case null

    static func integer(_ value: Int) -> Cell { .number(String(value)) }

    var shown: String {
        switch self {
        case .text(let text), .number(let text): text
        case .null: ""
        }
    }
}

/// Rows under named columns, printed for a person, as CSV (RFC 4180) or as JSON.
struct OutputTable {
    var columns: [String]
    var rows: [[Cell]] = []
    /// Longer cells are cut in a table for a person; 64 is the longest id.
    var widestCell = 64

    func rendered(as format: OutputFormat) -> String {
        switch format {
        case .table: text
        case .csv: csvHeader + csvRows
        case .json: "[" + jsonRows + "]\n"
        }
    }

    /// Columns padded to their widest cell, numbers to the right; text cells cut at `widestCell` and control characters
    /// shown as `·`, since ids and agents come from outside.
    var text: String {
        var layout = TextLayout(columns)
        return textRows(&layout, withHeader: true)
    }

    /// How wide the columns of a printed table are, and which of them are numbers.
    struct TextLayout {
        fileprivate var widths: [Int]
        fileprivate var numeric: [Bool]?

        init(_ columns: [String]) { widths = columns.map(\.count) }
    }

    /// The rows as `text` prints them, no narrower than the layout, which then knows these too.
    func textRows(_ layout: inout TextLayout, withHeader: Bool) -> String {
        let shown = rows.map { $0.map { OutputTable.printable($0.shown, widest: widestCell) } }
        let widths = columns.indices.map { column in max(layout.widths[column], shown.map { $0[column].count }.max() ?? 0) }
        let numeric = layout.numeric ?? columns.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { if case .text = $0[column] { false } else { true } }
        }
        layout.widths = widths
        layout.numeric = numeric
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return numeric[column] ? space + cell : cell + space
            }
            return OutputTable.trimmedRight(padded.joined(separator: "  "))
        }
        let header = withHeader ? [line(columns), widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")] : []
        return (header + shown.map(line)).map { $0 + "\n" }.joined()
    }

    var csvHeader: String { Self.csvLine(columns) }

    var csvRows: String { rows.map { Self.csvLine($0.map(\.shown)) }.joined() }

    private static func csvLine(_ cells: [String]) -> String {
        let quoted = cells.map { cell in
            cell.contains { $0 == "," || $0 == "\"" || $0.isNewline } ? "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : cell
        }
        return quoted.joined(separator: ",") + "\r\n"
    }

    /// Objects, a line each, between the brackets of an array; numbers unquoted, so money keeps its four decimals.
    var jsonRows: String {
        rows.map { row in JSONOutput.object(zip(columns, row).map { ($0, JSONOutput.value($1)) }) }.joined(separator: ",\n ")
    }

    static func printable(_ text: String, widest: Int) -> String {
        let safe = String(text.unicodeScalars.map { $0.value < 0x20 || ($0.value >= 0x7f && $0.value < 0xa0) ? "·" : Character($0) })
        return safe.count > widest ? safe.prefix(widest - 1) + "…" : safe
    }

    private static func trimmedRight(_ text: String) -> String {
        String(text.reversed().drop { $0 == " " }.reversed())
    }
}

/// Writes JSON by hand where key order and digits of numbers matter.
enum JSONOutput {
    static func string(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case let control where control.value < 0x20: out += "\\u" + String(repeating: "0", count: 4 - String(control.value, radix: 16).count) + String(control.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    static func value(_ cell: Cell) -> String {
        switch cell {
        case .text(let text): string(text)
        case .number(let digits): digits
        case .null: "null"
        }
    }

    /// - Parameter members: names and values already written as JSON.
    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(string($0)): \($1)" }.joined(separator: ", ") + "}"
    }
}
