"""Recounts `fraud quality --json` from the verdicts of `fraud score` and the truth file of `fraud simulate`, with pandas,
scikit-learn's ROC curve and scipy's Wilson interval. Prints "agrees", or what differs.

usage: quality_check.py QUALITY.json VERDICTS.ndjson TRUTH.csv
"""
import json
import sys

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import roc_curve

report = json.load(open(sys.argv[1]))
verdicts = pd.read_json(sys.argv[2], lines=True)
truth = pd.read_csv(sys.argv[3], keep_default_na=False).drop_duplicates("click_id")
clicks = verdicts[verdicts.status == "counted"].merge(truth, on="click_id", suffixes=("", "_true"))
fraud = (clicks.label_true == "fraud").to_numpy()
flagged = (clicks.label == "fraud").to_numpy()
by_rule = (clicks.rule.notna() & (clicks.rule != "model")).to_numpy() & flagged
score = clicks.score.to_numpy(dtype=np.float32)

rates, recalls, thresholds = roc_curve(fraud, score, drop_intermediate=False)
best = max(recalls[rates <= 0.001])
complaints = []


def expect(name, got, wanted, tolerance=0.0):
    if abs(got - wanted) > tolerance:
        complaints.append(f"{name}: {got}, wanted {wanted}")


expect("model_recall", report["model_recall"], best, 1e-9)
alone = score >= np.float32(report["model_threshold"])
expect("false positives at the threshold", alone[~fraud].sum(), round(report["model_false_positive_rate"] * (~fraud).sum()))


def compare(name, row, rows):
    expect(name + " clicks", row["clicks"], rows.sum())
    expect(name + " flagged", row["flagged"], (rows & flagged).sum())
    expect(name + " by rules", row["flagged_by_rules"], (rows & by_rule).sum())
    expect(name + " by the model alone", row["flagged_by_model_alone"], (rows & alone).sum())
    expect(name + " deciders", sum(row["deciders"].values()), row["flagged"])
    high = binomtest(row["flagged"], row["clicks"]).proportion_ci(0.95, "wilson").high
    expect(name + " at most", row["flagged_share_at_most"], high, 1e-6)


families = {name: (clicks.attack == name).to_numpy() for name in set(clicks.attack) - {""}}
expect("families", len(report["families"]), len(families))
for name, rows in families.items():
    compare(name, report["families"][name], rows)
tags = clicks.look_alike.str.split()
names = {tag for row in tags for tag in row}
expect("look-alikes", len(report["look_alikes"]), len(names) + 1)
for name in names:
    compare(name, report["look_alikes"][name], tags.map(lambda row: name in row).to_numpy() & ~fraud)
compare("plain", report["look_alikes"]["(none of them)"], (clicks.look_alike == "").to_numpy() & ~fraud)
compare("fraud", report["fraud"], fraud)
compare("honest", report["honest"], ~fraud)
print("agrees" if not complaints else "\n".join(complaints))
