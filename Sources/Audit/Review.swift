package import ClickModel

/// An auditor's decision on a click.
package struct Review: Sendable {
    package let label: Label
    package let reviewer: String
    package let note: String
    package let time: EventTime
}

/// What an auditor asked for cannot be done.
package struct AuditError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
