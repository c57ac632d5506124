/// Why a source cannot be read on. Bad lines are never an error: they are rejected events.
package enum SourceError: Error, Equatable {
    /// The path does not open, is a directory, or a read failed; `reason` is the system's.
    case unreadable(path: String, reason: String)
    /// A compressed source is damaged: everything before was delivered. `inputByte` counts compressed bytes,
    /// `contentByte` the bytes they had given.
    case corrupt(path: String, reason: String, inputByte: Int64, contentByte: Int64)
    /// A compressed source stops in the middle of a gzip member or zstd frame.
    case truncated(path: String, inputByte: Int64, contentByte: Int64)
    /// Nobody said what the source is, and its first line is none of the known formats.
    case unknownFormat(path: String)
    /// A CSV header that cannot be used; `reason` names the column.
    case unusableHeader(path: String, reason: String)
    /// A resume point lies beyond the source's end.
    case endsBeforeResumePoint(path: String, offset: Int64, length: Int64)
    /// An option value no event could carry.
    case unusableOption(name: String, reason: String)
}

extension SourceError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): \(reason)"
        case .corrupt(let path, let reason, let input, let content):
            "\(path): damaged at compressed byte \(input), after \(content) bytes of content: \(reason)"
        case .truncated(let path, let input, let content):
            "\(path): ends in the middle of its compressed data at byte \(input), after \(content) bytes of content"
        case .unknownFormat(let path):
            "\(path): unknown format; expected NDJSON (lines that begin with {), CSV with a header row that names "
                + "click_id, or an access log in the combined format"
        case .unusableHeader(let path, let reason):
            "\(path): CSV header: \(reason)"
        case .endsBeforeResumePoint(let path, let offset, let length):
            "\(path): has \(length) bytes, but the last run had read \(offset): it is not the same source"
        case .unusableOption(let name, let reason):
            "\(name): \(reason)"
        }
    }
}
