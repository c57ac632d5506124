internal import CClickRecord
internal import ClickModel
internal import Sketches

extension RecentClicks {
    private static let slotBits: UInt32 = 18
    private static let slotMask = UInt32(1) << slotBits - 1

    var indexBytes: Int { MemoryLayout<UInt32>.stride << (chunkBits + 1) }

    /// The entry of an id that is nearest to a time and not expired; of two as near, the one that came first.
    ///
    /// - Complexity: O(chunks), at most 129, and O(1) amortized for each click that came since the last search.
    mutating func nearest(_ id: (UInt64, UInt64), to ts: Int64, watermark: Int64) -> UnsafeMutablePointer<Entry>? {
        guard count > 0 else { return nil }
        let hash = Self.hash(id)
        let home = Int(hash &>> UInt64(63 - chunkBits))
        for number in chunks.indices {
            bringUpToDate(number)
            fraud_prefetch(slots(number) + home)
        }
        var found: UnsafeMutablePointer<Entry>?
        var distance = Int64.max
        for number in chunks.indices {
            let oldest = number == 0 ? tail : 0
            let slots = slots(number)
            let entries = chunks[number].entries
            var at = home
            while slots[at] != 0 {
                let slot = Int(slots[at] & Self.slotMask) - 1
                if slots[at] & ~Self.slotMask == Self.tag(hash), slot >= oldest {
                    let entry = entries + slot
                    // Entries of one id stand in the order they came: later ones are further along, and in later chunks.
                    if entry.pointee.has(id) {
                        let details = details(entry.pointee)
                        let away = abs(details.ts - ts)
                        if details.expires >= watermark && (found == nil || away < distance) { (found, distance) = (entry, away) }
                    }
                }
                at = (at + 1) & (2 << chunkBits - 1)
            }
        }
        return found
    }

    /// Indexes what a chunk was given since it was last looked at.
    private mutating func bringUpToDate(_ number: Int) {
        let filled = min(head - number << chunkBits, chunkEntries)
        guard chunks[number].indexed < filled else { return }
        if chunks[number].index == nil {
            chunks[number].index = AlignedMemory(byteCount: indexBytes)
        } else if chunks[number].indexed == 0 {
            slots(number).initialize(repeating: 0, count: 2 << chunkBits)
        }
        let slots = slots(number)
        let entries = chunks[number].entries
        let mask = 2 << chunkBits - 1
        let shift = UInt64(63 - chunkBits)
        for slot in max(chunks[number].indexed, number == 0 ? tail : 0)..<filled {
            let hash = entries[slot].hash
            var at = Int(hash &>> shift)
            while slots[at] != 0 { at = (at + 1) & mask }
            slots[at] = UInt32(slot + 1) | Self.tag(hash)
        }
        chunks[number].indexed = filled
    }

    /// Slots of a chunk's index, which has been made.
    @inline(__always)
    private func slots(_ number: Int) -> UnsafeMutablePointer<UInt32> {
        chunks[number].index.unsafelyUnwrapped.base.assumingMemoryBound(to: UInt32.self)
    }

    /// Of the 96 bits that an entry keeps.
    @inline(__always)
    static func hash(_ id: (UInt64, UInt64)) -> UInt64 { (id.0 ^ ((id.1 & 0xffff_ffff) &<< 1)) &* 0x9e37_79b9_7f4a_7c15 }

    /// The low bits of the hash, above the slot; the home slot is made of its high bits.
    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash) << slotBits }
}
