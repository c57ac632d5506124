"""Checks reports by brute force over the archived clicks: every window is filled by looking at every click.

    report_check.py sliding DB KEY SIZE_MINUTES SLIDE_MINUTES REPORT.json
    report_check.py session DB REPORT.json

It follows DESIGN section 6 and shares no code with the program; labels are the scorer's, then what `label_changes` says.
Exits 1 on the first difference.
"""
import collections
import datetime
import decimal
import json
import sys

import duckdb

MINUTE = 60_000
GAP = 30 * MINUTE


def visitor(user, device, ip, agent):
    """Who clicked: the text that names a visitor, None for nobody known."""
    if user or device:
        return user or device
    return (ip or "") + (agent or "") or None


def clicks(path):
    """Counted clicks with their labels of now."""
    db = duckdb.connect(path, read_only=True)
    rows = db.execute(
        f"""
        SELECT click_id, epoch_ms(ts), ad_id, campaign_id, advertiser_id, cost, verdict_label, user_id, device_fingerprint, ip, user_agent
        FROM read_parquet('{path}.archive/*/*/*.parquet', hive_partitioning = false) WHERE status = 'counted' ORDER BY seq""").fetchall()
    changes = db.execute("SELECT click_id, epoch_ms(click_ts), to_label FROM label_changes ORDER BY rowid").fetchall()
    labels = {(click, ts): label for click, ts, label in changes}
    return [
        {"ts": r[1], "ad": r[2], "campaign": r[3], "advertiser": r[4], "cost": r[5], "label": labels.get((r[0], r[1]), r[6]),
         "visitor": visitor(*r[7:11])}
        for r in rows]


def time(ms):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds") + "Z"


def sliding(path, key, size, slide):
    """Rows as the report prints them. A minute's campaign and advertiser are those of the minute's first click."""
    size, slide = size * MINUTE, slide * MINUTE
    minutes = {}
    windows = collections.defaultdict(list)
    for click in clicks(path):
        minute = click["ts"] // MINUTE * MINUTE
        first = minutes.setdefault((click["ad"], minute), click)
        start = (click["ts"] // slide) * slide
        while start > click["ts"] - size:
            windows[(first[key], start)].append(click)
            start -= slide
    for (name, start), members in sorted(windows.items()):
        valid = sum(c["label"] == "valid" for c in members)
        yield {
            f"{key}_id": name, "window_start": time(start), "window_end": time(start + size), "clicks": len(members), "valid": valid,
            "fraud": len(members) - valid, "cost": sum(c["cost"] for c in members),
            "unique_users": len({c["visitor"] for c in members if c["visitor"]})}


def sessions(path):
    people = collections.defaultdict(list)
    for click in clicks(path):
        if click["visitor"]:
            people[click["visitor"]].append(click)
    rows = []
    for name, members in people.items():
        members.sort(key=lambda c: c["ts"])
        run = []
        for click in members + [None]:
            if run and (click is None or click["ts"] - run[-1]["ts"] >= GAP):
                rows.append({
                    "session_start": time(run[0]["ts"]), "session_end": time(run[-1]["ts"]), "clicks": len(run),
                    "distinct_ads": len({c["ad"] for c in run}), "duration_ms": run[-1]["ts"] - run[0]["ts"],
                    "cost": sum(c["cost"] for c in run)})
                run = []
            run.append(click)
    return rows


def compare(expected, report):
    with open(report, encoding="utf-8") as file:
        found = json.load(file, parse_float=decimal.Decimal)
    if len(expected) != len(found):
        sys.exit(f"{len(expected)} rows expected, {len(found)} reported")
    for i, (want, have) in enumerate(zip(expected, found)):
        if want != have:
            sys.exit(f"row {i}: expected {want}, reported {have}")
    if not found:
        sys.exit("no rows at all")


def main():
    if sys.argv[1] == "sliding":
        compare(list(sliding(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))), sys.argv[6])
        return
    # The texts of visitors without user and device are the program's own: sessions are compared without them.
    with open(sys.argv[3], encoding="utf-8") as file:
        found = json.load(file, parse_float=decimal.Decimal)
    names = [row.pop("visitor") for row in found]
    if len(set(zip(names, (row["session_start"] for row in found)))) != len(found):
        sys.exit("two sessions of one visitor with one start")
    order = lambda row: sorted((k, str(v)) for k, v in row.items())
    expected = sorted(sessions(sys.argv[2]), key=order)
    found.sort(key=order)
    if expected != found or not found:
        wrong = [pair for pair in zip(expected, found) if pair[0] != pair[1]][:1]
        sys.exit(f"{len(expected)} sessions expected, {len(found)} reported; first difference {wrong}")


main()
