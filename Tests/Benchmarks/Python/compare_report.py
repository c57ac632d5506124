"""Wall time of `fraud report` on 50,000,000 ad minutes: the last hour by ad, a month by campaign, and their neighbours.

The database is made once: `fraud score` makes its tables, then 29 days of 1,200 ads are written in order of time, hours and days
to match. Sketches are those of real windows: a minute's few visitors as they are, a day's registers packed, sparse or full.

usage: compare_report.py FRAUD_BINARY FOLDER [ADS [DAYS]]      the database stays in FOLDER; remove it to make another
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import duckdb
import numpy as np
import pyarrow as pa

RUNS = 11
CAMPAIGNS, ADVERTISERS = 120, 40
FIRST = datetime(2026, 10, 1, tzinfo=timezone.utc)
# As the program attaches its files.
ROW_GROUP_ROWS = 30_720
MOST_USERS = 8  # of an ad in a minute
AUDIENCE = 200_000  # visitors of a campaign's ads
EXPLICIT, EMPTY = 1536, np.int64(2**63 - 1)
REGISTERS, SPARSE_LIMIT = 1 << 14, ((1 << 14) * 6 - 1) // 20


def hashes(users):
    """SplitMix64 of whole numbers, as signed 64-bit values."""
    with np.errstate(over="ignore"):
        x = (users.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x ^ (x >> np.uint64(31))).view(np.int64)


def distinct(values):
    """Rows ascending without repeats, EMPTY after them, and how many each has."""
    values = np.sort(values, axis=1)
    repeats = values[:, 1:] == values[:, :-1]
    if (repeats & (values[:, 1:] != EMPTY)).any():
        values[:, 1:][repeats] = EMPTY
        values = np.sort(values, axis=1)
    return values, (values != EMPTY).sum(axis=1)


def blobs(headers, bodies, lengths):
    """An Arrow column of each row's header byte, AE 7F, and the first `lengths` bytes of its body."""
    cells = np.empty((len(bodies), 3 + bodies.shape[1]), np.uint8)
    cells[:, 0], cells[:, 1], cells[:, 2], cells[:, 3:] = headers, 0xAE, 0x7F, bodies
    used = np.arange(cells.shape[1]) < (3 + lengths)[:, None]
    ends = np.concatenate(([0], np.cumsum(3 + lengths))).astype(np.int64)
    return pa.Array.from_buffers(pa.large_binary(), len(bodies), [None, pa.py_buffer(ends), pa.py_buffer(cells[used])])


def explicit(values, counts):
    return blobs(0x12, values.astype(">i8").view(np.uint8).reshape(len(values), -1), counts * 8)


def day_sketches(values):
    """Sketches of a day: values while they are few, else registers."""
    values, counts = distinct(values)
    packed = []
    for row, count in zip(values, counts):
        if count <= EXPLICIT:
            packed.append(b"\x12\xae\x7f" + row[:count].astype(">i8").tobytes())
            continue
        raw = row[:count].view(np.uint64)
        rest = raw >> np.uint64(14)
        lowest = rest & (~rest + np.uint64(1))
        ranks = np.log2(lowest.astype(np.float64)).astype(np.uint8) + 1
        registers = np.zeros(REGISTERS, np.uint8)
        np.maximum.at(registers, (raw & np.uint64(REGISTERS - 1)).astype(np.int64), ranks)
        filled = np.flatnonzero(registers)
        if len(filled) <= SPARSE_LIMIT:
            cells, width, head = (filled << 6) | registers[filled], 20, b"\x13\xae\x7f"
        else:
            cells, width, head = registers.astype(np.int64), 6, b"\x14\xae\x7f"
        bits = ((cells[:, None] >> np.arange(width - 1, -1, -1)) & 1).astype(np.uint8)
        packed.append(head + np.packbits(bits).tobytes())
    return pa.array(packed, pa.large_binary()), counts


class Maker:
    """Writes the window tables of a database a day at a time."""

    def __init__(self, connection, ads):
        self.connection, self.ads = connection, ads
        self.random = np.random.default_rng(20261001)
        numbers = np.arange(ads)
        # Few ads are busy: eight visitors a minute, most one or two.
        self.users = np.clip((MOST_USERS / (1 + numbers % 12)).round(), 1, MOST_USERS).astype(int) + (numbers % 12 > 3)
        self.base = numbers % CAMPAIGNS * AUDIENCE
        self.ids = pa.array([f"ad-{n}" for n in numbers])
        self.campaigns = pa.array([f"cmp-{n % CAMPAIGNS}" for n in numbers])
        self.advertisers = pa.array([f"adv-{n % CAMPAIGNS % ADVERTISERS}" for n in numbers])

    def rows(self, times):
        """Key columns of every ad at each time, times outermost."""
        index = pa.array(np.tile(np.arange(self.ads, dtype=np.int32), len(times)))
        when = pa.array(np.repeat(np.asarray(times, dtype=np.int64) * 1_000_000, self.ads), pa.timestamp("us"))
        names = ("ad_id", "campaign_id", "advertiser_id")
        columns = {n: pa.DictionaryArray.from_arrays(index, v) for n, v in zip(names, (self.ids, self.campaigns, self.advertisers))}
        return columns | {"moment": when}

    def insert(self, table, columns, at, rest=""):
        rows = pa.table(columns)  # DuckDB finds it by its name
        self.connection.execute(f"""
            INSERT INTO {table} SELECT ad_id, campaign_id, advertiser_id, {at}, clicks, users, valid, clicks - valid,
                (cost * 0.0001::DECIMAL(5,4))::DECIMAL(19,4), hll{rest} FROM rows""")

    def day(self, day, start):
        hours, day_values, day_counts = [], [], 0
        for hour in range(24):
            first = start + hour * 3600
            n = 60 * self.ads
            values = hashes(np.tile(self.base, 60)[:, None] + self.random.integers(0, AUDIENCE, (n, MOST_USERS), dtype=np.int64))
            values[np.arange(MOST_USERS) >= np.tile(self.users, 60)[:, None]] = EMPTY
            values, counts = distinct(values)
            clicks = counts + self.random.integers(0, 3, n)
            valid = clicks - np.minimum(clicks, self.random.integers(0, 16, n) == 0)
            cost = clicks * self.random.integers(500, 5000, n)
            columns = self.rows([first + 60 * m for m in range(60)])
            columns |= {"clicks": clicks, "users": counts, "valid": valid, "cost": cost, "hll": explicit(values, counts)}
            epoch = day * 24 + hour + 2
            self.insert("click_aggregates_minute", columns, "moment, moment + INTERVAL 1 MINUTE", f", 'on_time', {epoch}")
            totals = np.stack([clicks, valid, cost]).reshape(3, 60, self.ads).sum(axis=1)
            values, counts = distinct(values.reshape(60, self.ads, MOST_USERS).transpose(1, 0, 2).reshape(self.ads, -1))
            columns = self.rows([first]) | dict(zip(("clicks", "valid", "cost"), totals))
            self.insert("click_aggregates_hourly", columns | {"users": counts, "hll": explicit(values, counts)}, "moment")
            hours.append(totals)
            day_values.append(values)
        clicks, valid, cost = np.sum(hours, axis=0)
        sketches, counts = day_sketches(np.concatenate(day_values, axis=1))
        columns = self.rows([start]) | {"clicks": clicks, "users": counts, "valid": valid, "cost": cost, "hll": sketches}
        billable = ", valid, (cost * 0.0001::DECIMAL(5,4))::DECIMAL(19,4)"
        self.insert("click_aggregates_daily", columns, "moment::DATE", billable)


def make(binary, path, ads, days):
    clicks = path + ".ndjson"
    with open(clicks, "w") as file:
        for n in range(100):
            ts = int(FIRST.timestamp() - 86400) * 1000 + n
            file.write(json.dumps({"click_id": str(n), "ts": ts, "ad_id": "a", "campaign_id": "c", "advertiser_id": "b", "cost": 0.1}) + "\n")
    subprocess.run([binary, "score", clicks, "--db", path, "--json"], check=True, capture_output=True)
    connection = duckdb.connect()
    connection.execute(f"ATTACH '{path}' AS made (ROW_GROUP_SIZE {ROW_GROUP_ROWS}); USE made; SET memory_limit = '4GiB'; SET TimeZone = 'UTC'")
    tables = ("minute", "hourly", "daily")
    for table in tables:
        connection.execute(f"DELETE FROM click_aggregates_{table}")
    maker = Maker(connection, ads)
    for day in range(days):
        connection.execute("BEGIN")
        maker.day(day, int(FIRST.timestamp()) + day * 86400)
        connection.execute("COMMIT")
    connection.execute("CHECKPOINT")
    counts = [connection.execute(f"SELECT count(*) FROM click_aggregates_{table}").fetchone()[0] for table in tables]
    connection.close()
    os.remove(clicks)
    return counts


def questions(days):
    """Name, arguments, and the goal in milliseconds if there is one."""
    end = FIRST + timedelta(days=days)

    def between(start, stop):
        return ["--from", start.strftime("%Y-%m-%dT%H:%MZ"), "--to", stop.strftime("%Y-%m-%dT%H:%MZ")]

    ragged = timedelta(minutes=17)
    hour = timedelta(hours=1)
    return [
        ("last hour by ad", ["--by", "ad"] + between(end - hour, end), 100),
        ("60 minutes by ad, not a whole hour", ["--by", "ad"] + between(end - hour - ragged, end - ragged), 100),
        ("month by campaign", ["--by", "campaign"], 1000),
        ("month by campaign, ends within hours", ["--by", "campaign"] + between(FIRST + ragged, end - ragged), 1000),
        ("month by campaign, per day", ["--by", "campaign", "--per", "day"], None),
        ("month by advertiser", [], None),
        ("last day by campaign, per hour", ["--by", "campaign", "--per", "hour"] + between(end - 24 * hour, end), None),
    ]


def cpu_milliseconds():
    """Of the programs run so far, on all cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def main():
    binary, folder = sys.argv[1:3]
    ads, days = (int(v) for v in (sys.argv[3:] + ["1200", "29"][len(sys.argv) - 3:]))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"report-{ads}-{days}.duckdb")
    if not os.path.exists(path):
        for name in os.listdir(folder):
            if name.startswith(f"making-{ads}-{days}.duckdb") and not os.path.isdir(os.path.join(folder, name)):
                os.remove(os.path.join(folder, name))
        began = time.monotonic()
        making = os.path.join(folder, f"making-{ads}-{days}.duckdb")
        minutes, hours, of_days = make(binary, making, ads, days)
        os.rename(making, path)
        size = os.path.getsize(path) / 2**30
        print(f"made {minutes:,} minutes, {hours:,} hours, {of_days:,} days in {time.monotonic() - began:.0f} s: {size:.1f} GiB")
    print(f"{'fraud report':40} {'rows':>6} {'median':>9} {'least':>9} {'CPU':>9}   goal")
    for name, arguments, goal in questions(days):
        command = [binary, "report", "--db", path, "--format", "csv", *arguments]
        times, cpu = [], []
        for _ in range(RUNS + 1):  # the first warms the page cache
            began, used = time.perf_counter(), cpu_milliseconds()
            out = subprocess.run(command, check=True, capture_output=True).stdout
            times.append((time.perf_counter() - began) * 1000)
            cpu.append(cpu_milliseconds() - used)
        times = times[1:]
        rows = out.count(b"\n") - 1
        wanted = f"{goal:6} ms" if goal else ""
        print(f"{name:40} {rows:6} {statistics.median(times):6.0f} ms {min(times):6.0f} ms {statistics.median(cpu[1:]):6.0f} ms {wanted}", flush=True)


if __name__ == "__main__":
    main()
