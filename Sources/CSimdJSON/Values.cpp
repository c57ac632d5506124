#include "Values.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace fraud {

namespace {

inline bool is_digit(uint8_t c) { return static_cast<uint8_t>(c - '0') <= 9; }

constexpr uint64_t integer_powers[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
    1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
    1000000000000000000, 10000000000000000000u,
};

constexpr double double_powers[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/// An exponent beyond this changes nothing any more: with 64 KiB of digits the value is 0 or infinite either way.
constexpr int exponent_limit = 1000000;

const uint8_t *scan_exponent(const uint8_t *p, const uint8_t *end, int &exponent) {
    p++;
    bool negative = false;
    if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
    if (p == end || !is_digit(*p)) return nullptr;
    int value = 0;
    for (; p < end && is_digit(*p); p++)
        if (value < exponent_limit) value = value * 10 + (*p - '0');
    exponent += negative ? -value : value;
    return p;
}

inline void add_digit(Decimal &out, int &significant, uint8_t digit, bool fraction) {
    if (significant < 19) {
        out.mantissa = out.mantissa * 10 + digit;
        significant += out.mantissa != 0;
        out.exponent -= fraction;
    } else {
        out.exact &= digit == 0;
        out.exponent += !fraction;
    }
}

/// Days since 1970-01-01 (Howard Hinnant's days_from_civil); false when there is no such date.
bool days_from_civil(unsigned year, unsigned month, unsigned day, int64_t &days) {
    if (month < 1 || month > 12 || day < 1) return false;
    constexpr unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > lengths[month - 1] + (leap && month == 2)) return false;
    const int64_t y = static_cast<int64_t>(year) - (month <= 2);
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
    return true;
}

/// Exactly `count` digits at `p`.
bool digits(const uint8_t *p, int count, unsigned &out) {
    out = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(p[i])) return false;
        out = out * 10 + (p[i] - '0');
    }
    return true;
}

bool in_accepted_years(int64_t ms) { return ms >= 0 && ms < FRAUD_END_OF_TIME_MS; }

}

bool scan_decimal(const uint8_t *text, size_t length, Grammar grammar, Decimal &out) {
    const uint8_t *p = text, *end = text + length;
    out = Decimal{};
    if (p < end && (*p == '-' || (*p == '+' && grammar == Grammar::text))) out.negative = *p++ == '-';
    int significant = 0;
    const uint8_t *whole = p;
    for (; p < end && is_digit(*p); p++) add_digit(out, significant, *p - '0', false);
    const size_t whole_digits = static_cast<size_t>(p - whole);
    if (grammar == Grammar::json && (whole_digits == 0 || (whole_digits > 1 && *whole == '0'))) return false;
    size_t fraction_digits = 0;
    if (p < end && *p == '.') {
        const uint8_t *fraction = ++p;
        for (; p < end && is_digit(*p); p++) add_digit(out, significant, *p - '0', true);
        fraction_digits = static_cast<size_t>(p - fraction);
        if (grammar == Grammar::json && fraction_digits == 0) return false;
    }
    if (whole_digits + fraction_digits == 0) return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = scan_exponent(p, end, out.exponent);
        if (!p) return false;
    }
    return p == end;
}

float float_value(const Decimal &d, const uint8_t *text, size_t length) {
    double value;
    if (d.exact && d.mantissa <= (1ULL << 53) && d.exponent >= -22 && d.exponent <= 22) {
        // Clinger's fast path: both operands are exact doubles, so the one operation rounds correctly.
        value = static_cast<double>(d.mantissa);
        value = d.exponent < 0 ? value / double_powers[-d.exponent] : value * double_powers[d.exponent];
        if (d.negative) value = -value;
    } else if (d.mantissa == 0) {
        value = 0;
    } else {
        const char *first = reinterpret_cast<const char *>(text), *last = first + length;
        if (*first == '+') first++;
        const auto [rest, error] = std::from_chars(first, last, value);
        if (error == std::errc::result_out_of_range) {
            // Mantissas here are at least 1 and below 1e19, so the exponent tells which end of the range it left.
            value = d.exponent < 0 ? 0 : std::numeric_limits<double>::quiet_NaN();
        } else if (error != std::errc()) {
            value = std::numeric_limits<double>::quiet_NaN();
        }
        (void)rest;
    }
    if (!(std::fabs(value) <= static_cast<double>(std::numeric_limits<float>::max())))
        return std::numeric_limits<float>::quiet_NaN();
    return static_cast<float>(value) + 0.0f; // -0 becomes 0
}

bool scaled_integer(const Decimal &d, int scale, uint64_t limit, uint64_t &out) {
    out = 0;
    if (d.mantissa == 0) return true;
    if (!d.exact) return false;
    uint64_t value = d.mantissa;
    const int shift = d.exponent + scale;
    if (shift < 0) {
        if (shift < -19 || value % integer_powers[-shift] != 0) return false;
        value /= integer_powers[-shift];
    } else if (shift > 0) {
        if (shift > 19 || value > limit / integer_powers[shift]) return false;
        value *= integer_powers[shift];
    }
    out = value;
    return value <= limit;
}

int cost_value(const Decimal &d, int64_t &out) {
    if (d.negative && d.mantissa != 0) return FRAUD_REJECT_NEGATIVE_COST;
    uint64_t value;
    if (!scaled_integer(d, 4, FRAUD_MAX_COST_E4, value)) return FRAUD_REJECT_BAD_VALUE;
    out = static_cast<int64_t>(value);
    return FRAUD_REJECT_NONE;
}

bool epoch_value(const Decimal &d, int64_t &out) {
    uint64_t value;
    if ((d.negative && d.mantissa != 0) || !scaled_integer(d, 0, FRAUD_END_OF_TIME_MS - 1, value)) return false;
    out = static_cast<int64_t>(value);
    return true;
}

bool rfc3339_value(const uint8_t *s, size_t length, int64_t &out) {
    unsigned year, month, day, hour, minute, second;
    if (length < 20 || s[4] != '-' || s[7] != '-' || s[13] != ':' || s[16] != ':') return false;
    if (s[10] != 'T' && s[10] != 't' && s[10] != ' ') return false;
    if (!digits(s, 4, year) || !digits(s + 5, 2, month) || !digits(s + 8, 2, day) || !digits(s + 11, 2, hour)
        || !digits(s + 14, 2, minute) || !digits(s + 17, 2, second))
        return false;
    int64_t days;
    if (hour > 23 || minute > 59 || second > 60 || !days_from_civil(year, month, day, days)) return false;
    int64_t ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000;
    size_t i = 19;
    if (s[i] == '.') {
        const size_t first = ++i;
        for (int place = 100; i < length && is_digit(s[i]); i++, place /= 10) ms += (s[i] - '0') * place;
        if (i == first) return false;
    }
    if (i + 1 == length && (s[i] == 'Z' || s[i] == 'z')) {
        out = ms;
        return in_accepted_years(ms);
    }
    unsigned zone_hour, zone_minute;
    if (i + 6 != length || (s[i] != '+' && s[i] != '-') || s[i + 3] != ':') return false;
    if (!digits(s + i + 1, 2, zone_hour) || !digits(s + i + 4, 2, zone_minute)) return false;
    if (zone_hour > 23 || zone_minute > 59) return false;
    const int64_t zone = (zone_hour * 60 + zone_minute) * 60000LL;
    out = s[i] == '+' ? ms - zone : ms + zone;
    return in_accepted_years(out);
}

bool log_time_value(const uint8_t *s, size_t length, int64_t &out) {
    if (length != 26 || s[2] != '/' || s[6] != '/' || s[11] != ':' || s[14] != ':' || s[17] != ':' || s[20] != ' ')
        return false;
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    unsigned month = 0;
    while (month < 12 && memcmp(months + month * 3, s + 3, 3) != 0) month++;
    unsigned year, day, hour, minute, second, zone_hour, zone_minute;
    if (!digits(s, 2, day) || !digits(s + 7, 4, year) || !digits(s + 12, 2, hour) || !digits(s + 15, 2, minute)
        || !digits(s + 18, 2, second) || !digits(s + 22, 2, zone_hour) || !digits(s + 24, 2, zone_minute))
        return false;
    int64_t days;
    if (hour > 23 || minute > 59 || second > 60 || zone_hour > 23 || zone_minute > 59) return false;
    if ((s[21] != '+' && s[21] != '-') || !days_from_civil(year, month + 1, day, days)) return false;
    const int64_t ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000;
    const int64_t zone = (zone_hour * 60 + zone_minute) * 60000LL;
    out = s[21] == '+' ? ms - zone : ms + zone;
    return in_accepted_years(out);
}

}
