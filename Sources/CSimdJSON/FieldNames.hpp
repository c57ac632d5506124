// Field names to numbers by a perfect hash, found when this header is compiled.
#ifndef FRAUD_FIELD_NAMES_HPP
#define FRAUD_FIELD_NAMES_HPP

#include "Fields.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace fraud {

inline uint64_t load_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

namespace names {

constexpr const char *texts[FRAUD_FIELD_COUNT] = {
    "", "type", "click_id", "ts", "ad_id", "campaign_id", "advertiser_id", "publisher_id", "placement_id",
    "creative_id", "audience_id", "cost", "user_id", "device_fingerprint", "ip", "user_agent", "referrer", "country",
    "lat", "lon", "tz_offset_min", "impression_id", "impression_ts", "pointer_moves", "pointer_distance_px",
    "pointer_straightness", "pointer_duration_ms", "pointer_speed_cv", "hover_ms", "scroll_events", "key_events",
    "touch", "time_to_click_ms", "visible_ratio", "opacity", "element_width_px", "element_height_px", "webdriver",
    "dwell_ms", "label", "attack",
};

constexpr size_t longest = 24;
constexpr size_t slots = 256;

struct alignas(32) Name {
    uint8_t bytes[32] = {};
};

struct Table {
    Name names[FRAUD_FIELD_COUNT];
    uint8_t length[FRAUD_FIELD_COUNT] = {};
    uint8_t field[slots] = {};
    uint64_t multiplier = 0;
};

/// The last 8 bytes of a name tell all of them apart; of a shorter one the first bytes of the word are zeros.
constexpr uint64_t last_word(const Name &name, size_t length) {
    uint64_t word = 0;
    for (size_t i = 0; i < 8 && i < length; i++) word |= static_cast<uint64_t>(name.bytes[length - 1 - i]) << (56 - i * 8);
    return word;
}

constexpr size_t slot(uint64_t last, uint64_t multiplier) { return static_cast<size_t>((last * multiplier) >> 56); }

constexpr Table make_table() {
    Table table;
    uint64_t last[FRAUD_FIELD_COUNT] = {};
    for (int f = 1; f < FRAUD_FIELD_COUNT; f++) {
        size_t n = 0;
        for (; texts[f][n]; n++) table.names[f].bytes[n] = static_cast<uint8_t>(texts[f][n]);
        table.length[f] = static_cast<uint8_t>(n);
        last[f] = last_word(table.names[f], n);
    }
    uint64_t candidate = 0x9E3779B97F4A7C15ULL;
    for (int attempt = 0; attempt < 1000; attempt++, candidate = candidate * 6364136223846793005ULL + 1) {
        bool used[slots] = {};
        bool clash = false;
        for (int f = 1; f < FRAUD_FIELD_COUNT && !clash; f++) {
            const size_t s = slot(last[f], candidate | 1);
            clash = used[s];
            used[s] = true;
        }
        if (clash) continue;
        table.multiplier = candidate | 1;
        for (int f = 1; f < FRAUD_FIELD_COUNT; f++)
            table.field[slot(last[f], table.multiplier)] = static_cast<uint8_t>(f);
        break;
    }
    return table;
}

inline constexpr Table table = make_table();
static_assert(table.multiplier != 0, "no multiplier keeps the names apart: add slots");

/// Whether the 32 bytes at `text` are those of `expected` where `mask` has a bit.
inline bool is_same(const uint8_t *text, const Name &expected, uint32_t mask) {
#if defined(__SSE2__)
    const auto block = [](const uint8_t *p) { return _mm_loadu_si128(reinterpret_cast<const __m128i *>(p)); };
    const __m128i first = _mm_cmpeq_epi8(block(text), block(expected.bytes));
    const __m128i second = _mm_cmpeq_epi8(block(text + 16), block(expected.bytes + 16));
    const uint32_t same = static_cast<uint32_t>(_mm_movemask_epi8(first)) | static_cast<uint32_t>(_mm_movemask_epi8(second)) << 16;
    return (mask & ~same) == 0;
#else
    return memcmp(text, expected.bytes, static_cast<size_t>(__builtin_popcount(mask))) == 0;
#endif
}

}

/// The FRAUD_FIELD_* of a name; FRAUD_FIELD_NONE for any other. Needs `readable_padding` after the name.
inline int find_field(const uint8_t *name, size_t length) {
    using namespace names;
    if (length == 0 || length > longest) return FRAUD_FIELD_NONE;
    const size_t skipped = length > 8 ? length - 8 : 0, missing = length < 8 ? 8 - length : 0;
    const int field = table.field[slot(load_word(name + skipped) << (missing * 8), table.multiplier)];
    return table.length[field] == length && is_same(name, table.names[field], (1u << length) - 1) ? field : FRAUD_FIELD_NONE;
}

}

#endif
