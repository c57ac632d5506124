internal import Glibc

/// A table in a file: CSV with a header line (plain, gzip or zstd), or Parquet. What it holds is found by reading it through
/// once: a column is numeric when every value of it is, not when the first ones are.
///
/// CSV is read strictly as RFC 4180 has it, separated by comma, semicolon, tab or `|`, in UTF-8: a dialect that is guessed
/// from the content can skip lines in silence.
package struct TableFile: Sendable {
    package enum Kind: Hashable, Sendable {
        case number
        /// `true` and `false`, as 1 and 0.
        case flag
        case text
        /// Dates and times.
        case moment
        /// No value at all.
        case empty
        /// A type that is no single value, such as a list; with its name.
        case other(String)
    }

    package struct Column: Hashable, Sendable {
        package let name: String
        package let kind: Kind
        /// Of a text column in which some values are numbers: those that are none.
        package let misfits: Misfits?
        /// SQL that names it.
        let reference: String
    }

    package struct Misfits: Hashable, Sendable {
        package let count: Int
        /// The first in alphabetical order.
        package let example: String
    }

    /// Texts that mean *unknown*, beside the empty one: those of pandas 3's `read_csv` (`na_values`).
    package static let missingTexts = [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None",
        "n/a", "nan", "null",
    ]
    /// A table with more columns is refused.
    package static let maximumColumns = 8192

    /// For messages.
    package let name: String
    package let columns: [Column]
    package let rows: Int
    /// Names that more than one column has, of which the first is kept; `""` for columns without a name, of which none is.
    package let repeatedNames: [String]
    /// SQL that stands for the table in a FROM clause; texts are null when missing.
    let source: String
    let isParquet: Bool

    /// Reads the file through, one or two times. `name` stands for it in messages.
    /// - Throws: `TableFileError`.
    /// - Complexity: O(rows × columns); memory for one batch of rows.
    package init(_ path: String, shownAs name: String, _ database: DuckDB) throws(TableFileError) {
        self.name = name
        isParquet = try Self.startsAsParquet(path, name)
        do throws(StorageError) {
            if isParquet {
                source = "read_parquet(\(Self.literal(path: path)))"
                (columns, rows) = try Self.parquetColumns(source, database)
                repeatedNames = []
            } else {
                let header = try Self.header(path, database)
                guard let header, header.names != [""] else {
                    throw .database("line 1: expected the columns' names, found \(header == nil ? "an open quote" : "nothing")")
                }
                source = Self.csvSource(path, header)
                let kept = Self.firstOfEachName(header.names)
                (columns, rows) = try Self.csvColumns(source, header.names, kept, database)
                repeatedNames = Set(header.names.indices.filter { !kept.contains($0) }.map { header.names[$0] }).sorted()
            }
        } catch {
            throw TableFileError(name, error)
        }
        guard columns.count <= Self.maximumColumns else {
            throw TableFileError(file: name, detail: "\(columns.count) columns; at most \(Self.maximumColumns) are read")
        }
        guard rows > 0 else { throw TableFileError(file: name, detail: "no rows") }
    }

    package func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    private static func startsAsParquet(_ path: String, _ name: String) throws(TableFileError) -> Bool {
        guard let file = fopen(path, "rb") else {
            throw TableFileError(file: name, detail: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var magic = [UInt8](repeating: 0, count: 4)
        guard fread(&magic, 1, 4, file) > 0 else { throw TableFileError(file: name, detail: "expected a table, found nothing") }
        return magic == Array("PAR1".utf8)
    }

    private static func firstOfEachName(_ names: [String]) -> [Int] {
        var seen: Set<String> = [""]
        return names.indices.filter { seen.insert(names[$0]).inserted }
    }

    private static func header(_ path: String, _ database: DuckDB) throws(StorageError) -> CSVHeaderLine? {
        let line = try database.query(
            "SELECT line FROM read_csv(\(literal(path: path)), auto_detect=false, delim=chr(1), quote='', escape='', header=false, "
                + "columns={'line': 'VARCHAR'}\(compression(path))) LIMIT 1")
        return CSVHeaderLine(line.scalar.text ?? "")
    }

    private static func csvSource(_ path: String, _ header: CSVHeaderLine) -> String {
        let columns = header.names.indices.map { "'c\($0)': 'VARCHAR'" }.joined(separator: ", ")
        let missing = missingTexts.map { literal($0) }.joined(separator: ", ")
        return "read_csv(\(literal(path: path)), auto_detect=false, delim=\(literal(String(header.delimiter))), quote='\"', escape='\"', "
            + "skip=0, header=true, nullstr=[\(missing)], columns={\(columns)}\(compression(path)))"
    }

    /// The compression by the file's first bytes, as an option; DuckDB by itself goes by the name's ending.
    private static func compression(_ path: String) -> String {
        var magic = [UInt8](repeating: 0, count: 4)
        guard let file = fopen(path, "rb") else { return "" }
        defer { fclose(file) }
        _ = fread(&magic, 1, 4, file)
        if magic[0] == 0x1f, magic[1] == 0x8b { return ", compression='gzip'" }
        return magic == [0x28, 0xb5, 0x2f, 0xfd] ? ", compression='zstd'" : ", compression='none'"
    }

    private static func csvColumns(
        _ source: String, _ names: [String], _ kept: [Int], _ database: DuckDB
    ) throws(StorageError) -> ([Column], rows: Int) {
        let counts = kept.map { "count(c\($0)), count(TRY_CAST(c\($0) AS DOUBLE))" }.joined(separator: ", ")
        let first = try database.query("SELECT count(*), \(counts) FROM \(source)").rows[0].map { $0.int.map(Int.init) ?? 0 }
        let mixed = kept.indices.filter { first[1 + 2 * $0] > first[2 + 2 * $0] }
        var kinds: [Int: (Kind, Misfits?)] = [:]
        if !mixed.isEmpty {
            let facts = mixed.map { position in
                let name = "c\(kept[position])"
                return "count(TRY_CAST(\(name) AS TIMESTAMPTZ)), count(\(name)) FILTER (lower(\(name)) IN ('true', 'false', 't', 'f')), "
                    + "min(\(name)) FILTER (TRY_CAST(\(name) AS DOUBLE) IS NULL)"
            }
            let second = try database.query("SELECT \(facts.joined(separator: ", ")) FROM \(source)").rows[0]
            for (index, position) in mixed.enumerated() {
                let known = first[1 + 2 * position]
                let numbers = first[2 + 2 * position]
                if Int(second[3 * index].int ?? 0) == known {
                    kinds[position] = (.moment, nil)
                } else if Int(second[3 * index + 1].int ?? 0) == known {
                    kinds[position] = (.flag, nil)
                } else {
                    kinds[position] = (.text, numbers == 0 ? nil : Misfits(count: known - numbers, example: second[3 * index + 2].text ?? ""))
                }
            }
        }
        let columns = kept.enumerated().map { position, column in
            let (kind, misfits) = kinds[position] ?? (first[1 + 2 * position] == 0 ? .empty : .number, nil)
            return Column(name: names[column], kind: kind, misfits: misfits, reference: "c\(column)")
        }
        return (columns, first[0])
    }

    private static func parquetColumns(_ source: String, _ database: DuckDB) throws(StorageError) -> ([Column], rows: Int) {
        let columns = try database.query("DESCRIBE SELECT * FROM \(source)").rows.map { row in
            let name = row[0].text ?? ""
            return Column(name: name, kind: kind(ofType: row[1].text ?? ""), misfits: nil, reference: DuckDB.quoted(name))
        }
        return (columns, Int(try database.query("SELECT count(*) FROM \(source)").scalar.int ?? 0))
    }

    private static func kind(ofType type: String) -> Kind {
        switch type {
        case "BOOLEAN": .flag
        case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE":
            .number
        case "VARCHAR", "UUID": .text
        case "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE": .moment
        case "\"NULL\"", "NULL": .empty
        default: type.hasPrefix("DECIMAL(") && !type.hasSuffix("]") ? .number : type.hasPrefix("ENUM(") && !type.hasSuffix("]") ? .text : .other(type)
        }
    }

    static func literal(_ text: String) -> String { "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'" }

    /// A path as SQL text, absolute, so that DuckDB sees neither a glob nor an address in it.
    static func literal(path: String) -> String {
        var absolute = path
        if !path.hasPrefix("/"), let folder = Folder.resolved(".") { absolute = folder + "/" + path }
        return literal(absolute.map { "*?[".contains($0) ? "[\($0)]" : String($0) }.joined())
    }
}
