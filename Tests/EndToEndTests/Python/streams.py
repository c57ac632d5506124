"""Random streams of events in several files: what real collectors send, and what they should not.

One history of clicks is spread over 1 to 5 files (partitions): disorder, late and very late clicks, replays within and across
files, ids used again, engagements before and after their click, bad lines, honest gaps, files that pause or end early, clocks
that run ahead by a little or by years. The seed decides everything.
"""
import collections
import csv
import datetime
import gzip
import heapq
import io
import json
import random
import subprocess

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_793_000_000_000

#: Columns of a CSV partition; its events have no other fields.
COLUMNS = ("type", "click_id", "ts", "ad_id", "campaign_id", "advertiser_id", "publisher_id", "placement_id", "cost", "user_id",
           "device_fingerprint", "ip", "user_agent", "referrer", "country", "pointer_moves", "webdriver", "visible_ratio", "dwell_ms")

BAD = (
    b"not json", b"{", b"[1]", b'{"click_id":"x"}', b'{"click_id":"x","ts":1793000000000}', b"\xff\xfe{}", b'"text"',
    b'{"click_id":7,"ts":1793000000000,"ad_id":"a","campaign_id":"c","advertiser_id":"v"}',
    b'{"click_id":"x\\u0001","ts":1793000000000,"ad_id":"a","campaign_id":"c","advertiser_id":"v"}',
    b'{"click_id":"neg","ts":1793000000000,"ad_id":"a","campaign_id":"c","advertiser_id":"v","cost":-1}',
    b'{"click_id":"long","ts":1793000000000,"ad_id":"' + b"a" * 65 + b'","campaign_id":"c","advertiser_id":"v"}',
    b'{"click_id":"huge","pad":"' + b"z" * 70_000 + b'"}',
    b'{"type":"engagement","click_id":"c1","dwell_ms":5}', b'{"type":"engagement","ts":1793000000000,"dwell_ms":5}',
)


class Partition:
    """One file: its lines, and what is wrong with its server."""

    def __init__(self, rng, number, of):
        self.lines = []
        self.weight = rng.choice((1, 1, 3, 10))
        several = of > 1
        #: Shares of the history: from where on nothing comes from here, and where it pauses.
        self.ends = rng.uniform(0.2, 0.8) if several and number > 0 and rng.random() < 0.3 else 2
        pause = rng.uniform(0.1, 0.7)
        self.pause = (pause, pause + rng.uniform(0.05, 0.3)) if several and rng.random() < 0.4 else (2, 2)
        self.skew = rng.choice((0, 0, 0, 1_500, -2_000, 45_000, 90_000, -20_000)) if several else 0
        #: First events whose clock is far ahead.
        self.ahead = rng.choice((0, 0, 1, 2, 5, 7))
        #: Events until another false clock may come: two bursts in a row would be a clock to believe.
        self.calm = 20
        #: CSV holds no bad lines and no fields beyond the columns.
        self.format = rng.choice(("ndjson", "ndjson", "ndjson", "ndjson.gz", "ndjson.zst", "csv"))

    def active(self, share):
        return share < self.ends and not self.pause[0] <= share < self.pause[1]


class Maker:
    """Makes one history. An `honest` one has nothing that may come late: its disorder is small, and false clocks are few."""

    def __init__(self, seed, count, partitions=None, formats=None, honest=False):
        self.rng = rng = random.Random(seed)
        self.count, self.honest = count, honest
        of = partitions or rng.choice((1, 1, 2, 3, 4, 5))
        self.partitions = [Partition(rng, n, of) for n in range(of)]
        for p in self.partitions if formats else ():
            p.format = rng.choice(formats)
        self.pace = rng.choice((150, 600, 600, 2_500, 8_000))  # mean ms between clicks
        for p in self.partitions if honest else ():
            p.skew, p.ahead = 0, min(p.ahead, 5)
        self.jumps = not honest and rng.random() < 0.15  # a file whose clock truly jumps: whoever is behind it then comes late
        self.now = START + rng.randrange(DAY)
        self.recent = []
        #: Draws of their own, so that they change nothing else.
        self.aside, self.hour_ago = random.Random(-1 - seed), collections.deque()
        self.scheduled = []  # (due, order, event): engagements on their way
        self.order = 0

    def run(self, cuts=()):
        """Makes the history; returns its lines as [part][partition], where `cuts` are the shares at which a part ends."""
        parts, bounds = [], [*cuts, 2]
        for i in range(self.count):
            if i / self.count >= bounds[0]:
                bounds.pop(0)
                parts.append(self.take())
            self.step(i)
        while self.scheduled:
            self.put(heapq.heappop(self.scheduled)[2], self.choose(1))
        return [*parts, self.take()]

    def take(self):
        taken = [p.lines for p in self.partitions]
        for p in self.partitions:
            p.lines = []
        return taken

    def choose(self, share):
        active = [p for p in self.partitions if p.active(share)] or self.partitions[:1]
        return self.rng.choices(active, [p.weight for p in active])[0]

    def step(self, i):
        rng = self.rng
        self.now += int(rng.expovariate(1 / self.pace))
        if rng.random() < 0.0005:  # an honest gap
            self.now += rng.choice((2, 26, 75)) * HOUR
            self.recent.clear()
        partition = self.choose(i / self.count)
        while self.scheduled and self.scheduled[0][0] <= self.now:
            self.put(heapq.heappop(self.scheduled)[2], self.choose(i / self.count))
        draw = rng.random()
        if draw < 0.01 and partition.format != "csv":
            partition.lines.append(rng.choice(BAD))
        elif draw < 0.03 and self.recent:
            self.put(self.replay(rng.choice(self.recent)), partition)
        else:
            click = self.click(i, self.time(partition))
            if click["ts"] < self.now + HOUR or not self.honest:  # replays must not make a few false clocks many
                self.recent.append(click)
            del self.recent[:-200]
            if abs(click["ts"] - self.now) < MINUTE:
                self.hour_ago.append(click)
            self.engage(click, partition)
            self.put(click, partition)
        if not self.honest:
            self.repeat(partition)

    def repeat(self, partition):
        """Sends an id again, about an hour after its first time: when its hour has just gone by, but not late."""
        while self.hour_ago and self.hour_ago[0]["ts"] < self.now - HOUR - 4 * MINUTE:
            self.hour_ago.popleft()
        if self.hour_ago and self.hour_ago[0]["ts"] < self.now - HOUR - 6_000 and self.aside.random() < 0.05:
            first = self.hour_ago.popleft()
            self.put({**first, "ts": first["ts"] + HOUR - self.aside.choice((1, 1, 0, 20_000, 2 * MINUTE))}, partition)

    def time(self, partition):
        rng = self.rng
        ts = self.now + partition.skew - int(rng.random() ** 3 * 4_000)
        draw = rng.random()
        partition.calm -= 1
        if partition.ahead > 0 and rng.random() < 0.8:
            partition.ahead -= 1
            partition.calm = 20
            return ts + rng.choice((3 * HOUR, 5 * HOUR, 400 * DAY))
        if draw < 0.02 and not self.honest:
            return self.now - rng.randrange(4 * MINUTE, 9 * MINUTE)  # near the lateness bound, on both sides
        if draw < 0.03 and not self.honest:
            return self.now - rng.randrange(2 * HOUR)
        if draw < 0.031 and partition.calm <= 0:
            partition.calm = 20
            partition.ahead = 9 if self.jumps else rng.choice((0, 0, 1, 3) if self.honest else (0, 0, 3, 6))
            return ts + rng.choice((3 * HOUR, 400 * DAY))  # a broken clock, for one event or several
        return ts

    def click(self, i, ts):
        rng = self.rng
        ad = int(rng.paretovariate(1)) % 12
        click = {
            "click_id": f"c{i}", "ts": ts, "ad_id": f"ad-{ad}", "campaign_id": f"camp-{ad % 5}", "advertiser_id": f"adv-{ad % 3}",
            "publisher_id": f"pub-{rng.randrange(4)}", "cost": rng.choice(("0.1", 0.25, "1.2345", 2, "0.0001")),
        }
        if rng.random() < 0.01:
            click["campaign_id"] = "camp-other"  # one ad in two campaigns
        if rng.random() < 0.02 and i > 50 and not self.honest:
            click["click_id"] = f"c{rng.randrange(i)}"  # an id used again, with other content
        for name, share, value in (
            ("user_id", 0.7, lambda: f"user-{rng.randrange(max(2, self.count // 20))}"),
            ("device_fingerprint", 0.6, lambda: f"dev-{rng.randrange(max(2, self.count // 15))}"),
            ("ip", 0.9, lambda: f"10.{rng.randrange(2)}.{rng.randrange(3)}.{rng.randrange(40)}"),
            ("user_agent", 0.9, lambda: f"Mozilla/5.0 (Büro) agent/{rng.randrange(9)}"),
            ("placement_id", 0.3, lambda: f"slot, \"{rng.randrange(3)}\""),
            ("referrer", 0.3, lambda: f"https://site-{rng.randrange(5)}.example/a?b=c"),
            ("country", 0.3, lambda: rng.choice(("DE", "BR", "IN"))),
            ("pointer_moves", 0.4, lambda: rng.choice((0, 0, 12, 80))),
            ("webdriver", 0.05, lambda: rng.random() < 0.5),
            ("visible_ratio", 0.03, lambda: 0),
            ("dwell_ms", 0.05, lambda: rng.choice((300, 2_000, 60_000))),
        ):
            if rng.random() < share:
                click[name] = value()
        if rng.random() < 0.005:
            click["type"] = "impression"
        return click

    def replay(self, click):
        """The same again, byte for byte or not: what differs is sometimes only how it is written."""
        draw = self.rng.random()
        if draw < 0.1:
            return {**click, "cost": "7.77"}
        if draw < 0.15:
            return {**click, "user_id": "somebody-else"}
        if draw < 0.2:
            return {**click, "referrer": "https://other.example/"}  # says nothing about what the click is worth
        if draw < 0.25 and click.get("ip"):
            return {**click, "ip": "::ffff:" + click["ip"]}  # the same address
        if draw < 0.3:
            return {**click, "ts": click["ts"] + self.rng.choice((1, -1, 2_000))}
        return click

    def engage(self, click, partition):
        """Says now or later how long the visitor stayed."""
        rng = self.rng
        if rng.random() < 0.02:
            return self.later(self.engagement(f"nobody-{rng.randrange(99)}", self.now, 10), self.now)
        if rng.random() > 0.15:
            return None
        ident, ts = click["click_id"], click["ts"]
        dwell = rng.choice((0, 400, 999, 999, 1_000, 5_000))
        draw = rng.random()
        if draw < 0.1:  # first the engagement, then its click
            return self.put(self.engagement(ident, ts + rng.choice((0, 500, 3_000)), dwell), partition)
        if draw < 0.2:  # over ten minutes away, or at its end
            return self.later(self.engagement(ident, ts + rng.choice((10 * MINUTE, 10 * MINUTE + 1, -10 * MINUTE, -HOUR)), dwell), self.now + 10 * MINUTE)
        if draw < 0.3:  # in time, but it comes far too late
            return self.later(self.engagement(ident, ts + 5_000, dwell), self.now + rng.randrange(20 * MINUTE, 2 * HOUR))
        wait = min(9 * MINUTE, int(rng.expovariate(1 / rng.choice((3_000, 3 * MINUTE)))))
        self.later(self.engagement(ident, ts + wait, dwell), self.now + wait)
        if draw < 0.45:
            self.later(self.engagement(ident, ts + wait, rng.choice((dwell, 10, 70_000))), self.now + wait + rng.randrange(5_000))
        return None

    @staticmethod
    def engagement(ident, ts, dwell):
        return {"type": "engagement", "click_id": ident, "ts": ts, "dwell_ms": dwell}

    def later(self, event, due):
        self.order += 1
        heapq.heappush(self.scheduled, (due, self.order, event))

    def put(self, event, partition):
        rng = self.rng
        if partition.format == "csv":
            partition.lines.append({k: v for k, v in event.items() if k in COLUMNS})
            return
        if rng.random() < 0.3:
            event = {**event, "ts": rfc3339(event["ts"])}
        separators = (",", ":") if rng.random() < 0.9 else None
        partition.lines.append(json.dumps(event, ensure_ascii=rng.random() < 0.5, separators=separators).encode())


def rfc3339(ts):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ts)
    return moment.isoformat(timespec="milliseconds") + "Z"


def csv_text(events):
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for event in events:
        writer.writerow([{True: "true", False: "false"}.get(v, v) if isinstance(v, bool) else v for v in (event.get(c, "") for c in COLUMNS)])
    return text.getvalue().encode()


def write(path, lines, kind, ending=b"\n"):
    """Writes lines (dicts for CSV) as a file of the kind."""
    content = csv_text(lines) if kind == "csv" else b"".join(line + ending for line in lines)
    if kind.endswith(".gz"):
        content = gzip.compress(content, 1)
    if kind.endswith(".zst"):
        content = subprocess.run(["zstd", "-q", "-c"], input=content, capture_output=True, check=True).stdout
    with open(path, "wb") as f:
        f.write(content)


def make(seed, count, folder, cuts=(), partitions=None, formats=None, honest=False):
    """Writes one history; returns the files of each part, `[[path, …], …]`; a file without events is left out."""
    maker = Maker(seed, count, partitions, formats, honest)
    parts = []
    for n, lines_of in enumerate(maker.run(cuts)):
        files = []
        for p, lines in zip(maker.partitions, lines_of):
            if lines:
                files.append(f"{folder}/part{n}-{len(files)}.{p.format}")
                write(files[-1], lines, p.format, b"\r\n" if maker.rng.random() < 0.1 else b"\n")
        parts.append(files)
    return parts
