// Field names to numbers by a perfect hash, found when this file is compiled.
#include "Fields.hpp"

namespace fraud {

namespace {

constexpr const char *names[FRAUD_FIELD_COUNT] = {
    "", "type", "click_id", "ts", "ad_id", "campaign_id", "advertiser_id", "publisher_id", "placement_id",
    "creative_id", "audience_id", "cost", "user_id", "device_fingerprint", "ip", "user_agent", "referrer", "country",
    "lat", "lon", "tz_offset_min", "impression_id", "impression_ts", "pointer_moves", "pointer_distance_px",
    "pointer_straightness", "pointer_duration_ms", "pointer_speed_cv", "hover_ms", "scroll_events", "key_events",
    "touch", "time_to_click_ms", "visible_ratio", "opacity", "element_width_px", "element_height_px", "webdriver",
    "dwell_ms", "label", "attack",
};

constexpr size_t longest_name = 24;
constexpr size_t slots = 256;

/// A name as three little-endian words, zeros after its end.
struct Words {
    uint64_t word[3] = {0, 0, 0};
};

constexpr Words words_of(const char *name) {
    Words words;
    for (size_t i = 0; name[i]; i++)
        words.word[i / 8] |= static_cast<uint64_t>(static_cast<uint8_t>(name[i])) << (i % 8 * 8);
    return words;
}

constexpr size_t slot(const Words &w, uint64_t multiplier) {
    return static_cast<size_t>(((w.word[0] ^ (w.word[1] * 3) ^ (w.word[2] * 5)) * multiplier) >> 56);
}

struct Table {
    Words words[FRAUD_FIELD_COUNT];
    uint8_t field[slots] = {};
    uint64_t multiplier = 0;
};

constexpr Table make_table() {
    Table table;
    for (int f = 1; f < FRAUD_FIELD_COUNT; f++) table.words[f] = words_of(names[f]);
    uint64_t candidate = 0x9E3779B97F4A7C15ULL;
    for (int attempt = 0; attempt < 1000; attempt++, candidate = candidate * 6364136223846793005ULL + 1) {
        bool used[slots] = {};
        bool clash = false;
        for (int f = 1; f < FRAUD_FIELD_COUNT && !clash; f++) {
            const size_t s = slot(table.words[f], candidate | 1);
            clash = used[s];
            used[s] = true;
        }
        if (clash) continue;
        table.multiplier = candidate | 1;
        for (int f = 1; f < FRAUD_FIELD_COUNT; f++)
            table.field[slot(table.words[f], table.multiplier)] = static_cast<uint8_t>(f);
        break;
    }
    return table;
}

constexpr Table table = make_table();
static_assert(table.multiplier != 0, "no multiplier keeps the names apart: add slots");

inline uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/// Keeps the first `length` bytes of a word; any length.
inline uint64_t first_bytes(uint64_t word, size_t length) {
    return length >= 8 ? word : word & ((1ULL << (length * 8)) - 1);
}

}

int find_field(const uint8_t *name, size_t length) {
    if (length == 0 || length > longest_name) return FRAUD_FIELD_NONE;
    Words words;
    words.word[0] = first_bytes(load(name), length);
    if (length > 8) words.word[1] = first_bytes(load(name + 8), length - 8);
    if (length > 16) words.word[2] = first_bytes(load(name + 16), length - 16);
    const int field = table.field[slot(words, table.multiplier)];
    const Words &expected = table.words[field];
    // Zeros after the end stand for the length, so a name that ends in NUL is not the shorter one.
    const bool same = words.word[0] == expected.word[0] && words.word[1] == expected.word[1]
        && words.word[2] == expected.word[2];
    return same && name[length - 1] != 0 ? field : FRAUD_FIELD_NONE;
}

}

int fraud_find_field(const uint8_t *name, size_t length) {
    uint8_t padded[fraud::readable_padding * 2] = {};
    if (length > fraud::readable_padding) return FRAUD_FIELD_NONE;
    memcpy(padded, name, length);
    return fraud::find_field(padded, length);
}
