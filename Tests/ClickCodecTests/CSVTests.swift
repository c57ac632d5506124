import CClickRecord
import ClickCodec
import ClickModel
import Testing

@Suite struct CSVTests {
    private func decodeRows(_ text: String) throws -> [Event] {
        let scratch = try Scratch()
        return try readAll(scratch.write("a.csv", text.utf8), format: .csv).events
    }

    @Test("columns come in any order; quotes, doubled quotes, commas and CRLF are read; unknown columns are not")
    func columns() throws {
        let all = try decodeRows(
            "cost,user_agent,what,ts,click_id,ad_id,campaign_id,advertiser_id,touch,lat\r\n"
                + "1.5,\"a \"\"b\"\", c\",\"x,y\",2015-05-17T10:05:03Z,c1,a,k,v,True,1.25\r\n"
                + ",,,1431857103000.0,\"c2\",\"a\",k,\"\"\"v\"\"\",,nan\r\n")
        #expect(all.map(\.rejection) == [nil, nil])
        #expect(all[0].texts["user_agent"] == "a \"b\", c" && all[0].record.cost_e4 == 15_000)
        #expect(all[0].record.touch == 2 && all[0].record.lat == 1.25 && all[0].record.source_line == 2)
        #expect(all[1].texts == ["click_id": "c2", "ad_id": "a", "campaign_id": "k", "advertiser_id": "\"v\""])
        #expect(all[1].record.cost_e4 == 0 && all[1].record.touch == 0 && all[1].record.lat.isNaN)
        #expect(all.allSatisfy { $0.record.ts_ms == 1_431_857_103_000 })
    }

    @Test(
        "each fault of a row is rejected with its code and field",
        arguments: [
            ("c,5,a,k", "bad_row"), ("c,5,a,k,v,1,", "bad_row"), ("\"c,5,a,k,v,1", "bad_row"), ("\"c\"x,5,a,k,v,1", "bad_row"),
            ("c,5,a,k,v,\"1", "bad_row"), (",5,a,k,v,1", "missing_field click_id"), ("c,5,a,k,,1", "missing_field advertiser_id"),
            ("c,x,a,k,v,1", "bad_value ts"), ("c,5,a,k,v,x", "wrong_type lat"), ("c\u{1},5,a,k,v,1", "control_character click_id"),
        ])
    func rejections(row: String, expected: String) throws {
        let all = try decodeRows("click_id,ts,ad_id,campaign_id,advertiser_id,lat\nb,5,a,k,v,1\n\(row)\nb,5,a,k,v,1")
        #expect(all.map(\.rejection) == [nil, expected, nil])
        #expect(all[1].texts == ["raw": row])
    }

    @Test(
        "a header that cannot be used is an error that names the column",
        arguments: [
            ("click_id,ts,ad_id,campaign_id", "no column advertiser_id"), ("ts,ad_id,campaign_id,advertiser_id", "no column click_id"),
            ("type,click_id", "no column ts"), ("click_id,ts,ts", "column ts stands twice"),
            ("\"click_id", "a quote that does not end on its line"), ("", "no column click_id"),
        ])
    func headers(header: String, reason: String) throws {
        let scratch = try Scratch()
        let path = try scratch.write("a.csv", (header + "\n1,2\n").utf8)
        #expect(throws: SourceError.unusableHeader(path: path, reason: reason)) { try readAll(path, format: .csv) }
    }

    @Test("with a type column other events need no more columns; a byte order mark is no part of the first name")
    func otherEvents() throws {
        let all = try decodeRows("\u{FEFF}type,ts,click_id,dwell_ms\nengagement,5,c,900\nimpression,5,,\nclick,5,c,\n")
        #expect(all.map(\.rejection) == [nil, nil, "missing_field ad_id"])
        #expect(all[0].record.source_offset == 29 && all[0].record.dwell_ms == 900)
    }

    @Test("CSV goes on after any row, with the header read again")
    func resume() throws {
        let scratch = try Scratch()
        let rows = (0..<40).map { "c\($0),5,a,k,v" }.joined(separator: "\n")
        let path = try scratch.write("a.csv", ("click_id,ts,ad_id,campaign_id,advertiser_id\n" + rows).utf8)
        let (all, positions, _) = try readAll(path, capacity: 1)
        #expect(all.count == 40 && all.map(\.record.source_line) == (2...41).map { $0 })
        for index in 0..<40 {
            #expect(try readAll(path, resumeAt: positions[index]).events == Array(all[(index + 1)...]))
        }
    }

    @Test(
        "the format is told from the first line, or from one of the next when that is broken",
        arguments: [
            ("{\"a\":1}", .ndjson), ("\n  {", .ndjson), ("\u{FEFF}{", .ndjson), ("", .ndjson), ("click_id,x\n", .csv),
            ("x,ts,cost\r\n1", .csv), ("\u{FEFF}\"click_id\"", .csv),
            ("1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"ua\"\n", .combined),
            ("hel\u{FFFD}lo\n\n {\"a\":1}", .ndjson), ("[\n1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"ua\"", .combined),
            (String(repeating: "x\n", count: 40) + "{}", nil), ("hello", nil), ("1,2,3", nil), ("[{}]", nil), ("1.2.3.4 - - [now] \"GET\" 200 1 \"-\" \"ua\"", nil),
        ] as [(String, SourceFormat?)])
    func detection(text: String, format: SourceFormat?) {
        #expect(SourceFormat.detect(Array(text.utf8)) == format)
    }
}
