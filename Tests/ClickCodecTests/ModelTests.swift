import CClickRecord
import ClickCodec
import ClickModel
import Foundation
import Testing

/// The decoder beside Python's on random and on damaged input.
@Suite struct ModelTests {
    static let header =
        RandomLines.names.filter { $0 != "attack" } + ["unknown column"]

    private func compare(_ bytes: [UInt8], _ format: SourceFormat, seed: UInt64) throws {
        let scratch = try Scratch()
        let path = try scratch.write("lines", bytes)
        let expected = try PythonModel.expected(format.rawValue, path)
        let (all, _, error) = try readAll(path, format: format)
        #expect(error == nil && all.count == expected.count, "seed \(seed)")
        let accepted = all.count { $0.rejection == nil }
        #expect(accepted > all.count / 10 && accepted < all.count, "seed \(seed): both kinds have to come up")
        var shown = 0
        for (event, line) in zip(all, expected) where !line.hasSuffix("|?") {
            let ours = "\(event.record.source_offset)|\(event.record.source_line)|\(event.facts)"
            guard ours != line, shown < 5 else { continue }
            shown += 1
            let start = Int(event.record.source_offset)
            let text = String(decoding: bytes[start...].prefix { $0 != 10 }, as: UTF8.self)
            Issue.record("seed \(seed), line \(event.record.source_line): \(text)\nours  \(ours)\nmodel \(line)")
        }
    }

    @Test("random NDJSON reads as Python's json and decimal say", arguments: [11, 12] as [UInt64])
    func randomNDJSON(seed: UInt64) throws {
        var lines = RandomLines(seed: seed)
        let text = (0..<6000).map { _ in lines.jsonLine() }.joined(separator: "\n")
        try compare(Array(text.utf8), .ndjson, seed: seed)
    }

    @Test("random CSV reads as Python's csv and decimal say", arguments: [21, 22] as [UInt64])
    func randomCSV(seed: UInt64) throws {
        var lines = RandomLines(seed: seed)
        let rows = (0..<4000).map { _ in lines.csvRow(Self.header) }
        let text = ([Self.header.joined(separator: ",")] + rows).joined(separator: "\n")
        try compare(Array(text.utf8), .csv, seed: seed)
    }

    @Test("damaged NDJSON gives the events and rejections Python gives", arguments: [31, 32] as [UInt64])
    func damagedNDJSON(seed: UInt64) throws {
        var lines = RandomLines(seed: seed)
        var bytes: [UInt8] = []
        for _ in 0..<12_000 {
            let line = lines.jsonLine()
            bytes += lines.chance(0.7) ? lines.damaged(line) : Array(line.utf8)
            bytes.append(10)
        }
        try compare(bytes, .ndjson, seed: seed)
    }

    @Test("damaged CSV gives the events and rejections Python gives", arguments: [41] as [UInt64])
    func damagedCSV(seed: UInt64) throws {
        var lines = RandomLines(seed: seed)
        var bytes = Array((Self.header.joined(separator: ",") + "\n").utf8)
        for _ in 0..<8000 {
            let line = lines.csvRow(Self.header)
            bytes += lines.chance(0.5) ? lines.damaged(line) : Array(line.utf8)
            bytes.append(10)
        }
        try compare(bytes, .csv, seed: seed)
    }

    @Test("damaged access logs give one event a line that is not blank", arguments: [51] as [UInt64])
    func damagedCombined(seed: UInt64) throws {
        var lines = RandomLines(seed: seed)
        let good = #"10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /c?ad_id=1&user_id=%41%zz&cost=0.5&lat=1 HTTP/1.1" 200 9 "-" "a \"b\" \xe9""#
        var bytes: [UInt8] = []
        for _ in 0..<8000 {
            bytes += lines.damaged(good)
            bytes.append(10)
        }
        let rows = bytes.split(separator: 10, omittingEmptySubsequences: false)
        let solid = rows.filter { $0.contains { ![0x20, 0x09, 0x0D].contains($0) } }.count
        #expect(decode(bytes, .combined(.none)).count == solid, "seed \(seed)")
    }

    @Test("random bytes give one event a line that is not blank, in every format", arguments: [61] as [UInt64])
    func noise(seed: UInt64) throws {
        var random = SplitMix64(seed)
        let alphabet = Array("{}[]\",:\\ \n\r\t01-.eEtrunfals\u{1}%&=?".utf8) + [0xC3, 0xA9, 0xFF, 0x00]
        let header = try CSVHeader(content: Array("click_id,ts,ad_id,campaign_id,advertiser_id,lat\n".utf8), path: "")
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0..<400, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
            let solid = bytes.split(separator: 10).filter { $0.contains { ![0x20, 0x09, 0x0D].contains($0) } }.count
            for format in [LineFormat.ndjson, .csv(header), .combined(.none)] {
                #expect(decode(bytes, format, capacity: 3).count == solid, "seed \(seed)")
            }
        }
    }
}
