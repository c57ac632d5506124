internal import ClickModel

extension Evaluation {
    /// The figures as tables for a terminal, without the curves.
    package var table: String {
        var lines = figureLines
        if !families.isEmpty {
            var recall = TextTable(["family", "clicks", "flagged", "recall", "95 %"])
            for family in families {
                recall.add([
                    family.attack, "\(family.rows)", "\(family.flagged)", TextTable.fixed(family.recall.value), Self.interval(family.recall),
                ])
            }
            lines += [""] + recall.lines
        }
        if let segments {
            var text = TextTable([segments.column, "clicks", "fraud", "flagged", "false positives", "avg. precision"])
            for segment in segments.segments.prefix(Self.printedSegments) {
                text.add([
                    TextTable.printable(segment.value), "\(segment.rows)", "\(segment.frauds)", "\(segment.flagged)",
                    "\(segment.falsePositives)", TextTable.fixed(segment.averagePrecision),
                ])
            }
            lines += [""] + text.lines
            let hidden = segments.distinct - min(segments.segments.count, Self.printedSegments)
            if hidden > 0 { lines.append("and \(hidden) more") }
        }
        if !notes.isEmpty { lines += [""] + notes.map { "note: \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The figures alone.
    package var figureTable: String { figureLines.joined(separator: "\n") + "\n" }

    /// Segments shown in a terminal; `--json` has up to `maximumSegments`.
    private static let printedSegments = 15

    /// Figures with intervals, one a line.
    var figureLines: [String] {
        var text = TextTable([name == scorer ? name : "\(name), \(scorer)", "figure", "95 %"])
        func add(_ name: String, _ estimate: Estimate, digits: Int = 4) {
            guard estimate.value != nil else { return }
            text.add([name, TextTable.fixed(estimate.value, digits: digits), Self.interval(estimate, digits: digits)])
        }
        add("average precision", metrics.averagePrecision)
        add("ROC AUC", metrics.rocAUC, digits: 5)
        add("log loss", metrics.logLoss, digits: 5)
        add("Brier score", metrics.brier, digits: 5)
        for point in atRates {
            let rate = TextTable.number(point.maximumRate * 100)
            add("recall at \(rate) % false positives", point.recall)
            add("precision there", point.precision)
        }
        add("recall as decided", decision.recall)
        add("precision as decided", decision.precision)
        add("false-positive rate as decided", decision.falsePositiveRate, digits: 6)
        let cost = decision.cost
        text.add([
            "expected cost", "\(Money(e4: cost.total.e4))",
            cost.total.lowE4.flatMap { low in cost.total.highE4.map { "\(Money(e4: low)) – \(Money(e4: $0))" } } ?? "–",
        ])
        text.add(["of it, honest clicks refunded", "\(Money(e4: cost.wronglyRefundedE4))", cost.refundPrice])
        text.add(["of it, fraud billed", "\(Money(e4: cost.wronglyBilledE4))", cost.billingPrice])
        text.add(["if all were billed", "\(Money(e4: cost.withoutScorerE4))", ""])
        var lines = text.lines
        if let bootstrap {
            let units = bootstrap.clusters.map { "\($0) groups" } ?? "rows"
            lines.append("95 % intervals of \(bootstrap.replicates) bootstrap samples of \(units), seed \(bootstrap.seed)")
        }
        return lines
    }

    private static func interval(_ estimate: Estimate, digits: Int = 4) -> String {
        guard let low = estimate.low, let high = estimate.high else { return "–" }
        return "\(TextTable.fixed(low, digits: digits)) – \(TextTable.fixed(high, digits: digits))"
    }
}

extension TextTable {
    /// Texts come from outside: control characters are shown as `·`, and what is over 64 characters is cut.
    static func printable(_ text: String) -> String {
        let safe = String(text.unicodeScalars.map { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) ? "·" : Character($0) })
        return safe.count > 64 ? safe.prefix(63) + "…" : safe
    }
}
