"""What `fraud report --drift --json` must print, from the stored counts and the model file: drift_check.py [--counts] DB MODEL.json

Prints {feature: [psi, clicks]} as JSON; with --counts {feature: clicks of each bin}.
"""
import json
import sys

import duckdb
import numpy as np

database, path = sys.argv[-2:]
model = json.load(open(path))
db = duckdb.connect(database, read_only=True)
out = {}
for reference in model["reference"]:
    before = np.array(reference["counts"], float)
    now = np.zeros(len(before))
    for bin, clicks in db.execute("select bin, sum(clicks) from feature_drift where feature = ? group by 1", [reference["feature"]]).fetchall():
        now[bin] = clicks
    if sys.argv[1] == "--counts":
        out[reference["feature"]] = now.astype(int).tolist()
        continue
    p, q = ((c + 0.5) / (c.sum() + 0.5 * len(c)) for c in (before, now))
    out[reference["feature"]] = [float(((p - q) * np.log(p / q)).sum()), int(now.sum())]
print(json.dumps(out))
