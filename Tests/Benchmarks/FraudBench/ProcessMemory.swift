import Foundation

enum ProcessMemory {
    /// A line of /proc/self/status: its name, and its size in MiB.
    static func status(_ name: String) -> String {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        let kilobytes = line.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
        return "\(name) \((kilobytes / 1024).grouped) MiB"
    }
}
