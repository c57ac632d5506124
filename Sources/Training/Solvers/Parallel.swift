internal import Dispatch

/// A pointer that tasks write disjoint parts of.
struct SendablePointer<Element>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>?
    init(_ pointer: UnsafeMutablePointer<Element>?) { self.pointer = pointer }
}

/// Calls `body` with 0..<count, on all cores, and returns when all are done. Calls must not touch each other's memory.
func parallelForEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    if count == 1 { return body(0) }
    DispatchQueue.concurrentPerform(iterations: count) { body($0) }
}

/// `body` of 0..<count, in that order, computed on all cores.
func parallelMap<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    let slots = UnsafeMutablePointer<Result?>.allocate(capacity: max(1, count))
    slots.initialize(repeating: nil, count: count)
    defer {
        slots.deinitialize(count: count)
        slots.deallocate()
    }
    let shared = SendablePointer(slots)
    parallelForEach(count) { shared.pointer?[$0] = body($0) }
    return (0..<count).compactMap { slots[$0] }
}
