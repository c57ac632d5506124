internal import ClickModel
internal import Yams

/// Reads a scenario file and collects everything wrong with it on the way.
struct ScenarioReader {
    private(set) var diagnostics: [ScenarioDiagnostic] = []
    private let file: String
    private var options = SimulationOptions()

    init(file: String) { self.file = file }

    static let rootKeys = [
        "version", "name", "description", "seed", "start", "clicks", "hours", "profile", "fraud_share", "families", "look_alikes",
        "phases", "inventory", "delivery",
    ]
    static let phaseKeys = ["hours", "volume", "fraud_share", "families"]
    static let hours: ClosedRange<Double> = 0.001...9600

    /// The scenario, or nil when the file cannot be read as one; complete only when there are no diagnostics.
    mutating func read(_ text: String) -> Scenario? {
        guard text.utf8.count <= Scenario.maxFileBytes else {
            report(nil, "the file is larger than \(Scenario.maxFileBytes) bytes")
            return nil
        }
        do {
            guard let root = try Yams.compose(yaml: text) else {
                report(nil, "the file is empty; expected \"version: 1\" and what to simulate")
                return nil
            }
            return readRoot(root)
        } catch let error as YamlError {
            report(error)
        } catch {
            report(nil, "not YAML: \(error)")
        }
        return nil
    }

    private mutating func readRoot(_ root: Node) -> Scenario? {
        guard let fields = fields(of: root, allowed: Self.rootKeys, in: "the file") else { return nil }
        if let version = fields["version"] {
            if version.scalar?.string != "1" { report(version.mark, "unknown version; this program reads version 1") }
        } else {
            report(root.mark, "missing key \"version\"")
        }
        let name = fields["name"].flatMap { words($0, "name", limit: 100) } ?? "scenario"
        let description = fields["description"].flatMap { words($0, "description", limit: 2000) } ?? ""
        if let node = fields["seed"], let seed = wholeNumber(node, "seed", 0...Int.max) { options.seed = UInt64(seed) }
        if let node = fields["clicks"], let clicks = wholeNumber(node, "clicks", 0...1_000_000_000) { options.clicks = clicks }
        if let node = fields["start"] { readStart(node) }
        if let node = fields["hours"], let hours = number(node, "hours", Self.hours) { options.durationMilliseconds = Int64(hours * 3_600_000) }
        if let node = fields["profile"] { readProfile(node) }
        if let node = fields["fraud_share"], let share = number(node, "fraud_share", 0...0.9) { options.fraudShare = share }
        if let node = fields["families"], let (weights, profile) = families(node, options.profile) {
            options.familyWeights = weights
            options.profile = profile
        }
        if let node = fields["look_alikes"] { readLookAlikes(node) }
        if let node = fields["inventory"] { readInventory(node) }
        if let node = fields["delivery"] { readDelivery(node) }
        if let node = fields["phases"] { readPhases(node, hours: fields["hours"]) }
        if diagnostics.isEmpty {
            do { try options.validate() } catch { report(root.mark, error.description) }
        }
        return Scenario(name: name, description: description, options: options)
    }

    // MARK: Parts

    private mutating func readStart(_ node: Node) {
        let text = node.scalar?.string ?? "…"
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        var minutes: Int64? = 0
        if parts.count == 2 {
            let clock = parts[1].split(separator: ":", omittingEmptySubsequences: false)
            let isUTC = clock.count == 2 && clock[1].hasSuffix("Z") && clock[0].count == 2 && clock[1].count == 3
            let hour = clock.first.flatMap { Int64($0) }
            let minute = clock.last.flatMap { Int64($0.dropLast()) }
            minutes = if isUTC, let hour, let minute, 0..<24 ~= hour, 0..<60 ~= minute { hour * 60 + minute } else { nil }
        }
        guard parts.count <= 2, let date = CivilDate(String(parts[0])), let minutes else {
            report(node.mark, "\"start\" is \(text); expected a moment such as 2026-11-10 or 2026-11-10T16:30Z")
            return
        }
        options.start = EventTime(milliseconds: date.start.milliseconds + minutes * 60_000)
        guard (86_400_000...4_102_444_800_000).contains(options.start.milliseconds) else {
            report(node.mark, "\"start\" must be 1970-01-02 to 2100-01-01")
            return
        }
    }

    private mutating func readProfile(_ node: Node) {
        guard let profile = node.scalar.flatMap({ SimulationProfile.named($0.string) }) else {
            report(node.mark, "\"profile\" is \(node.scalar?.string ?? "no text"); expected train or test")
            return
        }
        options.profile = profile
    }

    /// Weights and parameter ranges of the families that occur.
    private mutating func families(_ node: Node, _ base: SimulationProfile) -> ([AttackFamily: Double], SimulationProfile)? {
        let names = AttackFamily.allCases.map(\.name)
        guard let fields = fields(of: node, allowed: names, in: "families") else { return nil }
        var weights: [AttackFamily: Double] = [:]
        var profile = base
        for family in AttackFamily.allCases {
            guard let value = fields[family.name] else { continue }
            if value.mapping != nil {
                weights[family] = family.defaultWeight
                readFamily(value, family, &weights, &profile)
            } else if let weight = number(value, family.name, 0...1_000_000, or: "keys with ranges") {
                weights[family] = weight
            }
        }
        return (weights, profile)
    }

    private mutating func readFamily(
        _ node: Node, _ family: AttackFamily, _ weights: inout [AttackFamily: Double], _ profile: inout SimulationProfile
    ) {
        let parameters = AttackParameter.all(of: family)
        guard let fields = fields(of: node, allowed: ["weight"] + parameters.map(\.name), in: family.name) else { return }
        if let value = fields["weight"], let weight = number(value, "weight", 0...1_000_000) { weights[family] = weight }
        for parameter in parameters {
            guard let value = fields[parameter.name] else { continue }
            switch parameter.value {
            case .share(let path):
                if let share = number(value, parameter.name, parameter.limits) { profile[keyPath: path] = share }
            case .numbers(let path):
                if let range = range(value, parameter, { $0.number($1, $2, $3) }) { profile[keyPath: path] = range }
            case .counts(let path):
                let read: (inout ScenarioReader, Node, String, ClosedRange<Double>) -> Int? = {
                    $0.wholeNumber($1, $2, Int($3.lowerBound)...Int($3.upperBound))
                }
                if let range = range(value, parameter, read) { profile[keyPath: path] = range }
            }
        }
    }

    /// `[low, high]`, or one value for both.
    private mutating func range<Bound: Comparable>(
        _ node: Node, _ parameter: AttackParameter, _ read: (inout ScenarioReader, Node, String, ClosedRange<Double>) -> Bound?
    ) -> ClosedRange<Bound>? {
        guard let list = node.sequence else {
            return read(&self, node, parameter.name, parameter.limits).map { $0...$0 }
        }
        guard list.count == 2 else {
            report(node.mark, "\"\(parameter.name)\" has \(list.count) values; expected [low, high]")
            return nil
        }
        let bounds = (read(&self, list[0], parameter.name, parameter.limits), read(&self, list[1], parameter.name, parameter.limits))
        guard let low = bounds.0, let high = bounds.1 else { return nil }
        guard low <= high else {
            report(node.mark, "\"\(parameter.name)\" runs from \(low) down to \(high); expected [low, high]")
            return nil
        }
        return low...high
    }

    private mutating func readLookAlikes(_ node: Node) {
        let all = LookAlike.allCases.filter { $0.unit != .derived }
        guard let fields = fields(of: node, allowed: all.map(\.name), in: "look_alikes") else { return }
        for one in all {
            if let value = fields[one.name], let share = number(value, one.name, 0...1) { options.lookAlikeShares[one] = share }
        }
    }

    private mutating func readInventory(_ node: Node) {
        guard let fields = fields(of: node, allowed: ["ads", "campaigns", "advertisers", "publishers", "users"], in: "inventory") else { return }
        func whole(_ key: String, _ limits: ClosedRange<Int>, _ reader: inout ScenarioReader) -> Int? {
            fields[key].flatMap { reader.wholeNumber($0, key, limits) }
        }
        options.ads = whole("ads", 1...1_000_000, &self) ?? options.ads
        options.campaigns = whole("campaigns", 1...options.ads, &self) ?? min(options.campaigns, options.ads)
        options.advertisers = whole("advertisers", 1...options.campaigns, &self) ?? min(options.advertisers, options.campaigns)
        options.publishers = whole("publishers", 1...1_000_000, &self) ?? options.publishers
        options.users = whole("users", 0...1_000_000_000, &self) ?? options.users
    }

    private mutating func readDelivery(_ node: Node) {
        let keys = ["duplicate_share", "late_share", "slow_share", "bad_line_share", "jitter_ms"]
        guard let fields = fields(of: node, allowed: keys, in: "delivery") else { return }
        func share(_ key: String, _ reader: inout ScenarioReader) -> Double? { fields[key].flatMap { reader.number($0, key, 0...0.1) } }
        options.duplicateShare = share("duplicate_share", &self) ?? options.duplicateShare
        options.lateShare = share("late_share", &self) ?? options.lateShare
        options.slowShare = share("slow_share", &self) ?? options.slowShare
        options.badLineShare = share("bad_line_share", &self) ?? options.badLineShare
        if let value = fields["jitter_ms"], let jitter = wholeNumber(value, "jitter_ms", 0...4000) { options.jitterMilliseconds = Int64(jitter) }
    }

    private mutating func readPhases(_ node: Node, hours: Node?) {
        if let hours { report(hours.mark, "\"hours\" stands beside \"phases\"; expected it in each phase only") }
        guard let list = node.sequence, !list.isEmpty else {
            report(node.mark, "\"phases\" must be a list of at least one phase")
            return
        }
        if list.count > SimulationOptions.maxPhases {
            report(list[SimulationOptions.maxPhases].mark, "\(list.count) phases; at most \(SimulationOptions.maxPhases) are allowed")
        }
        for item in list.prefix(SimulationOptions.maxPhases) { readPhase(item) }
        options.durationMilliseconds = options.phases.reduce(0) { $0 + $1.durationMilliseconds }
        if options.durationMilliseconds > Int64(Self.hours.upperBound * 3_600_000) {
            report(node.mark, "the phases last longer than \(Int(Self.hours.upperBound)) hours together")
        }
    }

    private mutating func readPhase(_ node: Node) {
        guard let fields = fields(of: node, allowed: Self.phaseKeys, in: "a phase") else { return }
        guard let length = fields["hours"] else {
            report(node.mark, "missing key \"hours\"")
            return
        }
        guard let hours = number(length, "hours", Self.hours) else { return }
        var phase = SimulationPhase(
            durationMilliseconds: Int64(hours * 3_600_000), fraudShare: options.fraudShare, familyWeights: options.familyWeights,
            profile: options.profile)
        if let value = fields["volume"], let volume = number(value, "volume", 0...1000) { phase.volume = volume }
        if let value = fields["fraud_share"], let share = number(value, "fraud_share", 0...0.9) { phase.fraudShare = share }
        if let value = fields["families"], let (weights, profile) = families(value, options.profile) {
            phase.familyWeights = weights
            phase.profile = profile
        }
        options.phases.append(phase)
    }

    // MARK: Values

    /// The values of a mapping by key, or nil when the node is none; unknown keys are reported.
    private mutating func fields(of node: Node, allowed: [String], in owner: String) -> [String: Node]? {
        guard let mapping = node.mapping else {
            report(node.mark, "expected \(owner) to have some of the keys: \(allowed.joined(separator: ", "))")
            return nil
        }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, allowed.contains(name) else {
                report(key.mark, "unknown key \"\(key.scalar?.string.prefix(64) ?? "…")\" in \(owner); expected \(allowed.joined(separator: ", "))")
                continue
            }
            fields[name] = value
        }
        return fields
    }

    private mutating func words(_ node: Node, _ key: String, limit: Int) -> String? {
        guard let text = node.scalar?.string, !text.isEmpty, text.unicodeScalars.count <= limit else {
            report(node.mark, "\"\(key)\" must be text of 1 to \(limit) characters")
            return nil
        }
        return text
    }

    private mutating func wholeNumber(_ node: Node, _ key: String, _ limits: ClosedRange<Int>) -> Int? {
        guard let value = node.scalar.flatMap({ Int($0.string) }), limits.contains(value) else {
            report(node.mark, "\"\(key)\" is \(shown(node)); expected a whole number from \(limits.lowerBound) to \(limits.upperBound)")
            return nil
        }
        return value
    }

    private mutating func number(_ node: Node, _ key: String, _ limits: ClosedRange<Double>, or other: String = "") -> Double? {
        guard let value = node.scalar.flatMap({ Double($0.string) }), limits.contains(value) else {
            let alternative = other.isEmpty ? "" : ", or \(other)"
            report(node.mark, "\"\(key)\" is \(shown(node)); expected a number from \(plain(limits.lowerBound)) to \(plain(limits.upperBound))\(alternative)")
            return nil
        }
        return value
    }

    private func shown(_ node: Node) -> String { node.scalar.map { String($0.string.prefix(64)) } ?? "a list or mapping" }

    private func plain(_ value: Double) -> String { value == value.rounded() ? String(Int(value)) : String(value) }

    // MARK: Reporting

    private mutating func report(_ mark: Mark?, _ message: String) {
        diagnostics.append(ScenarioDiagnostic(file: file, line: mark?.line ?? 0, column: mark?.column ?? 0, message: message))
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            report(mark, "not YAML: \(context.map { $0.text + ": " } ?? "")\(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            report(context.mark, "the key \(keys.map { "\"\($0)\"" }.joined(separator: ", ")) is given twice")
        case .reader(let problem, _, _, _):
            report(nil, "not YAML: \(problem)")
        default:
            report(nil, "not YAML: \(error)")
        }
    }
}
