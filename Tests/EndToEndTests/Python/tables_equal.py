"""Compares every table of two databases row for row: tables_equal.py UNDISTURBED OTHER; exits 1 naming the first difference.

Left out: the moment of a commit and the paths a person chose, which may differ between two runs of the same work.
"""
import sys

import duckdb

LEFT_OUT = {"committed_at", "name", "verdicts_path"}


def tables(db):
    return [r[0] for r in db.sql("select table_name from information_schema.tables where table_type = 'BASE TABLE' order by 1").fetchall()]


def rows(db, table):
    columns = [r[0] for r in db.execute("select column_name from information_schema.columns where table_name = ? order by ordinal_position", [table]).fetchall()]
    kept = ", ".join(f'"{c}"' for c in columns if c not in LEFT_OUT)
    return db.sql(f'select {kept} from "{table}" order by all').fetchall()


a, b = (duckdb.connect(path, read_only=True) for path in sys.argv[1:3])
if tables(a) != tables(b):
    sys.exit(f"tables differ: {tables(a)} and {tables(b)}")
for table in tables(a):
    left, right = rows(a, table), rows(b, table)
    # NaN is not equal to itself; its text is.
    if list(map(str, left)) != list(map(str, right)):
        only = next(((x, y) for x, y in zip(left, right) if str(x) != str(y)), (left[len(right):][:1], right[len(left):][:1]))
        sys.exit(f"{table}: {len(left)} and {len(right)} rows; first difference:\n {only[0]}\n {only[1]}")
print("equal")
