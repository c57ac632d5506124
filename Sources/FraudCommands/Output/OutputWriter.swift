/// Prints a table whose rows come one after another, as `OutputTable` prints a whole one: memory for a page of rows, however
/// many there are. In a table for a person, columns are as wide as the pages up to there need.
struct OutputWriter {
    private static let pageRows = 2000

    private let format: OutputFormat
    private var page: OutputTable
    private var layout: OutputTable.TextLayout
    private var isStarted = false
    /// Rows so far.
    private(set) var count = 0

    init(columns: [String], format: OutputFormat) {
        self.format = format
        page = OutputTable(columns: columns)
        layout = OutputTable.TextLayout(columns)
    }

    /// - Throws: `CommandError` when the output cannot be written.
    mutating func append(_ row: [Cell]) throws {
        page.rows.append(row)
        count += 1
        if page.rows.count == Self.pageRows { try flush() }
    }

    /// Prints what is left, and the header when there was no row.
    mutating func finish() throws {
        if !page.rows.isEmpty || !isStarted { try flush() }
        if format == .json { try Terminal.output("]\n") }
    }

    private mutating func flush() throws {
        switch format {
        case .table: try Terminal.output(page.textRows(&layout, withHeader: !isStarted))
        case .csv: try Terminal.output((isStarted ? "" : page.csvHeader) + page.csvRows)
        case .json: try Terminal.output((isStarted ? ",\n " : "[") + page.jsonRows)
        }
        isStarted = true
        page.rows.removeAll(keepingCapacity: true)
    }
}
