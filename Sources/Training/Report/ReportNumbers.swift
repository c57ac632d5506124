internal import Foundation

/// Numbers as a person reads them.
enum ReportNumbers {
    static func grouped(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var parts: [String] = []
        while digits.count > 3 {
            parts.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "−" : "") + ([digits] + parts).joined(separator: ",")
    }

    /// A share as percent: three figures that mean something, also near 0 and near 1.
    static func percent(_ share: Double?) -> String {
        guard let share, share.isFinite else { return "–" }
        let percent = share * 100
        // What is far from the nearer end, in percent, decides the digits.
        let distance = min(abs(percent), abs(100 - percent))
        if distance == 0 || distance >= 10 { return String(format: distance == 0 ? "%.0f\u{A0}%%" : "%.1f\u{A0}%%", percent) }
        let digits = min(6, max(1, 1 - Int(log10(distance).rounded(.down))))
        return String(format: "%.\(digits)f\u{A0}%%", percent)
    }

    static func decimal(_ value: Double?, digits: Int = 4) -> String {
        guard let value, value.isFinite else { return "–" }
        return String(format: "%.\(digits)f", value).replacingOccurrences(of: "-", with: "−")
    }

    /// Six significant digits at most, e.g. a penalty or a threshold.
    static func general(_ value: Double) -> String { String(format: "%.6g", value).replacingOccurrences(of: "-", with: "−") }

    static func signed(_ value: Double, digits: Int = 3) -> String { (value > 0 ? "+" : "") + decimal(value, digits: digits) }

    static func percent(_ estimate: Estimate) -> String { interval(estimate) { percent($0) } }

    static func decimal(_ estimate: Estimate, digits: Int = 4) -> String { interval(estimate) { decimal($0, digits: digits) } }

    private static func interval(_ estimate: Estimate, _ text: (Double?) -> String) -> String {
        guard let low = estimate.low, let high = estimate.high else { return text(estimate.value) }
        return "\(text(estimate.value)) (\(text(low)) to \(text(high)))"
    }

    /// Ten-thousandths of a unit as units with two decimals.
    static func money(_ e4: Int64) -> String {
        let cents = e4.magnitude / 100 + (e4.magnitude % 100 >= 50 ? 1 : 0)
        let fraction = cents % 100
        return "\(e4 < 0 ? "−" : "")\(grouped(Int(cents / 100))).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    static func money(_ estimate: MoneyEstimate) -> String {
        guard let low = estimate.lowE4, let high = estimate.highE4 else { return money(estimate.e4) }
        return "\(money(estimate.e4)) (\(money(low)) to \(money(high)))"
    }

    /// For the script: six significant digits keep a page small; what JSON cannot hold is nil.
    static func short(_ value: Double?) -> Double? {
        guard let value, value.isFinite else { return nil }
        return Double(String(format: "%.6g", value))
    }
}
