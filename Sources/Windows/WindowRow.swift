package import ClickModel

/// When a row was emitted, as seen from the end of its window.
package enum WindowFiring: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// The watermark had not reached the window's end: totals so far.
    case early = 0
    /// The first row at or after it.
    case onTime = 1
    /// Any row after that one.
    case late = 2

    /// As it stands in the tables.
    package var name: String {
        switch self {
        case .early: "early"
        case .onTime: "on_time"
        case .late: "late"
        }
    }
}

/// One row of an aggregate table: the absolute totals of a window so far. Writing it twice changes nothing.
///
/// Lent to the closure of `WindowStore.drain`: its texts and sketch bytes are gone when the closure returns.
package struct WindowRow: ~Copyable {
    package let level: WindowLevel
    package let firing: WindowFiring
    /// No row of this window was emitted before.
    package let isNew: Bool
    /// Minute and hour rows are keyed by the ad alone: their campaign and advertiser are those of the first click counted.
    package let adID: UnsafeRawBufferPointer
    package let campaignID: UnsafeRawBufferPointer
    package let advertiserID: UnsafeRawBufferPointer
    /// First moment of the window, epoch ms.
    package let startMilliseconds: Int64
    /// First moment after the window, epoch ms.
    package let endMilliseconds: Int64
    package let clickCount: Int64
    package let validClicks: Int64
    /// Gross cost of `clickCount`.
    package let totalCost: Money
    /// Cost of the clicks not labelled fraud.
    package let billableCost: Money
    /// Distinct visitors, as `HyperLogLog.roundedEstimate`.
    package let uniqueUsers: Int64
    /// The stored form of the visitors' `HyperLogLog`.
    package let uniqueUsersSketch: UnsafeRawBufferPointer

    package var fraudClicks: Int64 { clickCount - validClicks }
    /// Clicks not labelled fraud.
    package var billableClicks: Int64 { validClicks }
}
