extension LabelledTable {
    /// What a click costs and whose it is: facts that measure decisions and never train.
    package struct Facts: Sendable {
        /// Ten-thousandths of a unit.
        package var costE4: Int64
        /// Value of the segment column; empty: none.
        package var segment: String

        package init(costE4: Int64 = 0, segment: String = "") {
            self.costE4 = costE4
            self.segment = segment
        }
    }

    /// Values of one column, each with a number.
    struct Segments: Sendable {
        let column: String
        var codes: [UInt32] = []
        var names = [""]
        private var index: [String: UInt32] = ["": 0]

        /// Distinct values past this share the last number.
        static let maximum = 1 << 20

        init(column: String) { self.column = column }

        mutating func append(_ value: String) {
            if let known = index[value] { return codes.append(known) }
            guard names.count < Self.maximum else { return codes.append(UInt32(names.count - 1)) }
            let code = UInt32(names.count)
            names.append(value)
            index[value] = code
            codes.append(code)
        }
    }
}
