internal import ArgumentParser
internal import Windows

/// The kind of windows a report is over.
enum WindowArgument: Equatable {
    case session
    case sliding(SlidingWindow)

    /// - Throws: `ValidationError` that says what is wrong.
    init(_ text: String) throws {
        if ["session", "sessions"].contains(text) {
            self = .session
        } else if text.hasPrefix("sliding:") {
            do { self = .sliding(try SlidingWindow(String(text.dropFirst("sliding:".count)))) } catch { throw ValidationError("--window: \(error)") }
        } else {
            throw ValidationError("--window \(text): expected sliding:SIZE/SLIDE, such as sliding:5m/1m, or session")
        }
    }
}
