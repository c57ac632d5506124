internal import Features
internal import Scoring
internal import Windows

extension Engine {
    /// Keys and bytes held, by table: what the benchmark reports.
    package var tables: [(name: String, keys: Int, bytes: Int)] {
        scorer.extractor.tables + [
            ("deduplication", admission.entryCount, admission.byteCount),
            ("windows and remembered clicks", windows.cellCount + windows.recentClickCount, windows.byteCount),
            ("sessions", sessions.count, sessions.byteCount),
        ]
    }
}
