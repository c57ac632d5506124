internal import Foundation

/// The logistic function and its inverse.
enum Logistic {
    static func probability(_ logit: Float) -> Float { Float(1 / (1 + exp(-Double(logit)))) }

    /// Infinite at 0 and 1.
    static func logit(_ probability: Double) -> Double { log(probability / (1 - probability)) }
}
