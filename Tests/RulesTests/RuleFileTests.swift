import ClickModel
import Rules
import Testing

@Suite("Rule files")
struct RuleFileTests {
    static let rest = """
            action: fraud
            ivt: sivt
            reason: burst
        """

    /// One rule whose `when` is given with its own layout, from line 5 on.
    static func rule(when: String) -> String {
        "version: 1\nrules:\n  - id: burst\n    description: Too many.\n" + when + "\n" + rest + "\n"
    }

    @Test("an unknown feature is named with its line, column and the likely name", arguments: [
        ("    when: ip_clik_1m > 5", "rules.yaml:5:11"),
        ("    when:     touch == 1 and ip_clik_1m > 5", "rules.yaml:5:30"),
        ("    when: \"touch == 1 and ip_clik_1m > 5\"", "rules.yaml:5:27"),
        ("    when: 'touch == 1 and ip_clik_1m > 5'", "rules.yaml:5:27"),
        ("    when: |\n      touch == 1\n      and ip_clik_1m > 5", "rules.yaml:7:11"),
        ("    when: >-   # folded\n\n      touch == 1\n\n        and   ip_clik_1m > 5", "rules.yaml:9:15"),
        ("    when: |2\n      touch == 1 and\n      ip_clik_1m > 5", "rules.yaml:7:7"),
        ("    when: touch == 1\n      and ip_clik_1m > 5", "rules.yaml:6:11"),
        ("    when: 'touch == 1\n\n       and ip_clik_1m > 5'", "rules.yaml:7:12"),
        ("    when: \"touch == 1\n       and ip_clik_1m > 5\"", "rules.yaml:6:12"),
        ("    when:\n      touch == 1 and ip_clik_1m > 5", "rules.yaml:6:22"),
        ("    \"when\": !!str &x ip_clik_1m > 5", "rules.yaml:5:22"),
        ("    when: \"touch\\x20== 1 and ip_clik_1m > 5\"", "rules.yaml:5:11"),
    ])
    func positions(when: String, place: String) {
        #expect(Fixtures.errors(Self.rule(when: when)) == [place + ": unknown feature \"ip_clik_1m\" (did you mean \"ip_clicks_1m\"?)"])
    }

    @Test("line ends of other systems and characters outside ASCII keep places right")
    func lineEnds() {
        let text = Self.rule(when: "    when: ip_clik_1m > 5").replacing("Too many.", with: "Zu viele 👩‍👩‍👧 é.").replacing("\n", with: "\r\n")
        #expect(Fixtures.errors(text).map { $0.prefix(16) } == ["rules.yaml:5:11:"])
    }

    @Test("errors of grammar say what was expected and where", arguments: [
        ("ip_clicks_1m >", "5:25: expected a feature, a number or \"(\" but found the end of the expression"),
        ("ip_clicks_1m", "5:11: expected a condition but found a number; compare it, as in \"… == 1\""),
        ("ip_clicks_1m = 1", "5:24: unexpected \"=\" (did you mean \"==\"?)"),
        ("touch == 1 && opacity < 1", "5:22: unexpected \"&\" (did you mean \"and\"?)"),
        ("touch == 1 || opacity < 1", "5:22: unexpected \"|\" (did you mean \"or\"?)"),
        ("1 < ip_clicks_1m < 5", "5:28: comparisons do not chain; join two with \"and\""),
        ("(touch == 1", "5:22: expected \")\" but found the end of the expression"),
        ("touch == 1)", "5:21: unexpected \")\""),
        ("touch == 1 opacity < 1", "5:22: unexpected \"opacity\""),
        ("touch == 60s", "5:20: \"60s\" is no number; write plain numbers, in the feature's own unit"),
        ("touch == 1__0", "5:20: \"1__0\" is no number; write plain numbers, in the feature's own unit"),
        ("touch == 1e60", "5:20: \"1e60\" is too large"),
        ("touch == 1 / 0", "5:22: the constant is not finite"),
        ("2 > 1", "5:13: compares two constants; one side must have a feature"),
        ("known(3)", "5:17: known() takes a feature's name, not number 3.0"),
        ("known touch", "5:17: expected \"(\" after \"known\" but found \"touch\""),
        ("not touch", "5:15: expected a condition but found a number; compare it, as in \"… == 1\""),
        ("(touch == 1) + 1 > 0", "5:11: expected a number but found a condition"),
        ("touch == 1 and or opacity < 1", "5:26: expected a feature, a number or \"(\" but found \"or\""),
        ("touch ≥ 1", "5:17: unexpected character \"≥\""),
        ("and", "5:11: expected a feature, a number or \"(\" but found \"and\""),
    ])
    func grammar(condition: String, error: String) {
        #expect(Fixtures.errors(Self.rule(when: "    when: " + condition)) == ["rules.yaml:" + error])
    }

    @Test("all errors of a file are reported at once, in file order")
    func collects() {
        let text = """
            version: 2
            colour: red
            rules:
              - id: Bad-Id
                description: x
                when: ip_klicks_1m > 1 and tuch == 1 and opacity <
                action: block
                ivt: sivt
                reason: r
              - id: two
                desription: x
                when: touch == 1
                action: note
                ivt: givt
                reason: r
              - id: two
                description: [a]
                when: {a: b}
                action: fraud
                reason: r
              - just text
            """
        #expect(Fixtures.errors(text).map { $0.replacing("rules.yaml:", with: "") } == [
            "1:10: unknown version; this program reads version 1",
            "2:1: unknown key \"colour\"",
            "4:9: \"id\" may have lower-case letters, digits and _ only",
            "6:11: unknown feature \"ip_klicks_1m\" (did you mean \"ip_clicks_1m\"?)",
            "6:32: unknown feature \"tuch\" (did you mean \"touch\"?)",
            "6:55: expected a feature, a number or \"(\" but found the end of the expression",
            "7:13: \"action\" is fraud or note, not \"block\"",
            "10:5: missing key \"description\"",
            "11:5: unknown key \"desription\" (did you mean \"description\"?)",
            "14:10: a note labels no click, so its ivt is none; leave the key out",
            "16:5: missing key \"ivt\": a fraud rule says givt or sivt",
            "16:9: the id \"two\" is taken by the rule on line 10",
            "17:18: \"description\" must be text",
            "18:11: \"when\" must be an expression",
            "21:5: expected a rule to have keys: id, description, when, action, ivt, reason",
        ])
    }

    @Test("what is no rule file at all is an error that says so", arguments: [
        ("", "rules.yaml: the file is empty"), ("# nothing\n", "rules.yaml: the file is empty"),
        ("[1, 2]", "rules.yaml:1:1: expected the file to have keys: version, rules"),
        ("version: 1\n", "rules.yaml:1:1: missing key \"rules\""), ("version: 1\nrules: 5", "rules.yaml:2:8: \"rules\" must be a list"),
        ("version: 1\nrules: [\n", "rules.yaml:3:1: not YAML"), ("version: 1\n\trules:\n", "rules.yaml:2:1: not YAML"),
        ("version: 1\nversion: 1\nrules: []", "rules.yaml:1:1: the key \"version\" is given twice"),
        ("version: 1\nrules: *x", "rules.yaml:2:8: not YAML"), ("version: 1\n---\nrules: []", "rules.yaml:2:1: not YAML"),
        ("version: 1\u{1}", "rules.yaml: not YAML"),
    ])
    func notARuleFile(text: String, error: String) throws {
        let first = try #require(Fixtures.errors(text).first)
        #expect(first.hasPrefix(error), "\(first)")
    }

    @Test("limits hold: rules, expression length, depth, operators, file size, shown errors")
    func limits() {
        func only(_ condition: String) -> String { Fixtures.errors(Self.rule(when: "    when: " + condition)).joined() }
        let many = Fixtures.file(Array(repeating: "touch == 1", count: 65))
        #expect(Fixtures.errors(many) == ["rules.yaml:387:5: 65 rules; at most 64 are allowed"])
        #expect(Fixtures.errors(Fixtures.file(Array(repeating: "touch == 1", count: 64))).isEmpty)
        #expect(only("touch == 1 " + String(repeating: "and touch == 1 ", count: 300)).contains("at most 4096"))
        #expect(only(String(repeating: "(", count: 33) + "touch == 1" + String(repeating: ")", count: 33)).contains("nested more than 32 deep"))
        #expect(only(String(repeating: "(", count: 32) + "touch == 1" + String(repeating: ")", count: 32)).isEmpty)
        #expect(only(String(repeating: "not ", count: 500) + "touch == 1").contains("nested more than 32 deep"))
        #expect(only("touch" + String(repeating: "+1", count: 300) + " > 1").contains("more than 256 operators"))
        #expect(only("touch" + String(repeating: "+opacity", count: 250) + " > 1").isEmpty)
        #expect(Fixtures.errors(String(repeating: "# filler\n", count: 40_000)) == ["rules.yaml: over 256 KiB"])
        let wrong = "version: 1\nrules:\n" + String(repeating: "  - {a: 1, b: 2}\n", count: 60)
        let errors = Fixtures.errors(wrong)
        #expect(errors.count == 101 && errors.last == "rules.yaml: 320 more errors are not shown")
    }

    @Test("a file that cannot be read, or is no text, is an error with its path")
    func unreadable() throws {
        #expect(throws: RuleError.self) { try RuleSet.load(path: "/nonexistent/rules.yaml", catalogue: []) }
        #expect(throws: RuleError.self) { try RuleSet.load(path: "/", catalogue: []) }
        do throws(RuleError) {
            _ = try RuleSet.load(path: "/nonexistent/rules.yaml", catalogue: [])
        } catch {
            #expect(error.description.hasPrefix("/nonexistent/rules.yaml: cannot be read"))
        }
    }

    @Test("the id depends on what decides, and on nothing else")
    func identity() throws {
        let catalogue = Fixtures.catalogue(["touch", "opacity"])
        func id(_ text: String) throws -> String { try RuleSet.load(text: text, catalogue: catalogue).id }
        let base = Self.rule(when: "    when: touch == 1 and opacity < 0.5")
        let reference = try id(base)
        #expect(reference.count == 16 && reference.allSatisfy(\.isHexDigit))
        #expect(try id("# why\n" + base.replacing("Too many.", with: "Far too many.")) == reference)
        #expect(try id(Self.rule(when: "    when: |\n      (touch==1)\n      and 0.50 > opacity")) == reference)
        #expect(try id(Self.rule(when: "    when: touch == 1 and opacity < 0.6")) != reference)
        #expect(try id(Self.rule(when: "    when: touch == 1 or opacity < 0.5")) != reference)
        for (old, new) in [("sivt", "givt"), ("reason: burst", "reason: other"), ("id: burst", "id: other")] {
            #expect(try id(base.replacing(old, with: new)) != reference, "\(new)")
        }
        let two = Fixtures.file(["touch == 1", "opacity < 1"])
        #expect(try id(two) != id(Fixtures.file(["opacity < 1", "touch == 1"])))
    }

    @Test("the canonical spelling parses back to itself", arguments: 0..<200 as Range<UInt64>)
    func canonical(seed: UInt64) throws {
        var rng = SplitMix64(seed: seed)
        let names = CompiledRulesTests.names
        let text = SlowExpression.randomCondition(depth: 4, features: names.count, &rng).spelled(names, &rng)
        let once = try RuleSet.load(text: Fixtures.file([text]), catalogue: Fixtures.catalogue(names))
        let twice = try RuleSet.load(text: Fixtures.file([once.rules[0].when]), catalogue: Fixtures.catalogue(names))
        #expect(once.rules[0].when == twice.rules[0].when, "seed \(seed), \(text)")
        #expect(once.id == twice.id)
    }

    @Test("random damage to a rule file is an error or a rule set, never a crash", arguments: 0..<8 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var rng = SplitMix64(seed: seed)
        let good = Array(Self.rule(when: "    when: |\n      not (touch == 1) and\n      known(opacity) or -ip_clicks_1m * 2 < 3e1").utf8)
        let pieces = ["(", "not ", "\"", "'", "|", ">", "- ", ": ", "\n", "\t", "&a ", "*a", "{", "[", "é", "\u{1}", "1e9", "known", "?"]
        var failures = 0
        for _ in 0..<400 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &rng) {
                let at = Int.random(in: 0..<bytes.count, using: &rng)
                switch rng.next() % 3 {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(contentsOf: pieces.randomElement(using: &rng)!.utf8, at: at)
                default: bytes[at] = UInt8(rng.next() % 128)
                }
            }
            if !Fixtures.errors(String(decoding: bytes, as: UTF8.self)).isEmpty { failures += 1 }
        }
        #expect(failures > 100, "seed \(seed): the damage did nothing")
    }

    @Test("deep nesting in the YAML is an error, not a stack overflow")
    func nesting() {
        #expect(!Fixtures.errors(String(repeating: "[", count: 100_000)).isEmpty)
        #expect(!Fixtures.errors(String(repeating: "- ", count: 100_000)).isEmpty)
        #expect(!Fixtures.errors("version: 1\nrules: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900)).isEmpty)
    }
}
