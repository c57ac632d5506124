/// A non-decreasing map from the sum of a model's terms to log-odds: linear between knots, and beyond the outermost two on
/// each side with their slope.
///
/// Two knots are Platt's sigmoid (Platt 1999); more of them carry isotonic regression (Zadrozny & Elkan 2002).
package struct Calibration: Codable, Hashable, Sendable {
    package enum Method: String, Codable, Hashable, Sendable {
        case platt, isotonic
    }

    package static let maximumKnots = 64

    package var method: Method
    /// Strictly ascending; 2 to 64.
    package var inputs: [Double]
    /// As many, non-decreasing.
    package var outputs: [Double]

    package init(method: Method, inputs: [Double], outputs: [Double]) {
        self.method = method
        self.inputs = inputs
        self.outputs = outputs
    }

    /// The line `slope · x + offset`.
    package static func platt(slope: Double, offset: Double) -> Calibration {
        Calibration(method: .platt, inputs: [0, 1], outputs: [offset, slope + offset])
    }

    /// The log-odds of a sum of terms.
    /// - Complexity: O(knots).
    package func callAsFunction(_ logit: Double) -> Double {
        var segment = 0
        while segment + 2 < inputs.count && logit >= inputs[segment + 1] { segment += 1 }
        let slope = (outputs[segment + 1] - outputs[segment]) / (inputs[segment + 1] - inputs[segment])
        return outputs[segment] + slope * (logit - inputs[segment])
    }
}

/// A calibration in single precision, for the scorer.
struct CompiledCalibration {
    private var inputs: [Float]
    private var outputs: [Float]
    private var slopes: [Float]

    init(_ calibration: Calibration) {
        inputs = calibration.inputs.map { Float($0) }
        outputs = calibration.outputs.map { Float($0) }
        slopes = (1..<calibration.inputs.count).map { knot in
            let rise: Double = calibration.outputs[knot] - calibration.outputs[knot - 1]
            return Float(rise / (calibration.inputs[knot] - calibration.inputs[knot - 1]))
        }
    }

    @inline(__always)
    func apply(_ logits: VectorMath.Lanes) -> VectorMath.Lanes {
        VectorMath.Lanes(apply(logits[0]), apply(logits[1]), apply(logits[2]), apply(logits[3]))
    }

    @inline(__always)
    private func apply(_ logit: Float) -> Float {
        var segment = 0
        while segment + 1 < slopes.count && logit >= inputs[segment + 1] { segment += 1 }
        return outputs[segment] + slopes[segment] * (logit - inputs[segment])
    }
}
