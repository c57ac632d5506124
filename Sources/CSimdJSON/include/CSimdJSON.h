// Bytes -> fraud_click_batch: NDJSON (over simdjson's structural index), CSV and access logs in the combined format,
// all over one set of field rules. Nothing here throws, allocates per event or reads a clock.
#ifndef FRAUD_CSimdJSON_H
#define FRAUD_CSimdJSON_H

#include "CClickRecord.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The largest `cost` of one event, in 1/10000 units: 100,000,000.0000. Above it a cost is FRAUD_REJECT_BAD_VALUE, so
/// that no reachable number of clicks overflows a 64-bit sum.
#define FRAUD_MAX_COST_E4 1000000000000LL
/// Event times are accepted from 1970-01-01 up to, and not including, 2200-01-01.
#define FRAUD_END_OF_TIME_MS 7258118400000LL
/// Objects and arrays nested deeper than this inside an ignored field make a line FRAUD_REJECT_NOT_JSON.
#define FRAUD_MAX_JSON_DEPTH 1024
/// Free arena bytes a decoder wants beyond the length of the line it takes next.
#define FRAUD_ARENA_SLACK 512u
/// Columns of a CSV file; further ones make the header an error.
#define FRAUD_MAX_CSV_COLUMNS 1024

/// Where a decoder stands in a run of whole lines (the last one may lack its newline).
typedef struct {
    const uint8_t *_Nullable bytes;
    size_t length;
    size_t position; ///< of the next line in `bytes`; `length` when all is decoded
    int64_t offset;  ///< of bytes[0] in the source
    int64_t line;    ///< 1-based number of the line at `position`
} fraud_line_cursor;

/// Scratch memory of one decoder, and for NDJSON the structural index. One thread at a time.
typedef struct fraud_line_decoder fraud_line_decoder;

/// NULL when memory is short.
fraud_line_decoder *_Nullable fraud_line_decoder_create(void);
void fraud_line_decoder_destroy(fraud_line_decoder *_Nullable decoder);

/// Each of the three decodes lines until the cursor is at its end or the batch is full (no record left, or less arena
/// than the next line may need). Every line that is not blank becomes exactly one record.
void fraud_decode_ndjson(
    fraud_line_decoder *_Nonnull decoder, fraud_line_cursor *_Nonnull cursor, fraud_click_batch *_Nonnull batch);

/// `fields[i]` is the FRAUD_FIELD_* of column i, FRAUD_FIELD_NONE for a column to ignore.
void fraud_decode_csv(
    fraud_line_decoder *_Nonnull decoder, fraud_line_cursor *_Nonnull cursor, fraud_click_batch *_Nonnull batch,
    const uint8_t *_Nonnull fields, size_t field_count);

/// What a line of an access log does not say by itself; a length of 0 means no default. At most 64 bytes each.
typedef struct {
    const uint8_t *_Nullable ad_id;
    size_t ad_id_length;
    const uint8_t *_Nullable campaign_id;
    size_t campaign_id_length;
    const uint8_t *_Nullable advertiser_id;
    size_t advertiser_id_length;
} fraud_combined_defaults;

void fraud_decode_combined(
    fraud_line_decoder *_Nonnull decoder, fraud_line_cursor *_Nonnull cursor, fraud_click_batch *_Nonnull batch,
    const fraud_combined_defaults *_Nonnull defaults);

/// Whether a line has the combined format's shape.
bool fraud_is_combined(const uint8_t *_Nonnull line, size_t length);

/// Appends the rejection of a line of which only the start is at hand. False when the batch has no room.
bool fraud_append_rejection(
    fraud_click_batch *_Nonnull batch, int code, int field, const uint8_t *_Nonnull raw, size_t length,
    int64_t offset, int64_t line);

/// The FRAUD_FIELD_* of a schema name, FRAUD_FIELD_NONE for any other.
int fraud_find_field(const uint8_t *_Nonnull name, size_t length);

/// Starts an event in the batch's next record. False when there is no room for one of the largest.
bool fraud_event_begin(fraud_click_batch *_Nonnull batch, int64_t offset, int64_t line);
/// Sets a field of the event begun from its text, as a CSV cell would. Returns FRAUD_REJECT_*. Empty means unknown.
int fraud_event_set_text(fraud_click_batch *_Nonnull batch, int field, const uint8_t *_Nonnull text, size_t length);
/// Sets a numeric field of the event begun; out of range and not finite mean unknown. Returns FRAUD_REJECT_*.
int fraud_event_set_number(fraud_click_batch *_Nonnull batch, int field, double value);
/// Checks that all required fields are there, hashes the keys and counts the event in. Returns FRAUD_REJECT_*.
int fraud_event_finish(fraud_click_batch *_Nonnull batch, int *_Nonnull missing_field);

/// Newlines among `length` bytes.
size_t fraud_count_newlines(const uint8_t *_Nonnull bytes, size_t length);
/// The index after the last newline, or 0 when there is none.
size_t fraud_end_of_last_line(const uint8_t *_Nonnull bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
