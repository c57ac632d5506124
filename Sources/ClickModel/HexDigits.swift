extension UInt64 {
    /// Sixteen lower-case hex digits: how ids and hashes are written.
    package var hexDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
