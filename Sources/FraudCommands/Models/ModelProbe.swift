internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel

/// Made-up clicks that every model can be asked about: the same ones in every program of this feature catalogue, so that a hash
/// of the scores tells whether a model still scores as it did.
///
/// Values are of each feature's unit: mostly such as calm clicks have, so that scores do not all end at 0 or 1, else over many
/// magnitudes, with unknown and infinite ones. The hash is of the scores' bits, which
/// are equal on one type of processor (OpenBLAS may sum in another order on another).
struct ModelProbe {
    static let rows = 4096

    let hash: String
    let lowest: Float
    let highest: Float
    /// Rows whose score reaches the threshold.
    let flagged: Int

    /// - Throws: `ModelError` when the model does not fit the catalogue; `CommandError` when a score is no probability.
    init(_ model: LogisticModel) throws {
        let compiled = try CompiledModel(model, catalogue: Feature.catalogue)
        let block = FeatureBlock(columnCount: Feature.count, capacity: Self.rows)
        Self.fill(block)
        let scores = [Float](unsafeUninitializedCapacity: block.capacity) { buffer, initialized in
            buffer.initialize(repeating: 0)
            compiled.score(block, rows: Self.rows, into: buffer.baseAddress!)
            initialized = Self.rows
        }
        guard scores.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { throw CommandError("\(model.name): a probe click gets a score that is no probability") }
        hash = SHA256.hex(scores.flatMap { score in (0..<4).map { UInt8(truncatingIfNeeded: score.bitPattern >> (8 * UInt32($0))) } })
        (lowest, highest) = (scores.min() ?? 0, scores.max() ?? 0)
        flagged = scores.count { $0 >= compiled.threshold }
    }

    private static func fill(_ block: FeatureBlock) {
        var state: UInt64 = 0x0BAD_C11C
        // SplitMix64 (Steele, Lea & Flood 2014), written out: the probe must never change with anything else.
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        for (column, feature) in Feature.catalogue.enumerated() {
            let values = block.column(column)
            for row in 0..<rows {
                let kind = next() % 128
                let isCalm = kind >= 32
                let fraction = Float(next() >> 40) / Float(1 << 24)
                let magnitude = Float(1 << (next() % 20))
                values[row] =
                    switch (kind, feature.unit) {
                    case (0..<16, _): .nan
                    case (16, _): .infinity
                    case (17, _): 0
                    case (_, "flag"): !isCalm && fraction < 0.5 ? 1 : 0
                    case (_, "share"): isCalm ? fraction / 4 : fraction
                    case (_, "ratio"): isCalm ? 0.5 + fraction : fraction * 8
                    case (_, "count"): isCalm ? (fraction * 3).rounded(.up) : (fraction * magnitude).rounded(.up)
                    default: isCalm ? fraction * 4000 : fraction * magnitude
                    }
            }
        }
    }
}
