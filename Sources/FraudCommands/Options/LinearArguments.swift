internal import ArgumentParser
internal import Training

/// How the labels count, as it is typed: `none`, `balanced`, or two factors.
struct ClassWeightsArgument: ExpressibleByArgument {
    let weights: ClassWeights

    init(_ weights: ClassWeights) { self.weights = weights }

    init?(argument: String) {
        switch argument {
        case "none": weights = .none
        case "balanced": weights = .balanced
        default:
            let factors = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? -1 }
            guard factors.count == 2, factors.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
            weights = .given(valid: factors[0], fraud: factors[1])
        }
    }

    var defaultValueDescription: String { "none" }
}

/// How a linear model is penalized and its rows weighted.
struct LinearArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Share of the penalty that is L1, 0 to 1: 1 is the lasso, between an elastic net.", valueName: "share"))
    var l1Ratio = 0.0

    @Option(help: ArgumentHelp("How the labels count: none, balanced, or two factors for valid and fraud, e.g. 1,5.", valueName: "weights"))
    var classWeights = ClassWeightsArgument(.none)

    func validate() throws {
        guard l1Ratio >= 0, l1Ratio <= 1 else { throw ValidationError("--l1-ratio \(l1Ratio): expected 0 to 1") }
    }

    func apply(to options: inout TrainingOptions) {
        options.l1Ratio = l1Ratio
        options.classWeights = classWeights.weights
    }
}
