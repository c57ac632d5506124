internal import Foundation
internal import LogisticModel

extension TrainingReport {
    /// The report as tables for a terminal.
    package var table: String {
        var lines = [
            "model \(modelID)  \(modelName)",
            "rows \(rows), of which fraud \(frauds); L2 \(TextTable.number(l2)); \(solverStatus) after \(iterations) iterations",
            maximumFalsePositiveRate.map { "threshold \(TextTable.number(threshold)) for a false-positive rate of at most \(TextTable.number($0))" }
                ?? "threshold \(TextTable.number(threshold)) of least expected cost",
            "calibration \(calibration.method.rawValue), on \(calibration.rows) \(calibration.source) rows, of which fraud \(calibration.frauds)",
            "",
        ]
        var figures = TextTable(["part", "rows", "fraud", "ROC AUC", "avg. precision", "log loss", "Brier", "recall", "precision", "FPR"])
        for part in parts {
            let (m, p) = (part.metrics, part.atThreshold)
            figures.add([
                part.name, "\(m.rows)", "\(m.frauds)", TextTable.fixed(m.rocAUC), TextTable.fixed(m.averagePrecision),
                TextTable.fixed(m.logLoss), TextTable.fixed(m.brier), TextTable.fixed(p.recall), TextTable.fixed(p.precision),
                TextTable.fixed(p.falsePositiveRate, digits: 5),
            ])
        }
        lines += figures.lines
        if let test = evaluations.last(where: { $0.bootstrap != nil }) { lines += [""] + test.figureLines }
        if candidates.count > 1 {
            var tried = TextTable(["L2 tried", "avg. precision", "iterations", "status"])
            for c in candidates { tried.add([TextTable.number(c.l2), TextTable.fixed(c.averagePrecision), "\(c.iterations)", c.solverStatus]) }
            lines += [""] + tried.lines
        }
        if !families.isEmpty {
            var recall = TextTable(["family", "rows", "flagged", "recall"])
            for f in families { recall.add([f.attack, "\(f.rows)", "\(f.flagged)", TextTable.fixed(f.recall)]) }
            lines += [""] + recall.lines
        }
        var weights = TextTable(["strongest features", "weight", "when unknown"])
        for f in features.prefix(15) { weights.add([f.name, TextTable.fixed(f.weight), TextTable.fixed(f.missingWeight)]) }
        lines += [""] + weights.lines
        if !notes.isEmpty { lines += [""] + notes.map { "note: \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    static func strongest(_ model: LogisticModel) -> [FeatureWeight] {
        let linear = model.features.filter { $0.weight != 0 || $0.missingWeight != 0 }
            .map { FeatureWeight(name: $0.name, weight: $0.weight, missingWeight: $0.missingWeight) }
        // A curve has no one weight: its standard deviation over the training rows is what a linear term's weight is.
        let curves = model.curves.map { curve in
            let squares = zip(curve.values, curve.counts).reduce(0) { $0 + $1.0 * $1.0 * Double($1.1) }
            let deviation = abs(curve.weight) * (squares / Double(max(1, curve.counts.reduce(0, +)))).squareRoot()
            return FeatureWeight(name: curve.feature, weight: deviation, missingWeight: curve.weight * curve.values[0])
        }
        return (linear + curves)
            .sorted { (max(abs($1.weight), abs($1.missingWeight)), $0.name) < (max(abs($0.weight), abs($0.missingWeight)), $1.name) }
    }
}

extension TrainingReport.Part {
    /// The figures by name, as the model file keeps them.
    package var figures: [String: Double] {
        let all: [String: Double?] = [
            "roc_auc": metrics.rocAUC, "average_precision": metrics.averagePrecision, "log_loss": metrics.logLoss,
            "brier": metrics.brier, "recall": atThreshold.recall, "precision": atThreshold.precision,
            "false_positive_rate": atThreshold.falsePositiveRate, "rows": Double(metrics.rows),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { key, value in value.map { ("\(name)_\(key)", $0) } })
    }
}

/// Columns of text, the first to the left, the others to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) { rows = [header] }

    mutating func add(_ row: [String]) {
        precondition(row.count == rows[0].count)
        rows.append(row)
    }

    var lines: [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + padding : padding + row[column]
            }.joined(separator: "  ")
        }
    }

    static func fixed(_ value: Double?, digits: Int = 4) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }

    static func number(_ value: Double) -> String { String(format: "%.6g", value) }
}
