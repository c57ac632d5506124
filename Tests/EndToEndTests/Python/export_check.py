"""Checks an export against what it was made from, with software that shares nothing with it.

    export_check.py clicks DIR INPUT VERDICTS DATABASE   the lines, `score --verdicts`, and the flagged clicks of the same input
    export_check.py tables DIR DATABASE                  every table, row by row
"""
import collections
import decimal
import gzip
import json
import sys

import duckdb
import numpy
import pandas
import pyarrow.parquet

LISTS = ("reasons", "rules")
TEXTS = (
    "ad_id", "campaign_id", "advertiser_id", "publisher_id", "placement_id", "creative_id", "audience_id", "user_id",
    "device_fingerprint", "ip", "user_agent", "country", "label", "attack")


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: {got!r}, expected {expected!r}")


def check_files(folder):
    """Types and compression as Arrow sees them."""
    catalogue = pandas.read_parquet(f"{folder}/data/features.parquet")
    same("features", (len(catalogue), catalogue["name"].is_unique), (64, True))
    same("features without unit or meaning", int((catalogue[["unit", "meaning"]].fillna("") == "").any(axis=1).sum()), 0)
    if not 0 < catalogue["grows_with_traffic"].sum() < 10:
        sys.exit("grows_with_traffic")
    data = pyarrow.parquet.ParquetDataset(f"{folder}/data/clicks")
    types = {f.name: str(f.type) for f in data.schema}
    expected = {"click_id": "string", "ts": "timestamp[us]", "cost": "decimal128(19, 4)", "score": "float"}
    expected |= {name: "float" for name in catalogue["name"]}
    for name, kind in expected.items():
        same(f"type of {name}", types[name], kind)
    for name in LISTS:
        same(f"type of {name}", types[name].startswith("list<"), True)
    metadata = pyarrow.parquet.ParquetFile(data.files[0]).metadata
    same("compression", {metadata.row_group(0).column(i).compression for i in range(metadata.num_columns)}, {"ZSTD"})
    return list(catalogue["name"])


def check_clicks(folder, source, verdicts, database):
    names = check_files(folder)
    rows = duckdb.sql(f"SELECT * REPLACE (epoch_ms(ts) AS ts) FROM read_parquet('{folder}/data/clicks/*.parquet')")
    columns, rows = rows.columns, rows.fetchall()
    clicks = collections.defaultdict(list)
    for row in rows:
        click = dict(zip(columns, row))
        clicks[click["click_id"]].append(click)

    lines = collections.defaultdict(list)
    for line in gzip.open(source, "rt", encoding="utf-8", errors="replace"):
        try:
            event = json.loads(line, parse_float=decimal.Decimal)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("ts"), int):
            lines[event.get("click_id"), event["ts"]].append(event)

    counted = [v for v in map(json.loads, open(verdicts)) if v["status"] == "counted"]
    same("clicks", len(rows), len(counted))
    for verdict in counted:
        what = verdict["click_id"]
        click = next((c for c in clicks[what] if c["ts"] == verdict["ts"]), None)
        if click is None:
            sys.exit(f"{what} is not there")
        clicks[what].remove(click)
        got = {"label": click["verdict_label"], "ivt": click["ivt"], "rule": click["deciding_rule"], "reasons": click["reasons"]}
        same(f"verdict of {what}", got, {name: verdict[name] for name in got})
        same(f"score of {what}", numpy.float32(click["score"]), numpy.float32(verdict["score"]))
        # A repeated id may come with other content in the same millisecond: any of its lines will do.
        fits = [e for e in lines[what, verdict["ts"]] if all(click[t] == (e.get(t) or None) for t in TEXTS)]
        if not fits:
            sys.exit(f"{what}: no line like {[click[t] for t in TEXTS]}")
        same(f"cost of {what}", click["cost"], decimal.Decimal(fits[0].get("cost", 0)))

    check_flagged(folder, names, database)
    same("model.json", open(f"{folder}/data/model.json").read(), open("models/champion.json").read())
    export = json.load(open(f"{folder}/data/export.json"))
    counts = duckdb.sql(f"SELECT count(*), count(label), count(*) FILTER (label = 'fraud') FROM read_parquet('{folder}/data/clicks/*.parquet')")
    same("export.json", (export["clicks"], export["labelled"], export["frauds"]), counts.fetchall()[0])


def check_flagged(folder, names, database):
    """All features, bit for bit those that scoring kept for the clicks it flagged."""
    db = duckdb.connect(database, read_only=True)
    db.sql(f"CREATE TEMP VIEW exported AS FROM read_parquet('{folder}/data/clicks/*.parquet')")
    features = ", ".join(f"coalesce({n}, 'nan'::FLOAT)" for n in names)
    facts = "click_id, ts, score, ivt, deciding_rule, reasons, rules, cost, publisher_id, ip, user_agent, country"
    exported = f"SELECT {facts}, [{features}] AS features FROM exported WHERE verdict_label = 'fraud'"
    stored = f"SELECT {facts}, [coalesce(x, 'nan'::FLOAT) for x in features] FROM flagged_clicks"
    for a, b in ((exported, stored), (stored, exported)):
        same("flagged clicks with other features", db.sql(f"({a}) EXCEPT ALL ({b})").fetchall()[:2], [])
    same("flagged clicks are some", db.sql(f"SELECT count(*) > 100 FROM ({exported})").fetchall()[0], (True,))
    known = db.sql(f"SELECT {', '.join(f'count({n})' for n in names)} FROM exported").fetchall()[0]
    same("features that are never known", [n for n, count in zip(names, known) if count == 0], [])


def check_tables(folder, database):
    db = duckdb.connect(database, read_only=True)
    export = json.load(open(f"{folder}/tables/export.json"))
    for table in ("click_aggregates_minute", "click_aggregates_hourly", "click_aggregates_daily", "flagged_clicks", "label_changes"):
        file = f"'{folder}/tables/{table}.parquet'"
        columns = [[column[:2] for column in db.sql(f"DESCRIBE FROM {source}").fetchall()] for source in (file, table)]
        same(f"columns of {table}", *columns)
        for a, b in ((f"FROM {file}", f"FROM {table}"), (f"FROM {table}", f"FROM {file}")):
            same(f"rows of {table}", db.sql(f"({a}) EXCEPT ALL ({b})").fetchall()[:2], [])
        same(f"count of {table}", export["rows"][table], db.sql(f"SELECT count(*) FROM {table}").fetchall()[0][0])
        if table != "label_changes" and export["rows"][table] == 0:
            sys.exit(f"{table} is empty")


{"clicks": check_clicks, "tables": check_tables}[sys.argv[1]](*sys.argv[2:])
