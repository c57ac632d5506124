"""Holds what a challenger said in shadow against a run in which it decided: shadow_check.py INPUT.gz DB MODEL_ID CHAMPION.verdicts CHALLENGER.verdicts

INPUT is what both runs scored; its lines and those of the verdict files are the same events. Exits 1 naming the first difference,
else prints as JSON what `fraud model compare` must say.
"""
import collections
import decimal
import gzip
import json
import sys

import duckdb

path, database, model, first, second = sys.argv[1:]
events = []
for line in gzip.open(path):
    try:
        events.append(json.loads(line, parse_float=decimal.Decimal))
    except ValueError:
        events.append(None)
champion, challenger = ([json.loads(line) for line in open(f)] for f in (first, second))
assert len(champion) == len(challenger) == len(events), (len(champion), len(challenger), len(events))

totals = collections.Counter()
differing = {}
groups = collections.defaultdict(lambda: [0, decimal.Decimal(0), 0, decimal.Decimal(0)])
for event, a, b in zip(events, champion, challenger):
    assert a["click_id"] == b["click_id"] and a["status"] == b["status"]
    if a["status"] != "counted":
        continue
    cost = decimal.Decimal(str(event.get("cost", 0)))
    side = {(True, True): "both", (True, False): "champion_only", (False, True): "challenger_only", (False, False): "neither"}[
        a["label"] == "fraud", b["label"] == "fraud"]
    totals[side] += 1
    totals[side + "_cost"] += cost
    if a["label"] != b["label"]:
        differing[a["click_id"]] = (a["label"], b["label"], cost, a["score"], b["score"])
        group = groups[event["campaign_id"]]
        place = 0 if side == "champion_only" else 2
        group[place] += 1
        group[place + 1] += cost

db = duckdb.connect(database, read_only=True)
stored = {}
for row in db.execute("select click_id, champion_label, label, champion_score, score, cost, len(features) from shadow_verdicts"
                      " where model_id = ? and label <> champion_label", [model]).fetchall():
    assert row[6] == 64, row
    stored[row[0]] = (row[1], row[2], row[5], row[3], row[4])


def same(one, other):
    """A verdict file has rounded scores."""
    return one and other and one[:3] == other[:3] and all(abs(x - y) < 1e-5 for x, y in zip(one[3:], other[3:]))


odd = {k: (stored.get(k), differing.get(k)) for k in stored.keys() | differing.keys() if not same(stored.get(k), differing.get(k))}
if odd:
    sys.exit(f"shadow verdicts differ: {list(odd.items())[:3]}")
row = db.execute("select sum(clicks), sum(champion_fraud), sum(challenger_fraud), sum(both_fraud), sum(cost), sum(champion_fraud_cost),"
                 " sum(challenger_fraud_cost), sum(both_fraud_cost) from shadow_totals where model_id = ?", [model]).fetchone()
sides = ["both", "champion_only", "challenger_only", "neither"]
expected = (
    sum(totals[s] for s in sides), totals["both"] + totals["champion_only"], totals["both"] + totals["challenger_only"], totals["both"],
    sum(totals[s + "_cost"] for s in sides), totals["both_cost"] + totals["champion_only_cost"],
    totals["both_cost"] + totals["challenger_only_cost"], totals["both_cost"] + decimal.Decimal(0))
if tuple(row) != expected:
    sys.exit(f"shadow totals: {row} and {expected}")
print(json.dumps({
    "sides": {s: [totals[s], int(totals[s + "_cost"] * 10_000)] for s in sides},
    "groups": {k: [v[0], int(v[1] * 10_000), v[2], int(v[3] * 10_000)] for k, v in groups.items()}}))
