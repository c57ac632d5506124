package import ClickModel

/// One row of the table of sessions, or a row that is to be deleted from it. Its key is (visitor, start).
///
/// Lent to the closure of `SessionStore.drain`: the text is gone when the closure returns.
package struct SessionRow: ~Copyable {
    /// user_id, else device_fingerprint, else ip followed by user_agent; up to 145 bytes, for texts of more than 128 are cut and end
    /// in `~` and the hash in hex.
    package let visitor: UnsafeRawBufferPointer
    /// Time of the first click, epoch ms.
    package let startMilliseconds: Int64
    /// The row was emitted before and must go: its session begins earlier now, or is part of another. What follows is then 0.
    package let isRemoved: Bool
    /// No row of this key was emitted before.
    package let isNew: Bool
    /// Time of the last click, epoch ms.
    package let endMilliseconds: Int64
    package let clickCount: Int64
    /// Ads clicked: exact up to 1,536, then with a standard error of 0.81 % (`HyperLogLog`).
    package let distinctAds: Int64
    /// Gross cost of the clicks, whatever their labels.
    package let totalCost: Money

    /// From the first to the last click, ms; 0 for a single click.
    package var durationMilliseconds: Int64 { isRemoved ? 0 : endMilliseconds - startMilliseconds }
}
