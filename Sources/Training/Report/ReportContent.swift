internal import ClickModel
internal import LogisticModel

/// The body of the page: markup that can be read without any script, and the data of its plots.
struct ReportContent {
    private(set) var data = ReportData()
    let page: ReportPage
    private var html = HTMLWriter()
    private var contents: [(anchor: String, title: String)] = []
    private let effects: FeatureEffects
    private let surfaces: SurfaceRanking

    init(_ page: ReportPage) {
        self.page = page
        effects = FeatureEffects(page)
        surfaces = SurfaceRanking(page)
        data.evaluations = page.evaluations.map { ReportData.Scored($0, title: $0.title(among: page.evaluations)) }
        data.features = effects.ranked.prefix(ReportPage.maximumFeaturePlots).map(\.effect)
        data.surfaces = surfaces.pairs
        addEvaluation()
        addFeatures()
        addSurfaces()
        addCoefficients()
        addDrift()
        section("card", "Model card", "Model card") { $0.writeCard(to: &$1) }
    }

    /// The body's content.
    var markup: String {
        let links = contents.map { "<a href=\"#\($0.anchor)\">\(HTMLText.escape($0.title))</a>" }.joined(separator: "\n")
        var top = HTMLWriter()
        writeHeader(to: &top)
        return """
            <a class="skip" href="#main">Skip to the report</a>
            <nav aria-label="Sections">
            \(links)
            </nav>
            <main id="main">
            \(top.text)<noscript><p class="note">The plots need JavaScript; the tables do not.</p></noscript>
            <p class="note" id="failure" role="alert" hidden></p>
            \(html.text)</main>

            """
    }

    private mutating func section(_ anchor: String, _ link: String, _ title: String, _ write: (ReportContent, inout HTMLWriter) -> Void) {
        contents.append((anchor, link))
        html.raw("<section id=\"\(anchor)\" aria-labelledby=\"\(anchor)-title\"><h2 id=\"\(anchor)-title\">\(HTMLText.escape(title))</h2>")
        write(self, &html)
        html.raw("</section>")
    }

    private mutating func addEvaluation() {
        guard let first = page.evaluations.first else { return }
        section("quality", "Ranking", "How well it ranks") { $0.writeQuality(first, to: &$1) }
        section("scores", "Scores", "Scores and calibration") { $0.writeScores(to: &$1) }
        section("operating", "Threshold", "Where to draw the line") { $0.writeOperatingPoints(first, to: &$1) }
        if !first.families.isEmpty { section("families", "Families", "By family of fraud") { $0.writeFamilies(first, to: &$1) } }
        if let segments = first.segments, !segments.segments.isEmpty {
            section("segments", HTMLText.shortened(segments.column), "By \(HTMLText.shortened(segments.column))") { _, html in SegmentTableMarkup.write(segments, to: &html) }
        }
    }

    private mutating func addFeatures() {
        guard !effects.ranked.isEmpty else { return }
        section("features", "Features", "What it learned of each feature") { $0.writeFeatures(to: &$1) }
    }

    private mutating func addSurfaces() {
        guard !surfaces.pairs.isEmpty else { return }
        section("pairs", "Pairs", "Features that act together") { $0.writeSurfaces(to: &$1) }
    }

    private mutating func addCoefficients() {
        let rows = page.coefficients.isEmpty
            ? page.model.features.map { ReportPage.CoefficientInterval(name: $0.name, value: $0.weight) } : page.coefficients
        // Without data the sort would leave ties to chance.
        let ranked = rows.sorted { (abs($1.value), $0.name) < (abs($0.value), $1.name) }
        data.coefficients = ranked.prefix(ReportPage.maximumCoefficients).map {
            ReportPage.CoefficientInterval(
                name: HTMLText.shortened($0.name), value: ReportNumbers.short($0.value) ?? 0, low: ReportNumbers.short($0.low),
                high: ReportNumbers.short($0.high))
        }
        guard !ranked.isEmpty else { return }
        section("coefficients", "Weights", "Linear weights") { $0.writeCoefficients(count: ranked.count, to: &$1) }
    }

    private mutating func addDrift() {
        guard page.previous != nil else { return }
        let moved = effects.ranked.compactMap { row in row.drift.map { ReportData.Drift(name: row.effect.name, index: ReportNumbers.short($0.index)) } }
        data.drift = Array(moved.sorted { ($1.index ?? 0, $0.name) < ($0.index ?? 0, $1.name) }.prefix(30))
        section("drift", "Drift", "Since the previous model") { $0.writeDrift(to: &$1) }
    }

    // MARK: - Features

    private func writeFeatures(to html: inout HTMLWriter) {
        let ranked = effects.ranked
        html.paragraph(
            "Each curve is what a value adds to the log-odds of fraud, all else equal: over the line towards fraud, under it towards "
                + "valid; +0.69 doubles the odds. Grey bars are the share of training rows in each bin, so a curve over no bar rests on "
                + "little. What is unknown stands apart on the left. Importance is the mean size of the effect over the training rows.")
        if !data.features.contains(where: { !$0.counts.isEmpty }) {
            html.paragraph("This model file does not say how often each value occurs: there are no bars, and importance takes every input for normally distributed.", style: "note")
        }
        if page.previous != nil { html.paragraph("The dashed line is the previous model's curve.") }
        if ranked.count > ReportPage.maximumFeaturePlots {
            html.paragraph(
                "The \(ReportPage.maximumFeaturePlots) most important of \(ReportNumbers.grouped(ranked.count)) features have a plot; "
                    + "the others are listed, \(ReportNumbers.grouped(ReportPage.maximumFeatures)) features at most.", style: "note")
        }
        let strongest = max(ranked[0].importance, .leastNormalMagnitude)
        html.raw("<div class=\"features\">")
        for (index, row) in ranked.prefix(ReportPage.maximumFeatures).enumerated() {
            let hasPlot = index < ReportPage.maximumFeaturePlots
            let share = ReportNumbers.decimal(row.importance / strongest * 100, digits: 1)
            let summary =
                "<span class=\"rank\">\(index + 1)</span> <span class=\"name\">\(HTMLText.escape(row.effect.name))</span> "
                + "<span class=\"bar\" aria-hidden=\"true\"><i style=\"width:\(share)%\"></i></span> "
                + "<span class=\"n\">\(ReportNumbers.decimal(row.importance, digits: 3))</span>"
            guard hasPlot else {
                html.raw("<div class=\"feature line\">\(summary)</div>")
                continue
            }
            html.raw("<details class=\"feature\"\(index < 8 ? " open" : "")><summary>\(summary)</summary>")
            html.plot("effect", key: index, label: "Learned curve of \(row.effect.name)", caption: caption(row), height: 240)
            html.raw("</details>")
        }
        html.raw("</div>")
    }

    private func caption(_ row: FeatureEffects.Ranked) -> String {
        var parts: [String] = []
        if !row.meaning.isEmpty { parts.append(row.meaning) }
        if let categories = row.categories { parts.append("\(ReportNumbers.grouped(categories)) categories, as the number training gave each") }
        if let unknown = row.unknownShare, unknown > 0 { parts.append("unknown in \(ReportNumbers.percent(unknown)) of training rows") }
        return parts.joined(separator: "; ")
    }

    private func writeSurfaces(to html: inout HTMLWriter) {
        html.paragraph(
            "What two values add together, over and above what each adds alone. Orange: towards fraud, blue: towards valid; each map "
                + "has its own scale. Cells are equally large whatever their width; the axes give the values at their borders.")
        var limits: [String] = []
        if surfaces.total > surfaces.pairs.count { limits.append("The \(surfaces.pairs.count) most important of \(ReportNumbers.grouped(surfaces.total)) pairs are drawn.") }
        if surfaces.isMerged { limits.append("Bins are merged to at most \(ReportPage.maximumHeatmapBins) a side.") }
        if !limits.isEmpty { html.paragraph(limits.joined(separator: " "), style: "note") }
        html.raw("<div class=\"grid\">")
        for (index, pair) in surfaces.pairs.enumerated() {
            html.plot(
                "surface", key: index, label: "Heat map of \(pair.first) and \(pair.second)",
                caption: "Importance \(ReportNumbers.decimal(surfaces.importances[index], digits: 3))", height: 340)
        }
        html.raw("</div>")
    }

    private func writeCoefficients(count: Int, to html: inout HTMLWriter) {
        html.paragraph(
            "What one standard deviation of a feature (after its transform) adds to the log-odds of fraud"
                + (page.coefficients.contains { $0.low != nil } ? ", with 95 % intervals from the Hessian at the optimum. "
                    + "They take rows for independent, and are about estimates that the penalty shrinks: narrower than the truth on both counts." : ". No standard errors were given."))
        if count > data.coefficients.count { html.paragraph("The \(data.coefficients.count) largest of \(ReportNumbers.grouped(count)) weights.", style: "note") }
        html.plot("coefficients", label: "Weights of the linear terms", height: 60 + 20 * data.coefficients.count)
    }

    // MARK: - Drift and card

    private func writeDrift(to html: inout HTMLWriter) {
        guard let previous = page.previous else { return }
        html.paragraph(
            "Compared with model \(previous.modelID) (\(HTMLText.shortened(previous.name))). The population stability index says how far a feature's training "
                + "rows moved between the two: under 0.1 hardly, 0.1 to 0.25 somewhat, over 0.25 much.")
        let measured = effects.ranked.filter { $0.drift != nil }
        if data.drift.isEmpty {
            html.paragraph("No feature's distribution is in both model files, so no index can be had.", style: "note")
        } else {
            let shifted = measured.filter { $0.drift!.verdict == .shifted }.sorted { $1.drift!.index < $0.drift!.index }
            html.paragraph(
                shifted.isEmpty ? "No feature moved much." : "Moved much: \(shifted.prefix(12).map(\.effect.name).joined(separator: ", "))"
                    + (shifted.count > 12 ? " and \(shifted.count - 12) more." : "."))
            html.plot("drift", label: "Population stability index by feature", height: 70 + 22 * data.drift.count)
            var notes: [String] = []
            if measured.count > data.drift.count { notes.append("The \(data.drift.count) features that moved most of \(measured.count).") }
            if measured.contains(where: { !$0.driftIsExact }) { notes.append("Where the two models' bins differ, rows are shared out evenly within a bin: approximate.") }
            if !notes.isEmpty { html.paragraph(notes.joined(separator: " "), style: "note") }
        }
        let old = Set(previous.inputNames)
        let new = Set(page.model.inputNames)
        func list(_ names: Set<String>) -> String {
            let sorted = names.sorted().map(HTMLText.shortened)
            return sorted.prefix(20).joined(separator: ", ") + (sorted.count > 20 ? " and \(sorted.count - 20) more" : "")
        }
        if !new.subtracting(old).isEmpty { html.paragraph("New features: \(list(new.subtracting(old))).") }
        if !old.subtracting(new).isEmpty { html.paragraph("No longer used: \(list(old.subtracting(new))).") }
        let keys = Set(previous.metrics.keys).intersection(page.model.metrics.keys).sorted().prefix(ReportPage.maximumRows)
        if !keys.isEmpty {
            html.paragraph("Figures in the two model files. They compare only if measured on the same rows.")
            html.table(
                ["figure", "#previous", "#now", "#difference"],
                rows: keys.map { key in
                    let (before, now) = (previous.metrics[key]!, page.model.metrics[key]!)
                    return [HTMLText.shortened(key), ReportNumbers.general(before), ReportNumbers.general(now), ReportNumbers.signed(now - before, digits: 4)]
                }, label: "Figures of both models")
        }
    }

    private func writeCard(to html: inout HTMLWriter) {
        html.raw("<dl class=\"card\">")
        for fact in ModelCardFacts.all(page) {
            html.element("dt", fact.name)
            html.element("dd", fact.value)
        }
        html.raw("</dl>")
        let metrics = page.model.metrics.sorted { $0.key < $1.key }.prefix(ReportPage.maximumRows)
        guard !metrics.isEmpty else { return }
        html.raw("<details><summary>Figures in the model file</summary>")
        html.table(["figure", "#value"], rows: metrics.map { [HTMLText.shortened($0.key), ReportNumbers.general($0.value)] }, label: "Figures in the model file")
        html.raw("</details>")
    }

    private func writeHeader(to html: inout HTMLWriter) {
        HeaderMarkup(page: page, features: effects.ranked.count, pairs: surfaces.total).write(to: &html)
    }
}
