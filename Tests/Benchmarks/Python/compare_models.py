"""Quality and speed of `fraud train --table` beside scikit-learn, LightGBM and interpret on the same split by period.

FDMA 2012: features of publishers over three days of ad clicks, `status` 1 = fraud; 2,432 publishers are in both files. Fitted on
one period and measured on the other, both ways. Defaults everywhere: nothing is tuned on the measured period.

usage: compare_models.py FRAUD_BINARY DATA_FOLDER [LIBRARY_TO_LEAVE_OUT]...      e.g. interpret, which fits for minutes
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RESAMPLES = 1000
LABEL = "status"
ADDITIVE, LINEAR = "fraud additive", "fraud linear"


def fraud(binary, train, test, kind, folder):
    """Scores of a model that `fraud train` makes, and the seconds it fitted (reading the file not counted)."""
    model, scores = os.path.join(folder, "model.json"), os.path.join(folder, "scores.parquet")
    fit = subprocess.run(
        [binary, "train", "--table", train, "--label", LABEL, "--train-share", "1", "--out", model, "--json", *kind],
        check=True, capture_output=True, text=True)
    subprocess.run([binary, "predict", "--table", test, "--model", model, "--out", scores], check=True, capture_output=True)
    table = pd.read_parquet(scores)
    return table["score"].to_numpy(float), table["logit"].to_numpy(float), json.loads(fit.stdout)["fit_seconds"]


def fraud_kinds(binary):
    """The kinds of model this binary trains, with the options that choose them."""
    text = subprocess.run([binary, "train", "--help"], check=True, capture_output=True, text=True).stdout
    if "--kind" not in text:
        print("this fraud binary trains the linear model only", file=sys.stderr)
        return {LINEAR: []}
    return {LINEAR: ["--kind", "linear"], ADDITIVE: []}


def libraries(left_out):
    import lightgbm
    from interpret.glassbox import ExplainableBoostingClassifier

    makers = {
        "scikit-learn LogisticRegression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
        "LightGBM defaults": lambda: lightgbm.LGBMClassifier(verbose=-1, random_state=1, n_jobs=2),
        "interpret EBM defaults": lambda: ExplainableBoostingClassifier(random_state=1, n_jobs=2),
    }
    return {name: make for name, make in makers.items() if name.split()[0] not in left_out}


def measure(binary, train, test, folder, left_out):
    """Label of every test row, and of each model: scores to rank by, probabilities, seconds of the fit."""
    results = {}
    for name, kind in fraud_kinds(binary).items():
        probabilities, logits, seconds = fraud(binary, train, test, kind, folder)
        # Single precision rounds probabilities near 0 and 1 together; the logit ranks the same and has no ties by rounding.
        ranked = logits if np.all(np.diff(probabilities[np.argsort(logits)]) >= 0) else probabilities
        results[name] = (ranked, probabilities, seconds)
    fitted, measured = pd.read_csv(train), pd.read_csv(test)
    for name, make in libraries(left_out).items():
        print(f"fitting {name}", file=sys.stderr, flush=True)
        model = make()
        started = time.perf_counter()
        model.fit(fitted.drop(columns=LABEL), fitted[LABEL])
        seconds = time.perf_counter() - started
        probabilities = model.predict_proba(measured.drop(columns=LABEL))[:, 1]
        results[name] = (probabilities, probabilities, seconds)
    return measured[LABEL].to_numpy(), results


def resampled(labels, results, seed):
    """Average precision of each model on bootstrap samples of the test rows; the same samples for all: differences are paired."""
    random = np.random.default_rng(seed)
    values = {name: np.empty(RESAMPLES) for name in results}
    for sample in range(RESAMPLES):
        rows = random.integers(0, len(labels), len(labels))
        for name, (ranked, _, _) in results.items():
            values[name][sample] = average_precision_score(labels[rows], ranked[rows])
    return values


def interval(values):
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{low:+.3f} to {high:+.3f}"


def show(title, labels, results):
    ours = ADDITIVE if ADDITIVE in results else LINEAR
    samples = resampled(labels, results, seed=1)
    print(f"\n{title}: {len(labels)} rows measured, {labels.sum()} fraud")
    header = ["model", "avg. precision", "95 %", "ROC AUC", "log loss", "fit s", f"{ours} is ahead by, 95 % paired"]
    lines = [header]
    for name, (ranked, probabilities, seconds) in results.items():
        precision = average_precision_score(labels, ranked)
        low, high = np.quantile(samples[name], [0.025, 0.975])
        ahead = "" if name == ours else (
            f"{average_precision_score(labels, results[ours][0]) - precision:+.3f} ({interval(samples[ours] - samples[name])})")
        lines.append([
            name, f"{precision:.4f}", f"{low:.3f} to {high:.3f}", f"{roc_auc_score(labels, ranked):.4f}",
            f"{log_loss(labels, np.clip(probabilities, 1e-7, 1 - 1e-7)):.4f}", f"{seconds:.2f}", ahead])
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip(), flush=True)
    return {name: average_precision_score(labels, ranked) for name, (ranked, _, _) in results.items()}, samples, ours


def main():
    binary, data, *left_out = sys.argv[1:]
    files = {part: os.path.join(data, f"fdma2012-publishers-{part}.csv.gz") for part in ("train", "validation")}
    if not all(os.path.exists(path) for path in files.values()):
        print(f"bench-model: skipped, {data} has no fdma2012-publishers-*.csv.gz")
        return
    warnings.filterwarnings("ignore")
    means, differences, ours = {}, {}, LINEAR
    with tempfile.TemporaryDirectory() as folder:
        for fitted, measured in (("train", "validation"), ("validation", "train")):
            labels, results = measure(binary, files[fitted], files[measured], folder, left_out)
            precisions, samples, ours = show(f"FDMA 2012, {fitted} → {measured}", labels, results)
            for name, precision in precisions.items():
                means[name] = means.get(name, 0) + precision / 2
                differences[name] = differences.get(name, 0) + (samples[ours] - samples[name]) / 2
    print("\nMean of both directions")
    for name, mean in means.items():
        print(f"  {name:32} {mean:.4f}" + ("" if name == ours else f"   {ours} ahead by {means[ours] - mean:+.4f} ({interval(differences[name])})"))
    print(
        "\nWith 85 and 72 frauds one split is noisy: read the intervals (95 %, bootstrap over the measured rows, the same rows for both models),\n"
        "which do not hold the noise of the fitted rows. Fit seconds are of this machine as loaded as it was; for fraud they hold the choice of\n"
        "hyperparameters, calibration and threshold as well as the final fit, for the others one fit with defaults.")


if __name__ == "__main__":
    main()
