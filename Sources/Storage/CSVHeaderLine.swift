/// The first line of a CSV table, as RFC 4180 writes it: the columns' names, and by what they are separated.
struct CSVHeaderLine {
    /// The separator that stands most often in the line outside quotes; a comma when none does.
    let delimiter: Character
    /// Empty for a column without a name.
    let names: [String]

    /// - Returns: nil when a quote is not closed in the line.
    init?(_ line: String) {
        var counts: [Character: Int] = [:]
        var isQuoted = false
        for character in line {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted { counts[character, default: 0] += 1 }
        }
        guard !isQuoted else { return nil }
        var delimiter: Character = ","
        for candidate in [";", "\t", "|"] as [Character] where counts[candidate] ?? 0 > counts[delimiter] ?? 0 { delimiter = candidate }
        self.delimiter = delimiter
        names = Self.fields(line, delimiter)
    }

    private static func fields(_ line: String, _ delimiter: Character) -> [String] {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var afterQuote = false
        for character in line {
            if character == "\"" {
                // A doubled quote inside quotes is one quote.
                if !isQuoted, afterQuote { field.append("\"") }
                isQuoted.toggle()
                afterQuote = !isQuoted
                continue
            }
            afterQuote = false
            if character == delimiter, !isQuoted {
                fields.append(field)
                field = ""
            } else {
                field.append(character)
            }
        }
        return fields + [field]
    }
}
