/// A column of texts, each row's as the number of its category.
package struct CategoricalColumn: Sendable {
    package let name: String
    /// Distinct texts, in order of first appearance.
    package private(set) var categories: [String] = []
    /// Index into `categories` of each row; −1 when missing.
    package private(set) var codes: [Int32] = []
    private var indices: [String: Int32] = [:]

    package init(name: String) { self.name = name }

    /// Adds a row's text; nil when missing.
    package mutating func append(_ text: String?) {
        guard let text else { return codes.append(-1) }
        if let known = indices[text] { return codes.append(known) }
        let code = Int32(categories.count)
        categories.append(text)
        indices[text] = code
        codes.append(code)
    }

    /// Rows that are not missing.
    package var knownCount: Int { codes.count { $0 >= 0 } }
}
