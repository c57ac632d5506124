internal import Foundation

/// A progress bar on standard error: rate, share done and time left. Shown only on a terminal, after a second's work.
final class ProgressBar {
    private let started = Date()
    private var lastShown = Date.distantPast
    private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
    private let unit: String
    private var isShown = false

    init(unit: String) { self.unit = unit }

    /// - Parameters:
    ///   - done: units of work finished.
    ///   - share: of the whole, 0–1; nil when the whole is not known.
    func update(done: Int, share: Double?) {
        let now = Date()
        let elapsed = now.timeIntervalSince(started)
        guard isTerminal, elapsed > 1, now.timeIntervalSince(lastShown) > 0.1 else { return }
        lastShown = now
        isShown = true
        let rate = Double(done) / elapsed
        var line = "\r\u{1B}[K"
        if let share, share > 0 {
            let filled = Int((min(1, share) * 24).rounded())
            let left = elapsed / share - elapsed
            line += "[\(String(repeating: "█", count: filled))\(String(repeating: "·", count: 24 - filled))] "
            line += "\(Int((min(1, share) * 100).rounded())) %  \(Self.grouped(done)) \(unit)  \(Self.grouped(Int(rate)))/s  \(Self.clock(left)) left"
        } else {
            line += "\(Self.grouped(done)) \(unit)  \(Self.grouped(Int(rate)))/s  \(Self.clock(elapsed))"
        }
        Terminal.error(line)
    }

    /// Wipes the bar, so that what comes next starts on a clean line.
    func finish() {
        if isShown { Terminal.error("\r\u{1B}[K") }
    }

    static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return whole >= 3600 ? "\(whole / 3600) h \(whole / 60 % 60) min" : whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }

    /// Digits in groups of three: `1,234,567`.
    static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var out = ""
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i) % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return (value < 0 ? "-" : "") + out
    }
}

/// Writes whole texts to standard output (data) and standard error (all else).
enum Terminal {
    /// - Throws: `CommandError` when the output cannot be written: the job has then failed.
    static func output(_ text: String) throws {
        do { try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) } catch {
            throw CommandError("standard output cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    static func error(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
