import Foundation
import Training

/// Fits one logistic regression on a file that `compare.py` made, and prints one JSON object: what it took and where it ended.
///
///     train-bench DATA ROWS COLUMNS L1 L2 COEFFICIENTS
///
/// DATA: ROWS bytes of labels, then COLUMNS columns of ROWS single-precision numbers. COEFFICIENTS: the output, doubles.
struct Measured: Encodable {
    var seconds: Double
    var cpuSeconds: Double
    var peakMiB: Double
    var readMiB: Double
    var iterations: Int
    var status: String
}

func usage() -> (cpuSeconds: Double, peakMiB: Double) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return (seconds(usage.ru_utime) + seconds(usage.ru_stime), Double(usage.ru_maxrss) / 1024)
}

let arguments = CommandLine.arguments
guard arguments.count == 7, let rows = Int(arguments[2]), let columns = Int(arguments[3]), let l1 = Double(arguments[4]),
    let l2 = Double(arguments[5]), let file = fopen(arguments[1], "rb")
else {
    FileHandle.standardError.write(Data("usage: train-bench DATA ROWS COLUMNS L1 L2 COEFFICIENTS\n".utf8))
    exit(64)
}
let labels = [Bool](unsafeUninitializedCapacity: rows) { buffer, count in count = fread(buffer.baseAddress, 1, rows, file) }
let values = [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in count = fread(buffer.baseAddress, 4, rows * columns, file) }
fclose(file)
guard labels.count == rows, values.count == rows * columns else { exit(1) }
let design = DesignMatrix(rows: rows, columns: columns, values: values)

let before = usage()
let clock = ContinuousClock()
let start = clock.now
let objective = LogisticObjective(design: design, labels: labels, weights: nil, l2: l2, l1: l1)
let solution = LogisticSolver().solve(objective)
let elapsed = clock.now - start
let after = usage()

try solution.coefficients.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: arguments[6])) }
let measured = Measured(
    seconds: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18, cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    peakMiB: after.peakMiB, readMiB: before.peakMiB, iterations: solution.iterations, status: solution.status.description)
print(String(decoding: try JSONEncoder().encode(measured), as: UTF8.self))
