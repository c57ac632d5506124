/// Why a model cannot be used.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be read or written.
    case file(path: String, reason: String)
    /// The content is not a model: `field` is its path in the JSON, e.g. `features[3].scale`.
    case content(source: String, field: String, reason: String)
    /// The model uses features that this program does not compute.
    case unknownFeatures(names: [String])
    /// The model's features exist, but their units are not those it was trained on.
    case featureSchema(model: String, catalogue: String)

    package var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .content(let source, let field, let reason): "\(source): \(field.isEmpty ? "the file" : field): \(reason)"
        case .unknownFeatures(let names): "the model uses features this program does not compute: \(names.joined(separator: ", "))"
        case .featureSchema(let model, let catalogue):
            "the model's features have other units here (schema \(model) in the model, \(catalogue) in this program): train it again"
        }
    }
}
