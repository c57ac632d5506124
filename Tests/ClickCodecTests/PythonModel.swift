/// The event schema once more, slow and obvious, over Python's json, csv, decimal and datetime.
///
/// `python3 -c model ndjson|csv FILE` prints one line an event, as `Event.facts` does, after `offset|line|`; `?` where
/// Python's csv module has no answer.
enum PythonModel {
    static let program = #"""
        import csv, decimal, datetime, ipaddress, json, math, re, struct, sys

        FIELDS = ("type click_id ts ad_id campaign_id advertiser_id publisher_id placement_id creative_id audience_id cost user_id "
            "device_fingerprint ip user_agent referrer country lat lon tz_offset_min impression_id impression_ts pointer_moves "
            "pointer_distance_px pointer_straightness pointer_duration_ms pointer_speed_cv hover_ms scroll_events key_events touch "
            "time_to_click_ms visible_ratio opacity element_width_px element_height_px webdriver dwell_ms label attack").split()
        TEXTS = ("click_id ad_id campaign_id advertiser_id publisher_id placement_id creative_id audience_id user_id "
            "device_fingerprint ip user_agent referrer impression_id attack").split()
        NUMBERS = ("lat lon tz_offset_min pointer_moves pointer_distance_px pointer_straightness pointer_duration_ms "
            "pointer_speed_cv hover_ms scroll_events key_events time_to_click_ms visible_ratio opacity element_width_px "
            "element_height_px dwell_ms").split()
        FLAGS = ("touch", "webdriver")
        CODES = ("not_json missing_field wrong_type control_character line_too_long invalid_utf8 negative_cost text_too_long "
            "bad_value bad_row").split()
        END = 7258118400000
        decimal.getcontext().prec = 3000
        decimal.getcontext().Emax = 10**9; decimal.getcontext().Emin = -10**9
        DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
        RFC = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)

        class Num(str): pass
        class Bad(Exception): pass

        def limit(f):
            if f in ("user_id", "device_fingerprint", "impression_id", "user_agent", "referrer"): return 2048
            return 64

        def cost(s):
            if not DECIMAL.fullmatch(s): raise Bad("bad_value")
            d = decimal.Decimal(s)
            if d < 0: raise Bad("negative_cost")
            if d > 10**8 or d * 10000 != (d * 10000).to_integral_value(): raise Bad("bad_value")
            return int(d * 10000)

        def time(s):
            m = RFC.fullmatch(s)
            if m:
                y, mo, d, h, mi, sec = map(int, m.groups()[:6])
                try: day = datetime.date(y, mo, d).toordinal() - 719163
                except ValueError: return None
                if h > 23 or mi > 59 or sec > 60: return None
                ms = ((day * 24 + h) * 60 + mi) * 60000 + sec * 1000 + int(((m.group(7) or "") + "000")[:3])
                if m.group(8):
                    zh, zm = int(m.group(9)), int(m.group(10))
                    if zh > 23 or zm > 59: return None
                    ms -= (zh * 60 + zm) * 60000 * (1 if m.group(8) == "+" else -1)
                return ms if 0 <= ms < END else None
            if not DECIMAL.fullmatch(s): return None
            d = decimal.Decimal(s)
            return int(d) if 0 <= d < END and d == d.to_integral_value() else None

        def number(f, s):
            try: v = struct.unpack("<f", struct.pack("<f", float(s)))[0]
            except OverflowError: return math.nan
            low, high = {"lat": (-90, 90), "lon": (-180, 180), "tz_offset_min": (-1440, 1440), "pointer_straightness": (0, 1),
                "visible_ratio": (0, 1), "opacity": (0, 1)}.get(f, (0, struct.unpack("<f", struct.pack("<f", 1e12))[0]))
            if high == 1 and 1 < v <= 1.0001: v = 1.0
            return v + 0.0 if low <= v <= high else math.nan

        def text(f, s):
            b = s.encode()
            if len(b) > limit(f): raise Bad("text_too_long")
            if f not in ("ip", "user_agent", "referrer", "attack") and any(c < 32 or c == 127 for c in b):
                raise Bad("control_character")
            return b

        def from_string(f, s):
            if f == "type":
                if s not in ("click", "impression", "conversion", "engagement"): raise Bad("bad_value")
                return s
            if f == "ts" or f == "impression_ts":
                t = time(s)
                if t is None and f == "ts": raise Bad("bad_value")
                return t
            if f == "cost": return cost(s)
            if f == "country": return s.upper() if re.fullmatch("[A-Za-z]{2}", s) else None
            if f == "label": return s if s in ("valid", "fraud") else None
            return text(f, s)

        def flag(s):
            d = decimal.Decimal(s)
            return None if d not in (0, 1) else bool(d)

        def from_json(f, v):
            if v is None: return None
            if isinstance(v, bool):
                if f not in FLAGS: raise Bad("wrong_type")
                return v
            if isinstance(v, Num):
                if f in NUMBERS: return number(f, v)
                if f in FLAGS: return flag(v)
                if f in ("cost", "ts", "impression_ts"): return from_string(f, v)
                raise Bad("wrong_type")
            if not isinstance(v, str) or f in NUMBERS or f in FLAGS: raise Bad("wrong_type")
            try: v.encode()
            except UnicodeEncodeError: raise Bad("invalid_utf8")
            return from_string(f, v) if v else None

        def from_cell(f, s):
            if s == "": return None
            if f in NUMBERS:
                if DECIMAL.fullmatch(s): return number(f, s)
                if re.fullmatch("[+-]?(nan|inf|infinity)", s, re.I | re.ASCII): return math.nan
                raise Bad("wrong_type")
            if f in FLAGS:
                if s.lower() in ("true", "false"): return s.lower() == "true"
                if not DECIMAL.fullmatch(s): raise Bad("wrong_type")
                return flag(s)
            return from_string(f, s)

        def version(b):
            s = b.decode()
            if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", s, re.ASCII) and all(int(x) < 256 for x in s.split(".")): return 4
            if "%" in s: return 0
            try: a = ipaddress.IPv6Address(s)
            except ValueError: return 0
            return 4 if a.ipv4_mapped else 6

        def rejected(code, f, raw):
            field = FIELDS.index(f) + 1 if f else 0
            none = -2**63
            return "|".join(map(str, [255, CODES.index(code) + 1, field, none, 0, none, 0, 0, 0, 0, 0] + [""] * 15
                + [raw[:4096].hex()] + ["nan"] * 17))

        def event(pairs, convert, raw):
            e, fault = {}, None
            for f, v in pairs:
                if f not in FIELDS: continue
                try: e[f] = convert(f, v)
                except Bad as b: fault = fault or (b.args[0], f)
            if fault: return rejected(fault[0], fault[1], raw)
            kind = e.get("type") or "click"
            required = {"click": ["click_id", "ts", "ad_id", "campaign_id", "advertiser_id"], "engagement": ["click_id", "ts"]}
            for f in required.get(kind, ["ts"]):
                if e.get(f) in (None, b""): return rejected("missing_field", f, raw)
            none = -2**63
            at = lambda f, d: d if e.get(f) is None else e[f]
            country = at("country", None)
            out = [["click", "impression", "conversion", "engagement"].index(kind), 0, 0, e["ts"], at("cost", 0),
                at("impression_ts", none)]
            out += [{None: 0, False: 1, True: 2}[e.get(f)] for f in FLAGS]
            out += [{None: 0, "valid": 1, "fraud": 2}[e.get("label")], ord(country[0]) << 8 | ord(country[1]) if country else 0]
            out += [version(at("ip", b"")) if e.get("ip") else 0]
            out += [at(f, b"").hex() for f in TEXTS] + [""]
            for f in NUMBERS:
                v = at(f, math.nan)
                out.append("nan" if math.isnan(v) else "%x" % struct.unpack("<I", struct.pack("<f", v))[0])
            return "|".join(map(str, out))

        def refuse(_): raise ValueError
        decoder = json.JSONDecoder(object_pairs_hook=lambda p: ("object", p), parse_int=Num, parse_float=Num, parse_constant=refuse)

        def json_line(raw):
            try: s = raw.decode()
            except UnicodeDecodeError: return rejected("invalid_utf8", None, raw)
            try: v = decoder.decode(s)
            except ValueError: return rejected("not_json", None, raw)
            if not isinstance(v, tuple): return rejected("not_json", None, raw)
            return event(v[1], from_json, raw)

        header = None
        def csv_line(raw):
            global header
            if b"\r" in raw or b"\0" in raw: return "?"
            try: s = raw.decode()
            except UnicodeDecodeError: return rejected("invalid_utf8", None, raw)
            try: rows = list(csv.reader([s], strict=True))
            except csv.Error: return rejected("bad_row", None, raw)
            if header is None:
                header = rows[0]
                return None
            if len(rows) != 1 or len(rows[0]) != len(header): return rejected("bad_row", None, raw)
            return event(zip(header, rows[0]), from_cell, raw)

        read = {"ndjson": json_line, "csv": csv_line}[sys.argv[1]]
        offset = 0
        for n, line in enumerate(open(sys.argv[2], "rb"), 1):
            raw = line[:-1] if line.endswith(b"\n") else line
            raw = raw[:-1] if raw.endswith(b"\r") else raw
            if raw.strip(b" \t\r"):
                out = rejected("line_too_long", None, raw) if len(raw) > 65536 else read(raw)
                if out is not None: print("%d|%d|%s" % (offset, n, out))
            offset += len(line)
        """#

    /// What the events of a file should be: `offset|line|facts`, a line each.
    static func expected(_ format: String, _ path: String) throws -> [Substring] {
        String(decoding: try python(program, [format, path]), as: UTF8.self).split(separator: "\n")
    }
}
