import CClickRecord
import ClickCodec
import ClickModel
import Testing

@Suite struct ValueTests {
    @Test(
        "cost is exact to 1/10000, as number and as string",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0000", 0), ("1", 10_000), ("0.0001", 1), ("12.34", 123_400), ("1.50000000", 15_000),
            ("1e-2", 100), ("1E2", 1_000_000), ("1.5e+1", 150_000), ("0.07", 700), ("0.29", 2900), ("1.1", 11_000),
            ("100000000", 1_000_000_000_000), ("99999999.9999", 999_999_999_999), ("10000e-8", 1), ("0e999", 0),
            ("0.00010000000000000000000000000000", 1), ("4.35", 43_500), ("1.005", 10_050),
        ] as [(String, Int64)])
    func goodCosts(text: String, e4: Int64) {
        for form in [text, "\"\(text)\""] {
            let event = decode(click("\"cost\":\(form)")).first
            #expect(event?.rejection == nil && event?.record.cost_e4 == e4, "\(form)")
        }
    }

    @Test(
        "a cost that is no amount is rejected",
        arguments: [
            ("0.00001", "bad_value"), ("1e-5", "bad_value"), ("100000000.0001", "bad_value"), ("1e300", "bad_value"),
            ("123456789012345678901234567890", "bad_value"), ("0.99999999999999999999999", "bad_value"),
            ("1e99999999999999999999", "bad_value"), ("-1", "negative_cost"), ("-0.0001", "negative_cost"),
            ("-1e400", "negative_cost"),
        ])
    func badCosts(text: String, code: String) {
        for form in [text, "\"\(text)\""] { #expect(decode(click("\"cost\":\(form)")).first?.rejection == code + " cost") }
    }

    @Test("cost strings that are not decimals are rejected", arguments: ["abc", "1,5", "1 ", " 1", "$1", "1e", "0x10", "NaN", ".", "--1"])
    func costTexts(text: String) {
        #expect(decode(click("\"cost\":\"\(text)\"")).first?.rejection == "bad_value cost")
    }

    @Test(
        "RFC 3339 times are read to the millisecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2015-05-17T10:05:03Z", 1_431_857_103_000),
            ("2015-05-17t10:05:03z", 1_431_857_103_000), ("2015-05-17 10:05:03+00:00", 1_431_857_103_000),
            ("2015-05-17T12:05:03+02:00", 1_431_857_103_000), ("2015-05-17T04:35:03.5-05:30", 1_431_857_103_500),
            ("2015-05-17T10:05:03.123456789Z", 1_431_857_103_123), ("2015-05-17T10:05:03.1Z", 1_431_857_103_100),
            ("2016-02-29T00:00:00Z", 1_456_704_000_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2199-12-31T23:59:59.999Z", 7_258_118_399_999), ("1969-12-31T23:30:00-00:30", 0),
            ("1571990401106", 1_571_990_401_106), ("1571990401106.0", 1_571_990_401_106), ("1.5e3", 1500),
        ] as [(String, Int64)])
    func goodTimes(text: String, milliseconds: Int64) {
        let event = decode(click("\"ts\":\"\(text)\"")).first
        #expect(event?.rejection == nil && event?.record.ts_ms == milliseconds, "\(text)")
    }

    @Test(
        "what is no time, or out of 1970 to 2199, is rejected",
        arguments: [
            "2015-05-17T10:05:03", "2015-05-17", "2015-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2015-13-01T00:00:00Z",
            "2015-00-01T00:00:00Z", "2015-01-00T00:00:00Z", "2015-01-32T00:00:00Z", "2015-01-01T24:00:00Z",
            "2015-01-01T00:60:00Z", "2015-01-01T00:00:61Z", "2015-01-01T00:00:00.Z", "2015-01-01T00:00:00+0100",
            "2015-01-01T00:00:00+24:00", "2015-01-01T00:00:00+01:60", "2015-01-01T00:00:00ZZ", "1969-12-31T23:59:59.999Z",
            "1970-01-01T00:30:00+00:31", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "15-01-01T00:00:00Z", "-1", "1.5",
            "7258118400000", "99999999999999999999", "now",
        ])
    func badTimes(text: String) {
        #expect(decode(click("\"ts\":\"\(text)\"")).first?.rejection == "bad_value ts")
    }

    @Test("a Click goes through the same checks and gives the same record as its JSON line")
    func encoder() throws {
        var value = Click(
            clickID: "c1", time: EventTime(milliseconds: 1_571_990_401_106), adID: "a", campaignID: "k", advertiserID: "v")
        value.cost = Money(e4: 12_500)
        value.userAgent = "é \"x\""
        value.ip = "2001:db8::1"
        value.country = "de"
        value.pointerStraightness = 1.0000000000000002
        value.opacity = 1.5
        value.touch = true
        value.label = .fraud
        value.impressionTime = EventTime(milliseconds: -5)
        let batch = ClickBatch(capacity: 2)
        try ClickEncoder.append(value, to: batch)
        var same = decode(
            click(
                #""cost":1.25,"user_agent":"é \"x\"","ip":"2001:db8::1","country":"DE","pointer_straightness":1,"#
                    + #""touch":1,"label":"fraud""#))[0]
        same.record.source_line = 0
        #expect(events(of: batch) == [same])

        var broken = value
        broken.adID = String(repeating: "x", count: 65)
        #expect(throws: ClickError.rejected(.textTooLong, field: "ad_id")) { try ClickEncoder.append(broken, to: batch) }
        broken.adID = nil
        #expect(throws: ClickError.rejected(.missingField, field: "ad_id")) { try ClickEncoder.append(broken, to: batch) }
        broken = value
        broken.cost = Money(e4: -1)
        #expect(throws: ClickError.rejected(.negativeCost, field: "cost")) { try ClickEncoder.append(broken, to: batch) }
        broken = value
        broken.userID = "a\nb"
        #expect(throws: ClickError.rejected(.controlCharacter, field: "user_id")) { try ClickEncoder.append(broken, to: batch) }
        #expect(batch.count == 1, "an error leaves the batch as it was")
        try ClickEncoder.append(value, to: batch)
        #expect(throws: ClickError.batchIsFull) { try ClickEncoder.append(value, to: batch) }
        #expect(events(of: batch) == [same, same])
    }
}
