internal import CClickRecord

/// Why an event was rejected. Raw values are those of `FRAUD_REJECT_*`.
public enum RejectCode: UInt8, Sendable, CaseIterable {
    case notJSON = 1
    case missingField = 2
    case wrongType = 3
    case controlCharacter = 4
    case lineTooLong = 5
    case invalidUTF8 = 6
    case negativeCost = 7
    case textTooLong = 8
    case badValue = 9
    case badRow = 10

    public var name: String {
        switch self {
        case .notJSON: "not_json"
        case .missingField: "missing_field"
        case .wrongType: "wrong_type"
        case .controlCharacter: "control_character"
        case .lineTooLong: "line_too_long"
        case .invalidUTF8: "invalid_utf8"
        case .negativeCost: "negative_cost"
        case .textTooLong: "text_too_long"
        case .badValue: "bad_value"
        case .badRow: "bad_row"
        }
    }

    /// What was expected, for the person who has to mend the input.
    public func message(field: String) -> String {
        switch self {
        case .notJSON: "expected one JSON object on the line"
        case .missingField: "expected the required field \(field)"
        case .wrongType: "\(field) has another type than the schema's"
        case .controlCharacter: "\(field) has a control character; expected printable text"
        case .lineTooLong: "the line is over 65536 bytes"
        case .invalidUTF8: "expected UTF-8"
        case .negativeCost: "expected a cost of 0 or more"
        case .textTooLong: "\(field) is longer than the schema allows"
        case .badValue: "\(field) has no valid value"
        case .badRow: "expected a row of the format: right number of columns, closed quotes"
        }
    }

    /// The schema's name of a `FRAUD_FIELD_*` value; empty for none.
    public static func fieldName(_ field: UInt8) -> String { String(cString: fraud_field_name(Int32(field))) }
}
