// The event schema as a table, and the setters that every format goes through.
#ifndef FRAUD_FIELDS_HPP
#define FRAUD_FIELDS_HPP

#include "Values.hpp"

namespace fraud {

enum class Kind : uint8_t { none, type, id, text, time, cost, number, flag, country, label };

struct FieldRule {
    Kind kind;
    uint16_t offset; ///< of the field in fraud_click_record
    uint16_t limit;  ///< of a text, in bytes
    float low, high; ///< of a number; outside it the value is unknown
};

extern const FieldRule field_rules[FRAUD_FIELD_COUNT];

/// Readable bytes that the fast paths want after any text they are given.
constexpr size_t readable_padding = 64;

/// Sets a field back to unknown: what JSON's null and an empty CSV cell mean.
void set_unknown(fraud_click_record *record, int field);

/// Sets a field from plain text in any format's cell. Needs `readable_padding` after the text.
int set_text(fraud_click_batch *batch, fraud_click_record *record, int field, const uint8_t *text, size_t length);

/// Sets a field from the inside of a JSON string, escapes and all. Needs `readable_padding` after it.
int set_json_string(fraud_click_batch *batch, fraud_click_record *record, int field, const uint8_t *text, size_t length);

/// Sets a field from a JSON number, as scanned and as written, or from a literal.
int set_json_number(
    fraud_click_record *record, int field, const Decimal &decimal, const uint8_t *text, size_t length);
int set_json_flag(fraud_click_record *record, int field, bool value);

int set_number(fraud_click_record *record, int field, float value);

/// Undoes JSON escapes; `out` takes at most `length` bytes. FRAUD_REJECT_NOT_JSON for an escape that is none,
/// FRAUD_REJECT_INVALID_UTF8 for a surrogate without its other half.
int unescape_json(const uint8_t *text, size_t length, uint8_t *out, size_t &out_length);

/// The required field that is missing, or FRAUD_FIELD_NONE.
int missing_field(const fraud_click_record *record);

}

#endif
