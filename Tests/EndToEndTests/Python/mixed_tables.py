"""Writes one labelled table of mixed columns as CSV, gzip, zstd and Parquet, and parts of it.

usage: mixed_tables.py FOLDER SEED
"""
import sys

import duckdb
import numpy as np
import pandas as pd

folder, seed = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(seed)
rows = 1200
fraud = random.random(rows) < 0.2
amount = np.round(random.gamma(2, 20, rows) * np.where(fraud, 1.6, 1), 2)
amount[random.random(rows) < 0.1] = np.nan
city = np.array([f"city, {k}" for k in range(30)])[random.integers(0, 30, rows)].astype(object)
city[fraud & (random.random(rows) < 0.5)] = 'the "farm"'
city[random.random(rows) < 0.05] = None
table = pd.DataFrame({
    "ref": [f"r{k:05d}" for k in range(rows)],
    "amount": amount,
    "clicks": random.poisson(np.where(fraud, 9, 4)),
    "proxy": random.random(rows) < np.where(fraud, 0.4, 0.1),
    "city": city,
    "zone": random.integers(1, 6, rows),
    "day": pd.Timestamp("2026-03-01") + pd.to_timedelta(np.arange(rows) * 11, unit="min"),
    "same": 7,
    "void": None,
    "truth": np.where(fraud, "fraud", "valid"),
})
table["void"] = table["void"].astype("object")
csv = f"{folder}/mixed.csv"
table.to_csv(csv, index=False)
table.to_csv(f"{folder}/mixed.csv.gz", index=False)
table.iloc[:800].to_csv(f"{folder}/first.csv", index=False)
table.iloc[800:].to_csv(f"{folder}/rest.csv", index=False)
# Other order of columns, one of them new: found by name.
table[list(table.columns[::-1])].assign(extra="x").to_csv(f"{folder}/turned.csv", index=False, sep=";")
connection = duckdb.connect()
connection.register("mixed", table)
connection.execute(f"COPY mixed TO '{folder}/mixed.parquet'")
connection.execute(f"COPY (FROM read_csv('{csv}', all_varchar=true)) TO '{folder}/mixed.csv.zst' (FORMAT csv, HEADER, COMPRESSION zstd)")
