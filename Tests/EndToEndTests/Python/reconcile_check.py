"""An independent recomputation of a reconciled day, and the streams it is tried on.

    reconcile_check.py make SEED COUNT LATE_SHARE OUT [MORE]   a random NDJSON stream around the day; MORE gets late clicks of their own
    reconcile_check.py sorted DAY OUT INPUT VERDICTS …         the clicks that are to be counted up to the day's end, by event time
    reconcile_check.py check DAY DB JSON SORTED_VERDICTS BEFORE REVIEWS INPUT VERDICTS …
    reconcile_check.py review DAY DB COUNT                     decides on so many clicks as a person would; prints `click_id=label,…`
    reconcile_check.py truth DAY DB INPUT                      what is billed, against the simulator's truth; prints figures

From the program it takes what the stream said of each event (VERDICTS, line by line of INPUT), which engagements it matched
(BEFORE, a copy of the database from before the reconciliation), and the labels of a second run over the sorted clicks
(SORTED_VERDICTS). Which clicks count, whose labels move and what is billed it works out itself. REVIEWS is
`click_id=label,…` of people's decisions, or -.
"""
import collections
import datetime
import decimal
import json
import random
import sys

import duckdb

from model import DAY, HOUR, MINUTE, parse, visitor
from tables import equal, explicit_hll, moment

MILLION = 10**6


# --- streams -----------------------------------------------------------------------------------------------------

def make(seed, count, late_share, out, more=None):
    rng = random.Random(seed)
    start = day_start("2026-11-20") - 2 * HOUR
    now, delayed, sent = start, [], []
    with open(out, "wb") as f:
        for i in range(count):
            now += int(rng.expovariate(count / (7 * HOUR)))
            for at, text in [d for d in delayed if d[0] <= now]:
                delayed.remove((at, text))
                f.write(text)
            text = click(rng, i, now, count, sent if late_share else [])
            fate = rng.random()
            if fate < late_share:
                delayed.append((now + rng.randrange(8 * MINUTE, 3 * HOUR), text))
            else:
                f.write(text)
            sent.append((now, text))
            draw = rng.random()
            if draw < 0.02:
                f.write(rng.choice(sent[-100:])[1])  # repeated soon
            elif draw < 0.03 and late_share:
                f.write(rng.choice(sent)[1])  # a replay, perhaps of hours ago
            elif draw < 0.06 and late_share:
                f.write(engagement(rng, *rng.choice(sent[-20:])))
            if i % 500 == 0:
                f.write(b"not json\n")
        for _, text in delayed:
            f.write(text)
    if more:
        with open(more, "wb") as f:
            for i in range(count // 20):
                f.write(click(rng, count + i, start + rng.randrange(2 * HOUR, 6 * HOUR), count, sent))
                if rng.random() < 0.2:
                    f.write(rng.choice(sent)[1])


def click(rng, i, ts, count, sent):
    ad = int(rng.paretovariate(1)) % 12
    event = {
        "click_id": f"c{i}", "ts": ts, "ad_id": f"ad-{ad}", "campaign_id": f"camp-{ad % 5}", "advertiser_id": f"adv-{ad % 3}",
        "publisher_id": f"pub-{rng.randrange(4)}", "cost": rng.choice(("0.1", 0.25, "1.2345", 2, "0.0001")),
        "user_agent": f"Mozilla/5.0 (Büro) agent/{rng.randrange(9)}",
    }
    if sent and rng.random() < 0.02:
        event["click_id"] = json.loads(rng.choice(sent)[1])["click_id"]  # an id used again, with other content
    if rng.random() < 0.01:
        event["campaign_id"] = "camp-other"
    if rng.random() < 0.7:
        event["user_id"] = f"user-{rng.randrange(max(2, count // 20))}"
    if rng.random() < 0.6:
        event["device_fingerprint"] = f"dev-{rng.randrange(max(2, count // 15))}"
    if rng.random() < 0.9:
        event["ip"] = f"10.{rng.randrange(2)}.{rng.randrange(3)}.{rng.randrange(40)}"
    if rng.random() < 0.4:
        event["pointer_moves"] = rng.choice((0, 0, 12, 80))
    if rng.random() < 0.05:
        event["webdriver"] = rng.random() < 0.5
    if rng.random() < 0.1:
        event["time_to_click_ms"] = rng.randrange(20, 4000)
    return json.dumps(event).encode() + b"\n"


def engagement(rng, ts, text):
    event = json.loads(text)
    return json.dumps({
        "type": "engagement", "click_id": event["click_id"], "ts": ts + rng.randrange(MINUTE), "dwell_ms": rng.choice((300, 300, 5000)),
        "ad_id": event["ad_id"], "campaign_id": event["campaign_id"], "advertiser_id": event["advertiser_id"],
    }).encode() + b"\n"


# --- the slow model ----------------------------------------------------------------------------------------------

def day_start(day):
    return int(datetime.datetime.fromisoformat(day + "T00:00:00+00:00").timestamp() * 1000)


class Event:
    def __init__(self, seq, raw, click, verdict):
        self.seq, self.raw, self.status, self.label = seq, raw, verdict["status"], verdict["label"]
        self.id, self.ts, self.cost, self.click = click["click_id"], click["ts"], click["cost"], click
        self.ad = click["advertiser_id"], click["campaign_id"], click["ad_id"]
        self.key = self.id, self.ts


def read(pairs):
    """All clicks in order of arrival."""
    events, seq = [], 0
    for source, verdicts in zip(pairs[::2], pairs[1::2]):
        given = iter([json.loads(line) for line in open(verdicts)])
        for raw in open(source, "rb"):
            click = parse(raw.rstrip(b"\n"))
            if click["kind"] not in ("click", "rejected"):
                continue
            verdict = next(given)
            seq += 1
            if click["kind"] == "click":
                events.append(Event(seq, raw, click, verdict))
    return events


def accept(events):
    """Sets `accepted` of every event: whether the batch counts it."""
    by_id = collections.defaultdict(list)
    for e in events:
        e.accepted = False
        if e.status == "counted":
            by_id[e.id].append(e.ts)
    replays = {e.seq for e in events if e.status == "late" and any(abs(e.ts - ts) < HOUR for ts in by_id[e.id])}
    taken = collections.defaultdict(list)
    for e in sorted(events, key=lambda e: (e.ts, e.seq)):
        if e.status == "counted" or e.status == "late" and e.seq not in replays:
            if all(abs(e.ts - ts) >= HOUR for ts in taken[e.id]):
                e.accepted = True
                taken[e.id].append(e.ts)


def write_sorted(day, out, pairs):
    events = read(pairs)
    accept(events)
    with open(out, "wb") as f:
        for e in sorted(events, key=lambda e: (e.ts, e.seq)):
            if e.accepted and e.ts < day_start(day) + DAY:
                f.write(e.raw)


class Sum:
    def __init__(self):
        self.clicks = self.valid = self.late = 0
        self.cost = self.billable = self.late_cost = decimal.Decimal(0)
        self.users = set()

    def add(self, e, label):
        self.clicks += 1
        self.cost += e.cost
        self.users |= {visitor(e.click)} - {None}
        if label == "valid":
            self.valid += 1
            self.billable += e.cost
        if e.status == "late":
            self.late += 1
            self.late_cost += e.cost


def label_all(events, old, sorted_verdicts, reviews):
    """Sets `stream` and `batch`: what both call each click of the day."""
    scored = {}
    for line in open(sorted_verdicts):
        v = json.loads(line)
        if v["status"] != "counted":
            sys.exit(f"a sorted click was {v}")
        scored[v["click_id"], v["ts"]] = v["label"]
    matched = {(id, milliseconds(ts)) for id, ts in old.sql("select click_id, click_ts from label_changes where cause = 'engagement'").fetchall()}
    unmatched = collections.defaultdict(list)
    for id, ts in old.sql("select click_id, ts from unmatched_engagements").fetchall():
        unmatched[id].append(milliseconds(ts))
    for e in events:
        bounced = e.key in matched or any(abs(ts - e.ts) <= 10 * MINUTE for ts in unmatched[e.id])
        e.stream = reviews.get(e.id) or ("fraud" if e.key in matched else e.label)
        e.batch = (reviews.get(e.id) or ("fraud" if bounced else scored[e.key])) if e.accepted else e.stream


def milliseconds(time):
    return round((time - moment(0)).total_seconds() * 1000)


# --- comparison --------------------------------------------------------------------------------------------------

def check(day, database, output, sorted_verdicts, before, reviews, pairs):
    reviews = {} if reviews == "-" else dict(r.split("=") for r in reviews.split(","))
    start = day_start(day)
    events = read(pairs)
    accept(events)
    events = [e for e in events if start <= e.ts < start + DAY]
    old, db = duckdb.connect(before, read_only=True), duckdb.connect(database, read_only=True)
    label_all(events, old, sorted_verdicts, reviews)
    counted = [e for e in events if e.status == "counted"]
    check_batch(db, day, [e for e in events if e.accepted])
    check_stream(old, db, day, counted)
    check_bill(db, day)
    check_summary(db, json.load(open(output)), day, events, counted)


def check_batch(db, day, accepted):
    sums = collections.defaultdict(Sum)
    for e in accepted:
        sums[e.ad].add(e, e.batch)
    rows = [(*ad, s.clicks, len(s.users), s.valid, s.clicks - s.valid, s.cost, explicit_hll(s.users), s.valid, s.billable, s.late, s.late_cost)
            for ad, s in sums.items()]
    columns = """advertiser_id, campaign_id, ad_id, click_count, unique_users, valid_clicks, fraud_clicks, total_cost, unique_users_hll,
        billable_clicks, billable_cost"""
    got = db.execute(f"select {columns}, late_clicks, late_cost from click_aggregates_daily_batch where date = ?", [day]).fetchall()
    equal("batch", sorted(got), sorted(rows))
    # The merged query: the batch for the day, the stream for every other.
    merged = db.execute(f"select {columns}, layer from click_totals_daily where date = ?", [day]).fetchall()
    equal("merged day", sorted(merged), sorted((*row[:11], "batch") for row in rows))
    others = db.execute(f"select {columns} from click_totals_daily where date <> ? and layer = 'stream'", [day]).fetchall()
    equal("other days", sorted(others), sorted(db.execute(f"select {columns} from click_aggregates_daily where date <> ?", [day]).fetchall()))


def check_stream(old, db, day, counted):
    """The stream's rows have the batch's labels, and label_changes has each change once."""
    for table, time, size in ("minute", "window_start", MINUTE), ("hourly", "hour", HOUR), ("daily", "date", DAY):
        sums = collections.defaultdict(Sum)
        for e in counted:
            sums[e.ad if size == DAY else e.ad[2], e.ts // size * size].add(e, e.batch)
        ids = "(advertiser_id, campaign_id, ad_id)" if size == DAY else "ad_id"
        got = db.execute(
            f"select {ids}, {time}::timestamp, click_count, valid_clicks, fraud_clicks, total_cost from click_aggregates_{table} where {time}::date = ?",
            [day]).fetchall()
        equal(table, sorted(got), sorted((key[0], moment(key[1]), s.clicks, s.valid, s.clicks - s.valid, s.cost) for key, s in sums.items()))
    billable = collections.Counter()
    for e in counted:
        if e.batch == "valid":
            billable[e.ad] += e.cost
    got = db.execute("select (advertiser_id, campaign_id, ad_id), billable_cost from click_aggregates_daily where date = ? and billable_cost <> 0", [day]).fetchall()
    equal("daily money", sorted(got), sorted((ad, cost) for ad, cost in billable.items() if cost))
    changes = """select click_id, click_ts, from_label, to_label from label_changes where cause = 'reconciliation' order by rowid"""
    labels = {e.key: e.stream for e in counted}
    for id, ts, was, to in old.sql(changes).fetchall():
        labels[id, milliseconds(ts)] = to
    expected = [(e.id, moment(e.ts), labels[e.key], e.batch) for e in counted if labels[e.key] != e.batch]
    equal("label changes", sorted(db.sql(changes).fetchall()[len(old.sql(changes).fetchall()):]), sorted(expected))


def check_bill(db, day):
    """Stream and adjustments together are what the batch bills, for each ad."""
    got = db.execute(
        """select advertiser_id, campaign_id, ad_id, sum(n), sum(cost) from (
               select advertiser_id, campaign_id, ad_id, billable_clicks as n, billable_cost as cost from click_aggregates_daily where date = $1
               union all select advertiser_id, campaign_id, ad_id, clicks, amount from billing_adjustments where date = $1)
           group by all""", [day]).fetchall()
    batch = db.execute("select advertiser_id, campaign_id, ad_id, billable_clicks, billable_cost from click_aggregates_daily_batch where date = ?", [day]).fetchall()
    equal("bill", sorted(got), sorted(batch))
    causes = {row[0] for row in db.sql("select cause from billing_adjustments").fetchall()}
    if causes - {"late", "duplicate"}:
        sys.exit(f"causes {causes}")


def check_summary(db, output, day, events, counted):
    compared = [e for e in counted if e.accepted]
    late = [e for e in events if e.accepted and e.status == "late"]
    agreeing = sum(e.stream == e.batch for e in compared)
    stream = sum((e.cost for e in counted if e.stream == "valid"), decimal.Decimal(0))
    batch = sum((e.cost for e in events if e.accepted and e.batch == "valid"), decimal.Decimal(0))
    row = db.execute("select clicks, agreeing, late_clicks, duplicates, stream_billable, batch_billable from reconciliations where date = ?", [day]).fetchall()
    equal("reconciliations", row, [(len(compared), agreeing, len(late), len(events) - len(compared) - len(late), stream, batch)])
    expected = {
        "clicks": len(compared), "agreeing": agreeing, "late_clicks": len(late), "duplicates": len(events) - len(compared) - len(late),
        "late_replays": sum(e.status == "late" and not e.accepted for e in events),
        "counted_twice": len(counted) - len(compared), "stream_clicks": len(counted), "batch_clicks": len(compared) + len(late),
        "accuracy": agreeing * MILLION // len(compared) / MILLION,
    }
    for name, value in expected.items():
        if output[name] != value:
            sys.exit(f"{name}: {output[name]}, expected {value}")
    for name, value in ("stream_billable", stream), ("batch_billable", batch), ("late_cost", sum((e.cost for e in late), decimal.Decimal(0))):
        if round(decimal.Decimal(str(output[name])), 4) != value:
            sys.exit(f"{name}: {output[name]}, expected {value}")
    print(json.dumps(expected))


def review(day, database, count):
    """Turns flagged clicks valid: the row of history, and the rows of minute, hour and day."""
    db = duckdb.connect(database)
    chosen = db.execute(
        """select click_id, ts, ad_id, campaign_id, advertiser_id, cost from flagged_clicks
           where ts::date = ? and deciding_rule <> 'engagement' order by hash(click_id) limit ?""", [day, count]).fetchall()
    db.begin()
    for id, ts, ad, campaign, advertiser, cost in chosen:
        db.execute("insert into label_changes values (?, ?, ?, ?, ?, ?, 'fraud', 'valid', 'review', 'ana', '', now()::timestamp, 99, null)",
                   [id, ts, ad, campaign, advertiser, cost])
        moves = "set valid_clicks = valid_clicks + 1, fraud_clicks = fraud_clicks - 1"
        db.execute(f"update click_aggregates_minute {moves} where ad_id = ? and window_start = date_trunc('minute', ?::timestamp)", [ad, ts])
        db.execute(f"update click_aggregates_hourly {moves} where ad_id = ? and hour = date_trunc('hour', ?::timestamp)", [ad, ts])
        db.execute(
            f"""update click_aggregates_daily {moves}, billable_clicks = billable_clicks + 1, billable_cost = billable_cost + ?
                where ad_id = ? and campaign_id = ? and advertiser_id = ? and date = ?""", [cost, ad, campaign, advertiser, day])
    db.commit()
    if len(chosen) < count:
        sys.exit(f"only {len(chosen)} flagged clicks")
    print(",".join(f"{row[0]}=valid" for row in chosen))


def truth(day, database, source):
    """Whatever was delivered late or twice, each click of the simulator is counted once. Labels are judged beside that."""
    start = day_start(day)
    clicks = {}
    for raw in open(source, "rb"):
        click = parse(raw.rstrip(b"\n"))
        if click["kind"] == "click" and start <= click["ts"] < start + DAY:
            clicks.setdefault(click["click_id"], click)
    db = duckdb.connect(database, read_only=True)
    figures = {}
    for layer, table in ("stream", "click_aggregates_daily"), ("batch", "click_aggregates_daily_batch"):
        n, cost, billed = db.execute(f"select sum(click_count), sum(total_cost), sum(billable_cost) from {table} where date = ?", [day]).fetchall()[0]
        gross = sum(c["cost"] for c in clicks.values())
        honest = sum(c["cost"] for c in clicks.values() if c["label"] == "valid")
        figures[layer] = {
            "clicks": int(n), "of": len(clicks), "count_accuracy": 1 - abs(int(n) - len(clicks)) / len(clicks),
            "money_accuracy": float(1 - abs(cost - gross) / gross), "billed_to_honest": float(billed / honest),
        }
    print(json.dumps(figures))
    if figures["batch"]["clicks"] != len(clicks) or figures["batch"]["money_accuracy"] != 1:
        sys.exit(f"not every click is counted once: {figures}")


if __name__ == "__main__":
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "make":
        make(int(arguments[0]), int(arguments[1]), float(arguments[2]), *arguments[3:])
    elif command == "sorted":
        write_sorted(arguments[0], arguments[1], arguments[2:])
    elif command == "check":
        check(*arguments[:6], arguments[6:])
    elif command == "review":
        review(arguments[0], arguments[1], int(arguments[2]))
    else:
        truth(*arguments)
