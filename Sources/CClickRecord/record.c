#include "CClickRecord.h"

#include <arpa/inet.h>
#include <math.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline uint64_t rotl64(uint64_t x, int r) { return (x << r) | (x >> (64 - r)); }

static inline uint64_t fmix64(uint64_t k) {
    k ^= k >> 33;
    k *= 0xff51afd7ed558ccdULL;
    k ^= k >> 33;
    k *= 0xc4ceb9fe1a85ec53ULL;
    k ^= k >> 33;
    return k;
}

static const uint64_t c1 = 0x87c37b91114253d5ULL, c2 = 0x4cf5ad432745937fULL;

/// Little-endian words, as the hash is defined.
static inline uint64_t load64(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t load32(const uint8_t *p) {
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}

/// Up to 8 bytes as a word, zeros above; nothing beyond them is read.
static inline uint64_t load_few(const uint8_t *p, size_t n) {
    if (n == 0) return 0;
    if (n >= 8) return load64(p);
    if (n >= 4) return load32(p) | load32(p + n - 4) << (n - 4) * 8;
    return (uint64_t)p[0] | (uint64_t)p[n / 2] << n / 2 * 8 | (uint64_t)p[n - 1] << (n - 1) * 8;
}

/// The whole blocks of 16 bytes.
static inline void murmur_blocks(const uint8_t *data, size_t blocks, uint64_t *first, uint64_t *second) {
    uint64_t h1 = *first, h2 = *second;
    for (size_t i = 0; i < blocks; i++) {
        uint64_t k1 = load64(data + i * 16), k2 = load64(data + i * 16 + 8);
        k1 *= c1; k1 = rotl64(k1, 31); k1 *= c2; h1 ^= k1;
        h1 = rotl64(h1, 27); h1 += h2; h1 = h1 * 5 + 0x52dce729;
        k2 *= c2; k2 = rotl64(k2, 33); k2 *= c1; h2 ^= k2;
        h2 = rotl64(h2, 31); h2 += h1; h2 = h2 * 5 + 0x38495ab5;
    }
    *first = h1;
    *second = h2;
}

/// The tail, zero-padded to two words (a word of zeros changes nothing), and the end.
static inline void murmur_end(uint64_t h1, uint64_t h2, uint64_t k1, uint64_t k2, size_t length, uint64_t out[2]) {
    k2 *= c2; k2 = rotl64(k2, 33); k2 *= c1; h2 ^= k2;
    k1 *= c1; k1 = rotl64(k1, 31); k1 *= c2; h1 ^= k1;
    h1 ^= (uint64_t)length; h2 ^= (uint64_t)length;
    h1 += h2; h2 += h1;
    h1 = fmix64(h1); h2 = fmix64(h2);
    h1 += h2; h2 += h1;
    out[0] = h1;
    out[1] = h2;
}

void fraud_murmur3_128(const void *bytes, size_t length, uint64_t seed, uint64_t out[2]) {
    const uint8_t *data = (const uint8_t *)bytes, *tail = data + length / 16 * 16;
    const size_t rest = length & 15;
    uint64_t h1 = seed, h2 = seed;
    murmur_blocks(data, length / 16, &h1, &h2);
    murmur_end(h1, h2, load_few(tail, rest < 8 ? rest : 8), rest > 8 ? load_few(tail + 8, rest - 8) : 0, length, out);
}

/// The same without a branch on the length of the tail: 16 bytes after the text are read, and masked off.
static inline void murmur_padded(const uint8_t *data, size_t length, uint64_t out[2]) {
    static const uint64_t masks[17] = {
        0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
        ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL,
    };
    const uint8_t *tail = data + length / 16 * 16;
    const size_t rest = length & 15;
    uint64_t h1 = 0, h2 = 0;
    murmur_blocks(data, length / 16, &h1, &h2);
    const uint64_t k2 = load64(tail + 8) & masks[rest & 7] & (0 - (uint64_t)(rest >> 3));
    murmur_end(h1, h2, load64(tail) & masks[rest], k2, length, out);
}

/// Every field unknown: what each record begins as.
static const fraud_click_record unknown_record = {
    .ts_ms = FRAUD_UNKNOWN_TIME, .impression_ts_ms = FRAUD_UNKNOWN_TIME, .lat = NAN, .lon = NAN, .tz_offset_min = NAN,
    .pointer_moves = NAN, .pointer_distance_px = NAN, .pointer_straightness = NAN, .pointer_duration_ms = NAN,
    .pointer_speed_cv = NAN, .hover_ms = NAN, .scroll_events = NAN, .key_events = NAN, .time_to_click_ms = NAN,
    .visible_ratio = NAN, .opacity = NAN, .element_width_px = NAN, .element_height_px = NAN, .dwell_ms = NAN,
};

void fraud_record_clear(fraud_click_record *r) { memcpy(r, &unknown_record, sizeof *r); }

typedef void text_hasher(const uint8_t *data, size_t length, uint64_t out[2]);
typedef int address_parser(const uint8_t *text, size_t length, uint64_t *high, uint64_t *low);

static inline void murmur_exact(const uint8_t *data, size_t length, uint64_t out[2]) {
    fraud_murmur3_128(data, length, 0, out);
}

/// 0 for an unknown text.
static inline uint64_t hash_text(const uint8_t *arena, fraud_text t, text_hasher *hasher) {
    uint64_t h[2];
    hasher(arena + t.offset, t.length, h);
    return t.length == 0 ? 0 : h[0];
}

/// Four numbers of one to three digits, up to 255. Needs 32 readable bytes, `length` being at most 15.
static int parse_ipv4(const uint8_t *text, size_t length, uint32_t *out) {
    // Bits of the places where a point stands, and where no digit does.
    uint32_t points = 0, others = 0;
#if defined(__SSE2__)
    const __m128i block = _mm_loadu_si128((const __m128i *)text), digits = _mm_sub_epi8(block, _mm_set1_epi8('0'));
    points = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('.')));
    others = ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits));
#else
    for (size_t i = 0; i < length; i++) {
        points |= (uint32_t)(text[i] == '.') << i;
        others |= (uint32_t)((uint8_t)(text[i] - '0') > 9) << i;
    }
#endif
    const uint32_t inside = (1u << length) - 1, end = 1u << length;
    points &= inside;
    if (points != (others & inside) || __builtin_popcount(points) != 3) return 0;
    uint32_t value = 0, bad = 0, rest = points | end, start = 0;
    for (int part = 0; part < 4; part++) {
        const uint32_t stop = (uint32_t)__builtin_ctz(rest), count = stop - start;
        rest &= rest - 1;
        bad |= count - 1 > 2;
        // The digits stand at the word's high end, zeros below.
        const uint32_t word = (uint32_t)load32(text + start) << ((4 - count) & 3) * 8;
        const uint32_t d = word & 0x0f0f0f0f;
        const uint32_t n = (d >> 8 & 0xff) * 100 + (d >> 16 & 0xff) * 10 + (d >> 24);
        bad |= n > 255;
        value = value << 8 | n;
        start = stop + 1;
    }
    *out = value;
    return !bad;
}

/// Groups of one to four hex digits with at most one `::`. -1 for what only the system's parser can judge.
static int parse_groups(const uint8_t *text, size_t length, uint64_t *high, uint64_t *low) {
    uint16_t groups[8] = {0};
    int count = 0, gap = -1;
    size_t i = 0;
    if (text[0] == ':') {
        if (text[1] != ':') return 0;
        gap = 0;
        i = 2;
    }
    while (i < length) {
        uint32_t value = 0;
        size_t digits = 0;
        for (; i < length && text[i] != ':'; i++, digits++) {
            const uint8_t digit = (uint8_t)(text[i] - '0'), letter = (uint8_t)((text[i] | 0x20) - 'a');
            if (digit > 9 && letter > 5) return -1;
            value = value << 4 | (digit <= 9 ? digit : letter + 10u);
        }
        if (digits - 1 > 3 || count == 8) return -1;
        groups[count++] = (uint16_t)value;
        if (i == length) break;
        if (++i == length) return -1;
        if (text[i] != ':') continue;
        if (gap >= 0) return -1;
        gap = count;
        i++;
    }
    if (gap < 0 ? count != 8 : count == 8) return -1;
    uint64_t words[2] = {0, 0};
    for (int k = 0; k < count; k++) {
        const int place = gap >= 0 && k >= gap ? 8 - count + k : k;
        words[place / 4] |= (uint64_t)groups[k] << (48 - place % 4 * 16);
    }
    *high = words[0];
    *low = words[1];
    return 1;
}

static int parse_ipv6(const uint8_t *text, size_t length, uint64_t *high, uint64_t *low) {
    if (length < 2 || length > 45 || !memchr(text, ':', length)) return 0;
    const int parsed = parse_groups(text, length, high, low);
    if (parsed >= 0) return parsed;
    char buffer[46];
    memcpy(buffer, text, length);
    buffer[length] = 0;
    struct in6_addr address;
    if (inet_pton(AF_INET6, buffer, &address) != 1) return 0;
    uint64_t h = 0, l = 0;
    for (int i = 0; i < 8; i++) h = h << 8 | address.s6_addr[i];
    for (int i = 8; i < 16; i++) l = l << 8 | address.s6_addr[i];
    *high = h;
    *low = l;
    return 1;
}

/// Needs 32 readable bytes.
static int parse_ip_padded(const uint8_t *text, size_t length, uint64_t *high, uint64_t *low) {
    uint32_t v4;
    if (length <= 15 && parse_ipv4(text, length, &v4)) {
        *high = 0;
        *low = 0x0000ffff00000000ULL | v4;
        return 4;
    }
    if (!parse_ipv6(text, length, high, low)) return 0;
    return *high == 0 && (*low >> 32) == 0x0000ffffULL ? 4 : 6;
}

int fraud_parse_ip(const uint8_t *text, size_t length, uint64_t *high, uint64_t *low) {
    uint8_t padded[46 + 32] = {0};
    if (length > 45) return 0;
    memcpy(padded, text, length);
    return parse_ip_padded(padded, length, high, low);
}

/// ip followed by user_agent: who it is when nothing better is known.
static uint64_t hash_address_and_agent(const fraud_click_record *r, const uint8_t *arena) {
    // Texts are at most 64 KiB together by the line limit; longer agents were rejected at 2048 bytes.
    uint8_t joined[64 + 2048];
    size_t ip = r->ip.length <= 64 ? r->ip.length : 64;
    size_t agent = r->user_agent.length <= 2048 ? r->user_agent.length : 2048;
    memcpy(joined, arena + r->ip.offset, ip);
    memcpy(joined + ip, arena + r->user_agent.offset, agent);
    uint64_t h[2];
    fraud_murmur3_128(joined, ip + agent, 0, h);
    return h[0];
}

static inline __attribute__((always_inline)) void finish(
    fraud_click_record *r, const uint8_t *arena, text_hasher *hasher, address_parser *parser) {
    hasher(arena + r->click_id.offset, r->click_id.length, r->click_id_hash);
    r->ad_hash = hash_text(arena, r->ad_id, hasher);
    r->campaign_hash = hash_text(arena, r->campaign_id, hasher);
    r->advertiser_hash = hash_text(arena, r->advertiser_id, hasher);
    r->publisher_hash = hash_text(arena, r->publisher_id, hasher);
    r->user_hash = hash_text(arena, r->user_id, hasher);
    r->device_hash = hash_text(arena, r->device_fingerprint, hasher);
    r->agent_hash = hash_text(arena, r->user_agent, hasher);
    if (r->ip.length > 0) r->ip_version = (uint8_t)parser(arena + r->ip.offset, r->ip.length, &r->ip_high, &r->ip_low);
    r->visitor_hash = r->user_hash ? r->user_hash : r->device_hash;
    if (r->visitor_hash == 0 && r->ip.length + r->user_agent.length > 0) r->visitor_hash = hash_address_and_agent(r, arena);
}

void fraud_record_finish(fraud_click_record *r, const uint8_t *arena) { finish(r, arena, murmur_exact, fraud_parse_ip); }

void fraud_record_finish_padded(fraud_click_record *r, const uint8_t *arena) {
    finish(r, arena, murmur_padded, parse_ip_padded);
}

static const char *const names[FRAUD_FIELD_COUNT] = {
    "", "type", "click_id", "ts", "ad_id", "campaign_id", "advertiser_id", "publisher_id", "placement_id",
    "creative_id", "audience_id", "cost", "user_id", "device_fingerprint", "ip", "user_agent", "referrer", "country",
    "lat", "lon", "tz_offset_min", "impression_id", "impression_ts", "pointer_moves", "pointer_distance_px",
    "pointer_straightness", "pointer_duration_ms", "pointer_speed_cv", "hover_ms", "scroll_events", "key_events",
    "touch", "time_to_click_ms", "visible_ratio", "opacity", "element_width_px", "element_height_px", "webdriver",
    "dwell_ms", "label", "attack",
};

const char *fraud_field_name(int field) {
    return field > 0 && field < FRAUD_FIELD_COUNT ? names[field] : "";
}
