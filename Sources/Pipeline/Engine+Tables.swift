internal import Features
internal import Scoring
internal import Windows

extension Engine {
    /// Keys and bytes held, by table: what the benchmark reports.
    package var tables: [(name: String, keys: Int, bytes: Int)] {
        scorer.extractor.tables + [
            ("deduplication", admission.entryCount, admission.byteCount),
            (
                "windows and remembered clicks", counter.pointee.windows.cellCount + counter.pointee.windows.recentClickCount,
                counter.pointee.windows.byteCount
            ),
            ("sessions", counter.pointee.sessions.pointee.count, counter.pointee.sessions.pointee.byteCount),
        ]
    }
}
