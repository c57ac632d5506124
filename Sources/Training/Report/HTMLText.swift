/// Text made safe for the places of a page. Names of features, families, publishers and files come from data and are not
/// trusted: no text reaches a page but through here.
enum HTMLText {
    /// Longest name shown; the rest becomes an ellipsis.
    static let maximumName = 80

    /// Text for an element's content or a quoted attribute: the five characters of HTML's syntax become references, and
    /// control characters, which can turn a line around, become U+FFFD.
    static func escape(_ text: some StringProtocol) -> String {
        var out = ""
        out.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(isControl(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return out
    }

    /// A name shortened to what a page has room for, without control characters. Not escaped.
    static func shortened(_ name: String) -> String {
        var clean = ""
        for scalar in name.unicodeScalars { clean.unicodeScalars.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return clean.count <= maximumName ? clean : clean.prefix(maximumName - 1) + "…"
    }

    /// JSON for the inside of `<script type="application/json">`, which ends at the first `</script` whatever the JSON says:
    /// every `<`, `>` and `&` becomes its escape, which in valid JSON stand in strings only.
    static func script(json: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        for byte in json {
            switch byte {
            case UInt8(ascii: "<"): out += Array("\\u003c".utf8)
            case UInt8(ascii: ">"): out += Array("\\u003e".utf8)
            case UInt8(ascii: "&"): out += Array("\\u0026".utf8)
            default: out.append(byte)
            }
        }
        return out
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control: scalar != "\n"
        // Bidirectional overrides and the like.
        case .format: scalar != "\u{200D}"
        case .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

/// Markup being written, escaped where it holds text.
struct HTMLWriter {
    private(set) var text = ""

    /// Markup as it is: literals of this module, and what `escape` returned.
    mutating func raw(_ markup: String) { text += markup + "\n" }

    /// An element with text inside.
    mutating func element(_ tag: String, _ content: String, attributes: String = "") {
        raw("<\(tag)\(attributes.isEmpty ? "" : " " + attributes)>\(HTMLText.escape(content))</\(tag)>")
    }

    mutating func paragraph(_ content: String, style: String = "") {
        element("p", content, attributes: style.isEmpty ? "" : "class=\"\(style)\"")
    }

    /// A place that the page's script draws a plot into.
    /// - Parameters:
    ///   - kind: the script's function.
    ///   - key: which of several, e.g. the position of a feature.
    ///   - label: what the plot shows, for those who do not see it.
    mutating func plot(_ kind: String, key: Int = 0, label: String, caption: String = "", height: Int = 320) {
        raw(
            "<figure class=\"chart\" data-chart=\"\(kind)\" data-key=\"\(key)\"><div class=\"plot\" role=\"img\" "
                + "style=\"height:\(height)px\" aria-label=\"\(HTMLText.escape(label))\"></div>")
        if !caption.isEmpty { element("figcaption", caption) }
        raw("</figure>")
    }

    /// A table, a tall one in a box of its own; a column's cells are numbers, to the right, when its title starts with `#`, which is not shown.
    mutating func table(_ columns: [String], rows: [[String]], label: String, isTall: Bool = false) {
        raw("<div class=\"scroll\(isTall ? " tall" : "")\" tabindex=\"0\" role=\"region\" aria-label=\"\(HTMLText.escape(label))\"><table>")
        func cell(_ tag: String, _ column: Int, _ content: String) -> String {
            let isNumber = columns[column].hasPrefix("#")
            return "<\(tag)\(isNumber ? " class=\"n\"" : "")>\(HTMLText.escape(content))</\(tag)>"
        }
        let titles = columns.indices.map { cell("th", $0, columns[$0].hasPrefix("#") ? String(columns[$0].dropFirst()) : columns[$0]) }
        raw("<thead><tr>\(titles.joined())</tr></thead><tbody>")
        for row in rows { raw("<tr>\(row.indices.map { cell("td", $0, row[$0]) }.joined())</tr>") }
        raw("</tbody></table></div>")
    }
}
