// The fixed layout of one decoded event, shared by the C++ and the Swift decoders and by the scorer.
// A batch is an array of these records plus one arena of bytes that holds every string of the batch.
#ifndef FRAUD_CLICK_RECORD_H
#define FRAUD_CLICK_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "KeyShard.h"
#include "KeyState.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A run of bytes in the batch's arena. `length == 0` means the field is unknown (or empty, which is the same).
typedef struct {
    uint32_t offset;
    uint32_t length;
} fraud_text;

/// What an event is. `FRAUD_EVENT_REJECTED` marks bad input: `error_code`, `error_field` and `raw` say why.
enum {
    FRAUD_EVENT_CLICK = 0,
    FRAUD_EVENT_IMPRESSION = 1,
    FRAUD_EVENT_CONVERSION = 2,
    FRAUD_EVENT_ENGAGEMENT = 3,
    FRAUD_EVENT_REJECTED = 255,
};

/// Why an event was rejected.
enum {
    FRAUD_REJECT_NONE = 0,
    FRAUD_REJECT_NOT_JSON = 1,          ///< the line is not one JSON object
    FRAUD_REJECT_MISSING_FIELD = 2,     ///< a required field is absent, null or empty
    FRAUD_REJECT_WRONG_TYPE = 3,        ///< a field has another type than the schema's
    FRAUD_REJECT_CONTROL_CHARACTER = 4, ///< an id has a control character (below 0x20, or 0x7f)
    FRAUD_REJECT_LINE_TOO_LONG = 5,     ///< the line is over 64 KiB
    FRAUD_REJECT_INVALID_UTF8 = 6,
    FRAUD_REJECT_NEGATIVE_COST = 7,
    FRAUD_REJECT_TEXT_TOO_LONG = 8,     ///< a string is over its schema limit
    FRAUD_REJECT_BAD_VALUE = 9,         ///< right type, no meaning: a time that is none, a cost with 5 decimals
    FRAUD_REJECT_BAD_ROW = 10,          ///< CSV: wrong number of columns or a broken quote; combined: not such a line
};

/// Fields of the event schema, in a fixed order; `error_field` holds one of these.
enum {
    FRAUD_FIELD_NONE = 0,
    FRAUD_FIELD_TYPE,
    FRAUD_FIELD_CLICK_ID,
    FRAUD_FIELD_TS,
    FRAUD_FIELD_AD_ID,
    FRAUD_FIELD_CAMPAIGN_ID,
    FRAUD_FIELD_ADVERTISER_ID,
    FRAUD_FIELD_PUBLISHER_ID,
    FRAUD_FIELD_PLACEMENT_ID,
    FRAUD_FIELD_CREATIVE_ID,
    FRAUD_FIELD_AUDIENCE_ID,
    FRAUD_FIELD_COST,
    FRAUD_FIELD_USER_ID,
    FRAUD_FIELD_DEVICE_FINGERPRINT,
    FRAUD_FIELD_IP,
    FRAUD_FIELD_USER_AGENT,
    FRAUD_FIELD_REFERRER,
    FRAUD_FIELD_COUNTRY,
    FRAUD_FIELD_LAT,
    FRAUD_FIELD_LON,
    FRAUD_FIELD_TZ_OFFSET_MIN,
    FRAUD_FIELD_IMPRESSION_ID,
    FRAUD_FIELD_IMPRESSION_TS,
    FRAUD_FIELD_POINTER_MOVES,
    FRAUD_FIELD_POINTER_DISTANCE_PX,
    FRAUD_FIELD_POINTER_STRAIGHTNESS,
    FRAUD_FIELD_POINTER_DURATION_MS,
    FRAUD_FIELD_POINTER_SPEED_CV,
    FRAUD_FIELD_HOVER_MS,
    FRAUD_FIELD_SCROLL_EVENTS,
    FRAUD_FIELD_KEY_EVENTS,
    FRAUD_FIELD_TOUCH,
    FRAUD_FIELD_TIME_TO_CLICK_MS,
    FRAUD_FIELD_VISIBLE_RATIO,
    FRAUD_FIELD_OPACITY,
    FRAUD_FIELD_ELEMENT_WIDTH_PX,
    FRAUD_FIELD_ELEMENT_HEIGHT_PX,
    FRAUD_FIELD_WEBDRIVER,
    FRAUD_FIELD_DWELL_MS,
    FRAUD_FIELD_LABEL,
    FRAUD_FIELD_ATTACK,
    FRAUD_FIELD_COUNT,
};

/// A boolean that may be unknown.
enum { FRAUD_UNKNOWN = 0, FRAUD_NO = 1, FRAUD_YES = 2 };

/// The truth, where the input carries it. Only training and evaluation read it.
enum { FRAUD_TRUTH_UNKNOWN = 0, FRAUD_TRUTH_VALID = 1, FRAUD_TRUTH_FRAUD = 2 };

#define FRAUD_UNKNOWN_TIME INT64_MIN
#define FRAUD_MAX_LINE_BYTES 65536u
#define FRAUD_MAX_RAW_BYTES 4096u

/// One decoded event. Unknown numbers are NaN, unknown times FRAUD_UNKNOWN_TIME, unknown hashes 0.
typedef struct {
    // Keys, hashed once at decode: the first 64 bits of MurmurHash3 x64-128 (seed 0) of the field's bytes; 0 = unknown.
    uint64_t click_id_hash[2]; ///< all 128 bits: the deduplication key
    uint64_t ad_hash;
    uint64_t campaign_hash;
    uint64_t advertiser_hash;
    uint64_t publisher_hash;
    uint64_t user_hash;
    uint64_t device_hash;
    uint64_t agent_hash;
    uint64_t visitor_hash; ///< user_id, else device_fingerprint, else ip followed by user_agent: what HyperLogLog counts
    uint64_t ip_high;      ///< IPv6 in host order; IPv4 as ::ffff:a.b.c.d
    uint64_t ip_low;

    int64_t ts_ms;            ///< event time, ms since 1970 UTC
    int64_t cost_e4;          ///< 1/10000 currency units, >= 0
    int64_t impression_ts_ms;
    int64_t source_offset;    ///< byte offset of the line in the (decompressed) source
    int64_t source_line;      ///< 1-based line number

    fraud_text click_id;
    fraud_text ad_id;
    fraud_text campaign_id;
    fraud_text advertiser_id;
    fraud_text publisher_id;
    fraud_text placement_id;
    fraud_text creative_id;
    fraud_text audience_id;
    fraud_text user_id;
    fraud_text device_fingerprint;
    fraud_text ip;
    fraud_text user_agent;
    fraud_text referrer;
    fraud_text impression_id;
    fraud_text attack;        ///< truth: the family's name
    fraud_text raw;           ///< rejected events only: the first 4 KiB of the line

    float lat;
    float lon;
    float tz_offset_min;
    float pointer_moves;
    float pointer_distance_px;
    float pointer_straightness;
    float pointer_duration_ms;
    float pointer_speed_cv;
    float hover_ms;
    float scroll_events;
    float key_events;
    float time_to_click_ms;
    float visible_ratio;
    float opacity;
    float element_width_px;
    float element_height_px;
    float dwell_ms;

    uint16_t country;   ///< two upper-case letters, first in the high byte; 0 = unknown
    uint8_t event;      ///< FRAUD_EVENT_*
    uint8_t truth;      ///< FRAUD_TRUTH_*
    uint8_t touch;      ///< FRAUD_UNKNOWN / NO / YES
    uint8_t webdriver;  ///< FRAUD_UNKNOWN / NO / YES
    uint8_t ip_version; ///< 4, 6, or 0 when the address is unknown or not an address
    uint8_t error_code; ///< FRAUD_REJECT_*
    uint8_t error_field; ///< FRAUD_FIELD_*
    uint16_t partition; ///< number of the open source the event came from; set by the pipeline, 0 from a decoder
} fraud_click_record;

/// A batch being filled: records and arena belong to the caller.
typedef struct {
    fraud_click_record *_Nonnull records;
    uint32_t capacity;
    uint32_t count;
    uint8_t *_Nonnull arena;
    uint32_t arena_capacity;
    uint32_t arena_used;
} fraud_click_batch;

/// MurmurHash3 x64-128 (Austin Appleby, public domain), as PostgreSQL's hll uses it.
void fraud_murmur3_128(const void *_Nullable bytes, size_t length, uint64_t seed, uint64_t out[_Nonnull 2]);

/// A record with every field unknown.
void fraud_record_clear(fraud_click_record *_Nonnull record);

/// Fills the hashes and the binary address of a record whose texts are in `arena`. Call it once all texts are set.
void fraud_record_finish(fraud_click_record *_Nonnull record, const uint8_t *_Nonnull arena);

/// The same, and faster, when 32 bytes after every text of the record may be read.
void fraud_record_finish_padded(fraud_click_record *_Nonnull record, const uint8_t *_Nonnull arena);

/// Parses an IPv4 or IPv6 address; returns 4, 6, or 0 when it is none. IPv4-mapped IPv6 counts as 4.
int fraud_parse_ip(const uint8_t *_Nonnull text, size_t length, uint64_t *_Nonnull high, uint64_t *_Nonnull low);

/// The schema's name of a FRAUD_FIELD_* value.
const char *_Nonnull fraud_field_name(int field);

/// Asks for a cache line ahead of its use; never faults.
static inline void fraud_prefetch(const void *_Nullable address) { __builtin_prefetch(address, 1, 3); }

/// Says to the processor that this thread turns in a loop until another writes.
static inline void fraud_spin_hint(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Two hashes to one, for the key of a pair; never 0.
static inline uint64_t fraud_mix(uint64_t a, uint64_t b) {
    uint64_t x = a ^ (b * 0x9e3779b97f4a7c15ULL);
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    return x ? x : 1;
}

/// A fingerprint of what a click says: two events with one click_id and different fingerprints are different clicks.
/// Covers time, cost, dimensions, visitor and address; a collision (1 in 2^32) only hides a conflict.
static inline uint32_t fraud_content_fingerprint(const fraud_click_record *_Nonnull r) {
    const uint64_t parts[] = {r->ad_hash, r->campaign_hash, r->advertiser_hash, r->publisher_hash, r->user_hash, r->device_hash,
                              r->agent_hash, r->ip_high, r->ip_low, (uint64_t)r->ts_ms, (uint64_t)r->cost_e4};
    uint64_t h = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        h = (h ^ parts[i]) * 0x9fb21c651e98df25ULL;
        h ^= h >> 32;
    }
    return (uint32_t)(h >> 32);
}

#ifdef __cplusplus
}
#endif
#endif
