"""Random streams, scored by the program and recomputed by the slow model.

    stream_check.py make SEED COUNT OUT           writes one random NDJSON file
    stream_check.py check VERDICTS DB INPUT…      compares the tables of files that were scored together with the model's
    stream_check.py streams FRAUD FIRST LAST      makes, scores and compares the streams with these seeds, one to five files each

It exits with 1 and words on the first difference.
"""
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import duckdb

import model
import reports
import streams
import tables


def verdict_labels(lines, offset):
    """Looks up labels in the verdicts file, and holds each line against the model's decision."""
    def label_of(n, status, click):
        if n - offset >= len(lines):
            sys.exit(f"only {len(lines)} verdicts")
        verdict = lines[n - offset]
        if verdict["status"] != status or (click and (verdict["click_id"], verdict["ts"]) != (click["click_id"], click["ts"])):
            sys.exit(f"event {n + 1}: expected {status} {click and (click['click_id'], click['ts'])}, verdict {verdict}")
        return verdict["label"]
    return label_of


def take_run(expected, paths, verdicts):
    """Takes the events of one run into the model; returns its verdict lines."""
    lines = [json.loads(text) for text in open(verdicts)]
    before = len(expected.received)
    expected.run(paths, verdict_labels(lines, before))
    if len(lines) != len(expected.received) - before:
        sys.exit(f"{len(lines)} verdicts for {len(expected.received) - before} events")
    return lines


def compare(database, expected, verdicts):
    db = duckdb.connect(database, read_only=True)
    relabelled = tables.relabelled_ids(db)
    expected.settle(lambda click: (click["click_id"], tables.moment(click["ts"])) in relabelled)
    counts = collections.Counter(e["label"] for e in expected.counted)
    counts.update(duplicate=len(expected.duplicates), late=len(expected.late), rejected=expected.rejected)
    tables.relabels_equal(db, expected.counted, expected)
    tables.windows_equal(db, expected.counted)
    tables.ends_equal(db, expected, counts)
    tables.sessions_equal(db, expected.counted)
    tables.archive_equal(db, database, expected.received, verdicts, expected.conflicts)
    db.close()
    return {**counts, "conflicts": len(expected.conflicts), "relabelled": sum(e["relabelled"] for e in expected.counted),
            "grey": expected.grey, "unmatched": len(expected.unmatched)}


def score(fraud, paths, database, verdicts, epoch_events):
    command = [fraud, "score", *paths, "--db", database, "--verdicts", verdicts, "--epoch-events", str(epoch_events), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n exits with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def check_stream(fraud, seed, folder):
    """One history, scored in one to three runs, each compared as a whole; then the reports of it."""
    rng = random.Random(-seed)
    count = rng.choice((300, 1_500, 3_000, 6_000))
    cuts = rng.choice(((), (), (0.6,), (0.3, 0.7)))
    # Whatever the rules are, gaps, pauses and a few false clocks must not make anything late.
    honest = seed % 4 == 0
    database, expected, lines, asked = f"{folder}/x.duckdb", model.Expected(), [], []
    for n, paths in enumerate(streams.make(seed, count, folder, () if honest else cuts, honest=honest)):
        verdicts = f"{folder}/verdicts{n}"
        score(fraud, paths, database, verdicts, rng.choice((200, 1_024, 2_500, 100_000)))
        lines += take_run(expected, paths, verdicts)
        figures = compare(database, expected, lines)
        if honest:
            tables.equal("late clicks of an honest stream", [(c["click_id"], tables.moment(c["ts"])) for c in expected.late], [])
        reports.still_answers(asked)
        asked += reports.ask(fraud, database, full=n == 0)
    reports.windows_equal(fraud, database, expected.counted)
    return figures


def check_streams(fraud, first, last):
    sums = collections.Counter()
    for seed in range(first, last + 1):
        folder = tempfile.mkdtemp(prefix=f"fraud-stream-{seed}-")
        try:
            figures = check_stream(fraud, seed, folder)
        except SystemExit as stop:
            sys.exit(f"seed {seed}, {folder}: {stop.code}")
        finally:
            if "FRAUD_KEEP_STREAMS" not in os.environ:
                shutil.rmtree(folder)
        sums.update(figures, streams=1)
    print(dict(sums))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        made = streams.make(int(sys.argv[2]), int(sys.argv[3]), os.path.dirname(sys.argv[4]) or ".", partitions=1, formats=("ndjson",))
        os.rename(made[0][0], sys.argv[4])
    elif sys.argv[1] == "check":
        expected = model.Expected()
        lines = take_run(expected, sys.argv[4:], sys.argv[2])
        print(compare(sys.argv[3], expected, lines))
    else:
        check_streams(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
