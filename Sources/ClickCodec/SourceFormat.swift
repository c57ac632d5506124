internal import CSimdJSON

/// The line formats of a source.
package enum SourceFormat: String, CaseIterable, Sendable {
    case ndjson, csv, combined

    /// Tells the format from a source's first content: NDJSON begins with `{`, CSV with a header row that names
    /// `click_id` or two other fields, an access log with a line of the combined format. A source of nothing but white space is
    /// taken as NDJSON: no events. Nil when it is none of them.
    package static func detect(_ content: [UInt8]) -> SourceFormat? {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let text = content.starts(with: [0xEF, 0xBB, 0xBF]) ? content[3...] : content[...]
        let start = text.drop(while: isSpace)
        guard let first = start.first else { return .ndjson }
        if first == UInt8(ascii: "{") { return .ndjson }
        var line = text.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if CSVHeader.isLikely(line) { return .csv }
        var logged = start.prefix { $0 != UInt8(ascii: "\n") }
        if logged.last == UInt8(ascii: "\r") { logged.removeLast() }
        let isCombined = logged.withUnsafeBufferPointer { fraud_is_combined($0.baseAddress!, $0.count) }
        return isCombined ? .combined : nil
    }
}

/// What the lines of an access log do not say by themselves; the query string of a request goes before it.
package struct CombinedDefaults: Hashable, Sendable {
    package let adID: String
    package let campaignID: String
    package let advertiserID: String

    package static let none = CombinedDefaults()

    private init() {
        adID = ""
        campaignID = ""
        advertiserID = ""
    }

    /// - Throws: `unusableOption` for an id that is empty, over 64 bytes or has a control character.
    package init(adID: String?, campaignID: String?, advertiserID: String?) throws(SourceError) {
        for (name, value) in [("ad_id", adID), ("campaign_id", campaignID), ("advertiser_id", advertiserID)] {
            guard let value else { continue }
            let length = value.utf8.count
            if length == 0 || length > 64 { throw .unusableOption(name: name, reason: "an id has 1 to 64 bytes, not \(length)") }
            if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                throw .unusableOption(name: name, reason: "an id has no control characters")
            }
        }
        self.adID = adID ?? ""
        self.campaignID = campaignID ?? ""
        self.advertiserID = advertiserID ?? ""
    }
}

/// All a decoder needs to know about the lines it is given.
package enum LineFormat: Hashable, Sendable {
    case ndjson
    case csv(CSVHeader)
    case combined(CombinedDefaults)
}
