"""Compares every table of two databases row for row: tables_equal.py UNDISTURBED OTHER; exits 1 naming the first difference.

Left out: the moment of a commit and the paths a person chose, which may differ between two runs of the same work.
"""
import sys

import duckdb

LEFT_OUT = {"committed_at", "name", "verdicts_path"}

db = duckdb.connect()
for alias, path in zip("ab", sys.argv[1:3]):
    db.execute(f"attach '{path}' as {alias} (read_only)")


def columns(alias):
    rows = db.execute(
        "select table_name, column_name from duckdb_columns() where database_name = ? order by table_name, column_index", [alias]).fetchall()
    tables = {}
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return tables


left, right = columns("a"), columns("b")
if left != right or not left:
    sys.exit(f"tables differ: {sorted(left)} and {sorted(right)}")
for table, names in left.items():
    kept = ", ".join(f'"{c}"' for c in names if c not in LEFT_OUT)
    sizes = [db.execute(f'select count(*) from {alias}."{table}"').fetchall()[0][0] for alias in "ab"]
    # EXCEPT ALL counts repeated rows and holds NaN equal to NaN.
    only = [
        db.execute(f'select {kept} from {x}."{table}" except all select {kept} from {y}."{table}" limit 1').fetchall()
        for x, y in ("ab", "ba")
    ]
    if sizes[0] != sizes[1] or only[0] or only[1]:
        shown = [str(rows)[:300] for rows in only]
        sys.exit(f"{table}: {sizes[0]} and {sizes[1]} rows; only in the first: {shown[0]}; only in the second: {shown[1]}")
print("equal")
