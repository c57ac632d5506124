// NDJSON. simdjson's stage 1 indexes a window of many lines at once; a strict walk over that index does the rest.
//
// A window is clean when stage 1 finds nothing wrong. Then no string holds a raw newline (stage 1 refuses control
// characters in strings), so every line is clean by itself and lines can be walked one by one. A window that is not
// clean is done again line by line, so one bad line never hurts its neighbours.
#include "CompactLines.hpp"
#include "Values.hpp"

using namespace fraud;

namespace {

/// Bytes indexed at a time: text, index and records stay in the second-level cache together.
constexpr size_t window_bytes = 32768;
/// Lines are mostly longer than this; it keeps stage 1 from indexing far beyond what still fits the batch.
constexpr size_t bytes_per_record_left = 640;

/// The structurals of one line: opening quotes, `{}[]:,` and the first bytes of other scalars, in order.
struct Walk {
    const uint8_t *text;   ///< what the index counts from
    const uint32_t *index; ///< the next structural
    uint32_t end;          ///< of the line

    bool more() const { return *index < end; }
    /// The byte of the next structural, 0 at the line's end.
    uint8_t peek() const { return *index < end ? text[*index] : 0; }
    uint32_t take() { return *index++; }

    /// End of the scalar that began at `start`: only white space stands between it and the next structural.
    uint32_t scalar_end(uint32_t start) const {
        uint32_t e = *index < end ? *index : end;
        while (e > start + 1 && is_space(text[e - 1])) e--;
        return e;
    }
};

/// The inside of the string whose opening quote is at `start`; false when no quote closes it.
bool string_body(const Walk &walk, uint32_t start, const uint8_t *&body, size_t &length) {
    const uint32_t e = walk.scalar_end(start);
    if (e < start + 2 || walk.text[e - 1] != '"') return false;
    body = walk.text + start + 1;
    length = e - start - 2;
    return true;
}

bool string_is_sound(const uint8_t *body, size_t length, uint8_t *scratch) {
    if (!memchr(body, '\\', length)) return true;
    size_t plain;
    return unescape_json(body, length, scratch, plain) != FRAUD_REJECT_NOT_JSON;
}

bool is_word(const uint8_t *text, size_t length, const char *word, size_t word_length) {
    return length == word_length && memcmp(text, word, word_length) == 0;
}

bool scalar_is_sound(const Walk &walk, uint32_t start, uint8_t *scratch) {
    const uint8_t *text = walk.text + start;
    size_t length = walk.scalar_end(start) - start;
    switch (*text) {
    case '"': return string_body(walk, start, text, length) && string_is_sound(text, length, scratch);
    case 't': return is_word(text, length, "true", 4);
    case 'f': return is_word(text, length, "false", 5);
    case 'n': return is_word(text, length, "null", 4);
    default: {
        Decimal ignored;
        return scan_decimal(text, length, Grammar::json, ignored);
    }
    }
}

/// Checks and skips the object or array whose opening bracket was just taken.
bool skip_container(Walk &walk, uint8_t opener, uint8_t *scratch) {
    uint8_t open[FRAUD_MAX_JSON_DEPTH];
    size_t depth = 0;
    open[depth++] = opener;
    bool fresh = true; // right after an opening bracket
    while (depth > 0) {
        const bool in_object = open[depth - 1] == '{';
        if (walk.peek() == (in_object ? '}' : ']') ) {
            walk.take();
            depth--;
            fresh = false;
            continue;
        }
        if (!fresh) {
            if (walk.peek() != ',') return false;
            walk.take();
        }
        fresh = false;
        if (in_object) {
            if (walk.peek() != '"') return false;
            if (!scalar_is_sound(walk, walk.take(), scratch)) return false;
            if (walk.peek() != ':') return false;
            walk.take();
        }
        const uint8_t value = walk.peek();
        if (value == 0) return false;
        const uint32_t start = walk.take();
        if (value == '{' || value == '[') {
            if (depth == FRAUD_MAX_JSON_DEPTH) return false;
            open[depth++] = value;
            fresh = true;
        } else if (!scalar_is_sound(walk, start, scratch)) {
            return false;
        }
    }
    return true;
}

/// Decodes one line's object into a record. A line that is no JSON is that before anything else; then the first
/// field at fault counts. Of a key given twice the last value stands.
struct ObjectDecoder {
    fraud_click_batch *batch;
    fraud_click_record *record;
    uint8_t *scratch;
    Outcome outcome = accepted;

    void note(int code, int field) {
        if (code != FRAUD_REJECT_NONE && outcome.code == FRAUD_REJECT_NONE) outcome = {code, field};
    }

    int key(const uint8_t *name, size_t length, bool &sound) {
        const int field = find_field(name, length);
        sound = true;
        if (field != FRAUD_FIELD_NONE || !memchr(name, '\\', length)) return field;
        size_t plain;
        const int error = unescape_json(name, length, scratch, plain);
        sound = error != FRAUD_REJECT_NOT_JSON;
        return error == FRAUD_REJECT_NONE ? find_field(scratch, plain) : FRAUD_FIELD_NONE;
    }

    bool string_value(const Walk &walk, uint32_t start, int field) {
        const uint8_t *body;
        size_t length;
        if (!string_body(walk, start, body, length)) return false;
        const int code = set_json_string(batch, record, field, body, length);
        // Wrong type or too long may have been decided before the escapes were looked at.
        if (code == FRAUD_REJECT_NOT_JSON || (code != FRAUD_REJECT_NONE && !string_is_sound(body, length, scratch)))
            return false;
        note(code, field);
        return true;
    }

    /// The value of a field of the schema; false when it is no JSON.
    bool value(Walk &walk, int field) {
        const uint8_t first = walk.peek();
        if (first == 0) return false;
        const uint32_t start = walk.take();
        if (first == '"') return string_value(walk, start, field);
        if (first == '{' || first == '[') {
            note(FRAUD_REJECT_WRONG_TYPE, field);
            return skip_container(walk, first, scratch);
        }
        const uint8_t *text = walk.text + start;
        const size_t length = walk.scalar_end(start) - start;
        if (is_word(text, length, "null", 4)) {
            set_unknown(record, field);
        } else if (is_word(text, length, "true", 4) || is_word(text, length, "false", 5)) {
            note(set_json_flag(record, field, first == 't'), field);
        } else {
            Decimal decimal;
            if (!scan_decimal(text, length, Grammar::json, decimal)) return false;
            note(set_json_number(record, field, decimal, text, length), field);
        }
        return true;
    }

    bool ignored_value(Walk &walk) {
        const uint8_t first = walk.peek();
        if (first == 0) return false;
        const uint32_t start = walk.take();
        return first == '{' || first == '[' ? skip_container(walk, first, scratch)
                                            : scalar_is_sound(walk, start, scratch);
    }

    bool object(Walk &walk) {
        if (walk.peek() != '{') return false;
        walk.take();
        if (walk.peek() == '}') {
            walk.take();
            return !walk.more();
        }
        for (;;) {
            if (walk.peek() != '"') return false;
            const uint32_t start = walk.take();
            const uint8_t *name;
            size_t length;
            bool sound;
            if (walk.peek() != ':' || !string_body(walk, start, name, length)) return false;
            const int field = key(name, length, sound);
            walk.take();
            if (!sound || !(field != FRAUD_FIELD_NONE ? value(walk, field) : ignored_value(walk))) return false;
            const uint8_t separator = walk.peek();
            walk.take();
            if (separator == '}') return !walk.more();
            if (separator != ',') return false;
        }
    }
};

Outcome decode_object(fraud_line_decoder *decoder, fraud_click_batch *batch, fraud_click_record *record, Walk walk) {
    ObjectDecoder object{batch, record, decoder->cell};
    return object.object(walk) ? object.outcome : Outcome{FRAUD_REJECT_NOT_JSON, FRAUD_FIELD_NONE};
}

bool index_structurals(fraud_line_decoder *decoder, const uint8_t *text, size_t length) {
    return decoder->indexer->stage1(text, length, simdjson::stage1_mode::regular) == simdjson::SUCCESS;
}

Outcome decode_alone(
    fraud_line_decoder *decoder, fraud_click_batch *batch, fraud_click_record *record, const uint8_t *text,
    size_t length) {
    if (!index_structurals(decoder, text, length))
        return {is_utf8(text, length) ? FRAUD_REJECT_NOT_JSON : FRAUD_REJECT_INVALID_UTF8, FRAUD_FIELD_NONE};
    const uint32_t *index = decoder->indexer->structural_indexes.get();
    return decode_object(decoder, batch, record, {text, index, static_cast<uint32_t>(length)});
}

/// Whole lines from the cursor on that one indexing may cover; 0 when the next line has to go alone.
size_t window_length(const fraud_line_cursor *cursor, const fraud_click_batch *batch) {
    const size_t rest = cursor->length - cursor->position;
    if (rest <= readable_padding) return 0;
    size_t limit = rest - readable_padding;
    if (limit > window_bytes) limit = window_bytes;
    const size_t room = (batch->capacity - batch->count) * bytes_per_record_left;
    if (limit > room) limit = room;
    return fraud_end_of_last_line(cursor->bytes + cursor->position, limit);
}

/// Takes the line at the cursor by the strict walk. False when the batch is full.
bool take_walked_line(
    fraud_line_decoder *decoder, fraud_line_cursor *cursor, fraud_click_batch *batch, const uint8_t *window,
    const uint32_t *&index) {
    const Line line = line_at(cursor);
    const uint32_t end = static_cast<uint32_t>(line.text - window + static_cast<ptrdiff_t>(line.length));
    if (*index < end) { // no structural: a blank line
        if (!has_room(batch, line.length)) return false;
        const int64_t offset = cursor->offset + static_cast<int64_t>(cursor->position);
        append_line(
            batch, offset, cursor->line, line.text, line.length,
            [&](fraud_click_record *record, const uint8_t *, size_t) {
                return decode_object(decoder, batch, record, {window, index, end});
            });
        while (*index < end) index++;
    }
    cursor->position = line.next;
    cursor->line++;
    return true;
}

/// Decodes an indexed window. False when the batch is full.
bool decode_window(
    fraud_line_decoder *decoder, fraud_line_cursor *cursor, fraud_click_batch *batch, size_t length) {
    const size_t start = cursor->position;
    const uint8_t *window = cursor->bytes + start;
    const uint32_t *index = decoder->indexer->structural_indexes.get();
    const uint32_t *index_end = index + decoder->indexer->n_structural_indexes;
    while (cursor->position < start + length) {
        const uint32_t place = static_cast<uint32_t>(cursor->position - start);
        const uint32_t next = has_room(batch, FRAUD_MAX_LINE_BYTES)
            ? take_compact_line(decoder, cursor, batch, window, place, index, index_end) : 0;
        if (next != 0) {
            cursor->position = start + next;
            cursor->line++;
        } else if (!take_walked_line(decoder, cursor, batch, window, index)) {
            return false;
        }
    }
    return true;
}

}

void fraud_decode_ndjson(fraud_line_decoder *decoder, fraud_line_cursor *cursor, fraud_click_batch *batch) {
    const auto alone = [&](fraud_click_record *record, const uint8_t *text, size_t length) {
        return decode_alone(decoder, batch, record, text, length);
    };
    while (cursor->position < cursor->length && batch->count < batch->capacity) {
        const size_t window = window_length(cursor, batch);
        if (window > 0 && index_structurals(decoder, cursor->bytes + cursor->position, window)) {
            if (!decode_window(decoder, cursor, batch, window)) return;
            continue;
        }
        const size_t stop = cursor->position + (window > 0 ? window : 1);
        while (cursor->position < stop)
            if (!take_line(decoder, cursor, batch, alone)) return;
    }
}
