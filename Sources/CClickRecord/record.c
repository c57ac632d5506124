#include "CClickRecord.h"

#include <arpa/inet.h>
#include <math.h>

static inline uint64_t rotl64(uint64_t x, int r) { return (x << r) | (x >> (64 - r)); }

static inline uint64_t fmix64(uint64_t k) {
    k ^= k >> 33;
    k *= 0xff51afd7ed558ccdULL;
    k ^= k >> 33;
    k *= 0xc4ceb9fe1a85ec53ULL;
    k ^= k >> 33;
    return k;
}

void fraud_murmur3_128(const void *bytes, size_t length, uint64_t seed, uint64_t out[2]) {
    const uint8_t *data = (const uint8_t *)bytes;
    const size_t blocks = length / 16;
    const uint64_t c1 = 0x87c37b91114253d5ULL, c2 = 0x4cf5ad432745937fULL;
    uint64_t h1 = seed, h2 = seed;
    for (size_t i = 0; i < blocks; i++) {
        uint64_t k1, k2;
        memcpy(&k1, data + i * 16, 8);
        memcpy(&k2, data + i * 16 + 8, 8);
        k1 *= c1; k1 = rotl64(k1, 31); k1 *= c2; h1 ^= k1;
        h1 = rotl64(h1, 27); h1 += h2; h1 = h1 * 5 + 0x52dce729;
        k2 *= c2; k2 = rotl64(k2, 33); k2 *= c1; h2 ^= k2;
        h2 = rotl64(h2, 31); h2 += h1; h2 = h2 * 5 + 0x38495ab5;
    }
    const uint8_t *tail = data + blocks * 16;
    const size_t rest = length & 15;
    uint64_t k1 = 0, k2 = 0;
    for (size_t i = rest; i > 8; i--) k2 ^= (uint64_t)tail[i - 1] << ((i - 9) * 8);
    for (size_t i = rest < 8 ? rest : 8; i > 0; i--) k1 ^= (uint64_t)tail[i - 1] << ((i - 1) * 8);
    if (rest > 8) { k2 *= c2; k2 = rotl64(k2, 33); k2 *= c1; h2 ^= k2; }
    if (rest > 0) { k1 *= c1; k1 = rotl64(k1, 31); k1 *= c2; h1 ^= k1; }
    h1 ^= (uint64_t)length; h2 ^= (uint64_t)length;
    h1 += h2; h2 += h1;
    h1 = fmix64(h1); h2 = fmix64(h2);
    h1 += h2; h2 += h1;
    out[0] = h1;
    out[1] = h2;
}

void fraud_record_clear(fraud_click_record *r) {
    memset(r, 0, sizeof *r);
    r->ts_ms = FRAUD_UNKNOWN_TIME;
    r->impression_ts_ms = FRAUD_UNKNOWN_TIME;
    float *first = &r->lat;
    for (float *f = first; f <= &r->dwell_ms; f++) *f = NAN;
}

static uint64_t hash_text(const uint8_t *arena, fraud_text t) {
    if (t.length == 0) return 0;
    uint64_t h[2];
    fraud_murmur3_128(arena + t.offset, t.length, 0, h);
    return h[0];
}

static int parse_ipv4(const uint8_t *text, size_t length, uint32_t *out) {
    uint32_t value = 0;
    size_t i = 0;
    for (int part = 0; part < 4; part++) {
        uint32_t n = 0;
        size_t digits = 0;
        while (i < length && text[i] >= '0' && text[i] <= '9' && digits < 3) {
            n = n * 10 + (text[i] - '0');
            i++;
            digits++;
        }
        if (digits == 0 || n > 255) return 0;
        value = value << 8 | n;
        if (part < 3) {
            if (i >= length || text[i] != '.') return 0;
            i++;
        }
    }
    *out = value;
    return i == length;
}

int fraud_parse_ip(const uint8_t *text, size_t length, uint64_t *high, uint64_t *low) {
    uint32_t v4;
    if (length <= 15 && parse_ipv4(text, length, &v4)) {
        *high = 0;
        *low = 0x0000ffff00000000ULL | v4;
        return 4;
    }
    if (length < 2 || length > 45 || !memchr(text, ':', length)) return 0;
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
    return h == 0 && (l >> 32) == 0x0000ffffULL ? 4 : 6;
}

void fraud_record_finish(fraud_click_record *r, const uint8_t *arena) {
    fraud_murmur3_128(arena + r->click_id.offset, r->click_id.length, 0, r->click_id_hash);
    r->ad_hash = hash_text(arena, r->ad_id);
    r->campaign_hash = hash_text(arena, r->campaign_id);
    r->advertiser_hash = hash_text(arena, r->advertiser_id);
    r->publisher_hash = hash_text(arena, r->publisher_id);
    r->user_hash = hash_text(arena, r->user_id);
    r->device_hash = hash_text(arena, r->device_fingerprint);
    r->agent_hash = hash_text(arena, r->user_agent);
    if (r->ip.length > 0)
        r->ip_version = (uint8_t)fraud_parse_ip(arena + r->ip.offset, r->ip.length, &r->ip_high, &r->ip_low);
    if (r->user_hash) {
        r->visitor_hash = r->user_hash;
    } else if (r->device_hash) {
        r->visitor_hash = r->device_hash;
    } else if (r->ip.length > 0 || r->user_agent.length > 0) {
        // Texts are at most 64 KiB together by the line limit; longer agents were rejected at 2048 bytes.
        uint8_t joined[64 + 2048];
        size_t ip = r->ip.length <= 64 ? r->ip.length : 64;
        size_t agent = r->user_agent.length <= 2048 ? r->user_agent.length : 2048;
        memcpy(joined, arena + r->ip.offset, ip);
        memcpy(joined + ip, arena + r->user_agent.offset, agent);
        uint64_t h[2];
        fraud_murmur3_128(joined, ip + agent, 0, h);
        r->visitor_hash = h[0];
    }
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
