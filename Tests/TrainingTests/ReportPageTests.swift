import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

/// Reads pages back with Python's own HTML parser and JSON reader.
private struct ParsedPage: Decodable {
    /// Every tag with its attributes, in order.
    var tags: [Tag]
    var text: String
    /// Names of features in the page's data.
    var features: [String]
    var familyNames: [String]

    struct Tag: Decodable {
        var name: String
        var attributes: [String: String]
    }

    static func read(_ page: [UInt8]) throws -> ParsedPage {
        try Python.run(
            """
            import json
            from html.parser import HTMLParser
            class Reader(HTMLParser):
                def __init__(self):
                    super().__init__(convert_charrefs=True)
                    self.tags, self.text, self.scripts, self.inside = [], [], {}, None
                def handle_starttag(self, tag, attributes):
                    self.tags.append({"name": tag, "attributes": {k: v or "" for k, v in attributes}})
                    if tag in ("script", "style"): self.inside = dict(attributes).get("id") or tag
                def handle_endtag(self, tag):
                    if tag in ("script", "style"): self.inside = None
                def handle_data(self, data):
                    if self.inside: self.scripts[self.inside] = self.scripts.get(self.inside, "") + data
                    else: self.text.append(data)
            reader = Reader()
            reader.feed(open("page.html", encoding="utf-8").read())
            data = json.loads(reader.scripts["data"])
            print(json.dumps({"tags": reader.tags, "text": "\\n".join(reader.text),
                "features": [f["name"] for f in data["features"]],
                "familyNames": [f["name"] for e in data["evaluations"] for f in e["families"]]}))
            """, files: ["page.html": Data(page)])
    }
}

@Suite("Report page")
struct ReportPageTests {
    /// Stands in for the chart library: the page does not look inside.
    private let library = [UInt8]("not a library".utf8)

    @Test("names from the data stay text, in markup and in the script's data")
    func hostileNames() throws {
        let bytes = ReportFixture.page(seed: 3, names: ReportFixture.hostile).html(chartLibrary: library)
        let data = try #require(String(decoding: bytes, as: UTF8.self).components(separatedBy: "id=\"data\">").last?.components(separatedBy: "</script>\n").first)
        #expect(data.hasPrefix("{") && !data.contains("<") && !data.contains(">"), "no script ends, no comment begins")
        let page = try ParsedPage.read(bytes)
        let plain = try ParsedPage.read(ReportFixture.page(seed: 3).html(chartLibrary: library))
        let scripts = page.tags.filter { $0.name == "script" }
        #expect(scripts.count == 3 && plain.tags.filter { $0.name == "script" }.count == 3, "data, library and script")
        let known = Set(plain.tags.map(\.name))
        #expect(Set(page.tags.map(\.name)).subtracting(known).isEmpty, "no element comes from a name")
        for tag in page.tags {
            #expect(!tag.attributes.keys.contains { $0.hasPrefix("on") }, "\(tag.name) \(tag.attributes)")
            #expect(tag.attributes["href"].map { $0.hasPrefix("#") } ?? true, "\(tag.attributes)")
            #expect(tag.attributes["src"] == nil)
        }
        for name in ReportFixture.hostile where name.count < 80 && !name.contains("\u{0}") {
            #expect(page.text.contains(name), "\(name) is shown as it is")
            #expect(page.features.contains(name) && page.familyNames.contains(name), "\(name)")
        }
        for text in [page.text] + page.features + page.familyNames {
            #expect(!text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{2028}" || $0 == "\u{0}" }, "controls are replaced")
        }
        #expect(page.features.allSatisfy { $0.count <= 80 })
    }

    @Test("the page names no other file and forbids every request")
    func selfContained() throws {
        let bytes = ReportFixture.page(seed: 4).html(chartLibrary: library)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("@import") && !text.contains("url("))
        let page = try ParsedPage.read(bytes)
        #expect(!page.tags.contains { ["link", "iframe", "img", "object", "base", "form"].contains($0.name) })
        let policy = try #require(page.tags.first { $0.attributes["http-equiv"] == "Content-Security-Policy" }?.attributes["content"])
        #expect(policy.hasPrefix("default-src 'none'; script-src 'nonce-"))
        #expect(!policy.contains("unsafe-eval") && !policy.contains("connect-src"))
        let nonce = try #require(page.tags.last { $0.name == "script" }?.attributes["nonce"])
        #expect(policy.contains("'nonce-\(nonce)'"))
        let other = String(decoding: ReportFixture.page(seed: 5).html(chartLibrary: library), as: UTF8.self)
        #expect(!other.contains(nonce), "another page has another nonce")
    }

    @Test("the same page gives the same bytes")
    func deterministic() {
        for isLinear in [false, true] {
            let first = ReportFixture.page(seed: 6, isLinear: isLinear).html(chartLibrary: library)
            #expect(first == ReportFixture.page(seed: 6, isLinear: isLinear).html(chartLibrary: library))
            #expect(first != ReportFixture.page(seed: 7, isLinear: isLinear).html(chartLibrary: library))
        }
    }

    @Test("hundreds of features and pairs make a page of bounded size, which says what it left out")
    func bounded() throws {
        let bytes = ReportFixture.page(seed: 8, features: 600, surfaces: 60).html(chartLibrary: library)
        #expect(bytes.count < 3 << 20, "\(bytes.count) bytes")
        let page = try ParsedPage.read(bytes)
        #expect(page.features.count == ReportPage.maximumFeaturePlots)
        #expect(page.tags.filter { $0.attributes["data-chart"] == "surface" }.count == ReportPage.maximumSurfacePlots)
        #expect(page.text.contains("The 300 most important of 600 features have a plot"))
        #expect(page.text.contains("The 24 most important of 60 pairs are drawn."))
    }

    @Test("the most important feature comes first: the largest mean effect over the training rows")
    func ranking() throws {
        var model = ReportFixture.page(seed: 9, features: 3).model
        // Rows all in the first known bin, where `wide` is 0 and `often` is not.
        let edges = [1.0]
        model.curves = [
            .init(feature: "wide", edges: edges, values: [0, 0, 9], counts: [0, 1000, 1]),
            .init(feature: "often", edges: edges, values: [0, -0.5, 0], counts: [0, 1000, 1]),
        ]
        model.surfaces = []
        model.reference = []
        let page = try ParsedPage.read(ReportPage(model: model).html(chartLibrary: library))
        #expect(page.features == ["often", "wide"])
        #expect(page.text.contains("0.500") && page.text.contains("0.009"), "0.5 · 1000/1001, 9 · 1/1001")
    }

    @Test("an empty model and no evaluation make a page that says so")
    func empty() throws {
        var model = ReportFixture.page(seed: 10, features: 1).model
        (model.curves, model.surfaces, model.reference, model.metrics) = ([], [], [], [:])
        let page = try ParsedPage.read(ReportPage(model: model).html(chartLibrary: library))
        #expect(page.features.isEmpty)
        #expect(page.text.contains("No evaluation is part of this page.") && page.text.contains("an intercept only"))
        #expect(!page.tags.contains { $0.name == "figure" })
    }

    @Test("values that are no numbers in JSON do not stop the page")
    func notFinite() throws {
        var page = ReportFixture.page(seed: 11, features: 4)
        page.evaluations[0].roc[0].threshold = .infinity
        page.evaluations[0].metrics.logLoss = Estimate(value: .nan, low: -.infinity, high: .infinity)
        page.coefficients = [.init(name: "x", value: .nan, low: .nan, high: 1)]
        #expect(try ParsedPage.read(page.html(chartLibrary: library)).features.count == 4)
    }

    @Test("drift is the population stability index of the shared bins, and bins learned apart are brought together")
    func drift() throws {
        func model(_ edges: [Double], _ counts: [Int]) -> LogisticModel {
            var model = ReportFixture.page(seed: 12, features: 1).model
            model.curves = [.init(feature: "x", edges: edges, values: edges.map { _ in 0.1 } + [0.2, 0.3], counts: counts)]
            (model.surfaces, model.reference) = ([], [])
            return model
        }
        func index(_ old: LogisticModel, _ new: LogisticModel) throws -> Double {
            let text = String(decoding: ReportPage(model: new, previous: old).html(chartLibrary: library), as: UTF8.self)
            let drift = try #require(text.range(of: #""drift":\[\{"index":([0-9.e-]+)"#, options: .regularExpression))
            return try #require(Double(text[drift].split(separator: ":").last!))
        }
        let old = model([1, 2, 3], [10, 1000, 2000, 3000, 1500])
        let new = model([1, 2, 3], [40, 1500, 1800, 2000, 900])
        let expected = try #require(PopulationStability(reference: [10, 1000, 2000, 3000, 1500], observed: [40, 1500, 1800, 2000, 900])).index
        #expect(abs(try index(old, new) - expected) < 1e-5)
        #expect(try index(old, old) == 0)
        // The same rows under finer bins, each of the old ones split in two.
        let finer = model([1, 1.5, 2, 2.5, 3], [10, 1000, 1000, 1000, 1500, 1500, 1500])
        #expect(try index(old, finer) < 1e-9)
        // Uniform rows under edges half a bin off: the outer bins are where the model is least sure.
        let even = model([1, 2, 3, 4], [0, 1000, 1000, 1000, 1000, 1000])
        let shifted = model([1.5, 2.5, 3.5], [0, 1500, 1000, 1000, 1500])
        #expect(try index(even, shifted) < 0.1)
    }
}
