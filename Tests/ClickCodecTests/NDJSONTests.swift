import CClickRecord
import ClickCodec
import ClickModel
import Testing

@Suite struct NDJSONTests {
    @Test("a click with every field keeps every field")
    func everyField() throws {
        let line = click(
            #"""
            "type":"click","publisher_id":"p","placement_id":"pl","creative_id":"cr","audience_id":"au","cost":"1.25",
            "user_id":"u","device_fingerprint":"d","ip":"10.0.0.1","user_agent":"UA \"x\" é","referrer":"http://r/",
            "country":"de","lat":-12.5,"lon":100,"tz_offset_min":-60,"impression_id":"i","impression_ts":1571990400000,
            "pointer_moves":3,"pointer_distance_px":4.5,"pointer_straightness":0.5,"pointer_duration_ms":6,
            "pointer_speed_cv":0.7,"hover_ms":8,"scroll_events":9,"key_events":10,"touch":true,"time_to_click_ms":11,
            "visible_ratio":1,"opacity":0.25,"element_width_px":300,"element_height_px":250,"webdriver":false,
            "dwell_ms":12,"label":"fraud","attack":"click_farm"
            """#.replacingNewlines)
        let event = try #require(decode(line + "\n").first)
        #expect(event.rejection == nil)
        let r = event.record
        #expect(r.event == UInt8(FRAUD_EVENT_CLICK) && r.ts_ms == 1_571_990_401_106 && r.cost_e4 == 12_500)
        #expect(r.country == 0x4445 && r.ip_version == 4 && r.touch == 2 && r.webdriver == 1 && r.truth == 2)
        #expect(r.impression_ts_ms == 1_571_990_400_000 && r.lat == -12.5 && r.lon == 100 && r.tz_offset_min == -60)
        #expect(
            [r.pointer_moves, r.pointer_distance_px, r.pointer_straightness, r.pointer_duration_ms, r.pointer_speed_cv]
                == [3, 4.5, 0.5, 6, 0.7])
        #expect([r.hover_ms, r.scroll_events, r.key_events, r.time_to_click_ms, r.dwell_ms] == [8, 9, 10, 11, 12])
        #expect([r.visible_ratio, r.opacity, r.element_width_px, r.element_height_px] == [1, 0.25, 300, 250])
        #expect(
            event.texts == [
                "click_id": "c1", "ad_id": "a", "campaign_id": "k", "advertiser_id": "v", "publisher_id": "p",
                "placement_id": "pl", "creative_id": "cr", "audience_id": "au", "user_id": "u", "device_fingerprint": "d",
                "ip": "10.0.0.1", "user_agent": "UA \"x\" é", "referrer": "http://r/", "impression_id": "i",
                "attack": "click_farm",
            ])
    }

    @Test(
        "each fault is rejected with its code and field",
        arguments: [
            ("[]", "not_json"), ("{", "not_json"), ("{}x", "not_json"), ("nonsense", "not_json"), ("{} {}", "not_json"),
            (click() + ",", "not_json"), (click("\"x\":01"), "not_json"), (click("\"x\":[1,]"), "not_json"),
            (click("\"x\":\"\\q\""), "not_json"), (click("\"x\":tru"), "not_json"), (click("\"x\":{\"a\" 1}"), "not_json"),
            (click("\"lat\":NaN"), "not_json"), (click("\"x\":\"a\tb\""), "not_json"), (click("\"x\":1 2"), "not_json"),
            (click("\"cost\":-1,\"x\":"), "not_json"), ("\"", "not_json"), ("{\"a\":\"", "not_json"),
            ("{}", "missing_field click_id"), (click("\"ts\":null"), "missing_field ts"),
            (click("\"ad_id\":\"\""), "missing_field ad_id"), (click("\"campaign_id\":null"), "missing_field campaign_id"),
            (click("\"advertiser_id\":null"), "missing_field advertiser_id"),
            (#"{"type":"engagement","ts":5,"dwell_ms":3}"#, "missing_field click_id"),
            (#"{"type":"impression","click_id":"c"}"#, "missing_field ts"),
            (click("\"ad_id\":7"), "wrong_type ad_id"), (click("\"lat\":\"7\""), "wrong_type lat"),
            (click("\"ts\":true"), "wrong_type ts"), (click("\"user_agent\":{}"), "wrong_type user_agent"),
            (click("\"touch\":\"true\""), "wrong_type touch"), (click("\"cost\":[1]"), "wrong_type cost"),
            (click("\"lat\":false"), "wrong_type lat"), (click("\"type\":1"), "wrong_type type"),
            (click("\"user_id\":\"a\\u0000\""), "control_character user_id"),
            (click("\"publisher_id\":\"a\\n\""), "control_character publisher_id"),
            (click("\"impression_id\":\"\u{7f}\""), "control_character impression_id"),
            (click("\"cost\":-0.01"), "negative_cost cost"), (click("\"cost\":\"-3\""), "negative_cost cost"),
            (click("\"ad_id\":\"\(String(repeating: "x", count: 65))\""), "text_too_long ad_id"),
            (click("\"referrer\":\"\(String(repeating: "x", count: 2049))\""), "text_too_long referrer"),
            (click("\"ip\":\"\(String(repeating: "x", count: 65))\""), "text_too_long ip"),
            (click("\"ts\":\"yesterday\""), "bad_value ts"), (click("\"ts\":-1"), "bad_value ts"),
            (click("\"ts\":7258118400000"), "bad_value ts"), (click("\"ts\":1.5"), "bad_value ts"),
            (click("\"cost\":0.00001"), "bad_value cost"), (click("\"type\":\"view\""), "bad_value type"),
            (click("\"user_agent\":\"\\ud800\""), "invalid_utf8 user_agent"),
        ])
    func rejections(line: String, expected: String) {
        let good = click(id: "before") + "\n"
        let all = decode(good + line + "\n" + click(id: "after"))
        #expect(all.count == 3)
        #expect(all.map(\.rejection) == [nil, expected, nil], "\(line)")
        #expect(all[1].texts == ["raw": line], "a rejection keeps the line and nothing else")
        #expect(all[2].texts["click_id"] == "after")
        #expect(decode(line).first?.rejection == expected, "alone, without a line end")
    }

    @Test("bytes that are not UTF-8 reject their line and no other")
    func invalidUTF8() {
        var bytes = Array((click(id: "a") + "\n" + click("\"user_agent\":\"x?y\"", id: "b") + "\n" + click(id: "c")).utf8)
        bytes[bytes.firstIndex(of: UInt8(ascii: "?"))!] = 0xFF
        let all = decode(bytes)
        #expect(all.map(\.rejection) == [nil, "invalid_utf8", nil])
        #expect(all[1].record.raw.length > 0)
    }

    @Test("lines up to 64 KiB are taken, longer ones rejected with their first 4 KiB")
    func lineLimit() {
        func line(_ length: Int) -> String {
            click("\"pad\":\"" + String(repeating: "p", count: length - click("\"pad\":\"\"").utf8.count) + "\"")
        }
        let all = decode([line(65_535), line(65_536), line(65_537), line(200_000), click()].joined(separator: "\n"))
        #expect(all.map(\.rejection) == [nil, nil, "line_too_long", "line_too_long", nil])
        #expect(all[2].record.raw.length == 4096 && all[3].texts["raw"] == String(line(200_000).prefix(4096)))
    }

    @Test("blank lines are no events, and lines are counted with them; carriage returns are line ends too")
    func blankLines() {
        let all = decode("\n  \t\r\n" + click(id: "a") + "\r\n\n" + click(id: "b") + "\n \n")
        #expect(all.map { $0.texts["click_id"] } == ["a", "b"])
        #expect(all.map(\.record.source_line) == [3, 5])
        #expect(all.map(\.record.source_offset) == [6, 6 + Int64(click(id: "a").utf8.count) + 3])
    }

    @Test("the last value of a repeated key stands, and escaped keys are keys")
    func repeatedKeys() throws {
        let event = try #require(decode(click(#""user_id":"1","user_id":"2","lat":5,"lat":null,"\u0069p":"::1""#)).first)
        #expect(event.texts["user_id"] == "2" && event.record.lat.isNaN && event.record.ip_version == 6)
    }

    @Test("values out of range are unknown and ratios a hair over 1 are 1")
    func ranges() throws {
        let event = try #require(
            decode(
                click(
                    #""lat":91,"lon":-181,"pointer_moves":-1,"hover_ms":1e999,"visible_ratio":1.0000000000000002,"#
                        + #""opacity":1.5,"impression_ts":"never","country":"DEU","touch":2,"ip":"host.example","#
                        + #""scroll_events":-0.0,"label":"unsure","lat":1e-500"#)
            ).first)
        let r = event.record
        #expect(event.rejection == nil)
        #expect(r.lat == 0 && [r.lon, r.pointer_moves, r.hover_ms, r.opacity].allSatisfy { $0.isNaN })
        #expect(r.visible_ratio == 1 && r.country == 0 && r.touch == 0 && r.truth == 0 && r.ip_version == 0)
        #expect(r.impression_ts_ms == Int64.min && r.scroll_events.bitPattern == 0 && event.texts["ip"] == "host.example")
    }

    @Test("other events need less")
    func otherEvents() {
        let all = decode(
            """
            {"type":"engagement","click_id":"c","ts":5,"dwell_ms":900}
            {"type":"impression","ts":5}
            {"type":"conversion","ts":"1970-01-01T00:00:00.005Z","cost":3}
            {"type":"","click_id":"c","ts":5,"ad_id":"a","campaign_id":"k","advertiser_id":"v"}
            """)
        #expect(all.map(\.rejection) == [nil, nil, nil, nil])
        #expect(all.map(\.event) == [3, 1, 2, 0] && all.allSatisfy { $0.record.ts_ms == 5 })
    }

    @Test("nesting in ignored fields is read to 1,024 levels and rejected beyond, never a crash")
    func nesting() {
        func nested(_ depth: Int) -> String {
            click("\"x\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        }
        let all = decode([nested(1), nested(1024), nested(1025), nested(30_000)].joined(separator: "\n"))
        #expect(all.map(\.rejection) == [nil, nil, "not_json", "not_json"])
        #expect(decode(click("\"x\":" + String(repeating: "[{\"a\":", count: 9000))).first?.rejection == "not_json")
    }

    @Test("the batch's size changes nothing but where batches end")
    func batchSizes() {
        let text = (0..<300).map { $0 % 7 == 3 ? "broken \($0)" : click("\"user_id\":\"u\($0)\"", id: "c\($0)") }
            .joined(separator: "\n")
        let whole = decode(Array(text.utf8), .ndjson)
        #expect(whole.count == 300)
        for capacity in [1, 2, 3, 64, 299, 300] { #expect(decode(Array(text.utf8), .ndjson, capacity: capacity) == whole) }
    }
}

extension String {
    /// A literal laid out over lines, as one line.
    var replacingNewlines: String { split(separator: "\n").joined() }
}
