package import ClickModel

/// An additive logistic regression over features: what a model file holds.
///
///     logit = intercept + Σⱼ ( known:   weightⱼ · (tⱼ(clip(xⱼ)) − centerⱼ) / scaleⱼ
///                              unknown: missing_weightⱼ )                               linear terms
///                       + Σⱼ weightⱼ · fⱼ(bin(xⱼ))                                      curves
///                       + Σⱼₖ weightⱼₖ · fⱼₖ(bin(xⱼ), bin(xₖ))                          surfaces
///     score = 1 / (1 + e^−calibration(logit))
///
/// t is `log1p` or the identity. A feature the model does not name weighs nothing. The terms are those of a generalized
/// additive model with pairwise interactions (Lou, Caruana, Gehrke & Hooker 2013): each term's part in a score is exact.
package struct LogisticModel: Codable, Hashable, Sendable {
    package static let currentSchemaVersion = 2

    package var schemaVersion: Int
    /// A name for people; `modelID` is what identifies the content.
    package var name: String
    /// Linear terms.
    package var features: [Weighting]
    /// Terms of one binned feature.
    package var curves: [Curve]
    /// Terms of two binned features.
    package var surfaces: [Surface]
    /// How a categorical column's text becomes a number.
    package var encodings: [CategoryEncoding]
    package var intercept: Double
    /// From the sum of the terms to the log-odds; nil: the sum is the log-odds.
    package var calibration: Calibration?
    /// A click whose score reaches it is fraud. Over 1 when no threshold kept the promised false-positive rate.
    package var threshold: Double
    package var training: TrainingFacts
    /// How the features were spread over the training rows: what drift is measured against.
    package var reference: [FeatureDistribution]
    /// Measured figures by name, e.g. `test_average_precision`.
    package var metrics: [String: Double]
    /// `schemaHash` of the features at training; empty: not checked.
    package var featureSchemaHash: String

    package enum Transform: String, Codable, Hashable, Sendable {
        case identity
        /// ln(1 + x), for clip.low ≥ 0.
        case log1p
    }

    /// One feature: how its value is transformed and what it weighs.
    package struct Weighting: Codable, Hashable, Sendable {
        package var name: String
        package var transform: Transform
        /// Values outside are moved to the nearer bound, before the transform.
        package var clipLow: Double
        package var clipHigh: Double
        /// Mean and standard deviation of the transformed training values.
        package var center: Double
        package var scale: Double
        package var weight: Double
        /// Added when the value is unknown (NaN); 0 when it never was in training.
        package var missingWeight: Double

        package init(
            name: String, transform: Transform, clipLow: Double, clipHigh: Double, center: Double, scale: Double, weight: Double,
            missingWeight: Double
        ) {
            self.name = name
            self.transform = transform
            self.clipLow = clipLow
            self.clipHigh = clipHigh
            self.center = center
            self.scale = scale
            self.weight = weight
            self.missingWeight = missingWeight
        }

        enum CodingKeys: String, CodingKey {
            case name, transform, center, scale, weight
            case clipLow = "clip_low"
            case clipHigh = "clip_high"
            case missingWeight = "missing_weight"
        }
    }

    /// Where the weights come from.
    package struct TrainingFacts: Codable, Hashable, Sendable {
        /// Hash of the training data, as the trainer was given it or made it.
        package var dataHash: String
        package var rows: Int
        package var frauds: Int
        /// Event time of the first and last training row, epoch ms; nil when the table had no times.
        package var firstEventMs: Int64?
        package var lastEventMs: Int64?
        /// λ of ½·λ·|w|², added to the sum of the rows' losses; scikit-learn's C is 1/λ.
        package var l2: Double
        package var seed: UInt64
        package var solverStatus: String
        package var iterations: Int
        /// How an additive model was boosted; nil in a linear one.
        package var boosting: Boosting?
        /// Version of the program that trained; nil when it did not say.
        package var codeVersion: String?
        /// What else the trainer was told, by name: with the data, the seed and the version they make the model again.
        package var options: [String: String]?

        /// Bags of trees of depth two, as the model's curves and surfaces were.
        package struct Boosting: Codable, Hashable, Sendable {
            /// Ensembles averaged.
            package var bags: Int
            /// Trees a bag.
            package var rounds: Int
            package var learningRate: Double
            /// Most bins of a feature's known values.
            package var bins: Int
            /// Pairs of features that the trees used, before any was left out.
            package var pairsFound: Int

            package init(bags: Int, rounds: Int, learningRate: Double, bins: Int, pairsFound: Int) {
                self.bags = bags
                self.rounds = rounds
                self.learningRate = learningRate
                self.bins = bins
                self.pairsFound = pairsFound
            }

            enum CodingKeys: String, CodingKey {
                case bags, rounds, bins
                case learningRate = "learning_rate"
                case pairsFound = "pairs_found"
            }
        }

        package init(
            dataHash: String, rows: Int, frauds: Int, firstEventMs: Int64?, lastEventMs: Int64?, l2: Double, seed: UInt64,
            solverStatus: String, iterations: Int, boosting: Boosting? = nil
        ) {
            self.dataHash = dataHash
            self.rows = rows
            self.frauds = frauds
            self.firstEventMs = firstEventMs
            self.lastEventMs = lastEventMs
            self.l2 = l2
            self.seed = seed
            self.solverStatus = solverStatus
            self.iterations = iterations
            self.boosting = boosting
        }

        enum CodingKeys: String, CodingKey {
            case rows, frauds, l2, seed, iterations, boosting, options
            case codeVersion = "code_version"
            case dataHash = "data_hash"
            case firstEventMs = "first_event_ms"
            case lastEventMs = "last_event_ms"
            case solverStatus = "solver_status"
        }
    }

    package init(
        name: String, features: [Weighting], curves: [Curve] = [], surfaces: [Surface] = [], encodings: [CategoryEncoding] = [],
        intercept: Double, calibration: Calibration? = nil, threshold: Double, training: TrainingFacts,
        reference: [FeatureDistribution] = [], metrics: [String: Double] = [:], featureSchemaHash: String = ""
    ) {
        schemaVersion = Self.currentSchemaVersion
        self.name = name
        self.features = features
        self.curves = curves
        self.surfaces = surfaces
        self.encodings = encodings
        self.intercept = intercept
        self.calibration = calibration
        self.threshold = threshold
        self.training = training
        self.reference = reference
        self.metrics = metrics
        self.featureSchemaHash = featureSchemaHash
    }

    enum CodingKeys: String, CodingKey {
        case name, features, curves, surfaces, encodings, intercept, calibration, threshold, training, reference, metrics
        case schemaVersion = "schema_version"
        case featureSchemaHash = "feature_schema_hash"
    }
}

extension LogisticModel {
    /// Distinct names of the features that the terms read, in order of first appearance.
    package var inputNames: [String] {
        var seen: Set<String> = []
        let all = features.map(\.name) + curves.map(\.feature) + surfaces.flatMap { [$0.first, $0.second] }
        return all.filter { seen.insert($0).inserted }
    }

    /// The catalogue's column of each feature of `inputNames`.
    ///
    /// - Throws: `ModelError.unknownFeatures` with every name that is not in the catalogue, or `.featureSchema` when a
    ///   unit is not the one of training.
    package func matching(catalogue: [FeatureDescription]) throws(ModelError) -> [String: Int] {
        var columns: [String: Int] = [:]
        for (column, feature) in catalogue.enumerated() where columns[feature.name] == nil { columns[feature.name] = column }
        let inputs = inputNames
        let unknown = inputs.filter { columns[$0] == nil }
        guard unknown.isEmpty else { throw .unknownFeatures(names: unknown) }
        let hash = Self.schemaHash(inputs.map { catalogue[columns[$0]!] })
        guard featureSchemaHash.isEmpty || hash == featureSchemaHash else {
            throw .featureSchema(model: featureSchemaHash, catalogue: hash)
        }
        return columns
    }

    /// Binds the model to the units that its features have in a catalogue which holds them all.
    package mutating func bind(to catalogue: [FeatureDescription]) {
        let byName = Dictionary(catalogue.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        featureSchemaHash = Self.schemaHash(inputNames.compactMap { byName[$0] })
    }

    /// A short hash of names and units, in order.
    package static func schemaHash(_ features: [FeatureDescription]) -> String {
        String(SHA256.hex(features.map { "\($0.name)\t\($0.unit)\n" }.joined().utf8).prefix(16))
    }
}
