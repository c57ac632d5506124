import Glibc

/// Times in nanoseconds.
enum BenchClock {
    /// Time of this thread on a core: other programs on the machine do not lengthen it.
    static var thread: Int { read(CLOCK_THREAD_CPUTIME_ID) }
    /// Time of all threads of this process on cores.
    static var process: Int { read(CLOCK_PROCESS_CPUTIME_ID) }
    static var wall: Int { read(CLOCK_MONOTONIC) }

    @inline(__always)
    static func read(_ clock: clockid_t) -> Int {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

extension Array where Element: Comparable {
    /// Of an even count the upper one.
    var median: Element { sorted()[count / 2] }
}

/// Figures in columns: names to the left, the rest to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ head: [String]) { rows = [head] }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let room = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + room : room + cell
            }.joined(separator: "   ")
        }.joined(separator: "\n")
    }
}

extension BinaryInteger {
    /// With thousands apart.
    var grouped: String {
        let digits = String(magnitude)
        var out = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return (self < 0 ? "-" : "") + out
    }
}

extension Double {
    func rounded(to places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((self * scale).rounded())
        guard places > 0 else { return scaled.grouped }
        let rest = String(scaled.magnitude % UInt(scale))
        return (scaled / Int(scale)).grouped + "." + String(repeating: "0", count: places - rest.count) + rest
    }
}
