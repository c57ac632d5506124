"""Metrics of predictions by scikit-learn, and what the model file's formula gives for the same rows, as JSON.

usage: table_scores.py TABLE LABEL POSITIVE PREDICTIONS
"""
import json
import sys

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

table, label, positive, predictions = sys.argv[1:]
truth = pd.read_csv(table)[label].astype(str).to_numpy() == positive
scores = pd.read_parquet(predictions) if predictions.endswith(".parquet") else pd.read_csv(predictions)
p = scores["score"].to_numpy(float)
terms = [name for name in scores if name.startswith("contribution:")]
total = scores[terms].sum(axis=1) + scores["intercept"] if terms else scores["logit"]
print(json.dumps({
    "rows": len(scores),
    "roc_auc": roc_auc_score(truth, p),
    "average_precision": average_precision_score(truth, p),
    "log_loss": log_loss(truth, np.clip(p, 1.2e-7, 1 - 1.2e-7)),
    "brier": brier_score_loss(truth, p),
    "terms": len(terms),
    "worst_sum": float(np.max(np.abs(total - scores["logit"]) / np.maximum(1, np.abs(scores["logit"])))),
    "is_monotone": bool(np.all(np.diff(p[np.argsort(scores["logit"].to_numpy(), kind="stable")]) >= 0)),
}))
