// What the line formats share: the decoder's memory, and the making of one record per line.
#ifndef FRAUD_LINES_HPP
#define FRAUD_LINES_HPP

#include "FieldNames.hpp"

#include <simdjson.h>

#include <memory>

namespace fraud {

/// Which field's key mostly comes after which: programs write keys in one order, and leave out a few. Only a guess, that
/// the text itself confirms.
struct KeyOrder {
    uint8_t next[FRAUD_FIELD_COUNT] = {};
    /// How often the guess was right, and how often another key came instead.
    uint32_t hits[FRAUD_FIELD_COUNT] = {};
    uint32_t misses[FRAUD_FIELD_COUNT][FRAUD_FIELD_COUNT] = {};

    void correct(int last, int field) {
        if (++misses[last][field] > hits[last]) {
            misses[last][next[last]] = hits[last];
            next[last] = static_cast<uint8_t>(field);
            hits[last] = misses[last][field];
        }
        if (hits[last] < 1024) return;
        // What was long ago counts less.
        hits[last] /= 2;
        for (uint32_t &count : misses[last]) count /= 2;
    }
};

}

struct fraud_line_decoder {
    fraud::KeyOrder order;
    /// simdjson's stage 1: validates UTF-8 and finds where the values of JSON begin.
    std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer;
    /// A copy of a line that stands too near the end of readable memory.
    uint8_t line[FRAUD_MAX_LINE_BYTES + fraud::readable_padding];
    /// One cell or query string with its escapes undone, and one value of it.
    uint8_t cell[FRAUD_MAX_LINE_BYTES + fraud::readable_padding];
    uint8_t value[FRAUD_MAX_LINE_BYTES + fraud::readable_padding];
};

namespace fraud {

struct Outcome {
    int code;
    int field;
};

constexpr Outcome accepted = {FRAUD_REJECT_NONE, FRAUD_FIELD_NONE};

inline bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

inline bool is_blank(const uint8_t *text, size_t length) {
    size_t i = 0;
    while (i < length && is_space(text[i])) i++;
    return i == length;
}

inline bool is_utf8(const uint8_t *text, size_t length) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(text), length);
}

inline bool has_room(const fraud_click_batch *batch, size_t line_length) {
    const size_t wanted = (line_length < FRAUD_MAX_LINE_BYTES ? line_length : FRAUD_MAX_LINE_BYTES) + FRAUD_ARENA_SLACK;
    return batch->count < batch->capacity && batch->arena_capacity - batch->arena_used >= wanted;
}

inline fraud_click_record *begin_record(fraud_click_batch *batch, int64_t offset, int64_t line) {
    fraud_click_record *record = &batch->records[batch->count];
    fraud_record_clear(record);
    record->source_offset = offset;
    record->source_line = line;
    return record;
}

/// Turns the record begun into a rejection that keeps the start of its line.
void reject(
    fraud_click_batch *batch, fraud_click_record *record, Outcome why, uint32_t arena_mark, const uint8_t *raw,
    size_t length);

/// One line without its newline, whatever is in it: `decode(record, text, length)` fills the record and answers an
/// `Outcome`. `text` has `readable_padding` after it. The caller made sure that the line is not blank and has room.
template <class Decode>
void append_line(
    fraud_click_batch *batch, int64_t offset, int64_t line, const uint8_t *text, size_t length, Decode &&decode) {
    const uint32_t mark = batch->arena_used;
    fraud_click_record *record = begin_record(batch, offset, line);
    Outcome outcome = length > FRAUD_MAX_LINE_BYTES ? Outcome{FRAUD_REJECT_LINE_TOO_LONG, FRAUD_FIELD_NONE}
                                                    : decode(record, text, length);
    if (outcome.code == FRAUD_REJECT_NONE) {
        outcome.field = missing_field(record);
        if (outcome.field != FRAUD_FIELD_NONE) outcome.code = FRAUD_REJECT_MISSING_FIELD;
    }
    if (outcome.code == FRAUD_REJECT_NONE) fraud_record_finish_padded(record, batch->arena);
    else reject(batch, record, outcome, mark, text, length);
    batch->count++;
}

/// The line at the cursor, without its newline and one carriage return before it.
struct Line {
    const uint8_t *text;
    size_t length;
    size_t next; ///< position of the line after it
};

inline Line line_at(const fraud_line_cursor *cursor) {
    const uint8_t *text = cursor->bytes + cursor->position;
    const size_t rest = cursor->length - cursor->position;
    const uint8_t *newline = static_cast<const uint8_t *>(memchr(text, '\n', rest));
    size_t length = newline ? static_cast<size_t>(newline - text) : rest;
    const size_t next = cursor->position + length + (newline ? 1 : 0);
    if (length > 0 && text[length - 1] == '\r') length--;
    return {text, length, next};
}

/// A line's text with readable memory after it: itself, or a copy.
inline const uint8_t *padded(fraud_line_decoder *decoder, const fraud_line_cursor *cursor, const Line &line) {
    const size_t after = cursor->length - static_cast<size_t>(line.text - cursor->bytes) - line.length;
    if (after >= readable_padding || line.length > FRAUD_MAX_LINE_BYTES) return line.text;
    memcpy(decoder->line, line.text, line.length);
    return decoder->line;
}

/// Takes the line at the cursor: one record, or none when it is blank. False when the batch is full.
template <class Decode>
bool take_line(fraud_line_decoder *decoder, fraud_line_cursor *cursor, fraud_click_batch *batch, Decode &&decode) {
    const Line line = line_at(cursor);
    if (!is_blank(line.text, line.length)) {
        if (!has_room(batch, line.length)) return false;
        const int64_t offset = cursor->offset + static_cast<int64_t>(cursor->position);
        append_line(batch, offset, cursor->line, padded(decoder, cursor, line), line.length, decode);
    }
    cursor->position = line.next;
    cursor->line++;
    return true;
}

}

#endif
