/// An ONNX graph in the making: operators of the standard domain, opset 17, and constant tensors.
///
/// Field numbers are those of `onnx.proto` (github.com/onnx/onnx/blob/main/onnx/onnx.proto):
///
///     ModelProto      ir_version 1, producer_name 2, producer_version 3, doc_string 6, graph 7, opset_import 8, metadata_props 14
///     GraphProto      node 1, name 2, initializer 5, input 11, output 12
///     NodeProto       input 1, output 2, name 3, op_type 4, attribute 5
///     AttributeProto  name 1, i 3, type 20 (INT 2)
///     TensorProto     dims 1, data_type 2, name 8, raw_data 9 (little-endian)
///     ValueInfoProto  name 1, type 2;  TypeProto tensor_type 1;  Tensor elem_type 1, shape 2;  shape dim 1;  dim_value 1, dim_param 2
///     OperatorSetIdProto  version 2;  StringStringEntryProto  key 1, value 2
struct ONNXGraph {
    /// IR version 8 came with opset 17 (ONNX 1.12, 2022).
    static let irVersion = 8
    static let opset = 17

    enum ElementType: Int {
        case float = 1
        case int64 = 7
        case double = 11
    }

    private var nodes: [[UInt8]] = []
    private var tensors: [[UInt8]] = []

    // MARK: Constants

    mutating func constant(_ values: [Float], shape: [Int]? = nil) -> String { tensor(.float, shape ?? [values.count], values.map(\.bitPattern)) }
    mutating func constant(_ values: [Double], shape: [Int]? = nil) -> String { tensor(.double, shape ?? [values.count], values.map(\.bitPattern)) }
    mutating func constant(_ values: [Int], shape: [Int]? = nil) -> String {
        tensor(.int64, shape ?? [values.count], values.map { UInt64(bitPattern: Int64($0)) })
    }

    private mutating func tensor<Bits: FixedWidthInteger>(_ type: ElementType, _ shape: [Int], _ values: [Bits]) -> String {
        let name = "c\(tensors.count)"
        var out = ProtobufWriter()
        for dimension in shape { out.number(1, dimension) }
        out.number(2, type.rawValue)
        out.text(8, name)
        out.data(9, values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } })
        tensors.append(out.bytes)
        return name
    }

    // MARK: Operators

    /// Adds an operator of one output, whose name it returns.
    mutating func add(_ operation: String, _ inputs: [String], _ attributes: [(name: String, value: Int)] = [], output: String? = nil) -> String {
        let name = output ?? "v\(nodes.count)"
        var out = ProtobufWriter()
        for input in inputs { out.text(1, input) }
        out.text(2, name)
        out.text(3, "\(operation)_\(nodes.count)")
        out.text(4, operation)
        for attribute in attributes {
            out.message(5) {
                $0.text(1, attribute.name)
                $0.number(3, attribute.value)
                $0.number(20, 2)
            }
        }
        nodes.append(out.bytes)
        return name
    }

    mutating func cast(_ input: String, to type: ElementType, output: String? = nil) -> String { add("Cast", [input], [("to", type.rawValue)], output: output) }

    /// For each row of `column` (n × 1): how many of the ascending `edges` are at or under it, n × 1 as integers. NaN has none.
    mutating func count(edgesUnder column: String, edges: String) -> String {
        let reached = cast(add("GreaterOrEqual", [column, edges]), to: .int64)
        let axis = constant([1])
        return add("ReduceSum", [reached, axis], [("keepdims", 1)])
    }

    // MARK: The file

    /// The model's bytes.
    /// - Parameters:
    ///   - input: name and columns of the one input, n rows of floats.
    ///   - output: name of the one output, n × 1 floats.
    func encoded(name: String, input: (name: String, columns: Int), output: String, producer: String, metadata: [(String, String)]) -> [UInt8] {
        var model = ProtobufWriter()
        model.number(1, Self.irVersion)
        model.text(2, producer)
        model.message(7) { graph in
            for node in nodes { graph.data(1, node) }
            graph.text(2, name)
            for tensor in tensors { graph.data(5, tensor) }
            graph.message(11) { Self.value(&$0, input.name, columns: input.columns) }
            graph.message(12) { Self.value(&$0, output, columns: 1) }
        }
        model.message(8) {
            $0.text(1, "")
            $0.number(2, Self.opset)
        }
        for (key, value) in metadata {
            model.message(14) {
                $0.text(1, key)
                $0.text(2, value)
            }
        }
        return model.bytes
    }

    /// A tensor of floats, any number of rows.
    private static func value(_ out: inout ProtobufWriter, _ name: String, columns: Int) {
        out.text(1, name)
        out.message(2) {
            $0.message(1) {
                $0.number(1, ElementType.float.rawValue)
                $0.message(2) { shape in
                    shape.message(1) { $0.text(2, "clicks") }
                    shape.message(1) { $0.number(1, columns) }
                }
            }
        }
    }
}
