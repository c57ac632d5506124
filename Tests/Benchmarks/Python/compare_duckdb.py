"""`fraud score` beside a bare aggregation in DuckDB over the same file: whole processes, cold, in turn.

usage: compare_duckdb.py FRAUD_BINARY FOLDER [CLICKS [PAIRS]]      1,000,000 clicks and 5 pairs

DuckDB reads the file and groups it by ad and minute (count, sum of cost, approximate number of users): no deduplication, no
watermark, no features, rules, model or tables. `fraud score` does all of it and commits to a fresh database each time. Between the two
stands DuckDB that reads every column of a click and stores as many of them as are flagged, without features. One run of
each is dropped, then they alternate. Before each run the file is read, for the page cache (what memory cannot hold is not there), and
memory is touched and given back: a virtual machine may have to get either from its host, which then takes longer than the run and
falls on any of them. The same in gzip and CSV, up to 10,000,000 clicks: beyond that the disk has enough with NDJSON.
Last, what is left of the ratio if all else cost nothing: DuckDB alone storing the tables of a job, out of its own memory.

wall      median seconds, from the start of the process to its end
ratio     median over the pairs of the wall time of fraud over that of the other in the same pair: below 1, fraud is faster
cpu       the same of processor time, user and system, all threads: steadier when the machine has other work
user, sys median seconds
peak      greatest resident memory, MiB
"""
import os
import shutil
import statistics
import subprocess
import sys
import time

from bench_inputs import clicks, inputs

AGGREGATE = "SELECT ad_id, ts // 60000 AS minute, count(*), sum(cost), approx_count_distinct(user_id) FROM {source} GROUP BY ALL"
MOST_IN_ALL_FORMATS = 10_000_000
TYPED = "{ad_id: 'VARCHAR', ts: 'BIGINT', cost: 'DECIMAL(18,4)', user_id: 'VARCHAR'}"
# About the share of the benchmark's clicks that is flagged.
STORED_PERCENT = 18
TOUCHED_BYTES = 3 << 30
READ_JSON = "read_json('{path}', format='newline_delimited'{more})"


def query(kind, path):
    if kind == "csv":
        return AGGREGATE.format(source=f"read_csv('{path}')")
    if kind == "typed":
        return AGGREGATE.format(source=READ_JSON.format(path=path, more=f", columns={TYPED}"))
    return AGGREGATE.format(source=READ_JSON.format(path=path, more=""))


def duckdb(kind, path):
    code = "import sys, duckdb; print(len(duckdb.connect().execute(sys.argv[1]).fetchall()))"
    return [sys.executable, "-c", code, query(kind, path)]


def store(path, database, percent):
    code = "import sys, duckdb; duckdb.connect(sys.argv[1]).execute(sys.argv[2])"
    return [sys.executable, "-c", code, database, f"CREATE TABLE clicks AS SELECT * FROM {clicks(path)} WHERE hash(click_id) % 100 < {percent}"]


# Copies a database's tables to memory and stores them again, a few times, one thread: seconds of processor time and of wall time, medians.
STORE_AGAIN = '''
import os, statistics, sys, time
import duckdb
source, target = sys.argv[1:]
connection = duckdb.connect(config={"threads": 1})
connection.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
tables = connection.execute("SELECT table_name, sql FROM duckdb_tables() WHERE database_name = 'source'").fetchall()
for name, _ in tables:
    connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM source."{name}"')
connection.execute("DETACH source; SET write_buffer_row_group_count = 1; SET wal_autocheckpoint = '1KB'")
times = []
for _ in range(5):
    if os.path.exists(target):
        os.remove(target)
    connection.execute(f"ATTACH '{target}' AS target (ROW_GROUP_SIZE 30720); USE target")
    for _, statement in tables:
        connection.execute(statement.replace("source.main.", ""))
    wall, cpu = time.monotonic(), time.process_time()
    connection.execute("BEGIN")
    for name, _ in tables:
        connection.execute(f'INSERT INTO target."{name}" SELECT * FROM memory."{name}"')
    connection.execute("COMMIT")
    times.append((time.process_time() - cpu, time.monotonic() - wall))
    connection.execute("USE memory; DETACH target")
print(*(statistics.median(column) for column in zip(*times)))
'''


def store_again(fraud, path, database):
    """Processor and wall seconds that DuckDB takes to store what a job stores."""
    target = database + ".again"
    fresh(database)
    run(score(fraud, path, database, archive=False))
    prepare(path)
    made = subprocess.run([sys.executable, "-c", STORE_AGAIN, database, target], check=True, stdout=subprocess.PIPE, text=True)
    fresh(database)
    fresh(target)
    return [float(figure) for figure in made.stdout.split()]


def score(fraud, path, database, archive):
    return [fraud, "score", path, "--db", database, "--json"] + ([] if archive else ["--no-archive"])


def prepare(path):
    """Has the page cache hold the file, and the machine hold memory."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass
    touched = min(TOUCHED_BYTES, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4)
    subprocess.run([sys.executable, "-c", f"bytearray(b'x') * {touched}"], check=True)


def run(command):
    """Wall seconds, user seconds, system seconds, peak MiB of one process."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed: {errors.decode()[-1000:]}")
    return wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss / 1024


def fresh(database):
    for suffix in ("", ".wal"):
        if os.path.exists(database + suffix):
            os.remove(database + suffix)
    for suffix in (".state", ".archive"):
        shutil.rmtree(database + suffix, ignore_errors=True)


def wall_of(figures):
    return figures[0]


def cpu_of(figures):
    return figures[1] + figures[2]


def ratio_of(value, mine, other):
    return statistics.median(value(a) / value(b) for a, b in zip(mine, other))


def compare(name, path, commands, database, pairs):
    """Runs the commands in turn; the first is the one that the others are held against."""
    runs = [[] for _ in commands]
    for turn in range(pairs + 1):
        for place, (_, command) in enumerate(commands):
            fresh(database)
            prepare(path)
            figures = run(command)
            if turn > 0:
                runs[place].append(figures)
    fresh(database)
    print(f"\n{name:34}  {'wall s':>8}  {'clicks/s':>10}  {'ratio':>6}  {'cpu':>5}  {'user s':>7}  {'sys s':>6}  {'peak MiB':>8}")
    for (label, _), figures in zip(commands, runs):
        wall, user, system, peak = (statistics.median(column) for column in zip(*figures))
        ratio, cpu = ("", "") if figures is runs[0] else (f"{ratio_of(wall_of, runs[0], figures):.2f}", f"{ratio_of(cpu_of, runs[0], figures):.2f}")
        print(f"{label:34}  {wall:8.3f}  {CLICKS / wall:10,.0f}  {ratio:>6}  {cpu:>5}  {user:7.2f}  {system:6.2f}  {peak:8,.0f}", flush=True)


def main(fraud, folder, pairs):
    files = inputs(fraud, folder, CLICKS, ["gzip", "csv"] if CLICKS <= MOST_IN_ALL_FORMATS else [])
    database = os.path.join(folder, "compare.duckdb")
    plain = files["ndjson"]
    import duckdb as library

    print(f"{CLICKS:,} clicks, {os.path.getsize(plain) >> 20} MiB of NDJSON, DuckDB {library.__version__}, {os.cpu_count()} cores, {pairs} pairs")
    mine = ("fraud score --no-archive", score(fraud, plain, database, archive=False))
    compare("NDJSON", plain, [
        mine, ("DuckDB read_json, columns given", duckdb("typed", plain)), ("DuckDB read_json, detected", duckdb("auto", plain)),
        (f"DuckDB, all columns, {STORED_PERCENT} % stored", store(plain, database, STORED_PERCENT)),
    ], database, pairs)
    cpu, wall = store_again(fraud, plain, database)
    print(f"\nDuckDB stores the same tables from memory: {cpu:.2f} s of processor time, {wall:.2f} s wall, medians of five")
    compare("NDJSON, clicks archived", plain, [
        ("fraud score", score(fraud, plain, database, archive=True)), ("DuckDB read_json, columns given", duckdb("typed", plain)),
    ], database, pairs)
    if "gzip" not in files:
        return
    compare("NDJSON in gzip", files["gzip"], [
        ("fraud score --no-archive", score(fraud, files["gzip"], database, archive=False)),
        ("DuckDB read_json, columns given", duckdb("typed", files["gzip"])), ("gzip -dc", ["gzip", "-dc", files["gzip"]]),
    ], database, pairs)
    compare("CSV", files["csv"], [
        ("fraud score --no-archive", score(fraud, files["csv"], database, archive=False)), ("DuckDB read_csv", duckdb("csv", files["csv"])),
    ], database, pairs)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    CLICKS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    main(sys.argv[1], sys.argv[2], int(sys.argv[4]) if len(sys.argv) > 4 else 5)
