import ArgumentParser
import FraudCommands

@main
struct Fraud: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fraud",
        abstract: "Scores ad clicks for fraud as they stream in, counts them in windows, and bills what is valid.",
        discussion: "EXAMPLE: fraud score clicks.ndjson.gz --db clicks.duckdb",
        version: FraudVersion.text,
        subcommands: [
            ScoreCommand.self, ReportCommand.self, ReconcileCommand.self, AuditCommand.self, ExplainCommand.self, BillCommand.self,
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, QualityCommand.self, ExportCommand.self, SimulateCommand.self,
            RulesCommand.self, ModelCommand.self,
        ])
}
