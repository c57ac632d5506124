import Foundation
import Simulation
import Testing

@Suite("Simulated lines follow the event schema")
struct SchemaTests {
    /// An independent reading of the event schema: prints the numbers of accepted and rejected lines.
    private static let checker = #"""
        import json, sys, re, ipaddress, decimal
        ids = ["click_id", "ad_id", "campaign_id", "advertiser_id"]
        texts = {"publisher_id": 64, "placement_id": 64, "creative_id": 64, "audience_id": 64, "user_id": 256,
                 "device_fingerprint": 256, "user_agent": 2048, "referrer": 2048, "impression_id": 64}
        counts = ["pointer_moves", "pointer_distance_px", "pointer_duration_ms", "pointer_speed_cv", "hover_ms",
                  "scroll_events", "key_events", "time_to_click_ms", "element_width_px", "element_height_px", "dwell_ms"]
        shares = ["pointer_straightness", "visible_ratio", "opacity"]
        families = set(sys.argv[2].split(","))
        look_alikes = set(sys.argv[3].split(","))
        known = set(ids) | set(texts) | set(counts) | set(shares) | {"ts", "cost", "ip", "country", "lat", "lon",
                 "tz_offset_min", "impression_ts", "touch", "webdriver", "label", "attack",
                 "look_alike"}
        def check(line):
            if len(line) > 65536: raise ValueError("too long")
            d = json.loads(line.decode("utf-8"), parse_float=decimal.Decimal)
            assert type(d) is dict, "object"
            for k in ids:
                assert type(d[k]) is str and 1 <= len(d[k].encode()) <= 64, k
                assert not re.search(r"[\x00-\x1f\x7f]", d[k]), k
            assert type(d["ts"]) is int and 0 < d["ts"] < 4102444800000, "ts"
            cost = decimal.Decimal(d["cost"])
            assert cost >= 0 and -cost.as_tuple().exponent <= 4, "cost"
            for k, n in texts.items():
                if k in d: assert type(d[k]) is str and 0 < len(d[k].encode()) <= n, k
            for k in counts:
                if k in d: assert type(d[k]) in (int, decimal.Decimal) and d[k] >= 0, k
            for k in shares:
                if k in d: assert 0 <= d[k] <= 1, k
            if "ip" in d: ipaddress.ip_address(d["ip"])
            if "country" in d: assert re.fullmatch("[A-Z]{2}", d["country"]), "country"
            if "lat" in d: assert -90 <= d["lat"] <= 90 and -180 <= d["lon"] <= 180, "position"
            if "tz_offset_min" in d: assert -720 <= d["tz_offset_min"] <= 840, "zone"
            if "impression_ts" in d: assert d["impression_ts"] <= d["ts"], "impression"
            for k in ("touch", "webdriver"):
                if k in d: assert type(d[k]) is bool, k
            assert d["label"] in ("valid", "fraud"), "label"
            assert (d["label"] == "fraud") == ("attack" in d) and d.get("attack", "replay") in families, "attack"
            assert "look_alike" not in d or d["label"] == "valid" and set(d["look_alike"].split(" ")) <= look_alikes, "look_alike"
            assert set(d) <= known, set(d) - known
        good = bad = 0
        for line in open(sys.argv[1], "rb"):
            try:
                check(line)
                good += 1
            except (ValueError, KeyError, AssertionError, TypeError) as error:
                bad += 1
                if b'"label"' in line: print("unplanned:", repr(error), line[:300])
        print(good, bad)
        """#

    @Test("an independent checker accepts every line but the planted bad ones", arguments: ["train", "test"])
    func schema(profile: String) throws {
        let made = try simulate(options(clicks: 30_000, seed: 3) {
            $0.badLineShare = 0.01
            if let profile = SimulationProfile.named(profile) { $0.profile = profile }
        })
        let families = AttackFamily.allCases.map(\.name).joined(separator: ",")
        let lookAlikes = LookAlike.allCases.map(\.name).joined(separator: ",")
        let printed = try withFile(made.bytes) { try python(Self.checker, [$0, families, lookAlikes]) }
        #expect(printed == "\(made.summary.lines - made.summary.bad) \(made.summary.bad)\n")
        #expect(made.summary.bad > 200)
    }

    @Test("user agents: the crawler list knows every declared crawler and no one else")
    func crawlerList() throws {
        let made = try simulate(options(clicks: 20_000, seed: 5) { $0.familyWeights = [.declaredCrawler: 1]; $0.duplicateShare = 0 }).bytes
        let program = """
            import json, sys, crawleruseragents
            agents, seen = {}, set()
            for line in open(sys.argv[1], "rb"):
                try: d = json.loads(line)
                except ValueError: continue
                if type(d) is dict and "label" in d and "user_agent" in d:
                    agents.setdefault(d["user_agent"], set()).add(d.get("attack") == "declared_crawler")
                    if "attack" not in d: seen |= set(d.get("look_alike", "").split())
            crawlers = 0
            for agent, kinds in agents.items():
                listed = crawleruseragents.is_crawler(agent)
                crawlers += listed
                if kinds == {True} and not listed: print("not listed:", agent)
                if False in kinds and listed: print("listed:", agent)
            print(len(agents) > 100, crawlers > 8, {"unusual_browser", "app_web_view"} <= seen)
            """
        let printed = try withFile(made) { try python(program, [$0]) }
        #expect(printed == "True True True\n")
    }
}
