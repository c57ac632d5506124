internal import CSimdJSON

/// The line formats of a source.
package enum SourceFormat: String, CaseIterable, Sendable {
    case ndjson, csv, combined

    /// Tells the format from a source's first content: NDJSON begins with `{`, CSV with a header row that names
    /// `click_id` or two other fields, an access log with a line of the combined format. When the first line is none of these it
    /// may be broken: the first of the next lines that is NDJSON or an access log's tells. A source of nothing but white space is
    /// taken as NDJSON: no events. Nil when it is none of them.
    package static func detect(_ content: [UInt8]) -> SourceFormat? {
        let text = content.starts(with: [0xEF, 0xBB, 0xBF]) ? content[3...] : content[...]
        guard let start = text.firstIndex(where: { !isSpace($0) }) else { return .ndjson }
        var header = text.prefix { $0 != UInt8(ascii: "\n") }
        if header.last == UInt8(ascii: "\r") { header.removeLast() }
        if text[start] != UInt8(ascii: "{"), CSVHeader.isLikely(header) { return .csv }
        for line in text[start...].split(separator: UInt8(ascii: "\n"), maxSplits: linesToTry).prefix(linesToTry) {
            if let format = format(ofLine: line) { return format }
        }
        return nil
    }

    /// Lines of which one may tell the format.
    private static let linesToTry = 32

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func format(ofLine bytes: ArraySlice<UInt8>) -> SourceFormat? {
        var line = bytes.drop(while: isSpace)
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if line.first == UInt8(ascii: "{") { return .ndjson }
        return !line.isEmpty && line.withUnsafeBufferPointer { fraud_is_combined($0.baseAddress!, $0.count) } ? .combined : nil
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
