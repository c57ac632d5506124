/// What is true of one simulated click, beside what its line says.
package struct ClickTruth: Hashable, Sendable {
    package let clickID: String
    /// Nil for an honest click.
    package let attack: AttackFamily?
    package let lookAlikes: LookAlikeSet

    /// Header of a truth file, newline included.
    package static let csvHeader = "click_id,label,attack,look_alike\n"

    /// The click's row of a truth file, newline included; several look-alikes are separated by spaces.
    package var csvRow: String { "\(clickID),\(attack == nil ? "valid" : "fraud"),\(attack?.name ?? ""),\(lookAlikes.names)\n" }
}
