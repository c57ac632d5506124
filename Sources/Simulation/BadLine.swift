/// Lines that the schema rejects, one variant for each way of being wrong. Made from a click's numbers, so that they
/// stand among the others and repeat with the seed.
enum BadLine {
    static let variants = 12

    static func write(_ click: borrowing SimulatedClick, to bytes: inout [UInt8]) {
        let time = String(click.time)
        let id = "bad-" + String(click.id, radix: 36)
        func line(id: String = id, ts: String? = nil, ad: String? = "\"ad-1\"", cost: String = "0.1000") -> String {
            let adField = ad.map { ",\"ad_id\":\($0)" } ?? ""
            return "{\"click_id\":\"\(id)\",\"ts\":\(ts ?? time)\(adField),\"campaign_id\":\"cmp-1\",\"advertiser_id\":\"adv-1\",\"cost\":\(cost)}"
        }
        let text: String
        switch click.badVariant {
        case 0: text = String(line().dropLast(25))  // cut off: not JSON
        case 1: text = line(ad: nil)  // a required field is missing
        case 2: text = line(ts: "true")  // wrong type
        case 3: text = line(id: id + "\\u0000x")  // a control character in an id
        case 4: text = line(cost: "-0.5")  // a cost below 0
        case 5: text = line(ts: "\"yesterday\"")  // a time that is none
        case 6: text = line(ad: "\"" + String(repeating: "a", count: 65) + "\"")  // an id over 64 bytes
        case 7: text = "GET /click?ad_id=ad-1 HTTP/1.1"  // something else altogether
        case 8: text = "[\(line())]"  // JSON, but no object
        case 9: text = line(cost: "0.12345")  // five decimals
        case 10: text = line(id: "")  // a required field is empty
        default: text = line(ad: "\"ad-?\"")  // made invalid UTF-8 below
        }
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        if click.badVariant >= 11, let mark = bytes[start...].firstIndex(of: UInt8(ascii: "?")) { bytes[mark] = 0xFF }
        bytes.append(UInt8(ascii: "\n"))
    }
}
