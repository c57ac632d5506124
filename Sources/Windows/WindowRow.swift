package import ClickModel

/// One row of an aggregate table: the absolute totals of a window so far. Writing it twice changes nothing.
///
/// Lent to the closure of `WindowStore.drain`: its texts and sketch bytes are gone when the closure returns.
package struct WindowRow: ~Copyable {
    package let level: WindowLevel
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
