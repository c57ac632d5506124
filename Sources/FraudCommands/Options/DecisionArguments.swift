internal import ArgumentParser
internal import Training

/// The price of one wrong decision, as it is typed.
struct PriceArgument: ExpressibleByArgument {
    let price: CostMatrix.Price

    init?(argument: String) {
        guard let price = CostMatrix.Price(argument) else { return nil }
        self.price = price
    }

    init(price: CostMatrix.Price) { self.price = price }

    var defaultValueDescription: String { "1x" }
}

/// What wrong decisions cost.
struct CostArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What refunding an honest click costs: a multiple of the click's cost (1x, 0.5x) or an amount (0.25).", valueName: "price"))
    var costOfRefund = PriceArgument(price: .thousandthsOfCost(1000))

    @Option(help: ArgumentHelp("What billing a fraudulent click costs, likewise.", valueName: "price"))
    var costOfBilling = PriceArgument(price: .thousandthsOfCost(1000))

    var matrix: CostMatrix { CostMatrix(refund: costOfRefund.price, billing: costOfBilling.price) }
}

extension CalibrationChoice: ExpressibleByArgument {}

/// How a trained model's scores become decisions, and how strictly it is judged.
struct DecisionArguments: ParsableArguments {
    enum ThresholdChoice: String, ExpressibleByArgument, CaseIterable {
        case fpr, money
    }

    @Option(help: "How scores become probabilities, on rows that did not train: auto takes what is best on rows held out of it.")
    var calibration = CalibrationChoice.auto

    @Option(help: "Choose the threshold by the false-positive rate (--fpr), or by least expected cost in money.")
    var threshold = ThresholdChoice.fpr

    @OptionGroup var costs: CostArguments

    @Flag(help: "Leave out of each later part the clicks whose group (--group) is in the earlier one.")
    var splitGroups = false

    @Flag(help: "Refuse data with a feature that seems to leak the label.")
    var strict = false

    @Option(help: "Bootstrap samples of the intervals; 0: none. By default as many as take seconds, at most 1,000.")
    var bootstrap: Int?

    func validate() throws {
        if let bootstrap, !(0...10_000).contains(bootstrap) { throw ValidationError("--bootstrap must be 0 to 10000") }
    }

    /// Writes what was chosen into the options, whose false-positive rate `--fpr` has set.
    func apply(to options: inout TrainingOptions) {
        options.calibration = calibration
        options.costs = costs.matrix
        if threshold == .money { options.maximumFalsePositiveRate = nil }
        options.keepsGroupsApart = splitGroups
        options.refusesLeaks = strict
        options.bootstrapReplicates = bootstrap
    }
}
