import Foundation
import Testing

/// The benchmarks on a few clicks, so that they go on working.
@Suite("Benchmarks run")
struct BenchTests {
    private static let bench = Programs.fraud.deletingLastPathComponent().appending(path: "fraud-bench")

    /// Fields of a table's row, two or more spaces apart.
    private func row(_ name: String, of output: String) -> [String] {
        let line = output.components(separatedBy: "\n").first { $0.hasPrefix(name) } ?? ""
        return line.components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private func number(_ text: String) -> Double? { Double(text.replacingOccurrences(of: ",", with: "")) }

    private func simulate(_ clicks: Int, _ scratch: Scratch) throws -> String {
        let input = scratch.path("clicks.ndjson")
        let made = try Programs.run(Programs.fraud, ["simulate", "--clicks", String(clicks), "--hours", "0.01", "--seed", "5", "--out", input])
        #expect(made.status == 0, "\(made.errors)")
        return input
    }

    @Test("every stage takes time and touches bytes; instructions come from the file")
    func stages() throws {
        let scratch = try Scratch()
        let input = try simulate(5000, scratch)
        try "features\t1234.0\n".write(toFile: scratch.path("instructions.txt"), atomically: true, encoding: .utf8)
        let run = try Programs.run(Self.bench, ["stages", input, scratch.path("instructions.txt")])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("5,000 events"))
        for stage in ["read (page", "decode", "deduplication", "features", "rules", "model", "windows", "sessions", "remembered", "commit"] {
            let cells = row(stage, of: run.output)
            #expect(cells.count == 5 && (number(cells[1]) ?? 0) > 0 && (number(cells[3]) ?? 0) > 0, "\(stage): \(cells)")
        }
        #expect(row("features", of: run.output).last == "1,234" && row("rules", of: run.output).last == "–")
    }

    @Test("an inline score of known keys allocates nothing, and quantiles ascend")
    func latency() throws {
        let scratch = try Scratch()
        let run = try Programs.run(Self.bench, ["latency", try simulate(20_000, scratch)])
        #expect(run.status == 0, "\(run.errors)")
        let cells = row("known keys", of: run.output)
        #expect(cells.count == 8 && cells[7] == "0.000000", "\(run.output)")
        let quantiles = cells[2...6].compactMap(number)
        #expect(quantiles.count == 5 && quantiles == quantiles.sorted() && quantiles[0] > 0, "\(run.output)")
    }

    @Test("features, rules and model are timed with one shard and with more")
    func shards() throws {
        let scratch = try Scratch()
        let run = try Programs.run(Self.bench, ["shards", try simulate(3000, scratch)])
        #expect(run.status == 0, "\(run.errors)")
        for name in ["1 shard ", "2 shards"] {
            let cells = row(name, of: run.output)
            #expect(cells.count == 5 && cells.dropFirst().allSatisfy { (number($0) ?? 0) > 0 }, "\(run.output)")
        }
    }

    @Test("an input that is not there is an error in words")
    func missing() throws {
        let run = try Programs.run(Self.bench, ["stages", "no-such-file.ndjson"])
        #expect(run.status == 1 && run.errors.contains("no-such-file.ndjson"), "\(run.errors)")
        #expect(try Programs.run(Self.bench, []).status == 64)
    }
}
