/// Bytes of state that one click reads or writes when its keys are known, from the layouts: what the benchmark reports beside times.
///
/// Each is a cache line of the index and the entries it leads to; growth, sketches beyond their cell and texts are not in it.
package enum StateTraffic {
    private static let line = 64

    package static var deduplication: Int { line + MemoryLayout<Deduplicator.Entry>.stride }
    /// The cells of minute, hour and day.
    package static var windows: Int { line + 3 * MemoryLayout<WindowCell>.stride }
    package static var session: Int { line + MemoryLayout<SessionCell>.stride }
    /// An append.
    package static var remembered: Int { MemoryLayout<RecentClicks.Entry>.stride }
}
