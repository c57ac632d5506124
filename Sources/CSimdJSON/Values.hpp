// Numbers, money and times from their text. Exact where the schema is: money and times never pass through a double.
#ifndef FRAUD_VALUES_HPP
#define FRAUD_VALUES_HPP

#include "CSimdJSON.h"

namespace fraud {

/// A decimal number as written: (-1)^negative * mantissa * 10^exponent.
struct Decimal {
    uint64_t mantissa = 0;
    int exponent = 0;
    bool negative = false;
    /// False when digits beyond the 19th significant one were dropped and one of them was not 0.
    bool exact = true;
};

enum class Grammar {
    json, ///< RFC 8259: no leading zero, no plus, digits on both sides of the point
    text, ///< what programs write into CSV: also "+1", "007", ".5" and "5."
};

bool scan_decimal(const uint8_t *text, size_t length, Grammar grammar, Decimal &out);

/// The nearest float; NaN when it is out of a double's range.
float float_value(const Decimal &decimal, const uint8_t *text, size_t length);

/// Sets `out` to the whole number the decimal is, at most `limit`; false when it is not one.
bool scaled_integer(const Decimal &decimal, int scale, uint64_t limit, uint64_t &out);

/// 1/10000 units; FRAUD_REJECT_NONE, _NEGATIVE_COST or _BAD_VALUE. Trailing zeros after the fourth digit are fine.
int cost_value(const Decimal &decimal, int64_t &out);

/// Epoch ms as a whole number, in 1970..2199.
bool epoch_value(const Decimal &decimal, int64_t &out);

/// RFC 3339 (with offset; `T`, `t` or a space; any number of fraction digits, cut to ms; :60 is the next minute's
/// start), in 1970..2199.
bool rfc3339_value(const uint8_t *text, size_t length, int64_t &out);

/// `17/May/2015:10:05:03 +0000`, in 1970..2199.
bool log_time_value(const uint8_t *text, size_t length, int64_t &out);

}

#endif
