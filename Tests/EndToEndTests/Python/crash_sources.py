"""Writes what the crash tests score, in every form a source can have: crash_sources.py SEED COUNT FOLDER.

    clicks.ndjson, .ndjson.gz, .ndjson.zst   one history with engagements, duplicates, late clicks and bad lines
    clicks.csv                               a history without bad lines
    clicks.log                               an access log in the combined format
    merged-0.ndjson …                        one history over four files of four forms
"""
import os
import random
import sys

import streams


def access_log(seed, count):
    rng = random.Random(seed)
    now = streams.START
    for _ in range(count):
        now += int(rng.expovariate(1 / 900))
        day, hour = divmod(now // 1000, 86_400)
        stamp = f"{26 + day - streams.START // streams.DAY}/Oct/2026:{hour // 3600:02}:{hour // 60 % 60:02}:{hour % 60:02} +0000"
        ad = rng.randrange(12)
        query = f"ad_id=ad-{ad}&campaign_id=camp-{ad % 5}&advertiser_id=adv-{ad % 3}&cost=0.25"
        line = (f'10.0.{rng.randrange(3)}.{rng.randrange(60)} - - [{stamp}] "GET /click?{query} HTTP/1.1" 200 {rng.randrange(9000)} '
                f'"https://site-{rng.randrange(9)}.example/" "Mozilla/5.0 agent/{rng.randrange(9)}"')
        yield line.encode() if rng.random() > 0.005 else b"half a li"


def main(seed, count, folder):
    plain = streams.make(seed, count, folder, partitions=1, formats=("ndjson",))[0][0]
    os.rename(plain, f"{folder}/clicks.ndjson")
    lines = open(f"{folder}/clicks.ndjson", "rb").read().splitlines()
    for kind in ("ndjson.gz", "ndjson.zst"):
        streams.write(f"{folder}/clicks.{kind}", lines, kind)
    os.rename(streams.make(seed + 1, count, folder, partitions=1, formats=("csv",))[0][0], f"{folder}/clicks.csv")
    streams.write(f"{folder}/clicks.log", access_log(seed, count), "log")
    merged = streams.make(seed + 2, count, folder, partitions=4, formats=("ndjson", "csv", "ndjson.gz", "ndjson.zst"))[0]
    for n, path in enumerate(merged):
        os.rename(path, f"{folder}/merged-{n}.{path.split('.', 1)[1]}")


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
