#include "Digits.hpp"
#include "Setters.hpp"

#include <cmath>
#include <cstddef>

namespace fraud {

#define AT(member) static_cast<uint16_t>(offsetof(fraud_click_record, member))
#define ID(member) {Kind::id, AT(member), 64, 0, 0}
#define LONG_ID(member) {Kind::id, AT(member), 2048, 0, 0}
#define NUMBER(member, low, high) {Kind::number, AT(member), 0, low, high}

// No count, length or duration of an honest page comes near this; what is above it is noise.
static constexpr float most = 1e12f;

const FieldRule field_rules[FRAUD_FIELD_COUNT] = {
    {Kind::none, 0, 0, 0, 0},
    {Kind::type, 0, 0, 0, 0},
    ID(click_id),
    {Kind::time, AT(ts_ms), 0, 0, 0},
    ID(ad_id),
    ID(campaign_id),
    ID(advertiser_id),
    ID(publisher_id),
    ID(placement_id),
    ID(creative_id),
    ID(audience_id),
    {Kind::cost, 0, 0, 0, 0},
    LONG_ID(user_id),
    LONG_ID(device_fingerprint),
    {Kind::text, AT(ip), 64, 0, 0},
    {Kind::text, AT(user_agent), 2048, 0, 0},
    {Kind::text, AT(referrer), 2048, 0, 0},
    {Kind::country, 0, 0, 0, 0},
    NUMBER(lat, -90, 90),
    NUMBER(lon, -180, 180),
    NUMBER(tz_offset_min, -1440, 1440),
    LONG_ID(impression_id),
    {Kind::time, AT(impression_ts_ms), 0, 0, 0},
    NUMBER(pointer_moves, 0, most),
    NUMBER(pointer_distance_px, 0, most),
    NUMBER(pointer_straightness, 0, 1),
    NUMBER(pointer_duration_ms, 0, most),
    NUMBER(pointer_speed_cv, 0, most),
    NUMBER(hover_ms, 0, most),
    NUMBER(scroll_events, 0, most),
    NUMBER(key_events, 0, most),
    {Kind::flag, AT(touch), 0, 0, 0},
    NUMBER(time_to_click_ms, 0, most),
    NUMBER(visible_ratio, 0, 1),
    NUMBER(opacity, 0, 1),
    NUMBER(element_width_px, 0, most),
    NUMBER(element_height_px, 0, most),
    {Kind::flag, AT(webdriver), 0, 0, 0},
    NUMBER(dwell_ms, 0, most),
    {Kind::label, 0, 0, 0, 0},
    {Kind::text, AT(attack), 64, 0, 0},
};

namespace {

bool has_control_character(const uint8_t *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] < 0x20 || text[i] == 0x7f) return true;
    return false;
}

bool equals(const uint8_t *text, size_t length, const char *word) {
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

bool equals_any_case(const uint8_t *text, size_t length, const char *word) {
    if (strlen(word) != length) return false;
    for (size_t i = 0; i < length; i++)
        if ((text[i] | 0x20) != word[i]) return false;
    return true;
}

int set_type(fraud_click_record *record, const uint8_t *text, size_t length) {
    if (equals(text, length, "click")) record->event = FRAUD_EVENT_CLICK;
    else if (equals(text, length, "impression")) record->event = FRAUD_EVENT_IMPRESSION;
    else if (equals(text, length, "conversion")) record->event = FRAUD_EVENT_CONVERSION;
    else if (equals(text, length, "engagement")) record->event = FRAUD_EVENT_ENGAGEMENT;
    else return FRAUD_REJECT_BAD_VALUE;
    return FRAUD_REJECT_NONE;
}

int set_time(fraud_click_record *record, int field, bool known, int64_t ms) {
    if (!known && field == FRAUD_FIELD_TS) return FRAUD_REJECT_BAD_VALUE;
    member<int64_t>(record, field) = known ? ms : FRAUD_UNKNOWN_TIME;
    return FRAUD_REJECT_NONE;
}

int set_time_text(fraud_click_record *record, int field, const uint8_t *text, size_t length) {
    int64_t ms = 0;
    Decimal decimal;
    const bool known = long_time(text, length, ms) || rfc3339_value(text, length, ms)
        || (scan_decimal(text, length, Grammar::text, decimal) && epoch_value(decimal, ms));
    return set_time(record, field, known, ms);
}

int set_cost_text(fraud_click_record *record, const uint8_t *text, size_t length) {
    Decimal decimal;
    if (short_cost(text, length, record->cost_e4)) return FRAUD_REJECT_NONE;
    if (!scan_decimal(text, length, Grammar::text, decimal)) return FRAUD_REJECT_BAD_VALUE;
    return cost_value(decimal, record->cost_e4);
}

int set_country(fraud_click_record *record, const uint8_t *text, size_t length) {
    const auto letter = [](uint8_t c) { return static_cast<uint8_t>((c | 0x20) - 'a') < 26; };
    const bool known = length == 2 && letter(text[0]) && letter(text[1]);
    record->country = known ? static_cast<uint16_t>((text[0] & 0xdf) << 8 | (text[1] & 0xdf)) : 0;
    return FRAUD_REJECT_NONE;
}

int set_label(fraud_click_record *record, const uint8_t *text, size_t length) {
    record->truth = equals(text, length, "valid") ? FRAUD_TRUTH_VALID
        : equals(text, length, "fraud") ? FRAUD_TRUTH_FRAUD : FRAUD_TRUTH_UNKNOWN;
    return FRAUD_REJECT_NONE;
}

int set_number_text(fraud_click_record *record, int field, const uint8_t *text, size_t length) {
    Decimal decimal;
    float value;
    if (short_float(text, length, value)) return set_number(record, field, value);
    if (scan_decimal(text, length, Grammar::text, decimal))
        return set_number(record, field, float_value(decimal, text, length));
    const size_t sign = length > 0 && (*text == '-' || *text == '+');
    static const char *const not_finite[] = {"nan", "inf", "infinity"};
    for (const char *word : not_finite)
        if (equals_any_case(text + sign, length - sign, word)) return set_number(record, field, NAN);
    return FRAUD_REJECT_WRONG_TYPE;
}

int set_flag_decimal(fraud_click_record *record, int field, const Decimal &decimal) {
    uint64_t value;
    const bool known = !decimal.negative && scaled_integer(decimal, 0, 1, value);
    member<uint8_t>(record, field) = !known ? FRAUD_UNKNOWN : value ? FRAUD_YES : FRAUD_NO;
    return FRAUD_REJECT_NONE;
}

int set_flag_text(fraud_click_record *record, int field, const uint8_t *text, size_t length) {
    if (equals_any_case(text, length, "true")) return set_json_flag(record, field, true);
    if (equals_any_case(text, length, "false")) return set_json_flag(record, field, false);
    Decimal decimal;
    if (!scan_decimal(text, length, Grammar::text, decimal)) return FRAUD_REJECT_WRONG_TYPE;
    return set_flag_decimal(record, field, decimal);
}

/// A field that is neither a text nor a number, from text that is neither empty nor escaped.
int set_other_text(fraud_click_record *record, int field, const uint8_t *text, size_t length) {
    switch (field_rules[field].kind) {
    case Kind::type: return set_type(record, text, length);
    case Kind::time: return set_time_text(record, field, text, length);
    case Kind::cost: return set_cost_text(record, text, length);
    case Kind::country: return set_country(record, text, length);
    case Kind::label: return set_label(record, text, length);
    default: return FRAUD_REJECT_NONE;
    }
}

/// Takes `length` bytes that stand at the arena's free end into the record.
int take_from_arena(fraud_click_batch *batch, fraud_click_record *record, int field, size_t length, bool control) {
    const FieldRule &rule = field_rules[field];
    if (length > rule.limit) return FRAUD_REJECT_TEXT_TOO_LONG;
    if (control && rule.kind == Kind::id) return FRAUD_REJECT_CONTROL_CHARACTER;
    member<fraud_text>(record, field) = {batch->arena_used, static_cast<uint32_t>(length)};
    batch->arena_used += static_cast<uint32_t>(length);
    return FRAUD_REJECT_NONE;
}

/// A JSON string with escapes: undone at the arena's free end, then like any other.
int set_escaped(fraud_click_batch *batch, fraud_click_record *record, int field, const uint8_t *text, size_t length) {
    uint8_t *free_end = batch->arena + batch->arena_used;
    size_t plain = 0;
    const int error = unescape_json(text, length, free_end, plain);
    if (error) return error;
    const Kind kind = field_rules[field].kind;
    if (kind == Kind::id || kind == Kind::text)
        return take_from_arena(batch, record, field, plain, has_control_character(free_end, plain));
    return set_other_text(record, field, free_end, plain);
}

}

void set_unknown(fraud_click_record *record, int field) {
    switch (field_rules[field].kind) {
    case Kind::id:
    case Kind::text: member<fraud_text>(record, field) = {0, 0}; break;
    case Kind::time: member<int64_t>(record, field) = FRAUD_UNKNOWN_TIME; break;
    case Kind::cost: record->cost_e4 = 0; break;
    case Kind::number: member<float>(record, field) = NAN; break;
    case Kind::flag: member<uint8_t>(record, field) = FRAUD_UNKNOWN; break;
    case Kind::type: record->event = FRAUD_EVENT_CLICK; break;
    case Kind::country: record->country = 0; break;
    case Kind::label: record->truth = FRAUD_TRUTH_UNKNOWN; break;
    case Kind::none: break;
    }
}

int set_number(fraud_click_record *record, int field, float value) {
    const FieldRule &rule = field_rules[field];
    // A ratio computed in floating point may end a hair over 1: still 1.
    if (rule.high == 1 && value > 1 && value <= 1.0001f) value = 1;
    member<float>(record, field) = value >= rule.low && value <= rule.high ? value : NAN;
    return FRAUD_REJECT_NONE;
}

int set_text(fraud_click_batch *batch, fraud_click_record *record, int field, const uint8_t *text, size_t length) {
    if (length == 0) {
        set_unknown(record, field);
        return FRAUD_REJECT_NONE;
    }
    switch (field_rules[field].kind) {
    case Kind::none: return FRAUD_REJECT_NONE;
    case Kind::id:
    case Kind::text: {
        if (length > field_rules[field].limit) return FRAUD_REJECT_TEXT_TOO_LONG;
        const unsigned found = copy_and_inspect(batch->arena + batch->arena_used, text, length);
        return take_from_arena(batch, record, field, length, found & has_control);
    }
    case Kind::number: return set_number_text(record, field, text, length);
    case Kind::flag: return set_flag_text(record, field, text, length);
    default: return set_other_text(record, field, text, length);
    }
}

int set_json_string(fraud_click_batch *batch, fraud_click_record *record, int field, const uint8_t *text, size_t length) {
    const FieldRule &rule = field_rules[field];
    if (rule.kind == Kind::number || rule.kind == Kind::flag) return FRAUD_REJECT_WRONG_TYPE;
    if (length == 0) {
        set_unknown(record, field);
        return FRAUD_REJECT_NONE;
    }
    const bool is_text = rule.kind == Kind::id || rule.kind == Kind::text;
    if (is_text && length <= rule.limit) {
        const unsigned found = copy_and_inspect(batch->arena + batch->arena_used, text, length);
        if (found & has_backslash) return set_escaped(batch, record, field, text, length);
        return take_from_arena(batch, record, field, length, found & has_control);
    }
    if (memchr(text, '\\', length)) return set_escaped(batch, record, field, text, length);
    return is_text ? FRAUD_REJECT_TEXT_TOO_LONG : set_other_text(record, field, text, length);
}

int set_json_flag(fraud_click_record *record, int field, bool value) {
    if (field_rules[field].kind != Kind::flag) return FRAUD_REJECT_WRONG_TYPE;
    member<uint8_t>(record, field) = value ? FRAUD_YES : FRAUD_NO;
    return FRAUD_REJECT_NONE;
}

int set_json_number(
    fraud_click_record *record, int field, const Decimal &decimal, const uint8_t *text, size_t length) {
    int64_t ms = 0;
    switch (field_rules[field].kind) {
    case Kind::number: return set_number(record, field, float_value(decimal, text, length));
    case Kind::cost: return cost_value(decimal, record->cost_e4);
    case Kind::flag: return set_flag_decimal(record, field, decimal);
    case Kind::time: {
        const bool known = epoch_value(decimal, ms);
        return set_time(record, field, known, ms);
    }
    default: return FRAUD_REJECT_WRONG_TYPE;
    }
}

int missing_field(const fraud_click_record *r) {
    const bool is_click = r->event == FRAUD_EVENT_CLICK;
    if ((is_click || r->event == FRAUD_EVENT_ENGAGEMENT) && r->click_id.length == 0) return FRAUD_FIELD_CLICK_ID;
    if (r->ts_ms == FRAUD_UNKNOWN_TIME) return FRAUD_FIELD_TS;
    if (!is_click) return FRAUD_FIELD_NONE;
    if (r->ad_id.length == 0) return FRAUD_FIELD_AD_ID;
    if (r->campaign_id.length == 0) return FRAUD_FIELD_CAMPAIGN_ID;
    if (r->advertiser_id.length == 0) return FRAUD_FIELD_ADVERTISER_ID;
    return FRAUD_FIELD_NONE;
}

}
