internal import ClickModel

/// What a wrong decision costs: an honest click refunded against a fraudulent one billed.
package struct CostMatrix: Codable, Hashable, Sendable {
    /// The price of one wrong decision.
    package enum Price: Codable, Hashable, Sendable, CustomStringConvertible {
        /// So many thousandths of the click's own cost.
        case thousandthsOfCost(Int64)
        /// A fixed amount, ten-thousandths of a unit.
        case fixed(e4: Int64)

        /// Largest factor (1,000 times the cost) and largest amount (a million units) taken.
        package static let maximumThousandths: Int64 = 1_000_000
        package static let maximumE4: Int64 = 10_000_000_000

        /// `2x`, `0.5x`: a multiple of the click's cost with up to three decimals; `0.25`: an amount with up to four.
        /// nil: neither, negative, or too large.
        package init?(_ text: String) {
            let isMultiple = text.hasSuffix("x")
            guard let value = Self.decimal(isMultiple ? String(text.dropLast()) : text, places: isMultiple ? 3 : 4),
                value <= (isMultiple ? Self.maximumThousandths : Self.maximumE4)
            else { return nil }
            self = isMultiple ? .thousandthsOfCost(value) : .fixed(e4: value)
        }

        package var description: String {
            switch self {
            case .thousandthsOfCost(let factor): "\(Self.text(factor, places: 3))x the click's cost"
            case .fixed(let e4): "\(Money(e4: e4)) a click"
            }
        }

        /// The price of a click of the given cost, ten-thousandths; halves round up.
        package func e4(cost: Int64) -> Int64 {
            switch self {
            case .fixed(let e4): return e4
            case .thousandthsOfCost(let factor):
                let (product, overflow) = max(0, cost).multipliedReportingOverflow(by: factor)
                return overflow || product > Int64.max - 500 ? .max / 1000 : (product + 500) / 1000
            }
        }

        /// Digits with at most one point and so many decimals, as an integer; no floating point on the way.
        private static func decimal(_ text: String, places: Int) -> Int64? {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), !parts[0].isEmpty, parts.count == 1 || !parts[1].isEmpty, parts.last!.count <= 12 else { return nil }
            let fraction = parts.count == 2 ? String(parts[1]) : ""
            guard fraction.count <= places else { return nil }
            let digits = parts[0] + fraction + String(repeating: "0", count: places - fraction.count)
            return digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(digits) : nil
        }

        private static func text(_ value: Int64, places: Int) -> String {
            let scale = (0..<places).reduce(Int64(1)) { power, _ in power * 10 }
            var fraction = String(value % scale)
            fraction = String(repeating: "0", count: places - fraction.count) + fraction
            while fraction.hasSuffix("0") { fraction.removeLast() }
            return "\(value / scale)" + (fraction.isEmpty ? "" : ".\(fraction)")
        }
    }

    /// An honest click called fraud: what its publisher loses.
    package var refund: Price
    /// A fraudulent click called valid: what its advertiser loses.
    package var billing: Price

    package init(refund: Price = .thousandthsOfCost(1000), billing: Price = .thousandthsOfCost(1000)) {
        self.refund = refund
        self.billing = billing
    }

    /// Cost of a click whose table has no costs: one unit.
    package static let unknownCostE4: Int64 = 10_000

    /// Price of deciding each row wrongly, ten-thousandths.
    func prices(labels: [Bool], costs: [Int64]?) -> [Int64] {
        labels.enumerated().map { row, isFraud in (isFraud ? billing : refund).e4(cost: costs?[row] ?? Self.unknownCostE4) }
    }
}
