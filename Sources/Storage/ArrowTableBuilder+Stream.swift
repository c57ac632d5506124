internal import CADBC
internal import Glibc
internal import Synchronization

/// The builder's rows as an Arrow C stream of one batch, read in place: no copy.
///
/// The stream and each array node retain the builder until they are released, so its memory outlives its readers;
/// `removeAll()` refuses while any is alive.
extension ArrowTableBuilder {
    /// A stream of the rows appended so far, of all columns or of those at `indices`. The consumer releases it; append
    /// nothing meanwhile.
    /// - Parameter schema: lent to the consumer as the stream's, for one that does not release what it is given; made by `makeSchema`.
    func makeStream(columns indices: [Int]? = nil, lending schema: UnsafePointer<ArrowSchema>? = nil) -> ArrowArrayStream {
        precondition(exported.load(ordering: .acquiring) == 0, "one reader at a time")
        var stream = ArrowArrayStream()
        stream.get_schema = { stream, out in
            guard let stream, let out else { return EINVAL }
            let export = ArrowTableExport.of(stream)
            if let schema = export.schema {
                fraud_arrow_schema_lend(schema, out)
                return 0
            }
            return export.builder.fill(schema: out, export.indices) ? 0 : ENOMEM
        }
        stream.get_next = { stream, out in
            guard let stream, let out else { return EINVAL }
            let export = ArrowTableExport.of(stream)
            out.pointee = ArrowArray()
            if export.isDone || export.builder.isEmpty { return 0 }
            export.isDone = true
            return export.builder.fill(array: out, export.indices) ? 0 : ENOMEM
        }
        stream.get_last_error = { _ in nil }
        stream.release = { stream in
            guard let stream, let held = stream.pointee.private_data else { return }
            Unmanaged<ArrowTableExport>.fromOpaque(held).release()
            stream.pointee.private_data = nil
            stream.pointee.release = nil
        }
        stream.private_data = Unmanaged.passRetained(ArrowTableExport(self, indices ?? Array(columns.indices), schema)).toOpaque()
        return stream
    }

    /// The schema of all columns, to be lent; nil when memory is out. End it by `fraud_arrow_schema_free`.
    func makeSchema() -> ArrowSchema? {
        var schema = ArrowSchema()
        return fill(schema: &schema, Array(columns.indices)) ? schema : nil
    }

    private func fill(schema out: UnsafeMutablePointer<ArrowSchema>, _ indices: [Int]) -> Bool {
        guard fraud_arrow_schema_init(out, "+s", "", Int64(indices.count)) == 0 else { return false }
        for (i, column) in indices.map({ columns[$0] }).enumerated() {
            let child: String? =
                switch column.kind {
                case .textList: ArrowColumnKind.text.arrowFormat
                case .floatList: ArrowColumnKind.float.arrowFormat
                default: nil
                }
            guard let node = out.pointee.children[i],
                fraud_arrow_schema_init(node, column.kind.arrowFormat, column.name, child == nil ? 0 : 1) == 0
            else { return abandon(out) }
            if let child, fraud_arrow_schema_init(node.pointee.children[0]!, child, "item", 0) != 0 { return abandon(out) }
        }
        return true
    }

    private func abandon(_ out: UnsafeMutablePointer<ArrowSchema>) -> Bool {
        out.pointee.release(out)
        return false
    }

    private func fill(array out: UnsafeMutablePointer<ArrowArray>, _ indices: [Int]) -> Bool {
        guard node(out, length: count, nulls: 0, buffers: 1, children: indices.count) else { return false }
        for (i, index) in indices.enumerated() where !fill(out.pointee.children[i]!, buffers[index]) {
            out.pointee.release(out)
            return false
        }
        return true
    }

    private func fill(_ out: UnsafeMutablePointer<ArrowArray>, _ buffer: ArrowColumnBuffer) -> Bool {
        let isText = buffer.kind == .text || buffer.kind == .binary
        let isList = buffer.kind == .textList || buffer.kind == .floatList
        guard node(out, length: count, nulls: buffer.nullCount, buffers: isText ? 3 : 2, children: isList ? 1 : 0) else { return false }
        out.pointee.buffers[0] = buffer.validity.map { UnsafeRawPointer($0) }
        out.pointee.buffers[1] = UnsafeRawPointer(buffer.fixed)
        if isText { out.pointee.buffers[2] = UnsafeRawPointer(buffer.bytes) }
        guard isList else { return true }
        let child = out.pointee.children[0]!
        if buffer.kind == .floatList {
            guard node(child, length: buffer.byteCount / 4, nulls: 0, buffers: 2, children: 0) else { return false }
            child.pointee.buffers[1] = UnsafeRawPointer(buffer.bytes)
        } else {
            guard node(child, length: buffer.itemCount, nulls: 0, buffers: 3, children: 0) else { return false }
            child.pointee.buffers[1] = UnsafeRawPointer(buffer.items)
            child.pointee.buffers[2] = UnsafeRawPointer(buffer.bytes)
        }
        return true
    }

    /// An array node that retains the builder.
    private func node(_ out: UnsafeMutablePointer<ArrowArray>, length: Int, nulls: Int, buffers: Int, children: Int) -> Bool {
        let owner = Unmanaged.passRetained(self)
        let made = fraud_arrow_array_init(
            out, Int64(length), Int64(nulls), Int64(buffers), Int64(children), owner.toOpaque(),
            { held in
                guard let held else { return }
                let builder = Unmanaged<ArrowTableBuilder>.fromOpaque(held)
                builder.takeUnretainedValue().exported.subtract(1, ordering: .acquiringAndReleasing)
                builder.release()
            })
        guard made == 0 else {
            owner.release()
            return false
        }
        exported.add(1, ordering: .acquiringAndReleasing)
        return true
    }
}

/// What a stream holds: its builder, the columns it gives, and whether the one batch was given.
private final class ArrowTableExport {
    let builder: ArrowTableBuilder
    let indices: [Int]
    /// Lent, where the consumer is not to own one.
    let schema: UnsafePointer<ArrowSchema>?
    var isDone = false

    init(_ builder: ArrowTableBuilder, _ indices: [Int], _ schema: UnsafePointer<ArrowSchema>?) {
        self.builder = builder
        self.indices = indices
        self.schema = schema
    }

    static func of(_ stream: UnsafeMutablePointer<ArrowArrayStream>) -> ArrowTableExport {
        Unmanaged<ArrowTableExport>.fromOpaque(stream.pointee.private_data).takeUnretainedValue()
    }
}
