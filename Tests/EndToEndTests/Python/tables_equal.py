"""Compares what runs of the same work left: tables_equal.py [--tables] [--but TABLE,…] UNDISTURBED OTHER…; exits 1 naming the first difference.

Every table row for row, the archive's rows, and the verdicts file beside the database (X.verdicts of X.duckdb, when there);
with --tables the tables only; with --but without the tables named.
Left out: the moment of a commit and the paths a person chose, which may differ between two runs of the same work.
"""
import glob
import os
import sys

import duckdb

LEFT_OUT = {"committed_at", "name", "verdicts_path"}

db = duckdb.connect()
failed = []
known = {}


def columns(alias):
    rows = db.execute(
        "select table_name, column_name from duckdb_columns() where database_name = ? order by table_name, column_index", [alias]).fetchall()
    tables = {}
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return tables


def signature(relation, kept):
    """Count and sum of row hashes: equal for equal rows in any order, and quick."""
    whole = "*columns(*)" if kept == "*" else kept
    return db.execute(f"select count(*), sum(hash({whole}))::varchar from {relation}").fetchall()


def relations_differ(name, left, right, kept):
    """In words how two relations differ, or None."""
    if known.setdefault(left, signature(left, kept)) == signature(right, kept):
        return None
    # EXCEPT ALL counts repeated rows and holds NaN equal to NaN.
    only = [db.execute(f"select {kept} from {x} except all select {kept} from {y} limit 1").fetchall() for x, y in ((left, right), (right, left))]
    sizes = [db.execute(f"select count(*) from {r}").fetchall()[0][0] for r in (left, right)]
    shown = [str(rows)[:300] for rows in only]
    return f"{name}: {sizes[0]} and {sizes[1]} rows; only in the first: {shown[0]}; only in the second: {shown[1]}"


def archive(path):
    files = glob.glob(f"{path}.archive/**/*.parquet", recursive=True)
    strays = [f for f in files if "/.staging/" in f]
    if strays:
        sys.exit(f"left in staging: {strays[:3]}")
    return f"read_parquet('{path}.archive/**/*.parquet', hive_partitioning = true)" if files else None


def verdicts(path):
    beside = path.removesuffix(".duckdb") + ".verdicts"
    return open(beside, "rb").read() if os.path.exists(beside) else None


def difference(first, other):
    db.execute(f"attach '{other}' as b (read_only)")
    left, right = columns("a"), columns("b")
    if left != right or not left:
        return f"tables differ: {sorted(left)} and {sorted(right)}"
    for table, names in left.items():
        if table in but:
            continue
        kept = ", ".join(f'"{c}"' for c in names if c not in LEFT_OUT)
        words = relations_differ(table, f'a."{table}"', f'b."{table}"', kept)
        if words:
            return words
    if tables_only:
        return None
    archives = archive(first), archive(other)
    if (archives[0] is None) != (archives[1] is None):
        return f"archive: {archives}"
    words = relations_differ("archive", *archives, "*") if archives[0] else None
    if words is None and verdicts(first) != verdicts(other):
        words = "the verdicts files differ"
    return words


arguments = sys.argv[1:]
tables_only = arguments[0] == "--tables"
arguments = arguments[tables_only:]
but = arguments[1].split(",") if arguments[0] == "--but" else []
undisturbed, *others = arguments[2 if but else 0:]
db.execute(f"attach '{undisturbed}' as a (read_only)")
for path in others:
    found = difference(undisturbed, path)
    if found:
        failed.append(f"{os.path.basename(path)}: {found}")
    db.execute("detach database if exists b")
if failed:
    sys.exit("\n".join(failed))
print("equal")
