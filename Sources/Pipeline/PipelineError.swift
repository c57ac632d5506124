/// Why a job stopped, in words for the person who started it.
package enum PipelineError: Error, CustomStringConvertible {
    /// An input is missing, unreadable or of an unknown format.
    case input(String)
    /// The verdicts file cannot be written or does not fit the database.
    case verdicts(String)
    /// The state beside the database cannot be used.
    case state(String)
    /// A model, rule set, list or GeoIP database cannot be used.
    case configuration(String)

    package var description: String {
        switch self {
        case .input(let text), .verdicts(let text), .state(let text), .configuration(let text): text
        }
    }
}
