"""Compares `fraud report` with the slow model, and with its own earlier answers."""
import datetime
import decimal
import json
import random
import subprocess
import sys

import duckdb

import model
from streams import MINUTE
from tables import equal, moment

#: Columns of the JSON rows of `--window`, in one place.
SLIDING = ("window_start", "clicks", "valid", "fraud", "cost", "unique_users")
SESSION = ("visitor", "session_start", "session_end", "clicks", "distinct_ads", "duration_ms", "cost")


def report(fraud, database, *arguments):
    command = [fraud, "report", "--db", database, *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n exits with {done.returncode}: {done.stderr}")
    return command, done.stdout


def rows(text):
    return json.loads(text, parse_float=decimal.Decimal)


def time(text):
    """A time of a report, whatever its form, without its zone (all are UTC)."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=None)


def windows_equal(fraud, database, counted):
    size, step = random.Random(len(counted)).choice(((5, 1), (5, 1), (10, 5), (3, 1), (60, 15)))
    by = random.Random(len(counted)).choice(("ad", "ad", "advertiser"))
    command, text = report(fraud, database, "--window", f"sliding:{size}m/{step}m", "--by", by)
    got = [(r[f"{by}_id"], time(r[SLIDING[0]]), *(r[n] for n in SLIDING[1:])) for r in rows(text)]
    table = model.sliding(counted, f"{by}_id", size * MINUTE, step * MINUTE)
    wanted = [(k[0], moment(k[1]), t.clicks, t.valid, t.fraud, t.cost, len(t.users)) for k, t in table.items()]
    equal(" ".join(command), sorted(got), sorted(wanted))
    command, text = report(fraud, database, "--window", "session")
    got = [(r[SESSION[0]], time(r[SESSION[1]]), time(r[SESSION[2]]), *(r[n] for n in SESSION[3:])) for r in rows(text)]
    wanted = [(who, moment(a), moment(b), n, ads, b - a, cost) for who, a, b, n, ads, cost in model.sessions(counted)]
    equal(" ".join(command), sorted(got), sorted(wanted))


# Not by campaign: a minute is its first click's, and one ad of these streams is in two.
ASKED = (("--per", "minute", "--by", "ad"), ("--per", "hour", "--by", "ad"), ("--by", "advertiser"))


def ask(fraud, database, full):
    """Questions as of the last epoch, and of some before it, with the answers of today."""
    with duckdb.connect(database, read_only=True) as db:
        last = db.sql("select max(epoch) from epochs").fetchall()[0][0]
    asked = [report(fraud, database, "--epoch", str(last), *arguments) for arguments in ASKED[: 3 if full else 1]]
    for (_, answer), arguments in zip(asked, ASKED):
        # As of now is what it says without an epoch.
        equal("report of the last epoch", answer.splitlines(), report(fraud, database, *arguments)[1].splitlines())
    if last > 1:
        asked.append(report(fraud, database, "--epoch", str(random.Random(last).randrange(1, last)), *ASKED[0]))
    return asked


def still_answers(asked):
    for command, answer in asked:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.stdout != answer:
            equal(f"asked again: {' '.join(command)}", done.stdout.splitlines(), answer.splitlines())
