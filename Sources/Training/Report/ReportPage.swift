package import ClickModel
internal import Foundation
package import LogisticModel

/// One self-contained page about a model: what it was trained on, how well it does, what it learned, and what moved since
/// the model before.
///
/// A pure value: the same page gives the same bytes, which need no network: `html` puts the style, the data, the script
/// and the chart library inside. What is nil or empty is left out of the page, which says so where a reader would look for it.
package struct ReportPage: Sendable {
    package var model: LogisticModel
    /// The one of most interest first, e.g. test before train.
    package var evaluations: [Evaluation]
    /// Units and meanings of the features; those it lacks are shown by name only.
    package var catalogue: [FeatureDescription]
    /// The model to compare with.
    package var previous: LogisticModel?
    /// Intervals of linear weights; without them a linear model's weights are drawn as they are.
    package var coefficients: [CoefficientInterval]
    /// More lines of the model card, e.g. the code's version and the options.
    package var facts: [Fact]
    /// What a reader should know before trusting the page, e.g. warnings of a leaking column.
    package var notes: [String]

    package struct Fact: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A linear weight per standard deviation of its input, with its 95 % interval.
    package struct CoefficientInterval: Codable, Hashable, Sendable {
        package var name: String
        package var value: Double
        package var low: Double?
        package var high: Double?

        package init(name: String, value: Double, low: Double? = nil, high: Double? = nil) {
            self.name = name
            self.value = value
            self.low = low
            self.high = high
        }
    }

    /// Features with a plot; the others are listed.
    package static let maximumFeaturePlots = 300
    /// Features listed.
    package static let maximumFeatures = 2000
    package static let maximumSurfacePlots = 24
    /// Bins of a side of a heat map; neighbours are merged.
    package static let maximumHeatmapBins = 40
    package static let maximumCoefficients = 200
    /// Families and other lists of names.
    package static let maximumRows = 200

    package init(
        model: LogisticModel, evaluations: [Evaluation] = [], catalogue: [FeatureDescription] = [], previous: LogisticModel? = nil,
        coefficients: [CoefficientInterval] = [], facts: [Fact] = [], notes: [String] = []
    ) {
        self.model = model
        self.evaluations = evaluations
        self.catalogue = catalogue
        self.previous = previous
        self.coefficients = coefficients
        self.facts = facts
        self.notes = notes
    }

    /// The page.
    ///
    /// - Parameter chartLibrary: `plotly.min.js` as `make deps` installs it, compressed by gzip.
    /// - Complexity: O(cells of the model + points of the evaluations).
    package func html(chartLibrary: [UInt8]) -> [UInt8] {
        let content = ReportContent(self)
        // A value JSON cannot hold was made nil on the way in.
        let json = HTMLText.script(json: (try? Self.encoder.encode(content.data)) ?? Data("{}".utf8))
        // Unknown to whoever planted a text in the data, as the text is part of it. The same page keeps the same one.
        let markup = Array(content.markup.utf8)
        let nonce = String(SHA256.hex(markup + json).prefix(32))
        var bytes = Array(head(nonce: nonce).utf8)
        bytes += markup
        bytes += Array("<script type=\"application/json\" id=\"data\">".utf8) + json + Array("</script>\n".utf8)
        bytes += Array("<script type=\"text/plain\" id=\"library\">".utf8)
        bytes += Array(Data(chartLibrary).base64EncodedData()) + Array("</script>\n".utf8)
        bytes += Array("<script nonce=\"\(nonce)\">\n\(ReportScript.text)</script>\n</body>\n</html>\n".utf8)
        return bytes
    }

    /// The policy forbids every request: whatever a text might smuggle in, it can load nothing and send nothing.
    private func head(nonce: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-\(nonce)'; \
        style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(HTMLText.escape(HTMLText.shortened(model.name))): model report</title>
        <style>
        \(ReportStyle.text)</style>
        </head>
        <body>

        """
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
