internal import Dispatch
internal import Foundation

/// A value that is made on a thread of its own while its maker goes on.
///
/// Once `get` has returned, the thread holds nothing of what made the value: whoever waited is the last owner.
package final class Concurrently<Value>: @unchecked Sendable {
    /// Taken by the thread, and gone before it signals.
    private var make: (@Sendable () throws -> Value)?
    /// Set by the thread before it signals, read after that.
    private var result: Result<Value, any Error>?
    private let isMade = DispatchSemaphore(value: 0)

    package init(_ make: @escaping @Sendable () throws -> Value) {
        self.make = make
        let thread = Thread { [self] in
            run()
            isMade.signal()
        }
        // As much as a main thread has: parsers of regular expressions and JSON recurse.
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func run() {
        guard let make = make.take() else { return }
        result = Result { try make() }
    }

    /// Waits until it is made, or was not.
    package func wait() {
        isMade.wait()
        isMade.signal()
    }

    /// Waits for the value.
    /// - Throws: what making it threw.
    package func get() throws -> Value {
        wait()
        guard let result else { preconditionFailure("signalled before it was made") }
        return try result.get()
    }

    /// Waits, and says whether there is a value.
    package var succeeds: Bool { (try? get()) != nil }
}
