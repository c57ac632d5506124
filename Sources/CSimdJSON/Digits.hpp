// Short decimal numbers eight bytes at a time, without a branch on their digits.
#ifndef FRAUD_DIGITS_HPP
#define FRAUD_DIGITS_HPP

#include "FieldNames.hpp"

namespace fraud {

/// mantissa / 10^places
struct ShortDecimal {
    uint64_t mantissa;
    unsigned places;
};

/// Eight digits, 0 to 9 in each byte, the first one lowest.
inline uint64_t eight_digits(uint64_t t) {
    t = t * 10 + (t >> 8);
    return (((t & 0x000000FF000000FF) * 0x000F424000000064) + (((t >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32;
}

constexpr uint64_t every_byte(uint8_t c) { return c * 0x0101010101010101ULL; }

/// High bits where a byte is above 9.
inline uint64_t no_digits(uint64_t t) { return (t + every_byte(0x76) | t) & every_byte(0x80); }

/// A number without sign or exponent as RFC 8259 writes it, of 1 to 8 characters. False for any other text.
/// Needs 8 readable bytes.
inline bool scan_short(const uint8_t *text, size_t length, ShortDecimal &out) {
    // The text stands at the word's high end, zeros below it.
    const uint64_t word = load_word(text) << (64 - length * 8);
    const uint64_t x = word ^ every_byte('.');
    const uint64_t found = (x - every_byte(1)) & ~x & every_byte(0x80);
    // Only the lowest bit found is sure to be a point; a second point is no digit below.
    const uint64_t point = found & (0 - found);
    const bool has_point = point != 0;
    // Take the point out: what stands before it moves up. Without a point both masks are all ones.
    const uint64_t before = word & ((point >> 7) - 1), after = word & ~((point << 1) - 1);
    const uint64_t digits = after | before << (has_point * 8);
    const size_t count = length - has_point;
    const uint64_t zeros = every_byte('0') << ((64 - count * 8) & 63);
    const uint64_t values = digits ^ zeros;
    const unsigned places = has_point ? static_cast<unsigned>(__builtin_clzll(point | 1)) / 8 : 0;
    const size_t whole = count - places;
    out = {eight_digits(values), places};
    return !((no_digits(values) != 0) | (whole == 0) | (places < has_point) | ((whole > 1) & (*text == '0')));
}

/// The nearest float of a number as `scan_short` takes it, with or without a minus. False for any other text.
inline bool short_float(const uint8_t *text, size_t length, float &out) {
    // By sign and places.
    static constexpr double powers[2][8] = {
        {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}, {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7}};
    const bool negative = text[0] == '-';
    length -= negative;
    ShortDecimal decimal;
    if (length - 1 >= 8 || !scan_short(text + negative, length, decimal)) return false;
    // Both operands are exact doubles, so the one operation rounds correctly, as in `float_value`.
    out = static_cast<float>(static_cast<double>(decimal.mantissa) / powers[negative][decimal.places]) + 0.0f; // -0 becomes 0
    return true;
}

/// An amount of 0 or more with at most four places, in 1/10000 units, as `scan_short` takes it. False for any other text.
inline bool short_cost(const uint8_t *text, size_t length, int64_t &out) {
    constexpr uint64_t scales[] = {10000, 1000, 100, 10, 1};
    ShortDecimal decimal;
    if (length - 1 >= 8 || !scan_short(text, length, decimal) || decimal.places > 4) return false;
    const uint64_t e4 = decimal.mantissa * scales[decimal.places];
    out = static_cast<int64_t>(e4);
    return e4 <= FRAUD_MAX_COST_E4;
}

/// A whole number of 9 to 16 digits that does not begin with 0. False for any other text. Needs 16 readable bytes.
inline bool scan_long(const uint8_t *text, size_t length, uint64_t &out) {
    const size_t high_count = length - 8;
    const uint64_t high = (load_word(text) << (64 - high_count * 8)) ^ every_byte('0') << (64 - high_count * 8);
    const uint64_t low = load_word(text + high_count) ^ every_byte('0');
    out = eight_digits(high) * 100000000 + eight_digits(low);
    return (no_digits(high) | no_digits(low)) == 0 && *text != '0';
}

/// Epoch ms of 9 to 16 digits, in 1970..2199. False for any other text.
inline bool long_time(const uint8_t *text, size_t length, int64_t &out) {
    uint64_t ms;
    if (length - 9 >= 8 || !scan_long(text, length, ms) || ms >= FRAUD_END_OF_TIME_MS) return false;
    out = static_cast<int64_t>(ms);
    return true;
}

}

#endif
