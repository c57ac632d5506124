"""Files for the benchmarks: the same simulated clicks as NDJSON, gzip, CSV and combined log; what is there already is kept.

usage: bench_inputs.py FRAUD_BINARY FOLDER CLICKS [FORMAT]...      formats: gzip csv combined; none for NDJSON alone

One million clicks an hour of event time whatever their number, test profile, seed 42. No bad lines: a few of them, and DuckDB cannot
tell the columns of NDJSON. Prints the NDJSON file's path. CSV and combined log are written by DuckDB from the NDJSON.
"""
import os
import subprocess
import sys

# Columns that DuckDB reads, with the types that the schema gives them; the rest of a line are features of the pointer.
COLUMNS = {
    "click_id": "VARCHAR", "ts": "BIGINT", "ad_id": "VARCHAR", "campaign_id": "VARCHAR", "advertiser_id": "VARCHAR",
    "cost": "DECIMAL(18,4)", "publisher_id": "VARCHAR", "placement_id": "VARCHAR", "user_id": "VARCHAR", "device_fingerprint": "VARCHAR",
    "ip": "VARCHAR", "user_agent": "VARCHAR", "referrer": "VARCHAR", "country": "VARCHAR", "lat": "DOUBLE", "lon": "DOUBLE",
    "tz_offset_min": "DOUBLE", "pointer_moves": "DOUBLE", "pointer_distance_px": "DOUBLE", "pointer_straightness": "DOUBLE",
    "pointer_duration_ms": "DOUBLE", "pointer_speed_cv": "DOUBLE", "hover_ms": "DOUBLE", "scroll_events": "DOUBLE", "key_events": "DOUBLE",
    "touch": "BOOLEAN", "time_to_click_ms": "DOUBLE", "visible_ratio": "DOUBLE", "opacity": "DOUBLE", "element_width_px": "DOUBLE",
    "element_height_px": "DOUBLE", "webdriver": "BOOLEAN", "dwell_ms": "DOUBLE",
}


def struct(columns=COLUMNS):
    """The columns as a DuckDB struct literal."""
    return "{" + ", ".join(f"{name}: '{kind}'" for name, kind in columns.items()) + "}"


def clicks(path):
    """Every click of an NDJSON file."""
    return f"(SELECT * FROM read_json('{path}', format='newline_delimited', columns={struct()}))"


def database():
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    return connection


def write_csv(source, path):
    database().execute(f"COPY {clicks(source)} TO '{path}' (FORMAT csv, HEADER)")


def write_combined(source, path):
    """Dimensions and cost in the query string, as a click tracker logs them."""
    line = """format('{} - - [{}] "GET /c?click_id={}&ad_id={}&campaign_id={}&advertiser_id={}&cost={}&user_id={} HTTP/1.1" 200 43 "{}" "{}"',
        coalesce(ip, '0.0.0.0'), strftime(make_timestamp(ts * 1000), '%d/%b/%Y:%H:%M:%S +0000'), click_id, ad_id, campaign_id, advertiser_id,
        cost::VARCHAR, coalesce(user_id, ''), coalesce(referrer, '-'), coalesce(user_agent, '-'))"""
    query = f"SELECT {line} AS line FROM {clicks(source)}"
    database().execute(f"COPY ({query}) TO '{path}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\t')")


def make(path, write):
    """Writes a file beside its place first, so that one that is there is whole."""
    if not os.path.exists(path):
        partial = path + ".partial"
        write(partial)
        os.replace(partial, path)
    return path


def inputs(fraud, folder, count, formats=()):
    """Paths by format."""
    os.makedirs(folder, exist_ok=True)
    stem = os.path.join(folder, f"clicks-{count}")
    simulate = [fraud, "simulate", "--clicks", str(count), "--hours", str(count / 1e6), "--profile", "test", "--seed", "42",
                "--bad-line-share", "0", "--out"]
    paths = {"ndjson": make(stem + ".ndjson", lambda out: subprocess.run(simulate + [out], check=True, stderr=subprocess.DEVNULL))}
    source = paths["ndjson"]
    if "gzip" in formats:
        paths["gzip"] = make(
            source + ".gz", lambda out: subprocess.run(["gzip", "-6", "-n", "-c", source], check=True, stdout=open(out, "wb")))
    if "csv" in formats:
        paths["csv"] = make(stem + ".csv", lambda out: write_csv(source, out))
    if "combined" in formats:
        paths["combined"] = make(stem + ".log", lambda out: write_combined(source, out))
    return paths


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    print(inputs(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])["ndjson"])
