/// Writes the wire format of Protocol Buffers (protobuf.dev, "Encoding"): fields in the order of their calls, no groups.
///
///     tag = field << 3 | type;  type 0: varint, 2: length and bytes
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// An int32, int64 or enum that is not negative.
    mutating func number(_ field: Int, _ value: Int) {
        precondition(value >= 0, "a negative number is not written here")
        varint(UInt64(field) << 3)
        varint(UInt64(value))
    }

    mutating func data(_ field: Int, _ value: [UInt8]) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

    mutating func message(_ field: Int, _ fill: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        fill(&inner)
        data(field, inner.bytes)
    }
}
