internal import LogisticModel

extension ReportContent {
    func writeQuality(_ evaluation: Evaluation, to html: inout HTMLWriter) {
        html.raw("<div class=\"grid\">")
        html.plot(
            "precisionRecall", label: "Precision over recall", caption: "Precision: share of flagged rows that are fraud. Recall: share of fraud that is flagged.")
        html.plot(
            "roc", label: "ROC curve, recall over false-positive rate",
            caption: "The false-positive rate is on a logarithmic scale: what a thousandth of honest clicks costs is what matters.")
        html.raw("</div>")
        html.table(
            ["set", "#rows", "#fraud", "#average precision", "#ROC AUC", "#log loss", "#Brier score"],
            rows: page.evaluations.map { one in
                [
                    one.title(among: page.evaluations), ReportNumbers.grouped(one.rows), ReportNumbers.grouped(one.frauds), ReportNumbers.decimal(one.metrics.averagePrecision),
                    ReportNumbers.decimal(one.metrics.rocAUC), ReportNumbers.decimal(one.metrics.logLoss), ReportNumbers.decimal(one.metrics.brier, digits: 5),
                ]
            }, label: "Figures over all thresholds")
        if let bootstrap = evaluation.bootstrap {
            let units = bootstrap.clusters.map { "\(ReportNumbers.grouped($0)) groups drawn whole" } ?? "rows drawn one by one"
            html.paragraph(
                "In brackets: \(ReportNumbers.general(bootstrap.level * 100)) % intervals from \(ReportNumbers.grouped(bootstrap.replicates)) bootstrap "
                    + "samples, \(units), seed \(bootstrap.seed). They cover the chance in which rows were seen, not a change of traffic.", style: "small")
        }
    }

    /// Of the first scorer whose scores are probabilities: verdicts of rules are none.
    func writeScores(to html: inout HTMLWriter) {
        let index = page.evaluations.firstIndex { !$0.calibration.isEmpty } ?? 0
        let evaluation = page.evaluations[index]
        if index > 0 { html.paragraph("Of \(evaluation.title(among: page.evaluations)).") }
        html.raw("<div class=\"grid\">")
        html.plot(
            "scores", key: index, label: "Distribution of scores of fraud and of valid rows",
            caption: "Rows by score, on logarithmic scales: a hundred fold fewer rows is two lines down.")
        if evaluation.calibration.isEmpty {
            html.paragraph("No calibration plot: the scores are no probabilities, or there were too few rows.", style: "note")
        } else {
            html.plot(
                "calibration", key: index, label: "Calibration: observed share of fraud over the score",
                caption: "On the diagonal a score means what it says. Bars are 95 % Wilson intervals.")
        }
        html.raw("</div>")
    }

    func writeOperatingPoints(_ evaluation: Evaluation, to html: inout HTMLWriter) {
        let decision = evaluation.decision
        var rows = evaluation.atRates.map { point in
            [
                "at most \(ReportNumbers.general(point.maximumRate * 100))\u{A0}% false positives", ReportNumbers.general(point.threshold), ReportNumbers.percent(point.recall),
                ReportNumbers.percent(point.precision), ReportNumbers.percent(point.falsePositiveRate), ReportNumbers.grouped(point.flagged),
            ]
        }
        rows.insert(
            [
                "in use", decision.threshold > 1 ? "none" : ReportNumbers.general(decision.threshold), ReportNumbers.percent(decision.recall),
                ReportNumbers.percent(decision.precision), ReportNumbers.percent(decision.falsePositiveRate), ReportNumbers.grouped(decision.flagged),
            ], at: 0)
        html.table(["operating point", "#threshold", "#recall", "#precision", "#false-positive rate", "#flagged"], rows: rows, label: "Operating points")
        html.paragraph("The thresholds of the fixed rates are chosen on these very rows, so they flatter a little; the one in use is not.", style: "small")
        let cost = decision.cost
        html.raw("<div class=\"grid\"><div>")
        html.element("h3", "In money")
        html.table(
            ["what", "#amount"],
            rows: [
                ["honest clicks refunded, at \(cost.refundPrice)", ReportNumbers.money(cost.wronglyRefundedE4)],
                ["fraud billed, at \(cost.billingPrice)", ReportNumbers.money(cost.wronglyBilledE4)],
                ["both: the cost of the decisions", ReportNumbers.money(cost.total)],
                ["cost of billing every click", ReportNumbers.money(cost.withoutScorerE4)],
                ["saved", ReportNumbers.money(cost.withoutScorerE4 &- cost.total.e4)],
            ], label: "Cost of the decisions")
        html.paragraph("In the currency of the clicks' cost, on these rows.", style: "small")
        html.raw("</div>")
        html.plot("cost", label: "Cost over the false-positive rate", caption: "What every threshold would cost on these rows.")
        html.raw("</div>")
    }

    func writeFamilies(_ evaluation: Evaluation, to html: inout HTMLWriter) {
        let families = Array(evaluation.families.prefix(ReportPage.maximumRows))
        let poor = families.filter { ($0.recall.value ?? 1) < 0.5 }.sorted { ($0.recall.value ?? 0, $0.attack) < ($1.recall.value ?? 0, $1.attack) }
        if poor.isEmpty {
            html.paragraph("Every family is caught at least every second time.")
        } else {
            let list = poor.prefix(12).map { "\(HTMLText.shortened($0.attack)) (\(ReportNumbers.percent($0.recall.value)))" }.joined(separator: ", ")
            html.paragraph("Poorly caught, less than every second time: \(list)\(poor.count > 12 ? " and \(poor.count - 12) more" : "").", style: "note")
        }
        html.plot(
            "families", label: "Recall by family of fraud", caption: "Share flagged at the threshold in use, with 95 % intervals.",
            height: 70 + 24 * families.count)
        html.raw("<details><summary>As a table</summary>")
        html.table(
            ["family", "#rows", "#flagged", "#recall"],
            rows: families.map {
                [HTMLText.shortened($0.attack), ReportNumbers.grouped($0.rows), ReportNumbers.grouped($0.flagged), ReportNumbers.percent($0.recall)]
            }, label: "Recall by family")
        html.raw("</details>")
        if evaluation.families.count > families.count { html.paragraph("The first \(families.count) of \(evaluation.families.count) families.", style: "note") }
    }
}

/// Figures per publisher, or whatever the rows are split by.
enum SegmentTableMarkup {
    static func write(_ table: Evaluation.SegmentTable, to html: inout HTMLWriter) {
        html.paragraph("\(ReportNumbers.grouped(table.distinct)) values" + (table.distinct > table.segments.count ? "; the \(table.segments.count) with most rows." : "."))
        func share(_ part: Int, _ whole: Int) -> String { whole > 0 ? ReportNumbers.percent(Double(part) / Double(whole)) : "–" }
        html.table(
            [HTMLText.shortened(table.column), "#rows", "#fraud", "#share of fraud", "#flagged", "#recall", "#false-positive rate", "#average precision"],
            rows: table.segments.prefix(Evaluation.maximumSegments).map { segment in
                [
                    HTMLText.shortened(segment.value), ReportNumbers.grouped(segment.rows), ReportNumbers.grouped(segment.frauds), share(segment.frauds, segment.rows),
                    ReportNumbers.grouped(segment.flagged), share(segment.flagged - segment.falsePositives, segment.frauds),
                    share(segment.falsePositives, segment.rows - segment.frauds), ReportNumbers.decimal(segment.averagePrecision),
                ]
            }, label: "Figures by \(table.column)", isTall: true)
    }
}

/// The page's top: name, verdict in one sentence, the figures that matter, and what limits them.
struct HeaderMarkup {
    let page: ReportPage
    let features: Int
    let pairs: Int

    func write(to html: inout HTMLWriter) {
        html.raw("<header>")
        html.paragraph("Model report", style: "kicker")
        html.element("h1", HTMLText.shortened(page.model.name))
        html.paragraph(verdict, style: "lead")
        if let evaluation = page.evaluations.first { tiles(evaluation, to: &html) }
        let notes = limits
        html.raw("<aside aria-label=\"Limits\"><h2>Before you trust it</h2><ul>")
        for note in notes.prefix(ReportPage.maximumRows) { html.element("li", note) }
        html.raw("</ul></aside></header>")
    }

    private var verdict: String {
        guard let evaluation = page.evaluations.first else {
            return "\(ReportNumbers.grouped(features)) features and \(ReportNumbers.grouped(pairs)) pairs of them, trained on "
                + "\(ReportNumbers.grouped(page.model.training.rows)) rows. No evaluation is part of this page."
        }
        let decision = evaluation.decision
        let (subject, verb) = evaluation.scorer == "verdict" ? ("rules and model catch", "flag") : ("the model catches", "flags")
        return "On \(ReportNumbers.grouped(evaluation.rows)) \(evaluation.rowsInWords), \(ReportNumbers.grouped(evaluation.frauds)) of them fraud, "
            + "\(subject) \(ReportNumbers.percent(decision.recall.value)) of fraud and wrongly \(verb) "
            + "\(ReportNumbers.percent(decision.falsePositiveRate.value)) of what is valid."
    }

    private func tiles(_ evaluation: Evaluation, to html: inout HTMLWriter) {
        let decision = evaluation.decision
        func tile(_ title: String, _ value: String, _ low: String?, _ high: String?) {
            html.raw("<div class=\"tile\">")
            html.element("dt", title)
            html.raw("<dd><strong>\(HTMLText.escape(value))</strong>")
            if let low, let high { html.element("span", "\(low) to \(high)") }
            html.raw("</dd></div>")
        }
        func tile(_ title: String, _ estimate: Estimate, _ text: (Double?) -> String) {
            tile(title, text(estimate.value), estimate.low.map(text), estimate.high.map(text))
        }
        html.raw("<dl class=\"tiles\">")
        tile("Average precision", evaluation.metrics.averagePrecision) { ReportNumbers.decimal($0) }
        tile("ROC AUC", evaluation.metrics.rocAUC) { ReportNumbers.decimal($0) }
        tile("Recall", decision.recall) { ReportNumbers.percent($0) }
        tile("Precision", decision.precision) { ReportNumbers.percent($0) }
        tile("False-positive rate", decision.falsePositiveRate) { ReportNumbers.percent($0) }
        let cost = decision.cost
        tile(
            "Cost of errors", ReportNumbers.money(cost.total.e4), cost.total.lowE4.map(ReportNumbers.money),
            cost.total.highE4.map(ReportNumbers.money))
        html.raw("</dl>")
    }

    /// Always at least one: no model is without limits.
    private var limits: [String] {
        var notes = page.notes
        for evaluation in page.evaluations { notes += evaluation.notes }
        if page.evaluations.isEmpty { notes.append("Nothing on this page was measured on rows the model did not see.") }
        if page.evaluations.contains(where: { $0.families.contains { $0.attack != "(none)" } }) {
            notes.append(
                "These rows name their family of fraud, as simulated traffic does: unless you named the families yourself, "
                    + "every figure here is synthetic, and says how well simulated fraud is caught.")
        }
        notes.append("Figures hold for traffic like the rows they were measured on. Fraud that no label knows counts as valid.")
        var seen: Set<String> = []
        return notes.filter { seen.insert($0).inserted }
    }
}
