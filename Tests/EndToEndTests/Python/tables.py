"""Compares what the program left (tables, archive) with the slow model. Every function exits with words on a difference."""
import collections
import datetime
import glob
import struct
import sys

import model
from model import DAY, HOUR, MINUTE, visitor


def equal(what, got, expected):
    if got != expected:
        only = [r for r in got if r not in expected][:3], [r for r in expected if r not in got][:3]
        sys.exit(f"{what}: {len(got)} rows there, {len(expected)} expected\n only there: {only[0]}\n missing: {only[1]}")


def between(what, got, certain, possible):
    """`got` holds all that is certain, and else only what is possible."""
    got, certain, possible = map(collections.Counter, (got, certain, possible))
    missing, strange = certain - got, got - certain - possible
    if missing or strange:
        sys.exit(f"{what}: missing {list(missing)[:3]}, not expected {list(strange)[:3]}")


def moment(ms):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)


# --- HyperLogLog -------------------------------------------------------------------------------------------------

def murmur3(data):
    """The first 64 bits of MurmurHash3 x64-128, seed 0, signed."""
    mask, c1, c2 = (1 << 64) - 1, 0x87C37B91114253D5, 0x4CF5AD432745937F
    rotate = lambda x, r: (x << r | x >> (64 - r)) & mask
    h1 = h2 = 0
    whole = len(data) // 16 * 16
    for i in range(0, whole, 16):
        k1, k2 = struct.unpack_from("<QQ", data, i)
        h1 = ((rotate(h1 ^ rotate(k1 * c1 & mask, 31) * c2 & mask, 27) + h2) * 5 + 0x52DCE729) & mask
        h2 = ((rotate(h2 ^ rotate(k2 * c2 & mask, 33) * c1 & mask, 31) + h1) * 5 + 0x38495AB5) & mask
    k1, k2 = struct.unpack("<QQ", data[whole:].ljust(16, b"\0"))
    h2 ^= rotate(k2 * c2 & mask, 33) * c1 & mask
    h1 ^= rotate(k1 * c1 & mask, 31) * c2 & mask
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & mask
    h2 = (h2 + h1) & mask

    def mix(k):
        k = (k ^ k >> 33) * 0xFF51AFD7ED558CCD & mask
        k = (k ^ k >> 33) * 0xC4CEB9FE1A85EC53 & mask
        return k ^ k >> 33

    h1, h2 = mix(h1), mix(h2)
    h1 = (h1 + h2) & mask
    return h1 - (1 << 64) if h1 >> 63 else h1


hashes = {}


def explicit_hll(users):
    """Aggregate Knowledge's explicit representation; these streams stay under its 1,536 values."""
    for user in users:
        if user not in hashes:
            hashes[user] = murmur3(user.encode())
    values = sorted(hashes[u] for u in users)
    assert len(values) <= 1536
    return bytes.fromhex("12ae7f" if values else "11ae7f") + b"".join(struct.pack(">q", v) for v in values)


# --- tables ------------------------------------------------------------------------------------------------------

TOTALS = "click_count, unique_users, valid_clicks, fraud_clicks, total_cost, unique_users_hll"
NAMES = ("valid", "fraud", "duplicate", "late", "rejected")


def relabelled_ids(db):
    return {(i, ts) for i, ts in db.sql("select click_id, click_ts from label_changes where cause = 'engagement'").fetchall()}


def windows_equal(db, counted):
    def row(start, t):
        return (t.first["ad_id"], t.first["campaign_id"], t.first["advertiser_id"], start, t.clicks, len(t.users), t.valid,
                t.fraud, t.cost, explicit_hll(t.users))

    got = db.sql(f"select ad_id, campaign_id, advertiser_id, window_start, {TOTALS} from click_aggregates_minute").fetchall()
    equal("minute", sorted(got), sorted(row(moment(k[1] * MINUTE), t) for k, t in model.tumbling(counted, MINUTE).items()))
    got = db.sql(f"select ad_id, campaign_id, advertiser_id, hour, {TOTALS} from click_aggregates_hourly").fetchall()
    equal("hour", sorted(got), sorted(row(moment(k[1] * HOUR), t) for k, t in model.tumbling(counted, HOUR).items()))
    got = db.sql(f"select ad_id, campaign_id, advertiser_id, date, {TOTALS}, billable_clicks, billable_cost from click_aggregates_daily").fetchall()
    expected = (row(moment(k[3] * DAY).date(), t) + (t.valid, t.billable) for k, t in model.daily(counted).items())
    equal("day", sorted(got), sorted(expected))
    ends = db.sql("select count(*) from click_aggregates_minute where window_end <> window_start + interval 1 minute").fetchall()
    equal("window_end", ends, [(0,)])


def ends_equal(db, expected, counts):
    """What became of every event: lists, sums, and the last epoch's totals."""
    late = [(c["click_id"], moment(c["ts"]), c["cost"]) for c in expected.late]
    equal("late", sorted(db.sql("select click_id, ts, cost from late_clicks").fetchall()), sorted(late))
    equal("rejected", db.sql("select count(*) from rejected_events").fetchall(), [(expected.rejected,)])
    by_day = collections.Counter()
    for click in expected.duplicates:
        by_day[click["ad_id"], moment(click["ts"]).date()] += 1
    got = db.sql("select ad_id, date, sum(duplicates)::bigint from duplicate_counts where duplicates > 0 group by all").fetchall()
    equal("duplicates", sorted(got), sorted((*k, n) for k, n in by_day.items()))
    got = db.sql("select coalesce(sum(cost), 0) from duplicate_counts").fetchall()
    equal("duplicates' cost", got, [(sum(c["cost"] for c in expected.duplicates),)])
    got = db.sql("select coalesce(sum(conflicts), 0)::bigint from duplicate_counts").fetchall()
    equal("conflicts counted", got, [(len(expected.conflicts),)])
    ids = ("click_id", "ts", "ad_id", "campaign_id", "advertiser_id", "cost")
    listed = [tuple(moment(c[n]) if n == "ts" else c[n] for n in ids) for c in expected.conflicts]
    equal("conflicts listed", sorted(db.sql(f"select {', '.join(ids)} from duplicate_conflicts").fetchall()), sorted(listed))
    last = db.sql("select received, valid, fraud, duplicate, late, rejected from epochs order by epoch desc limit 1").fetchall()
    equal("epoch", last, [(sum(counts[n] for n in NAMES), *(counts[n] for n in NAMES))])


def relabels_equal(db, counted, expected):
    changed = [e["click"] for e in counted if e["relabelled"]]
    rows = [(c["click_id"], moment(c["ts"]), c["ad_id"], c["campaign_id"], c["advertiser_id"], c["cost"], "valid", "fraud") for c in changed]
    got = db.sql("""select click_id, click_ts, ad_id, campaign_id, advertiser_id, cost, from_label, to_label from label_changes
                    where cause = 'engagement'""").fetchall()
    equal("label_changes", sorted(got), sorted(rows))
    equal("label_changes that wait", db.sql("select count(*) from label_changes where applied_epoch is null").fetchall(), [(0,)])
    flagged = db.sql("select click_id, ts, cost from flagged_clicks where deciding_rule = 'engagement' and list_contains(reasons, 'instant_bounce')")
    equal("flagged by engagement", sorted(flagged.fetchall()), sorted((c["click_id"], moment(c["ts"]), c["cost"]) for c in changed))
    known = [e["click"] for e in counted if e["given"] == "fraud"]
    got = db.sql("select click_id, ts, cost from flagged_clicks where deciding_rule <> 'engagement'").fetchall()
    equal("flagged", sorted(got), sorted((c["click_id"], moment(c["ts"]), c["cost"]) for c in known))
    got = [tuple(r) for r in db.sql("select click_id, ts, dwell_ms from unmatched_engagements").fetchall()]
    as_rows = lambda events: [(e["click_id"], moment(e["ts"]), int(e["dwell_ms"])) for e in events]
    between("unmatched_engagements", got, as_rows(expected.unmatched), as_rows(expected.maybe_unmatched))


def session_visitor(click_visitor):
    """How click_sessions names a visitor."""
    return click_visitor


def sessions_equal(db, counted):
    got = db.sql("select visitor, session_start, session_end, click_count, distinct_ads, total_cost, duration_ms from click_sessions").fetchall()
    rows = [(session_visitor(w), moment(a), moment(b), n, ads, cost, b - a) for w, a, b, n, ads, cost in model.sessions(counted)]
    equal("sessions", sorted(got), sorted(rows))


# --- archive -----------------------------------------------------------------------------------------------------

#: Columns of the archive with the input's texts, in one place.
ARCHIVED = ("click_id", "ad_id", "campaign_id", "advertiser_id", "publisher_id", "placement_id", "user_id", "device_fingerprint", "ip",
            "user_agent", "referrer", "country")
#: Where scattered times go, of which an epoch has fewer than four in an hour.
REST = "('9999-12-31', '00')"
NUMBERS = ("pointer_moves", "visible_ratio", "dwell_ms")


def single(number):
    """A number as a 32-bit float holds it."""
    return number if number is None else struct.unpack("<f", struct.pack("<f", number))[0]


def archived_row(status, click, verdict, is_conflict):
    numbers = (None if click.get(n) is None else float(click[n]) for n in NUMBERS)
    return (status, is_conflict if status == "duplicate" else None, verdict["label"], single(verdict["score"]), verdict["ivt"], verdict["rule"],
            verdict["reasons"], moment(click["ts"]), click["cost"], click.get("webdriver"), *(click.get(n) or None for n in ARCHIVED), *numbers)


def archive_equal(db, database, received, verdicts, conflicts):
    """One row for each counted, duplicate and late click, in the folder of its hour, numbered in the order of arrival."""
    files = glob.glob(f"{database}.archive/**/*.parquet", recursive=True) + glob.glob(f"{database}.archive/.staging/*")
    equal("files left in staging", [f for f in files if "/.staging/" in f], [])
    in_conflict = {id(c) for c in conflicts}
    expected = [archived_row(s, click, v, id(click) in in_conflict) for (s, click, _), v in zip(received, verdicts) if click]
    if not files:
        return equal("archive", [], expected)
    columns = ", ".join(["status", "conflict", "verdict_label", "score", "ivt", "deciding_rule", "reasons", "ts", "cost", "webdriver",
                         *ARCHIVED, *NUMBERS])
    table = f"read_parquet('{database}.archive/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    got = db.sql(f"select {columns} from {table} order by seq").fetchall()
    # The reasons of what was not scored are NULL.
    got = [(*r[:6], r[6] or [], *r[7:]) for r in got]
    equal("archive", got, expected)
    strays = db.sql(f"""select click_id, ts, date, hour from {table}
        where (date, hour) not in ((strftime(ts, '%Y-%m-%d'), strftime(ts, '%H')), {REST})""").fetchall()
    equal("archive folders", strays, [])
    crowds = db.sql(f"select epoch, date_trunc('hour', ts), count(*) from {table} where (date, hour) = {REST} group by all having count(*) >= 4")
    return equal("hours that want a folder of their own", crowds.fetchall(), [])
