internal import CClickRecord
internal import CSimdJSON
internal import ClickModel

/// What each column of a CSV source is, from its header row. Names are the schema's, in any order; others are ignored.
package struct CSVHeader: Hashable, Sendable {
    /// `FRAUD_FIELD_*` of each column, `FRAUD_FIELD_NONE` for one to ignore.
    let fields: [UInt8]
    /// Bytes of the header row with its line end, and of a byte order mark before it.
    package let byteCount: Int

    /// Reads the header row at the start of a source's content.
    /// - Throws: `unusableHeader` when there is none, it is over 64 KiB, a column stands twice or a required one is
    ///   missing: `click_id`, `ts`, `ad_id`, `campaign_id`, `advertiser_id`; with a `type` column only `ts`, since other
    ///   events than clicks need no more.
    package init(content: [UInt8], path: String) throws(SourceError) {
        let mark = content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let newline = content[mark...].firstIndex(of: UInt8(ascii: "\n"))
        guard newline != nil || content.count < SourceReader.prefixLimit else {
            throw .unusableHeader(path: path, reason: "longer than \(SourceReader.prefixLimit) bytes")
        }
        byteCount = newline.map { $0 + 1 } ?? content.count
        let line = content[mark..<(newline ?? content.count)]
        let names = try Self.cells(line.last == UInt8(ascii: "\r") ? line.dropLast() : line, path: path)
        guard names.count <= Int(FRAUD_MAX_CSV_COLUMNS) else {
            throw .unusableHeader(path: path, reason: "\(names.count) columns, at most \(FRAUD_MAX_CSV_COLUMNS)")
        }
        fields = names.map { UInt8(fraud_find_field($0, $0.count)) }
        for (index, field) in fields.enumerated() where field != 0 && fields[..<index].contains(field) {
            throw .unusableHeader(path: path, reason: "column \(RejectCode.fieldName(field)) stands twice")
        }
        let has = { [fields] (field: Int) in fields.contains(UInt8(field)) }
        let required =
            has(FRAUD_FIELD_TYPE)
            ? [FRAUD_FIELD_TS]
            : [FRAUD_FIELD_CLICK_ID, FRAUD_FIELD_TS, FRAUD_FIELD_AD_ID, FRAUD_FIELD_CAMPAIGN_ID, FRAUD_FIELD_ADVERTISER_ID]
        for field in required where !has(field) {
            throw .unusableHeader(path: path, reason: "no column \(RejectCode.fieldName(UInt8(field)))")
        }
    }

    /// Whether a line reads as a header row: a column named `click_id`, or two names of the schema.
    static func isLikely(_ line: ArraySlice<UInt8>) -> Bool {
        guard let names = try? cells(line, path: "") else { return false }
        let fields = names.map { Int(fraud_find_field($0, $0.count)) }
        return fields.contains(Int(FRAUD_FIELD_CLICK_ID)) || fields.filter { $0 != 0 }.count >= 2
    }

    private static func cells(_ line: ArraySlice<UInt8>, path: String) throws(SourceError) -> [[UInt8]] {
        let quote = UInt8(ascii: "\"")
        var cells: [[UInt8]] = []
        var cell: [UInt8] = []
        var rest = line
        var isQuoted = false
        while let byte = rest.popFirst() {
            if isQuoted, byte == quote, rest.first == quote {
                cell.append(quote)
                rest.removeFirst()
            } else if byte == quote, isQuoted || cell.isEmpty {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ","), !isQuoted {
                cells.append(trimmed(cell))
                cell = []
            } else {
                cell.append(byte)
            }
        }
        if isQuoted { throw .unusableHeader(path: path, reason: "a quote that does not end on its line") }
        cells.append(trimmed(cell))
        return cells
    }

    /// Spaces around a column's name are a person's, not the name's.
    private static func trimmed(_ name: [UInt8]) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        return Array(Array(name.drop(while: isSpace)).reversed().drop(while: isSpace).reversed())
    }
}
