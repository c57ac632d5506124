internal import Foundation

/// A first-in, first-out queue between two threads. `push` waits while it is full, `pop` while it is empty; `close` wakes both.
///
/// Elements are whole batches, so the lock costs nothing per click.
package final class BoundedQueue<Element>: @unchecked Sendable {
    private let condition = NSCondition()
    private var elements: [Element] = []
    private let limit: Int
    private var closed = false

    package init(limit: Int) {
        self.limit = limit
        elements.reserveCapacity(limit)
    }

    /// - Returns: false when the queue is closed; the element is then dropped.
    @discardableResult
    package func push(_ element: consuming Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while elements.count >= limit && !closed { condition.wait() }
        if closed { return false }
        elements.append(element)
        condition.broadcast()
        return true
    }

    /// - Returns: nil once the queue is closed and empty.
    package func pop() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty && !closed { condition.wait() }
        guard !elements.isEmpty else { return nil }
        let first = elements.removeFirst()
        condition.broadcast()
        return first
    }

    package func close() {
        condition.lock()
        closed = true
        condition.broadcast()
        condition.unlock()
    }
}
