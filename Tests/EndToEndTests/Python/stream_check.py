"""An independent recomputation of the tables from the input, and the random streams it is tried on.

    stream_check.py make SEED COUNT OUT          writes a random NDJSON stream
    stream_check.py check INPUT VERDICTS DB      recomputes every table and compares; exits 1 on the first difference

It follows DESIGN sections 4 to 7 with dictionaries and sets, shares no code with the program, and takes only the labels
from it (the verdicts file): which clicks are counted, duplicate, late or rejected it decides itself.
"""
import collections
import datetime
import decimal
import json
import random
import struct
import sys

import duckdb

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
OUT_OF_ORDER, LATENESS, TTL, JUMP, CONFIRM = 5_000, 300_000, HOUR, HOUR, 8
IDS = ("click_id", "ad_id", "campaign_id", "advertiser_id")


# --- streams -----------------------------------------------------------------------------------------------------

def make(seed, count, out):
    rng = random.Random(seed)
    now = 1_793_000_000_000 + rng.randrange(DAY)
    recent = []
    with open(out, "wb") as f:
        for i in range(count):
            now += int(rng.expovariate(1 / rng.choice((200, 900))))
            if rng.random() < 0.0005:
                now += rng.choice((2, 26, 75)) * HOUR  # an honest gap
            f.write(line(rng, i, now, recent, count) + (b"\r\n" if rng.random() < 0.01 else b"\n"))


def line(rng, i, now, recent, count):
    draw = rng.random()
    if draw < 0.01:
        return rng.choice((
            b"not json", b"{", b"[1]", b'{"click_id":"x"}', b'{"click_id":"x","ts":1793000000000}', b"\xff\xfe{}", b'"text"',
            b'{"click_id":7,"ts":1793000000000,"ad_id":"a","campaign_id":"c","advertiser_id":"v"}',
            b'{"click_id":"x\\u0001","ts":1793000000000,"ad_id":"a","campaign_id":"c","advertiser_id":"v"}',
            b'{"click_id":"neg","ts":1793000000000,"ad_id":"a","campaign_id":"c","advertiser_id":"v","cost":-1}',
            b'{"click_id":"long","ts":1793000000000,"ad_id":"' + b"a" * 65 + b'","campaign_id":"c","advertiser_id":"v"}',
            b'{"click_id":"huge","pad":"' + b"z" * 70_000 + b'"}',
        ))
    if draw < 0.03 and recent:
        return rng.choice(recent)  # a replay, byte for byte
    ts = now - int(rng.random() ** 3 * 4_000)
    if draw < 0.05:
        ts = now - rng.randrange(4 * MINUTE, 9 * MINUTE)  # near the lateness bound, on both sides
    elif draw < 0.06:
        ts = now - rng.randrange(2 * HOUR)
    elif draw < 0.0605:
        ts = now + rng.choice((3 * HOUR, 400 * DAY))  # a broken clock
    ad = int(rng.paretovariate(1)) % 12
    click = {
        "click_id": f"c{i}", "ts": ts, "ad_id": f"ad-{ad}", "campaign_id": f"camp-{ad % 5}", "advertiser_id": f"adv-{ad % 3}",
        "publisher_id": f"pub-{rng.randrange(4)}", "cost": rng.choice(("0.1", 0.25, "1.2345", 2, "0.0001")),
    }
    if rng.random() < 0.01:
        click["campaign_id"] = "camp-other"  # one ad in two campaigns
    if rng.random() < 0.02 and i > 50:
        click["click_id"] = f"c{rng.randrange(i)}"  # an id used again, with other content
    if rng.random() < 0.7:
        click["user_id"] = f"user-{rng.randrange(max(2, count // 20))}"
    if rng.random() < 0.6:
        click["device_fingerprint"] = f"dev-{rng.randrange(max(2, count // 15))}"
    if rng.random() < 0.9:
        click["ip"] = f"10.{rng.randrange(2)}.{rng.randrange(3)}.{rng.randrange(40)}"
    if rng.random() < 0.9:
        click["user_agent"] = f"Mozilla/5.0 (Büro) agent/{rng.randrange(9)}"
    if rng.random() < 0.4:
        click["pointer_moves"] = rng.choice((0, 0, 12, 80))
    if rng.random() < 0.05:
        click["webdriver"] = rng.random() < 0.5
    if rng.random() < 0.03:
        click["visible_ratio"] = 0
    if rng.random() < 0.3:
        click["ts"] = datetime.datetime.fromtimestamp(ts / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if rng.random() < 0.005:
        click["type"] = "impression"
    text = json.dumps(click, ensure_ascii=rng.random() < 0.5, separators=(",", ":") if rng.random() < 0.9 else None).encode()
    recent.append(text)
    del recent[:-200]
    return text


# --- the slow model ----------------------------------------------------------------------------------------------

def parse(raw):
    """A click as a dict, `None` for a rejected line, `False` for an event that is no click."""
    if len(raw) > 65_536:
        return None
    try:
        event = json.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return None
    if not isinstance(event, dict):
        return None
    if event.get("type", "click") != "click":
        return False
    for name in IDS:
        value = event.get(name)
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= 64 or any(ord(c) < 32 or ord(c) == 127 for c in value):
            return None
    ts = event.get("ts")
    if isinstance(ts, str):
        moment = datetime.datetime.fromisoformat(ts)
        ts = round(moment.timestamp() * 1000)
    if not isinstance(ts, int):
        return None
    cost = decimal.Decimal(str(event.get("cost", 0)))
    if cost < 0:
        return None
    return {**event, "ts": ts, "cost": cost}


class Watermark:
    """Largest event time less 5 s; a jump of over an hour counts once eight events in a row are beyond it."""

    def __init__(self):
        self.top, self.support, self.ahead, self.behind = None, 0, [], []

    def observe(self, ts):
        if self.top is None:
            self.top, self.support = ts, 1
        elif ts > self.top + JUMP:
            self.behind = []
            self.ahead.append(ts)
            if len(self.ahead) == CONFIRM:
                self.top, self.support, self.ahead = min(self.ahead), 2, []
        elif ts < self.top - JUMP and self.support == 1:
            self.ahead = []
            self.behind.append(ts)
            if len(self.behind) == CONFIRM:
                self.top, self.support, self.behind = max(self.behind), 2, []
        else:
            self.ahead, self.behind = [], []
            self.support += 1
            self.top = max(self.top, ts)

    @property
    def value(self):
        return self.top - OUT_OF_ORDER


def statuses(lines):
    """(status, click) of every received event, in order."""
    watermark, seen = Watermark(), {}
    for raw in lines:
        click = parse(raw)
        if click is False:
            continue
        if click is None:
            yield "rejected", None
            continue
        ts = click["ts"]
        watermark.observe(ts)
        first = seen.get(click["click_id"])
        if first is not None and abs(ts - first) < TTL and first + TTL > watermark.value:
            yield "duplicate", click
            continue
        seen[click["click_id"]] = ts if first is None else max(ts, first)
        if ts // MINUTE * MINUTE + MINUTE + LATENESS <= watermark.value:
            yield "late", click
        else:
            yield "counted", click


def visitor(click):
    if click.get("user_id"):
        return click["user_id"]
    if click.get("device_fingerprint"):
        return click["device_fingerprint"]
    return (click.get("ip") or "") + (click.get("user_agent") or "") or None


class Totals:
    def __init__(self, click):
        self.first, self.users = click, set()
        self.clicks = self.valid = self.fraud = 0
        self.cost = self.billable = decimal.Decimal(0)

    def add(self, click, label):
        self.clicks += 1
        self.cost += click["cost"]
        if label == "valid":
            self.valid += 1
            self.billable += click["cost"]
        else:
            self.fraud += 1
        if visitor(click):
            self.users.add(visitor(click))


def murmur3(data):
    """The first 64 bits of MurmurHash3 x64-128, seed 0, signed."""
    mask, c1, c2 = (1 << 64) - 1, 0x87C37B91114253D5, 0x4CF5AD432745937F
    rotate = lambda x, r: (x << r | x >> (64 - r)) & mask
    h1 = h2 = 0
    whole = len(data) // 16 * 16
    for i in range(0, whole, 16):
        k1, k2 = struct.unpack_from("<QQ", data, i)
        h1 = ((rotate(h1 ^ rotate(k1 * c1 & mask, 31) * c2 & mask, 27) + h2) * 5 + 0x52DCE729) & mask
        h2 = ((rotate(h2 ^ rotate(k2 * c2 & mask, 33) * c1 & mask, 31) + h1) * 5 + 0x38495AB5) & mask
    k1, k2 = struct.unpack("<QQ", data[whole:].ljust(16, b"\0"))
    h2 ^= rotate(k2 * c2 & mask, 33) * c1 & mask
    h1 ^= rotate(k1 * c1 & mask, 31) * c2 & mask
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & mask
    h2 = (h2 + h1) & mask

    def mix(k):
        k = (k ^ k >> 33) * 0xFF51AFD7ED558CCD & mask
        k = (k ^ k >> 33) * 0xC4CEB9FE1A85EC53 & mask
        return k ^ k >> 33

    h1, h2 = mix(h1), mix(h2)
    h1 = (h1 + h2) & mask
    return h1 - (1 << 64) if h1 >> 63 else h1


def explicit_hll(users):
    """Aggregate Knowledge's explicit representation; these streams stay under its 1,536 values."""
    values = sorted({murmur3(u.encode()) for u in users})
    assert len(values) <= 1536
    return bytes.fromhex("12ae7f" if values else "11ae7f") + b"".join(struct.pack(">q", v) for v in values)


# --- comparison --------------------------------------------------------------------------------------------------

def equal(what, got, expected):
    if got != expected:
        only = [r for r in got if r not in expected][:3], [r for r in expected if r not in got][:3]
        sys.exit(f"{what}: {len(got)} rows in the database, {len(expected)} expected\n only there: {only[0]}\n missing: {only[1]}")


def moment(ms):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)


def check(source, verdicts, database):
    lines = [raw.rstrip(b"\r\n") for raw in open(source, "rb").read().split(b"\n")]
    lines = [raw for raw in lines if raw.strip()]
    given = [json.loads(text) for text in open(verdicts)]
    expected = list(statuses(lines))
    if len(given) != len(expected):
        sys.exit(f"{len(given)} verdicts for {len(expected)} events")
    minute, hour, day = {}, {}, {}
    flagged, late, counts = [], [], collections.Counter()
    for n, ((status, click), verdict) in enumerate(zip(expected, given)):
        if verdict["status"] != status or (click and (verdict["click_id"], verdict["ts"]) != (click["click_id"], click["ts"])):
            sys.exit(f"event {n + 1}: expected {status} {click and click['click_id']}, verdict {verdict}")
        counts[status] += 1
        if status == "late":
            late.append(click["click_id"])
        if status != "counted":
            continue
        counts[verdict["label"]] += 1
        if verdict["label"] == "fraud":
            flagged.append(click["click_id"])
        ids = click["ad_id"], click["campaign_id"], click["advertiser_id"]
        for table, key in (
            (minute, (ids[0], click["ts"] // MINUTE)), (hour, (ids[0], click["ts"] // HOUR)), (day, (ids, click["ts"] // DAY)),
        ):
            table.setdefault(key, Totals(click)).add(click, verdict["label"])
    compare(duckdb.connect(database, read_only=True), minute, hour, day, flagged, late, counts)
    print(dict(counts), f"minute rows {len(minute)}, hour rows {len(hour)}, day rows {len(day)}")


def compare(db, minute, hour, day, flagged, late, counts):
    def row(start, t):
        return (t.first["ad_id"], t.first["campaign_id"], t.first["advertiser_id"], start, t.clicks, len(t.users), t.valid,
                t.fraud, t.cost, explicit_hll(t.users))

    columns = "click_count, unique_users, valid_clicks, fraud_clicks, total_cost, unique_users_hll"
    got = db.sql(f"select ad_id, campaign_id, advertiser_id, window_start, {columns} from click_aggregates_minute").fetchall()
    equal("minute", sorted(got), sorted(row(moment(k[1] * MINUTE), t) for k, t in minute.items()))
    got = db.sql(f"select ad_id, campaign_id, advertiser_id, hour, {columns} from click_aggregates_hourly").fetchall()
    equal("hour", sorted(got), sorted(row(moment(k[1] * HOUR), t) for k, t in hour.items()))
    got = db.sql(f"select ad_id, campaign_id, advertiser_id, date, {columns}, billable_clicks, billable_cost from click_aggregates_daily").fetchall()
    equal("day", sorted(got), sorted(row(moment(k[1] * DAY).date(), t) + (t.valid, t.billable) for k, t in day.items()))
    ends = db.sql("select count(*) from click_aggregates_minute where window_end <> window_start + interval 1 minute").fetchall()[0]
    equal("window_end", [ends[0]], [0])
    equal("flagged", sorted(r[0] for r in db.sql("select click_id from flagged_clicks").fetchall()), sorted(flagged))
    equal("late", sorted(r[0] for r in db.sql("select click_id from late_clicks").fetchall()), sorted(late))
    equal("rejected", [db.sql("select count(*) from rejected_events").fetchall()[0][0]], [counts["rejected"]])
    equal("duplicates", [int(db.sql("select coalesce(sum(duplicates), 0) from duplicate_counts").fetchall()[0][0])], [counts["duplicate"]])
    last = db.sql("select received, valid, fraud, duplicate, late, rejected from epochs order by epoch desc limit 1").fetchall()
    names = ("valid", "fraud", "duplicate", "late", "rejected")
    equal("epoch", last, [(sum(counts[n] for n in names), *(counts[n] for n in names))])


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        check(*sys.argv[2:5])
