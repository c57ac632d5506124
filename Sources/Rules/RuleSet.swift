package import ClickModel
internal import Foundation

/// A checked set of rules: what they mean, and the conditions ready to be compiled.
///
/// A rule fires only when its condition is *true* in Kleene's three-valued logic, where a comparison with an unknown
/// (NaN) feature is unknown: what is not known is never evidence.
package struct RuleSet: Sendable {
    /// Rules in a set: one bit each of `Verdict.rules`.
    package static let maxRules = 64
    /// Size of a rule file; a larger one is an error.
    package static let maxFileBytes = 256 << 10

    /// 16 hex digits over everything that decides: order, ids, conditions, actions, classes, reasons and the names of the
    /// features read. Comments, descriptions and layout do not change it.
    package let id: String
    /// In file order, which is priority order.
    package let rules: [Rule]
    /// Columns of the feature blocks the rules are for.
    package let featureCount: Int
    /// Bit i is set when rule i labels fraud.
    package let fraudMask: UInt64

    let conditions: [Condition]

    /// Reads a rule file.
    ///
    /// - Throws: `RuleError` when the file cannot be read, is over `maxFileBytes`, or says anything wrong.
    package static func load(path: String, catalogue: [FeatureDescription]) throws(RuleError) -> RuleSet {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: maxFileBytes + 1) ?? Data()
        } catch {
            throw whole(path, "cannot be read: \(error.localizedDescription)")
        }
        if data.count > maxFileBytes { throw whole(path, "over \(maxFileBytes >> 10) KiB") }
        guard let text = String(validating: data, as: UTF8.self) else { throw whole(path, "not UTF-8 text") }
        return try load(text: text, file: path, catalogue: catalogue)
    }

    /// Reads rules from a text; `file` is how errors name it.
    ///
    /// - Throws: `RuleError` with everything wrong, not only the first.
    package static func load(
        text: String, file: String = "rules.yaml", catalogue: [FeatureDescription]
    ) throws(RuleError) -> RuleSet {
        if text.utf8.count > maxFileBytes { throw whole(file, "over \(maxFileBytes >> 10) KiB") }
        let reader = RuleFileReader(text: text, file: file, names: catalogue.map(\.name))
        guard reader.diagnostics.isEmpty else { throw RuleError(reader.diagnostics) }
        return RuleSet(reader.entries, featureCount: catalogue.count)
    }

    private init(_ entries: [RuleFileReader.Entry], featureCount: Int) {
        rules = entries.map(\.rule)
        conditions = entries.map(\.condition)
        self.featureCount = featureCount
        fraudMask = rules.enumerated().reduce(0) { $0 | ($1.element.action == .fraud ? 1 << UInt64($1.offset) : 0) }
        id = Self.digest(of: rules)
    }

    /// Index of the rule that decides: the first in file order that fired and labels fraud; −1 for none.
    @inlinable
    package func decide(fired: UInt64) -> Int {
        let deciding = fired & fraudMask
        return deciding == 0 ? -1 : deciding.trailingZeroBitCount
    }

    /// The rules as a program over feature columns, with its own scratch memory: one for each thread that scores.
    package func compile() -> CompiledRules { CompiledRules(self) }

    private static func whole(_ file: String, _ message: String) -> RuleError {
        RuleError([RuleDiagnostic(file: file, line: 0, column: 0, message: message)])
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo), over the canonical text of the set. It tells sets apart; it is no signature.
    private static func digest(of rules: [Rule]) -> String {
        let canonical = rules.map { rule in
            [rule.id, rule.when, rule.action.rawValue, rule.ivt.name, rule.reason.rawValue].joined(separator: "\t")
        }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in (["rules 1"] + canonical).joined(separator: "\n").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return hash.hexDigits
    }
}
