import CClickRecord
import ClickCodec
import ClickModel
import Foundation
import Testing

@Suite struct CombinedTests {
    static let defaults = try? CombinedDefaults(adID: "a0", campaignID: "k0", advertiserID: "v0")

    private func line(
        host: String = "10.0.0.1", time: String = "17/May/2015:10:05:03 +0000", request: String = "GET /c HTTP/1.1",
        referrer: String = "-", agent: String = "-", more: String = ""
    ) -> String {
        "\(host) - - [\(time)] \"\(request)\" 200 12 \"\(referrer)\" \"\(agent)\"\(more)"
    }

    private func decodeOne(_ line: String) throws -> Event {
        let format = LineFormat.combined(try #require(Self.defaults))
        let all = decode(line, format)
        try #require(all.count == 1)
        return all[0]
    }

    @Test("address, time, referrer and agent come from the line, dimensions from the query string before the defaults")
    func fields() throws {
        let event = try decodeOne(
            line(
                host: "2001:db8::1", time: "17/May/2015:12:05:03 +0200",
                request: "GET /c?ad_id=a%2F1&cost=0.25&user_id=u+1&publisher_id=%C3%A9&click_id=x1&lat=1.5&empty=&=3 HTTP/1.1",
                referrer: "http://r/?q=\\\"x\\\"", agent: "Agent \\\"A\\\" \\xc3\\xa9 \\\\", more: " \"10.0.0.9\""))
        let r = event.record
        #expect(event.rejection == nil && r.ts_ms == 1_431_857_103_000 && r.ip_version == 6 && r.cost_e4 == 2500 && r.lat == 1.5)
        #expect(
            event.texts == [
                "click_id": "x1", "ad_id": "a/1", "campaign_id": "k0", "advertiser_id": "v0", "user_id": "u 1",
                "publisher_id": "é", "ip": "2001:db8::1", "referrer": "http://r/?q=\"x\"", "user_agent": "Agent \"A\" é \\",
            ])
    }

    @Test("the visitor's query string cannot change address, time, referrer or agent")
    func spoofing() throws {
        let event = try decodeOne(line(request: "GET /?ip=1.1.1.1&ts=5&user_agent=x&referrer=y HTTP/1.1"))
        #expect(event.texts["ip"] == "10.0.0.1" && event.record.ts_ms == 1_431_857_103_000)
        #expect(event.texts["user_agent"] == nil && event.texts["referrer"] == nil)
    }

    @Test("text that would not be UTF-8 without its escapes is kept as it was logged")
    func foreignBytes() throws {
        let event = try decodeOne(line(request: "GET /?user_id=%E9%41 HTTP/1.1", agent: "caf\\xe9"))
        #expect(event.texts["user_agent"] == "caf\\xe9" && event.texts["user_id"] == "%E9%41")
    }

    @Test("without an id a click gets 32 hex digits that its line and place decide")
    func clickIDs() throws {
        let two = decode(line() + "\n" + line(), .combined(try #require(Self.defaults)))
        let ids = two.compactMap { $0.texts["click_id"] }
        #expect(ids.count == 2 && ids[0] != ids[1])
        #expect(ids.allSatisfy { $0.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
        #expect(try decodeOne(line()).texts["click_id"] == ids[0])
    }

    @Test(
        "what is no combined line, or lacks what a click needs, is rejected",
        arguments: [
            ("hello", "bad_row"), ("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 12", "bad_row"),
            ("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET / 200 12 \"-\" \"-\"", "bad_row"),
            ("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET /\" abc 12 \"-\" \"-\"", "bad_row"),
            ("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 12 \"-", "bad_row"),
            ("10.0.0.1 - - [31/Feb/2015:10:05:03 +0000] \"GET /\" 200 12 \"-\" \"-\"", "bad_value ts"),
            ("10.0.0.1 - - [17/Foo/2015:10:05:03 +0000] \"GET /\" 200 12 \"-\" \"-\"", "bad_value ts"),
            ("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET /?user_id=%00\" 200 12 \"-\" \"-\"", "control_character user_id"),
            ("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET /?cost=-1\" 200 12 \"-\" \"-\"", "negative_cost cost"),
        ])
    func rejections(text: String, expected: String) throws {
        #expect(try decodeOne(text).rejection == expected)
    }

    @Test("a line that was cut off within its agent keeps what is there of it", arguments: ["ua", "ua \\", ""])
    func cutOff(agent: String) throws {
        let event = try decodeOne("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 12 \"-\" \"" + agent)
        #expect(event.rejection == nil)
        #expect((event.texts["user_agent"] ?? "") == agent)
    }

    @Test("without dimensions anywhere a line misses its ad")
    func missing() {
        #expect(decode(line(), .combined(.none)).first?.rejection == "missing_field ad_id")
    }

    @Test("a default no event could carry is refused", arguments: ["", String(repeating: "x", count: 65), "a\n"])
    func badDefaults(id: String) {
        #expect(throws: SourceError.self) { try CombinedDefaults(adID: id, campaignID: nil, advertiserID: nil) }
    }

    @Test("a real access log reads as a regular expression reads it", .enabled(if: accessLog != nil, "no ../shared/data here"))
    func realLog() throws {
        let path = try #require(accessLog)
        let (all, _, error) = try readAll(path, defaults: try #require(Self.defaults))
        #expect(error == nil && all.count == 10_000)
        let model = try python(
            #"""
            import datetime, gzip, re, sys
            line = re.compile(r'(\S+) .*?\[(.*?)\] "((?:[^"\\]|\\.)*)" (\S+) (\S+) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)(?:"|$)')
            for raw in gzip.open(sys.argv[1], "rt", newline="\n"):
                m = line.match(raw.rstrip("\n"))
                if not m:
                    print("none")
                    continue
                ms = int(datetime.datetime.strptime(m[2], "%d/%b/%Y:%H:%M:%S %z").timestamp() * 1000)
                plain = lambda s: "" if s == "-" else s.replace('\\"', '"')
                print(ms, m[1], plain(m[6]), plain(m[7]), sep="\t")
            """#, [path])
        let expected = String(decoding: model, as: UTF8.self).split(separator: "\n").map(String.init)
        let ours = all.map { event in
            event.rejection == "bad_row" ? "none"
                : "\(event.record.ts_ms)\t" + ["ip", "referrer", "user_agent"].map { event.texts[$0] ?? "" }.joined(separator: "\t")
        }
        #expect(expected.count == 10_000)
        for (mine, theirs) in zip(ours, expected) where mine != theirs && !theirs.contains("\\x") {
            Issue.record("ours \(mine)\nmodel \(theirs)")
        }
    }
}
