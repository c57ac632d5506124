internal import ArgumentParser
internal import ClickModel
internal import Foundation
internal import Storage

/// The database a command reads.
struct DatabaseArgument: ParsableArguments {
    @Option(name: .customLong("db"), help: ArgumentHelp("The database that `fraud score` wrote.", valueName: "file"))
    var path: String

    /// Opens it for reading; a missing file is an error and is not made, one of another program or version is refused.
    func openForReading() throws -> DuckDB { try openWarehouse(readOnly: true).database }

    func openForWriting() throws -> DuckDB { try openWarehouse(readOnly: false).database }

    /// - Parameter threads: of the database.
    func openWarehouse(readOnly: Bool, threads: Int = 2) throws -> Warehouse {
        try requireFile()
        return try Warehouse(path: path, readOnly: readOnly, threads: threads)
    }

    private func requireFile() throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandError("there is no database \(path); `fraud score INPUT --db \(path)` makes one")
        }
    }
}

/// How a command prints: a table for a person, or `--json`, or `--format csv`.
struct OutputArguments: ParsableArguments {
    @Option(help: "How to print: table, csv or json.")
    var format: OutputFormat = .table

    @Flag(help: "The same as --format json.")
    var json = false

    var chosen: OutputFormat { json ? .json : format }
}

/// A period of event time, UTC: from (included) to (excluded).
struct PeriodArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Start, included: 2026-11-01 or 2026-11-01T09:30Z (UTC).", valueName: "time"))
    var from: TimeArgument?

    @Option(help: ArgumentHelp("End, excluded; a day means up to its start.", valueName: "time"))
    var to: TimeArgument?
}

/// A day, UTC.
struct DayArgument: ExpressibleByArgument {
    let date: CivilDate

    init?(argument: String) {
        guard let date = CivilDate(argument) else { return nil }
        self.date = date
    }
}

/// A day or a moment, UTC.
struct TimeArgument: ExpressibleByArgument {
    let time: EventTime

    init?(argument: String) {
        if let date = CivilDate(argument) {
            time = date.start
            return
        }
        let text = argument.hasSuffix("Z") ? String(argument.dropLast()) : argument
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2, let date = CivilDate(String(parts[0])) else { return nil }
        let clock = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(clock.count), let hour = Int64(clock[0]), let minute = Int64(clock[1]),
            let second = clock.count == 3 ? Double(clock[2]) : 0, 0..<24 ~= hour, 0..<60 ~= minute, 0..<60 ~= second
        else { return nil }
        time = EventTime(milliseconds: date.start.milliseconds + (hour * 3600 + minute * 60) * 1000 + Int64((second * 1000).rounded()))
    }
}

/// A failed job, in words; the program exits with 1.
struct CommandError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
