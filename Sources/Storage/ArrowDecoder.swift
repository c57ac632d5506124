internal import CADBC
internal import ClickModel

/// Reads the cells of one Arrow column of a query's result. Unsafe inside: it trusts DuckDB's arrays.
struct ArrowDecoder {
    let name: String
    private let kind: Kind

    private indirect enum Kind {
        case null, bool
        case int8, int16, int32, int64, uint8, uint16, uint32, uint64
        case float, double
        case decimal(scale: Int)
        case text(large: Bool), binary(large: Bool)
        case days
        /// Units a second.
        case timestamp(perSecond: Int64)
        case list(ArrowDecoder, large: Bool)
        case fixedList(ArrowDecoder, Int)
    }

    /// - Throws: `unsupportedType` for structs, maps, unions, intervals and the like.
    init(_ schema: ArrowSchema) throws(StorageError) {
        name = schema.name.map { String(cString: $0) } ?? ""
        let format = schema.format.map { String(cString: $0) } ?? ""
        guard schema.dictionary == nil, let kind = try Self.kind(format, schema) else {
            throw .unsupportedType(column: name, arrowFormat: format)
        }
        self.kind = kind
    }

    private static func kind(_ format: String, _ schema: ArrowSchema) throws(StorageError) -> Kind? {
        switch format {
        case "n": return .null
        case "b": return .bool
        case "c": return .int8
        case "s": return .int16
        case "i": return .int32
        case "l": return .int64
        case "C": return .uint8
        case "S": return .uint16
        case "I": return .uint32
        case "L": return .uint64
        case "f": return .float
        case "g": return .double
        case "u", "U": return .text(large: format == "U")
        case "z", "Z": return .binary(large: format == "Z")
        case "tdD": return .days
        case "+l", "+L": return .list(try ArrowDecoder(schema.children[0]!.pointee), large: format == "+L")
        default: break
        }
        for (prefix, perSecond) in [("tss:", 1), ("tsm:", 1000), ("tsu:", 1_000_000), ("tsn:", 1_000_000_000)] as [(String, Int64)]
        where format.hasPrefix(prefix) { return .timestamp(perSecond: perSecond) }
        if format.hasPrefix("+w:"), let width = Int(format.dropFirst(3)) {
            return .fixedList(try ArrowDecoder(schema.children[0]!.pointee), width)
        }
        let decimal = format.hasPrefix("d:") ? format.dropFirst(2).split(separator: ",") : []
        guard decimal.count == 2 || (decimal.count == 3 && decimal[2] == "128"), let scale = Int(decimal[1]), 0...38 ~= scale else { return nil }
        return .decimal(scale: scale)
    }

    /// The cell at `row`, counted before the array's own offset.
    func value(_ array: ArrowArray, _ row: Int) -> Value {
        let i = row + Int(array.offset)
        if array.n_buffers > 0, let bitmap = array.buffers[0], array.null_count != 0 {
            if bitmap.load(fromByteOffset: i >> 3, as: UInt8.self) & (1 << UInt8(i & 7)) == 0 { return .null }
        }
        switch kind {
        case .null: return .null
        case .bool: return .bool(array.buffers[1]!.load(fromByteOffset: i >> 3, as: UInt8.self) & (1 << UInt8(i & 7)) != 0)
        case .int8: return .int(Int64(fixed(array, i, Int8.self)))
        case .int16: return .int(Int64(fixed(array, i, Int16.self)))
        case .int32: return .int(Int64(fixed(array, i, Int32.self)))
        case .int64: return .int(fixed(array, i, Int64.self))
        case .uint8: return .int(Int64(fixed(array, i, UInt8.self)))
        case .uint16: return .int(Int64(fixed(array, i, UInt16.self)))
        case .uint32: return .int(Int64(fixed(array, i, UInt32.self)))
        case .uint64:
            let value = fixed(array, i, UInt64.self)
            return Int64(exactly: value).map(Value.int) ?? .text(String(value))
        case .float: return .double(Double(fixed(array, i, Float.self)))
        case .double: return .double(fixed(array, i, Double.self))
        case .decimal(let scale): return Self.decimal(fixed(array, i, Int128.self), scale: scale)
        case .text(let large): return .text(String(decoding: bytes(array, i, large), as: UTF8.self))
        case .binary(let large): return .blob([UInt8](bytes(array, i, large)))
        case .days: return .date(CivilDate(daysSince1970: Int64(fixed(array, i, Int32.self))))
        case .timestamp(let perSecond): return .time(Self.time(fixed(array, i, Int64.self), perSecond: perSecond))
        case .list(let element, let large):
            let range = range(array, i, large)
            return .list(range.map { element.value(array.children[0]!.pointee, $0) })
        case .fixedList(let element, let width):
            return .list((i * width..<(i + 1) * width).map { element.value(array.children[0]!.pointee, $0) })
        }
    }

    private func fixed<T: BitwiseCopyable>(_ array: ArrowArray, _ i: Int, _ type: T.Type) -> T {
        array.buffers[1]!.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self)
    }

    private func range(_ array: ArrowArray, _ i: Int, _ large: Bool) -> Range<Int> {
        if large { return Int(fixed(array, i, Int64.self))..<Int(fixed(array, i + 1, Int64.self)) }
        return Int(fixed(array, i, Int32.self))..<Int(fixed(array, i + 1, Int32.self))
    }

    private func bytes(_ array: ArrowArray, _ i: Int, _ large: Bool) -> UnsafeRawBufferPointer {
        let range = range(array, i, large)
        guard !range.isEmpty, let start = array.buffers[2] else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count)
    }

    private static func time(_ value: Int64, perSecond: Int64) -> EventTime {
        if perSecond <= 1000 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 1000 / perSecond)
            return EventTime(milliseconds: overflow ? (value < 0 ? .min : .max) : product)
        }
        let divisor = perSecond / 1000
        return EventTime(milliseconds: value / divisor - (value % divisor < 0 ? 1 : 0))
    }

    /// Whole numbers as integers, up to four fraction digits as money, anything else as its digits.
    static func decimal(_ value: Int128, scale: Int) -> Value {
        if scale == 0, let whole = Int64(exactly: value) { return .int(whole) }
        if 1...4 ~= scale {
            let factor = Int128([1000, 100, 10, 1][scale - 1])
            let (e4, overflow) = value.multipliedReportingOverflow(by: factor)
            if !overflow, let e4 = Int64(exactly: e4) { return .money(Money(e4: e4)) }
        }
        var digits = String(value.magnitude)
        if scale > 0 {
            digits = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
        }
        return .text((value < 0 ? "-" : "") + digits)
    }
}
