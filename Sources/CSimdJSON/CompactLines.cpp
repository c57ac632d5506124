// Four structurals a member: the key's opening quote, the colon, the value's first byte, and the comma or brace after it.
// All that stands between them is looked at here, so no line end can hide in it: strings of a sound window hold none.
#include "CompactLines.hpp"
#include "Digits.hpp"
#include "Setters.hpp"
#include "Values.hpp"

namespace fraud {

namespace {

/// A value of one line: `text` up to the comma or brace after it.
struct Scalar {
    const uint8_t *text;
    size_t length;

    bool is_string() const { return length >= 2 && text[0] == '"' && text[length - 1] == '"'; }
    bool is(const char *word, size_t word_length) const { return length == word_length && memcmp(text, word, word_length) == 0; }
};

/// All of a field in one cache line: `"name":`, and its rule.
struct alignas(64) Key {
    names::Name bytes;
    uint32_t mask; ///< of the bytes that count
    float low, high;
    uint16_t offset, limit;
    uint8_t length;
    Kind kind;
};

struct Keys {
    Key of[FRAUD_FIELD_COUNT] = {};
    Keys() {
        for (int f = 1; f < FRAUD_FIELD_COUNT; f++) {
            const FieldRule &rule = field_rules[f];
            const uint8_t length = names::table.length[f];
            Key &key = of[f];
            key.bytes.bytes[0] = '"';
            memcpy(key.bytes.bytes + 1, names::table.names[f].bytes, length);
            memcpy(key.bytes.bytes + 1 + length, "\":", 2);
            key.length = static_cast<uint8_t>(length + 3);
            key.mask = (1u << key.length) - 1;
            key.low = rule.low;
            key.high = rule.high;
            key.offset = rule.offset;
            key.limit = rule.limit;
            key.kind = rule.kind;
        }
        // Of nothing: a guess that fails.
        of[0].bytes.bytes[0] = 1;
        of[0].mask = 1;
    }
};
const Keys keys;

struct CompactDecoder {
    fraud_click_batch *batch;
    fraud_click_record *record;

    template <class T> T &at(const Key &key) const {
        return *reinterpret_cast<T *>(reinterpret_cast<uint8_t *>(record) + key.offset);
    }

    /// Whatever has no faster way. False also for a value that is at fault.
    bool any(int field, Scalar value) const {
        switch (value.text[0]) {
        case '"':
            return value.is_string()
                && set_json_string(batch, record, field, value.text + 1, value.length - 2) == FRAUD_REJECT_NONE;
        case 't': return value.is("true", 4) && set_json_flag(record, field, true) == FRAUD_REJECT_NONE;
        case 'f': return value.is("false", 5) && set_json_flag(record, field, false) == FRAUD_REJECT_NONE;
        case 'n':
            if (!value.is("null", 4)) return false;
            set_unknown(record, field);
            return true;
        default: {
            Decimal decimal;
            return scan_decimal(value.text, value.length, Grammar::json, decimal)
                && set_json_number(record, field, decimal, value.text, value.length) == FRAUD_REJECT_NONE;
        }
        }
    }

    bool text(int field, const Key &key, Scalar value) const {
        const size_t length = value.length - 2;
        if (!value.is_string() || length - 1 >= key.limit) return any(field, value);
        if (copy_and_inspect(batch->arena + batch->arena_used, value.text + 1, length)) return any(field, value);
        at<fraud_text>(key) = {batch->arena_used, static_cast<uint32_t>(length)};
        batch->arena_used += static_cast<uint32_t>(length);
        return true;
    }

    bool number(int field, const Key &key, Scalar value) const {
        float rounded;
        if (!short_float(value.text, value.length, rounded)) return any(field, value);
        if (!(rounded >= key.low && rounded <= key.high)) return set_number(record, field, rounded) == FRAUD_REJECT_NONE;
        at<float>(key) = rounded;
        return true;
    }

    bool time(int field, const Key &key, Scalar value) const {
        return long_time(value.text, value.length, at<int64_t>(key)) || any(field, value);
    }

    bool cost(int field, Scalar value) const {
        return short_cost(value.text, value.length, record->cost_e4) || any(field, value);
    }

    bool flag(int field, const Key &key, Scalar value) const {
        // Words of the two lengths at once: which of the two it is no branch can foretell.
        uint32_t start, yes_start, no_start;
        memcpy(&start, value.text, 4);
        memcpy(&yes_start, "true", 4);
        memcpy(&no_start, "fals", 4);
        const bool yes = (start == yes_start) & (value.length == 4);
        const bool no = (start == no_start) & (value.text[4] == 'e') & (value.length == 5);
        if (!(yes | no)) return any(field, value);
        at<uint8_t>(key) = yes ? FRAUD_YES : FRAUD_NO;
        return true;
    }

    bool country(int field, Scalar value) const {
        const uint8_t first = value.text[1] & 0xdf, second = value.text[2] & 0xdf;
        const bool letters = static_cast<uint8_t>(first - 'A') < 26 && static_cast<uint8_t>(second - 'A') < 26;
        if (value.length != 4 || !value.is_string() || !letters) return any(field, value);
        record->country = static_cast<uint16_t>(first << 8 | second);
        return true;
    }

    bool label(int field, Scalar value) const {
        const bool valid = value.is("\"valid\"", 7);
        if (!valid && !value.is("\"fraud\"", 7)) return any(field, value);
        record->truth = valid ? FRAUD_TRUTH_VALID : FRAUD_TRUTH_FRAUD;
        return true;
    }

    bool set(int field, const Key &key, Scalar value) const {
        switch (key.kind) {
        case Kind::id:
        case Kind::text: return text(field, key, value);
        case Kind::number: return number(field, key, value);
        case Kind::flag: return flag(field, key, value);
        case Kind::time: return time(field, key, value);
        case Kind::cost: return cost(field, value);
        case Kind::country: return country(field, value);
        case Kind::label: return label(field, value);
        default: return any(field, value);
        }
    }
};

/// Whether a value that is no field's is sound.
bool is_sound(const uint8_t *name, size_t name_length, Scalar value) {
    if (memchr(name, '\\', name_length)) return false;
    if (value.is_string()) return !memchr(value.text + 1, '\\', value.length - 2);
    Decimal ignored;
    return value.is("null", 4) || value.is("true", 4) || value.is("false", 5)
        || scan_decimal(value.text, value.length, Grammar::json, ignored);
}

/// Whether `next` follows `place` at once, or after one space.
inline bool follows(const uint8_t *text, uint32_t place, uint32_t next) {
    return next == place + 1 || (next == place + 2 && text[place + 1] == ' ');
}

/// The members of the object that opens at `open`; its closing brace's place, or 0. `i` is moved behind it.
uint32_t take_members(
    const CompactDecoder &decoder, const uint8_t *window, uint32_t open, const uint32_t *&i, const uint32_t *index_end,
    KeyOrder &order) {
    int last = FRAUD_FIELD_NONE;
    for (uint32_t before = open; index_end - i >= 4; i += 4) {
        const uint32_t quote = i[0], first = i[2], stop = i[3];
        const Scalar value = {window + first, stop - first};
        int field = order.next[last];
        const Key *key = &keys.of[field];
        order.hits[last]++;
        uint32_t colon = quote + key->length - 1;
        if (!names::is_same(window + quote, key->bytes, key->mask)) {
            colon = i[1];
            if (window[quote] != '"' || window[colon] != ':' || colon - quote < 2 || window[colon - 1] != '"') return 0;
            field = find_field(window + quote + 1, colon - quote - 2);
            order.hits[last]--;
            order.correct(last, field);
            key = &keys.of[field];
        }
        if (((quote - before) | (first - colon)) != 1 && !(follows(window, before, quote) && follows(window, colon, first)))
            return 0;
        if (field == FRAUD_FIELD_NONE ? !is_sound(window + quote + 1, colon - quote - 2, value) : !decoder.set(field, *key, value))
            return 0;
        last = field;
        before = stop;
        if (window[stop] != ',') {
            i += 4;
            return window[stop] == '}' ? stop : 0;
        }
    }
    return 0;
}

}

uint32_t take_compact_line(
    fraud_line_decoder *decoder, const fraud_line_cursor *cursor, fraud_click_batch *batch, const uint8_t *window,
    uint32_t start, const uint32_t *&index, const uint32_t *index_end) {
    if (index == index_end || *index != start || window[start] != '{') return 0;
    const uint32_t mark = batch->arena_used;
    const uint32_t *i = index + 1;
    fraud_click_record *record = begin_record(batch, cursor->offset + static_cast<int64_t>(cursor->position), cursor->line);
    const uint32_t close = take_members({batch, record}, window, start, i, index_end, decoder->order);
    uint32_t next = 0;
    if (close != 0 && missing_field(record) == FRAUD_FIELD_NONE)
        next = window[close + 1] == '\n' ? close + 2 : window[close + 1] == '\r' && window[close + 2] == '\n' ? close + 3 : 0;
    if (next == 0) {
        batch->arena_used = mark;
        return 0;
    }
    fraud_record_finish_padded(record, batch->arena);
    batch->count++;
    index = i;
    return next;
}

}
