/// A figure with its 95 % interval; what could not be computed is nil.
package struct Estimate: Codable, Hashable, Sendable {
    package var value: Double?
    package var low: Double?
    package var high: Double?

    package init(value: Double? = nil, low: Double? = nil, high: Double? = nil) {
        self.value = value
        self.low = low
        self.high = high
    }
}

/// An amount with its 95 % interval, in ten-thousandths of a currency unit.
package struct MoneyEstimate: Codable, Hashable, Sendable {
    package var e4: Int64
    package var lowE4: Int64?
    package var highE4: Int64?

    package init(e4: Int64, lowE4: Int64? = nil, highE4: Int64? = nil) {
        self.e4 = e4
        self.lowE4 = lowE4
        self.highE4 = highE4
    }

    enum CodingKeys: String, CodingKey {
        case e4
        case lowE4 = "low_e4"
        case highE4 = "high_e4"
    }
}
