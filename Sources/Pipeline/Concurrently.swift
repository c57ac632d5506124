internal import Dispatch
internal import Foundation

/// A value that is made on a thread of its own while its maker goes on.
final class Concurrently<Value>: @unchecked Sendable {
    /// Set by the thread before it signals, read after that.
    private var result: Result<Value, any Error>?
    private let isMade = DispatchSemaphore(value: 0)

    init(_ make: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [self] in
            result = Result { try make() }
            isMade.signal()
        }
        // As much as a main thread has: parsers of regular expressions and JSON recurse.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Waits for the value.
    /// - Throws: what making it threw.
    func get() throws -> Value {
        isMade.wait()
        isMade.signal()
        guard let result else { preconditionFailure("signalled before it was made") }
        return try result.get()
    }

    /// Waits, and says whether there is a value.
    var succeeds: Bool { (try? get()) != nil }
}
