internal import ArgumentParser
internal import Training

/// What kind of model is trained, and how an additive one is boosted.
struct AdditiveArguments: ParsableArguments {
    @Option(help: "Kind of model: additive (curves of features and surfaces of pairs) or linear.") var kind: ModelKind = .additive
    @Option(help: ArgumentHelp("Most pair surfaces; 40 for clicks and all that are found for a table unless given.", valueName: "n"))
    var interactions: Int?
    @Option(help: ArgumentHelp("Trees a bag; by the number of frauds unless given.", valueName: "n")) var rounds: Int?
    @Option(help: ArgumentHelp("Share of a Newton step that a tree takes.", valueName: "share")) var learningRate: Double?
    @Option(help: ArgumentHelp("Ensembles that are averaged.", valueName: "n")) var bags: Int?
    @Option(help: ArgumentHelp("Bins of a feature, 2 to 254; several, comma-separated, are chosen among.", valueName: "n")) var bins: String?
    @Option(help: ArgumentHelp("Features whose curve may only rise (+) or fall (-), e.g. ip_clicks_1m:+,time_to_click_ms:-", valueName: "feature:+"))
    var monotone: String?

    init() {}

    func validate() throws {
        guard binChoices.allSatisfy({ $0 != nil }) else { throw ValidationError("--bins \(bins ?? ""): expected numbers, e.g. 31 or 15,31,63") }
        _ = try directions()
    }

    /// Writes them into the options of a run.
    ///
    /// - Parameter interactions: most surfaces when none are given; nil: no limit.
    func apply(to options: inout TrainingOptions, interactions fallback: Int?) throws {
        options.kind = kind
        var additive = options.additive[0]
        additive.interactions = interactions ?? fallback
        additive.rounds = rounds
        additive.bags = bags
        additive.learningRate = learningRate
        additive.monotone = try directions()
        options.additive = binChoices.map { bins in
            var choice = additive
            choice.bins = bins ?? additive.bins
            return choice
        }
        if options.additive.isEmpty { options.additive = [additive] }
    }

    private var binChoices: [Int?] { (bins ?? "").split(separator: ",").map { Int($0) } }

    private func directions() throws -> [String: AdditiveOptions.Direction] {
        var directions: [String: AdditiveOptions.Direction] = [:]
        for part in (monotone ?? "").split(separator: ",") {
            let name = String(part.dropLast(2))
            guard !name.isEmpty, part.hasSuffix(":+") || part.hasSuffix(":-") else {
                throw ValidationError("--monotone \(part): expected feature:+ or feature:-")
            }
            guard directions[name] == nil else { throw ValidationError("--monotone \(part): \(name) comes twice") }
            directions[name] = part.hasSuffix("+") ? .rising : .falling
        }
        return directions
    }
}

extension ModelKind: ExpressibleByArgument {}
