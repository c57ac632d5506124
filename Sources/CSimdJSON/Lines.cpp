#include "Lines.hpp"

#include <new>

namespace fraud {

void reject(
    fraud_click_batch *batch, fraud_click_record *record, Outcome why, uint32_t arena_mark, const uint8_t *raw,
    size_t length) {
    const int64_t offset = record->source_offset, line = record->source_line;
    fraud_record_clear(record);
    record->source_offset = offset;
    record->source_line = line;
    record->event = FRAUD_EVENT_REJECTED;
    record->error_code = static_cast<uint8_t>(why.code);
    record->error_field = static_cast<uint8_t>(why.field);
    const uint32_t kept = static_cast<uint32_t>(length < FRAUD_MAX_RAW_BYTES ? length : FRAUD_MAX_RAW_BYTES);
    memcpy(batch->arena + arena_mark, raw, kept);
    record->raw = {arena_mark, kept};
    batch->arena_used = arena_mark + kept;
}

}

using namespace fraud;

fraud_line_decoder *fraud_line_decoder_create(void) {
    fraud_line_decoder *decoder = new (std::nothrow) fraud_line_decoder;
    if (!decoder) return nullptr;
    const simdjson::error_code error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        FRAUD_MAX_LINE_BYTES, 1, decoder->indexer);
    if (error == simdjson::SUCCESS) return decoder;
    delete decoder;
    return nullptr;
}

void fraud_line_decoder_destroy(fraud_line_decoder *decoder) { delete decoder; }

bool fraud_append_rejection(
    fraud_click_batch *batch, int code, int field, const uint8_t *raw, size_t length, int64_t offset, int64_t line) {
    if (!has_room(batch, FRAUD_MAX_RAW_BYTES)) return false;
    fraud_click_record *record = begin_record(batch, offset, line);
    reject(batch, record, {code, field}, batch->arena_used, raw, length);
    batch->count++;
    return true;
}

bool fraud_event_begin(fraud_click_batch *batch, int64_t offset, int64_t line) {
    if (!has_room(batch, FRAUD_MAX_LINE_BYTES)) return false;
    begin_record(batch, offset, line);
    return true;
}

int fraud_event_set_text(fraud_click_batch *batch, int field, const uint8_t *text, size_t length) {
    // Longer than any field's limit, in a buffer that the setters may read past the text.
    uint8_t copy[4096 + readable_padding];
    if (field <= FRAUD_FIELD_NONE || field >= FRAUD_FIELD_COUNT) return FRAUD_REJECT_BAD_VALUE;
    if (length > 4096) return FRAUD_REJECT_TEXT_TOO_LONG;
    if (!is_utf8(text, length)) return FRAUD_REJECT_INVALID_UTF8;
    memcpy(copy, text, length);
    return set_text(batch, &batch->records[batch->count], field, copy, length);
}

int fraud_event_set_number(fraud_click_batch *batch, int field, double value) {
    if (field <= FRAUD_FIELD_NONE || field >= FRAUD_FIELD_COUNT) return FRAUD_REJECT_BAD_VALUE;
    if (field_rules[field].kind != Kind::number) return FRAUD_REJECT_WRONG_TYPE;
    // Beyond a float's range the conversion would be undefined; there the value is unknown anyway.
    const bool fits = value >= -3e38 && value <= 3e38;
    return set_number(&batch->records[batch->count], field, fits ? static_cast<float>(value) + 0.0f : __builtin_nanf(""));
}

int fraud_event_finish(fraud_click_batch *batch, int *missing) {
    fraud_click_record *record = &batch->records[batch->count];
    *missing = missing_field(record);
    if (*missing != FRAUD_FIELD_NONE) return FRAUD_REJECT_MISSING_FIELD;
    fraud_record_finish_padded(record, batch->arena);
    batch->count++;
    return FRAUD_REJECT_NONE;
}

size_t fraud_count_newlines(const uint8_t *bytes, size_t length) {
    size_t count = 0;
    // Byte counters over blocks of 255 rounds, so that the compiler counts a vector's lanes apart.
    for (size_t start = 0; start < length;) {
        const size_t rounds = (length - start) / 32 < 255 ? (length - start) / 32 : 255;
        if (rounds == 0) {
            for (; start < length; start++) count += bytes[start] == '\n';
            break;
        }
        uint8_t lanes[32] = {};
        for (size_t round = 0; round < rounds; round++, start += 32)
            for (size_t lane = 0; lane < 32; lane++) lanes[lane] += bytes[start + lane] == '\n';
        for (const uint8_t lane : lanes) count += lane;
    }
    return count;
}

size_t fraud_end_of_last_line(const uint8_t *bytes, size_t length) {
    const uint8_t *newline = static_cast<const uint8_t *>(memrchr(bytes, '\n', length));
    return newline ? static_cast<size_t>(newline - bytes) + 1 : 0;
}
