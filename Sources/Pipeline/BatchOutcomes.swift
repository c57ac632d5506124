package import ClickModel

/// Where each event of a batch ended. Memory for one batch, used again and again.
package final class BatchOutcomes: @unchecked Sendable {
    /// Indices of the clicks that count, ascending: the first `countedClicks`.
    let indices: UnsafeMutablePointer<Int32>
    package let statuses: UnsafeMutablePointer<EventStatus>
    /// For each event: the stream's watermark once it had come; `Int64.min` before any.
    package let watermarks: UnsafeMutablePointer<Int64>
    /// For each event: whether it is a duplicate that says something else than its first.
    package let conflicts: UnsafeMutablePointer<Bool>
    package internal(set) var countedClicks = 0
    /// What the watermark cannot fall below after the batch.
    package internal(set) var floor = Int64.min

    package init() {
        indices = .allocate(capacity: ClickBatch.defaultCapacity)
        statuses = .allocate(capacity: ClickBatch.defaultCapacity)
        watermarks = .allocate(capacity: ClickBatch.defaultCapacity)
        conflicts = .allocate(capacity: ClickBatch.defaultCapacity)
        conflicts.initialize(repeating: false, count: ClickBatch.defaultCapacity)
    }

    deinit {
        indices.deallocate()
        statuses.deallocate()
        watermarks.deallocate()
        conflicts.deallocate()
    }

    /// Indices of the clicks that count, ascending.
    package var counted: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: UnsafePointer(indices), count: countedClicks) }
}
