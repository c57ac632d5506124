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

    /// The schema's name of a `FRAUD_FIELD_*` value; empty for none.
    public static func fieldName(_ field: UInt8) -> String { String(cString: fraud_field_name(Int32(field))) }
}
