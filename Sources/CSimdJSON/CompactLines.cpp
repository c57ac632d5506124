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
    bool is_null() const { return length == 4 && memcmp(text, "null", 4) == 0; }
};

struct CompactDecoder {
    fraud_click_batch *batch;
    fraud_click_record *record;
    uint8_t *scratch;

    /// Whatever has no faster way. False also for a value that is at fault.
    bool any(int field, Scalar value) const {
        switch (value.text[0]) {
        case '"':
            return value.is_string()
                && set_json_string(batch, record, field, value.text + 1, value.length - 2) == FRAUD_REJECT_NONE;
        case 't': return value.length == 4 && memcmp(value.text, "true", 4) == 0 && set_flag(field, true);
        case 'f': return value.length == 5 && memcmp(value.text, "false", 5) == 0 && set_flag(field, false);
        case 'n':
            if (!value.is_null()) return false;
            set_unknown(record, field);
            return true;
        default: {
            Decimal decimal;
            return scan_decimal(value.text, value.length, Grammar::json, decimal)
                && set_json_number(record, field, decimal, value.text, value.length) == FRAUD_REJECT_NONE;
        }
        }
    }

    bool set_flag(int field, bool is_set) const { return set_json_flag(record, field, is_set) == FRAUD_REJECT_NONE; }

    bool text(int field, const FieldRule &rule, Scalar value) const {
        const size_t length = value.length - 2;
        if (!value.is_string() || length - 1 >= rule.limit) return any(field, value);
        const unsigned found = copy_and_inspect(batch->arena + batch->arena_used, value.text + 1, length);
        if (found) return any(field, value);
        member<fraud_text>(record, field) = {batch->arena_used, static_cast<uint32_t>(length)};
        batch->arena_used += static_cast<uint32_t>(length);
        return true;
    }

    bool number(int field, const FieldRule &rule, Scalar value) const {
        const bool negative = value.text[0] == '-';
        const size_t length = value.length - negative;
        ShortDecimal decimal;
        if (length - 1 >= 8 || !scan_short(value.text + negative, length, decimal)) return any(field, value);
        // Both operands are exact doubles, so the one operation rounds correctly, as in `float_value`.
        const double magnitude = static_cast<double>(decimal.mantissa) / short_powers[decimal.places];
        const float rounded = static_cast<float>(negative ? -magnitude : magnitude) + 0.0f; // -0 becomes 0
        if (rule.high == 1) return set_number(record, field, rounded), true;
        member<float>(record, field) = rounded >= rule.low && rounded <= rule.high ? rounded : __builtin_nanf("");
        return true;
    }

    bool time(int field, Scalar value) const {
        uint64_t ms;
        if (value.length - 9 >= 8 || !scan_long(value.text, value.length, ms) || ms >= FRAUD_END_OF_TIME_MS)
            return any(field, value);
        member<int64_t>(record, field) = static_cast<int64_t>(ms);
        return true;
    }

    bool cost(int field, Scalar value) const {
        constexpr uint64_t scales[] = {10000, 1000, 100, 10, 1};
        ShortDecimal decimal;
        if (value.length - 1 >= 8 || !scan_short(value.text, value.length, decimal) || decimal.places > 4)
            return any(field, value);
        const uint64_t e4 = decimal.mantissa * scales[decimal.places];
        if (e4 > FRAUD_MAX_COST_E4) return false;
        record->cost_e4 = static_cast<int64_t>(e4);
        return true;
    }

    /// A field that is not the schema's.
    bool other(const uint8_t *name, size_t name_length, Scalar value) const {
        if (memchr(name, '\\', name_length)) return false;
        if (value.is_string()) return !memchr(value.text + 1, '\\', value.length - 2);
        Decimal ignored;
        return value.is_null() || (value.length == 4 && memcmp(value.text, "true", 4) == 0)
            || (value.length == 5 && memcmp(value.text, "false", 5) == 0)
            || scan_decimal(value.text, value.length, Grammar::json, ignored);
    }

    bool set(const uint8_t *name, size_t name_length, Scalar value) const {
        const int field = find_field(name, name_length);
        const FieldRule &rule = field_rules[field];
        switch (rule.kind) {
        case Kind::none: return other(name, name_length, value);
        case Kind::id:
        case Kind::text: return text(field, rule, value);
        case Kind::number: return number(field, rule, value);
        case Kind::time: return time(field, value);
        case Kind::cost: return cost(field, value);
        default: return any(field, value);
        }
    }

    static constexpr double short_powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
};

/// Whether `next` follows `place` at once, or after one space.
inline bool follows(const uint8_t *text, uint32_t place, uint32_t next) {
    return next == place + 1 || (next == place + 2 && text[place + 1] == ' ');
}

/// The closing brace's place, or 0. `i` is moved behind it.
inline uint32_t members(
    const CompactDecoder &decoder, const uint8_t *window, uint32_t open, const uint32_t *&i, const uint32_t *index_end) {
    for (uint32_t before = open;;) {
        if (index_end - i < 4) return 0;
        const uint32_t quote = i[0], colon = i[1], first = i[2], stop = i[3];
        if (window[quote] != '"' || window[colon] != ':' || colon - quote < 2 || window[colon - 1] != '"') return 0;
        if (!follows(window, before, quote) || !follows(window, colon, first)) return 0;
        if (!decoder.set(window + quote + 1, colon - quote - 2, {window + first, stop - first})) return 0;
        i += 4;
        if (window[stop] == '}') return stop;
        if (window[stop] != ',') return 0;
        before = stop;
    }
}

}

uint32_t take_compact_line(
    fraud_line_decoder *decoder, const fraud_line_cursor *cursor, fraud_click_batch *batch, const uint8_t *window,
    uint32_t start, const uint32_t *&index, const uint32_t *index_end) {
    if (index == index_end || *index != start || window[start] != '{') return 0;
    const uint32_t mark = batch->arena_used;
    const uint32_t *i = index + 1;
    fraud_click_record *record = begin_record(batch, cursor->offset + static_cast<int64_t>(cursor->position), cursor->line);
    const CompactDecoder object{batch, record, decoder->cell};
    const uint32_t close = members(object, window, start, i, index_end);
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
