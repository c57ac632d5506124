import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

@Suite struct ModelFileTests {
    @Test("a model read back has the same id and scores bit for bit the same")
    func roundTrip() throws {
        for seed in UInt64(1)...20 {
            let (model, catalogue) = randomModel(seed: seed, features: 25)
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString).json").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try model.save(to: path)
            let read = try LogisticModel.load(from: path)
            #expect(read == model && read.modelID == model.modelID, "seed \(seed)")

            let block = FeatureBlock(columnCount: 25, capacity: 128)
            var random = RandomData(seed)
            fill(block, &random)
            var first = [Float](repeating: 0, count: 128)
            var second = first
            try CompiledModel(model, catalogue: catalogue).score(block, rows: 128, into: &first)
            try CompiledModel(read, catalogue: catalogue).score(block, rows: 128, into: &second)
            #expect(first.map(\.bitPattern) == second.map(\.bitPattern), "seed \(seed)")
        }
    }

    @Test("the id changes with any weight, and is the hash of the content")
    func identity() throws {
        let (model, _) = randomModel(seed: 1, features: 3)
        var other = model
        other.features[1].weight = other.features[1].weight.nextUp
        #expect(model.modelID.count == 16 && other.modelID != model.modelID)

        let text = try model.encoded()
        let script = """
            import hashlib, json
            raw = open('model.json').read()
            # Numbers stay the text they are: only the layout is canonical.
            class Number(str): pass
            m = json.loads(raw, parse_float=Number, parse_int=Number)
            def dump(v):
                if isinstance(v, dict): return '{' + ','.join(json.dumps(k) + ':' + dump(v[k]) for k in sorted(v)) + '}'
                if isinstance(v, list): return '[' + ','.join(dump(x) for x in v) + ']'
                return v if isinstance(v, Number) else json.dumps(v)
            print(json.dumps(hashlib.sha256(dump(m).encode()).hexdigest()[:16]))
            """
        let expected: String = try Python.run(script, files: ["model.json": Data(text)])
        #expect(model.modelID == expected)
    }

    @Test("SHA-256 agrees with Python's for every length around the block borders")
    func sha256() throws {
        var random = RandomData(4)
        let inputs = (0...200).map { length in (0..<length).map { _ in UInt8(random.below(256)) } }
        let script = """
            import hashlib, json
            raw = open('raw', 'rb').read()
            print(json.dumps([hashlib.sha256(raw[n*(n-1)//2 : n*(n-1)//2 + n]).hexdigest() for n in range(201)]))
            """
        let expected: [String] = try Python.run(script, files: ["raw": Data(inputs.flatMap { $0 })])
        #expect(inputs.map { SHA256.hex($0) } == expected)
        var pieces = SHA256()
        for start in stride(from: 0, to: 200, by: 7) { inputs[200][start..<min(start + 7, 200)].withUnsafeBytes { pieces.update($0) } }
        #expect(pieces.finish() == expected[200])
    }

    @Test("the file is one field a line, keys sorted, numbers as short as they can be")
    func readable() throws {
        let (model, _) = randomModel(seed: 1, features: 2)
        let text = String(decoding: try model.encoded(), as: UTF8.self)
        #expect(text.contains("\n    \"test_roc_auc\" : 0.30000000000000004\n"))
        #expect(text.contains("\n  \"threshold\" : 0.9,\n") && text.hasSuffix("}\n"))
        let keys = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }.map { $0.prefix { $0 != ":" } }
        #expect(keys == keys.sorted() && keys.count == 12)
    }

    @Test("a bad file is refused with the field that is wrong", arguments: [
        ("\"intercept\" : ", "\"intercepts\" : ", "intercept", "missing"),
        ("\"schema_version\" : 2", "\"schema_version\" : 1", "schema_version", "is 1"),
        ("\"transform\" : \"log1p\"", "\"transform\" : \"sqrt\"", "features[0].transform", "sqrt"),
        ("\"scale\" : ", "\"scale\" : -", "features[0].scale", "not positive"),
        ("\"center\" : ", "\"center\" : true, \"x\" : ", "features[0].center", ""),
        ("\"clip_low\" : 0", "\"clip_low\" : -1", "features[0].clip_low", "log1p"),
        ("\"clip_low\" : 0", "\"clip_low\" : 1e9", "features[0].clip_low", "over clip_high"),
        ("\"clip_low\" : 0", "\"clip_low\" : null", "features[0].clip_low", "null"),
        ("\"threshold\" : 0.9", "\"threshold\" : 7", "threshold", "between 0 and 1"),
        ("\"threshold\" : 0.9", "\"threshold\" : 1e999", "threshold", ""),
        ("\"name\" : \"feature_1\"", "\"name\" : \"feature_0\"", "features[1].name", "twice"),
        ("\"second\" : \"feature_0\"", "\"second\" : \"feature_1\"", "surfaces[0].second", "is the first"),
        ("\"first_edges\" : [", "\"first_edges\" : [ 1e9, 1,", "surfaces[0].first_edges", "ascending"),
        ("\"edges\" : [", "\"edges\" : [ -1e30,", "curves[0].values", "finite numbers"),
        ("\"curves\" : [", "\"curves\" : [ {},", "curves[0].feature", "missing"),
        ("\"encodings\" : [", "\"calibration\": {\"method\": \"platt\", \"inputs\": [1, 0], \"outputs\": [0, 1]}, \"encodings\" : [", "calibration.inputs", "ascending"),
        ("\"encodings\" : [", "\"calibration\": {\"method\": \"platt\", \"inputs\": [0, 1], \"outputs\": [1, 0]}, \"encodings\" : [", "calibration.outputs", "non-decreasing"),
        ("\"reference\" : [", "\"reference\" : [ {\"feature\": \"a\", \"edges\": [1], \"counts\": [1, 2]} ", "reference[0].counts", "are not 3"),
        ("\"reference\" : [", "\"reference\" : [ {\"feature\": \"a\", \"edges\": [], \"counts\": [9000000000000000000, 2]} ", "reference[0].counts", "are not 2"),
        ("\"encodings\" : [", "\"calibration\": {\"method\": \"platt\", \"inputs\": [0, 1e-20], \"outputs\": [-1e6, 1e6]}, \"encodings\" : [", "calibration.inputs", "a millionth"),
        ("{", "[", "", ""),
    ])
    func refused(change: (from: String, to: String, field: String, reason: String)) throws {
        let (model, _) = randomModel(seed: 1, features: 2)
        var text = String(decoding: try model.encoded(), as: UTF8.self)
        let range = try #require(text.range(of: change.from))
        text.replaceSubrange(range, with: change.to)
        let error = #expect(throws: ModelError.self) { try LogisticModel(decoding: Array(text.utf8), source: "m.json") }
        guard case .content(let source, let field, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(source == "m.json" && (change.reason.isEmpty || reason.contains(change.reason)), "\(reason)")
        #expect(field == change.field || (change.to.contains("1e999") && field.isEmpty), "\(field): \(reason)")
    }

    @Test("damaged files are errors, never crashes")
    func fuzz() throws {
        let (model, _) = randomModel(seed: 1, features: 2)
        let bytes = try model.encoded()
        for seed in UInt64(1)...2000 {
            var random = RandomData(seed)
            var damaged = bytes
            for _ in 0...random.below(4) { damaged[random.below(damaged.count)] = UInt8(random.below(256)) }
            if random.below(3) == 0 { damaged.removeLast(random.below(damaged.count)) }
            do throws(ModelError) {
                try LogisticModel(decoding: damaged, source: "fuzz").validate(source: "fuzz")
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test("a file that is not there is an error with its path")
    func missingFile() {
        let error = #expect(throws: ModelError.self) { try LogisticModel.load(from: "/nonexistent/model.json") }
        #expect(error?.description.hasPrefix("/nonexistent/model.json: cannot read") == true)
    }
}
