"""The slow model: what must become of a stream, by DESIGN sections 4 to 7, with lists, dictionaries and sets.

It shares no code with the program. Which clicks are counted, duplicate, late or rejected, in which order the files are merged,
which clicks an engagement relabels, and which sessions there are: all that it decides itself. Only the labels are given to it.
"""
import csv
import datetime
import decimal
import functools
import gzip
import ipaddress
import json
import subprocess

from streams import DAY, HOUR, MINUTE

OUT_OF_ORDER, LATENESS, TTL, JUMP, CONFIRM = 5_000, 300_000, HOUR, HOUR, 8
#: A click id is remembered until whatever repeats it within the hour is late.
RETENTION = TTL + MINUTE + LATENESS
SEED_EVENTS, IDLE = 64, 60_000
SHORT_DWELL, REACH = 1_000, 10 * MINUTE
#: A click is certainly remembered for engagements until the watermark is this far past it, and certainly not after that.
REMEMBERED, FORGOTTEN = 10 * MINUTE, 17 * MINUTE
SESSION_GAP = 30 * MINUTE
IDS = ("click_id", "ad_id", "campaign_id", "advertiser_id")
TYPES = ("click", "impression", "conversion", "engagement")


# --- reading -----------------------------------------------------------------------------------------------------

def content(path):
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return f.read()


@functools.lru_cache(maxsize=8)
def events(path):
    """Every event of a file, in order: a dict with `kind` click, engagement, other or rejected."""
    raw = content(path)
    if path.endswith(".csv"):
        rows = csv.DictReader(raw.decode().splitlines())
        return [parse_row(row) for row in rows]
    lines = (line.rstrip(b"\r\n") for line in raw.split(b"\n"))
    return [parse(line) for line in lines if line.strip()]


REJECTED = {"kind": "rejected"}


def parse_row(row):
    event = {k: v for k, v in row.items() if v != ""}
    event["ts"] = int(event["ts"])
    for name in ("dwell_ms", "pointer_moves", "visible_ratio"):
        if name in event:
            event[name] = float(event[name])
    if "webdriver" in event:
        event["webdriver"] = event["webdriver"] == "true"
    return checked(event)


def parse(raw):
    if len(raw) > 65_536:
        return REJECTED
    try:
        event = json.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return REJECTED
    return checked(event) if isinstance(event, dict) else REJECTED


def checked(event):
    kind = event.get("type", "click")
    if kind not in TYPES:
        return REJECTED
    for name in IDS if kind == "click" else IDS[:1] if kind == "engagement" else ():
        value = event.get(name)
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= 64 or any(ord(c) < 32 or ord(c) == 127 for c in value):
            return REJECTED
    ts = event.get("ts")
    if isinstance(ts, str):
        moment = datetime.datetime.fromisoformat(ts)
        ts = round((moment.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)) / datetime.timedelta(milliseconds=1))
    if not isinstance(ts, int):
        return REJECTED
    cost = decimal.Decimal(str(event.get("cost", 0)))
    if cost < 0:
        return REJECTED
    return {**event, "kind": kind if kind in ("click", "engagement") else "other", "ts": ts, "cost": cost}


# --- event time --------------------------------------------------------------------------------------------------

class Partition:
    """One open file: its greatest believed event time, and its events in order.

    A jump of over an hour counts once eight clicks in a row are beyond it. A maximum that fewer than two clicks vouch for is
    provisional: eight in a row that are all over an hour behind take it back. It starts from the least of the first clicks.
    """

    def __init__(self, name, all_events, elapsed):
        self.name, self.events, self.next = name, all_events, 0
        times = [e["ts"] for e in all_events if e["kind"] == "click"][:SEED_EVENTS]
        self.top, self.support = (min(times) if times else None), 0
        self.ahead, self.behind = [], []
        self.confirmed = False
        self.clock = self.last_seen = elapsed

    @property
    def provisional(self):
        return self.support < 2

    @property
    def merge_time(self):
        event = self.events[self.next]
        if event["kind"] == "rejected":
            return float("-inf")
        if self.top is None:
            return event["ts"]
        if event["kind"] != "click":
            # No watermark follows it, so it holds up nothing behind it.
            return min(event["ts"], self.top + OUT_OF_ORDER)
        return self.top if event["ts"] > self.top + JUMP else event["ts"]

    def observe(self, ts):
        if self.top is None:
            self.top, self.support = ts, 1
        elif ts > self.top + JUMP:
            self.behind = []
            self.ahead.append(ts)
            if len(self.ahead) == CONFIRM:
                self.top, self.support, self.ahead = min(self.ahead), 2, []
        elif ts < self.top - JUMP:
            self.ahead = []
            if self.provisional:
                self.behind.append(ts)
                if len(self.behind) == CONFIRM:
                    self.top, self.support, self.behind = max(self.behind), 1, []
        else:
            self.ahead, self.behind = [], []
            self.support = min(2, self.support + 1)
            self.top = max(self.top, ts)


class Stream:
    """All files of a run merged by event time, and the watermark of all of them; lasts over runs.

    The watermark is that of the file furthest behind, among those that are not idle, once a click confirmed its maximum. Idle
    is a file that was silent while the others moved on by a minute, in steps of which none counts for more than an eighth.
    """

    def __init__(self):
        self.floor = self.watermark = float("-inf")
        self.elapsed = 0
        self.opened = []

    def is_idle(self, p):
        return self.elapsed - p.last_seen > IDLE

    def update(self):
        alone = len(self.opened) == 1
        known = [p for p in self.opened if p.top is not None and (alone or not self.is_idle(p))]
        least = min((p.top for p in known), default=None)
        holders = [p for p in known if p.top == least]
        if not any(alone or p.confirmed for p in holders):
            return
        if not any(p.provisional for p in holders):
            self.floor = max(self.floor, least - OUT_OF_ORDER)
        self.watermark = max(self.floor, least - OUT_OF_ORDER)

    def observe(self, p, ts):
        before = p.top
        p.observe(ts)
        if before is not None and p.top > before + JUMP:
            p.confirmed = False  # eight clicks were read early; the next one in its turn confirms them
        elif abs(ts - p.top) <= JUMP:
            p.confirmed = True
        if self.is_idle(p):
            p.clock = self.elapsed
        if len(self.opened) > 1 and before is not None and before < p.top <= before + JUMP:
            p.clock += min(p.top - before, IDLE // 8 + 1)
            self.elapsed = max(self.elapsed, p.clock)
        p.last_seen = self.elapsed
        self.update()

    def merged(self, paths):
        """The events of files that are read together, each with its partition, in the order they are taken."""
        for path in paths:
            p = Partition(path, events(path), self.elapsed)
            if p.events:
                self.opened.append(p)
        while self.opened:
            p = min(self.opened, key=lambda p: p.merge_time)  # of equals the first named
            event = p.events[p.next]
            p.next += 1
            if event["kind"] == "click":
                self.observe(p, event["ts"])
            yield p, event
            if p.next == len(p.events):
                self.opened.remove(p)
                self.update()


# --- what becomes of each event ----------------------------------------------------------------------------------

def address(text):
    ip = ipaddress.ip_address(text)
    return getattr(ip, "ipv4_mapped", None) or ip


def says(click):
    """What a duplicate must have in common with the first of its id; else the two are in conflict."""
    return tuple(click.get(k) or None for k in ("ad_id", "campaign_id", "advertiser_id", "publisher_id", "user_id", "device_fingerprint",
                                                "user_agent")) + (click.get("ip") and address(click["ip"]), click["ts"], click["cost"])


def visitor(click):
    """Who is counted as one user, or None."""
    for name in ("user_id", "device_fingerprint"):
        if click.get(name):
            return click[name]
    return (click.get("ip") or "") + (click.get("user_agent") or "") or None


class Expected:
    """The end of every event, given the label of each counted click."""

    def __init__(self):
        self.stream = Stream()
        self.seen = {}  # click id -> accepted clicks, of any time
        self.by_id = {}  # click id -> counted entries
        self.early = {}  # click id -> short engagements that came before any counted click of it
        self.received = []  # (status, click, entry) in order
        self.counted, self.duplicates, self.late, self.conflicts = [], [], [], []
        self.rejected = self.grey = 0
        self.unmatched, self.maybe_unmatched = [], []

    def run(self, paths, label_of):
        """Takes the events of one `fraud score`. `label_of(n, status, click)` gives the label of the n-th received event."""
        # Whether an engagement counts as unmatched whose click comes a little later is not laid down.
        self.to_come = {e["click_id"] for path in paths for e in events(path) if e["kind"] == "click"}
        for _, event in self.stream.merged(paths):
            if event["kind"] == "rejected":
                self.rejected += 1
                label_of(len(self.received), "rejected", None)
                self.received.append(("rejected", None, None))
            elif event["kind"] == "click":
                self.take(event, label_of)
            elif event["kind"] == "engagement" and event.get("dwell_ms", SHORT_DWELL) < SHORT_DWELL:
                self.engage(event)

    def take(self, click, label_of):
        status, entry = self.status(click), None
        label = label_of(len(self.received), status, click)
        if status == "counted":
            entry = {"click": click, "given": label, "label": label, "change": "no", "sure": self.is_near(click)}
            self.counted.append(entry)
            self.by_id.setdefault(click["click_id"], []).append(entry)
            for engagement in self.early.get(click["click_id"], ()):
                self.relate(engagement, entry, engagement["ts"], engagement["sure"])
        elif status == "late":
            self.late.append(click)
        else:
            self.duplicates.append(click)
        self.received.append((status, click, entry))

    def status(self, click):
        ts, watermark = click["ts"], self.stream.watermark
        accepted = self.seen.setdefault(click["click_id"], [])
        for first in accepted:
            if abs(ts - first["ts"]) < TTL and first["ts"] + RETENTION > watermark:
                if says(first) != says(click):
                    self.conflicts.append(click)
                return "duplicate"
        is_late = ts // MINUTE * MINUTE + MINUTE + LATENESS <= watermark
        # What the rule is for: whatever the watermark is, nothing is counted twice within the hour.
        assert is_late or all(abs(ts - first["ts"]) >= TTL for first in accepted), click
        accepted.append(click)
        return "late" if is_late else "counted"

    def engage(self, engagement):
        known = self.by_id.get(engagement["click_id"], [])
        near = [e for e in known if abs(engagement["ts"] - e["click"]["ts"]) <= REACH]
        for entry in near:
            self.relate(engagement, entry, entry["click"]["ts"], entry["sure"])
        if not near:
            self.early.setdefault(engagement["click_id"], []).append({**engagement, "sure": not known and self.is_near(engagement)})
        if not self.seen.get(engagement["click_id"]) and engagement["click_id"] not in self.to_come:
            self.unmatched.append(engagement)
        elif not near or any(not e["sure"] or self.stream.watermark > e["click"]["ts"] + REMEMBERED for e in near):
            # Of a click that was late, or is forgotten, or too far away: whether it counts as known is not laid down.
            self.maybe_unmatched.append(engagement)

    def is_near(self, event):
        """Whether its time is believed: what is over an hour ahead of the watermark may be forgotten when that follows."""
        return event["ts"] <= self.stream.watermark + JUMP

    def relate(self, engagement, entry, first, sure):
        """A short engagement meets its click; `first` is the time of whichever of the two had to be remembered."""
        if abs(engagement["ts"] - entry["click"]["ts"]) > REACH or entry["given"] != "valid":
            return
        if sure and self.stream.watermark <= first + REMEMBERED:
            entry["change"] = "yes"
        elif self.stream.watermark <= first + FORGOTTEN and entry["change"] == "no":
            entry["change"] = "maybe"
            self.grey += 1

    def settle(self, was_relabelled):
        """Applies the relabels; one in the zone between remembered and forgotten goes as the program says it did."""
        for entry in self.counted:
            changed = entry["change"] == "yes" or entry["change"] == "maybe" and was_relabelled(entry["click"])
            entry["label"] = "fraud" if changed else entry["given"]
            entry["relabelled"] = changed


# --- windows -----------------------------------------------------------------------------------------------------

class Totals:
    """What any window says of its clicks."""

    def __init__(self, entry):
        self.first, self.users = entry["click"], set()
        self.clicks = self.valid = self.fraud = 0
        self.cost = self.billable = decimal.Decimal(0)

    def add(self, entry):
        click = entry["click"]
        self.clicks += 1
        self.cost += click["cost"]
        if entry["label"] == "valid":
            self.valid += 1
            self.billable += click["cost"]
        else:
            self.fraud += 1
        if visitor(click):
            self.users.add(visitor(click))


def windows(counted, keys):
    """Totals by every key that `keys(click)` gives, in the order of arrival."""
    table = {}
    for entry in counted:
        for key in keys(entry["click"]):
            if key not in table:
                table[key] = Totals(entry)
            table[key].add(entry)
    return table


def tumbling(counted, size):
    return windows(counted, lambda c: [(c["ad_id"], c["ts"] // size)])


def daily(counted):
    return windows(counted, lambda c: [(c["ad_id"], c["campaign_id"], c["advertiser_id"], c["ts"] // DAY)])


def sliding(counted, dimension, size, step):
    """By dimension and start of each window of `size` that holds a click and starts at a multiple of `step`."""
    def keys(click):
        last = click["ts"] // step * step
        return [(click[dimension], start) for start in range(last, click["ts"] - size, -step)]
    return windows(counted, keys)


def sessions(counted):
    """(visitor, first, last, clicks, distinct ads, cost) of every session: clicks of one visitor less than the gap apart."""
    by_visitor = {}
    for entry in counted:
        if visitor(entry["click"]):
            by_visitor.setdefault(visitor(entry["click"]), []).append(entry["click"])
    found = []
    for who, clicks in by_visitor.items():
        clicks.sort(key=lambda c: c["ts"])
        groups = [[clicks[0]]]
        for click in clicks[1:]:
            if click["ts"] - groups[-1][-1]["ts"] < SESSION_GAP:
                groups[-1].append(click)
            else:
                groups.append([click])
        found += [(who, g[0]["ts"], g[-1]["ts"], len(g), len({c["ad_id"] for c in g}), sum(c["cost"] for c in g)) for g in groups]
    return sorted(found)
