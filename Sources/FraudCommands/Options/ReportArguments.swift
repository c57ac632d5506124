internal import ArgumentParser
internal import Foundation
internal import LogisticModel
internal import Pipeline
internal import Training

/// Where a command writes its page about a model, and what it compares with there.
struct ReportArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Also write a page with plots: one HTML file that needs no network.", valueName: "file"))
    var report: String?

    @Option(help: ArgumentHelp("Model file that the page compares with.", valueName: "file"))
    var previous: String?

    /// Finds out before any work what would stop the page after it.
    func validate() throws {
        guard report != nil else {
            guard previous == nil else { throw ValidationError("--previous goes with --report") }
            return
        }
        _ = try Self.chartLibrary()
        _ = try previousModel()
    }

    func previousModel() throws -> LogisticModel? { try previous.map { try LogisticModel.load(from: $0) } }

    /// Writes the page, if one is asked for, in one step.
    func write(_ page: @autoclosure () throws -> ReportPage) throws {
        guard let report else { return }
        try Self.write(try page(), to: report)
    }

    static func write(_ page: ReportPage, to path: String) throws {
        var page = page
        page.facts.append(ReportPage.Fact("Code version", "fraud \(FraudVersion.text)"))
        let bytes = page.html(chartLibrary: try chartLibrary())
        do { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw CommandError("the report \(path) cannot be written: \(error.localizedDescription)")
        }
        Terminal.error("report written to \(path)\n")
    }

    /// `plotly.min.js`, compressed, as `make deps` leaves it.
    static func chartLibrary() throws -> [UInt8] {
        let file = ".deps/report/plotly.min.js.gz"
        guard let path = try? ScorerConfiguration.shipped(file), let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("the report's chart library \(file) is not there: run `make deps`")
        }
        guard data.starts(with: [0x1F, 0x8B]) else { throw CommandError("\(path) is no gzip file: remove .deps/ready and run `make deps`") }
        return [UInt8](data)
    }
}
