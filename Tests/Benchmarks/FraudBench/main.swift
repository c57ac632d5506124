import AllocationCounter
import ClickCodec
import ClickModel
import Foundation
import Pipeline
import Scoring
import Simulation

/// `make bench`: how fast each stage is on this machine, on simulated traffic, printed as a table.
///
/// Figures of noisy machines: compare stages within one run, and runs by their medians.
let clicks = Int(ProcessInfo.processInfo.environment["FRAUD_BENCH_CLICKS"] ?? "") ?? 1_000_000
let folder = FileManager.default.temporaryDirectory.appending(path: "fraud-bench-\(getpid())")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let input = folder.appending(path: "clicks.ndjson").path
let bytes = try BenchInput.write(clicks: clicks, to: input)
print("\(clicks) simulated clicks, \(bytes / clicks) bytes each, \(ProcessInfo.processInfo.activeProcessorCount) cores\n")
var table = StageTable()
try table.measure("decode (NDJSON → records)", clicks: clicks) { try BenchStages.decode(input) }
let decoded = try BenchStages.decodedBatches(input)
try table.measure("features, rules, model", clicks: clicks) { try BenchStages.score(decoded) }
try table.measure("scoring core (+ dedup, windows)", clicks: clicks) { try BenchStages.core(decoded) }
try table.measure("whole job, file → tables", clicks: clicks) { try BenchStages.job(input, folder: folder.path, archive: false) }
try table.measure("the same, with the archive", clicks: clicks) { try BenchStages.job(input, folder: folder.path, archive: true) }
print(table.text)
print(try BenchStages.inlineLatency(decoded))
print("\nsnapshots: how long the stream waits for the copy of its state")
for visitors in [30_000, 100_000, 300_000, 1_000_000] { print(try BenchState.snapshot(visitors: visitors)) }
