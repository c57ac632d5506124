import ClickModel
import Foundation
import Pipeline

/// `make bench` and its like: how fast each part is on this machine, on simulated traffic.
///
/// Figures of a shared machine: compare within one run, and runs by their medians.
///
///     fraud-bench all FILE [INSTRUCTIONS [FRAUD]]   every table below but the memory's
///     fraud-bench stages FILE [INSTRUCTIONS]        stage by stage; the file says what `count` found under valgrind
///     fraud-bench count FILE                        the stages once, without the database: what valgrind runs
///     fraud-bench whole FILE                        jobs, core
///     fraud-bench shards FILE                       features, rules and model by number of shards
///     fraud-bench latency FILE                      one inline call
///     fraud-bench memory                            bytes by table, speed by live keys
///     fraud-bench stream [CLICKS]                   state and time of a stream without end; a billion clicks unless told
///     fraud-bench start FILE [FRAUD]                from process start to first click
let arguments = Array(CommandLine.arguments.dropFirst())
func argument(_ index: Int) -> String? { arguments.count > index && !arguments[index].isEmpty ? arguments[index] : nil }

/// Standard output without a buffer: a table is there as soon as it is done.
enum Output {
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}

func usage() -> Never {
    FileHandle.standardError.write(Data("usage: fraud-bench all|stages|count|whole|shards|latency|start FILE …, or fraud-bench memory|stream\n".utf8))
    exit(64)
}

func printStages(_ input: String, instructions: String?, _ folder: String) throws {
    let report = try StageReport(input, runs: 3, folder: folder, instructions: instructions)
    Output.line("\(report.clicks.grouped) events, \((report.flaggedShare * 100).rounded(to: 1)) % flagged, \(ProcessInfo.processInfo.activeProcessorCount) cores\n")
    Output.line(report.text + "\n")
}

func printSnapshots() throws {
    Output.line("snapshots: how long the stream waits for the copy of its state")
    for visitors in [30_000, 100_000, 300_000, 1_000_000] { Output.line(try BenchState.snapshot(visitors: visitors)) }
}

func run(_ mode: String, _ input: String, _ folder: String) throws {
    switch mode {
    case "all":
        try printStages(input, instructions: argument(2), folder)
        Output.line(try WholeJob.table(BenchInputs(input), folder: folder) + "\n")
        Output.line(try ShardScaling.table(input) + "\n")
        Output.line(try InlineLatency.report(input) + "\n")
        Output.line(try StartTime.report(input, fraud: argument(3), folder: folder) + "\n")
        try printSnapshots()
    case "stages": try printStages(input, instructions: argument(2), folder)
    case "count":
        var stages = try StageRun(input, warehouse: nil)
        try stages.run()
        Output.line("events \(stages.events)")
    case "whole": Output.line(try WholeJob.table(BenchInputs(input), folder: folder))
    case "shards": Output.line(try ShardScaling.table(input))
    case "latency": Output.line(try InlineLatency.report(input))
    case "start": Output.line(try StartTime.report(input, fraud: argument(2), folder: folder))
    case "first-click": try StartTime.firstClick(input, database: argument(2))
    default: usage()
    }
}

func runMemory() throws {
    Output.line(try StateMemory.footprint(visitors: 1_000_000, clicks: 10_000_000) + "\n")
    Output.line(try StateMemory.speed(keys: [100_000, 1_000_000, 10_000_000]))
}

let folder = FileManager.default.temporaryDirectory.appending(path: "fraud-bench-\(getpid())").path
var status: Int32 = 0
do {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if argument(0) == "memory" {
        try runMemory()
    } else if argument(0) == "stream" {
        guard let clicks = Int(argument(1) ?? "1000000000"), clicks > 0 else { usage() }
        try LongStream.run(clicks: clicks) { Output.line($0) }
    } else {
        guard let mode = argument(0), let input = argument(1) else { usage() }
        try run(mode, input, folder)
    }
} catch {
    FileHandle.standardError.write(Data("fraud-bench: \(error)\n".utf8))
    status = 1
}
try? FileManager.default.removeItem(atPath: folder)
exit(status)
