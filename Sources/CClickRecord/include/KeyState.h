// Arithmetic of keyed feature state that Swift's vectors do not reach: index lines, lanes of counts, gaps, bitmaps.
// Integer operations and single float operations only, so every variant gives the same bits.
#ifndef FRAUD_KEY_STATE_H
#define FRAUD_KEY_STATE_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/// Which of a cache line's sixteen words equal `wanted` under `mask`: bit i for word i. The line is aligned.
static inline uint32_t fraud_match_line(const uint32_t *_Nonnull line, uint32_t mask, uint32_t wanted) {
#ifdef __SSE2__
    const __m128i m = _mm_set1_epi32((int)mask), w = _mm_set1_epi32((int)wanted);
    const __m128i *v = (const __m128i *)line;
    __m128i a = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(v), m), w);
    __m128i b = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(v + 1), m), w);
    __m128i c = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(v + 2), m), w);
    __m128i d = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(v + 3), m), w);
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)));
#else
    uint32_t found = 0;
    for (int i = 0; i < 16; i++) found |= (uint32_t)((line[i] & mask) == wanted) << i;
    return found;
#endif
}

/// Lanes i.. of six, as masks; from lane 6 on there is none.
static const uint16_t fraud_lanes_from[7][8] __attribute__((aligned(16))) = {
    {0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0, 0}, {0, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0, 0},
    {0, 0, 0xffff, 0xffff, 0xffff, 0xffff, 0, 0},           {0, 0, 0, 0xffff, 0xffff, 0xffff, 0, 0},
    {0, 0, 0, 0, 0xffff, 0xffff, 0, 0},                     {0, 0, 0, 0, 0, 0xffff, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0}};

/// The count of a click's own pane, and of it and the panes before it.
typedef struct {
    uint32_t own;
    uint32_t sum;
} fraud_pane_counts;

/// A click `behind` panes before the newest: nothing moves. Beyond all panes nothing is counted.
static inline fraud_pane_counts fraud_count_late(uint8_t *_Nonnull lanes, uint64_t behind, uint32_t one) {
    fraud_pane_counts counts = {0, 0};
    uint16_t v[6];
    memcpy(v, lanes, 12);
    for (uint64_t i = behind; i < 6; i++) {
        if (i == behind) {
            v[i] = (uint16_t)(v[i] + (one && v[i] < 0xffff));
            counts.own = v[i];
        }
        counts.sum += v[i];
    }
    memcpy(lanes, v, 12);
    return counts;
}

/// Six 16-bit counts of panes, lane 0 the newest: moves them on by `steps` panes, or none when the click is behind, and adds
/// `one` (0 or 1), saturating, to the click's own.
///
/// - `lanes`: 12 bytes, with 12 readable bytes before them and 4 behind.
static inline fraud_pane_counts fraud_count_pane(uint8_t *_Nonnull lanes, int64_t steps, uint32_t one) {
    if (__builtin_expect(steps < 0, 0)) return fraud_count_late(lanes, 0 - (uint64_t)steps, one);
    const int64_t moved = steps < 6 ? steps : 6;
#ifdef __SSE2__
    // A load so many lanes too early is the shift.
    __m128i v = _mm_loadu_si128((const __m128i *)(lanes - 2 * moved));
    v = _mm_and_si128(v, _mm_load_si128((const __m128i *)fraud_lanes_from[moved]));
    v = _mm_adds_epu16(v, _mm_cvtsi32_si128((int)one));
    _mm_storel_epi64((__m128i *)lanes, v);
    const uint32_t high = (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(v, 8));
    memcpy(lanes + 8, &high, 4);
    const __m128i zero = _mm_setzero_si128();
    const __m128i sums = _mm_add_epi64(
        _mm_sad_epu8(_mm_and_si128(v, _mm_set1_epi16(0xff)), zero), _mm_slli_epi64(_mm_sad_epu8(_mm_srli_epi16(v, 8), zero), 8));
    const fraud_pane_counts counts = {
        (uint32_t)_mm_cvtsi128_si32(v) & 0xffff, (uint32_t)_mm_cvtsi128_si32(_mm_add_epi64(sums, _mm_srli_si128(sums, 8)))};
    return counts;
#else
    uint16_t v[6], on[6];
    memcpy(v, lanes, 12);
    for (int64_t i = 0; i < 6; i++) on[i] = i < moved ? 0 : v[i - moved];
    memcpy(lanes, on, 12);
    return fraud_count_late(lanes, 0, one);
#endif
}

/// Eight gaps of 24 bits each, ms: 16 low bits of every gap, then 8 high bits of every gap. Sets one of them.
static inline void fraud_gap_set(uint8_t *_Nonnull gaps, uint32_t place, uint32_t milliseconds) {
    const uint16_t low = (uint16_t)milliseconds;
    memcpy(gaps + 2 * place, &low, 2);
    gaps[16 + place] = (uint8_t)(milliseconds >> 16);
}

/// Sets a gap as above, `place` over 7 being none, and gives all of them in seconds, each rounded as a quotient of floats.
/// A load right behind a smaller store to the same bytes would wait for it; so the gap is set on its way.
static inline void fraud_gap_seconds(uint8_t *_Nonnull gaps, uint32_t place, uint32_t milliseconds, float *_Nonnull seconds) {
#ifdef __SSE2__
    const __m128i zero = _mm_setzero_si128();
    const __m128i at = _mm_cmpeq_epi16(_mm_set_epi16(7, 6, 5, 4, 3, 2, 1, 0), _mm_set1_epi16((short)place));
    __m128i low = _mm_loadu_si128((const __m128i *)gaps);
    low = _mm_or_si128(_mm_andnot_si128(at, low), _mm_and_si128(at, _mm_set1_epi16((short)milliseconds)));
    __m128i high = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(gaps + 16)), zero);
    high = _mm_or_si128(_mm_andnot_si128(at, high), _mm_and_si128(at, _mm_set1_epi16((short)(milliseconds >> 16))));
    _mm_storeu_si128((__m128i *)gaps, low);
    _mm_storel_epi64((__m128i *)(gaps + 16), _mm_packus_epi16(high, zero));
    const __m128 thousand = _mm_set1_ps(1000.0f);
    _mm_storeu_ps(seconds, _mm_div_ps(_mm_cvtepi32_ps(_mm_unpacklo_epi16(low, high)), thousand));
    _mm_storeu_ps(seconds + 4, _mm_div_ps(_mm_cvtepi32_ps(_mm_unpackhi_epi16(low, high)), thousand));
#else
    if (place < 8) fraud_gap_set(gaps, place, milliseconds);
    for (int i = 0; i < 8; i++) {
        uint16_t low;
        memcpy(&low, gaps + 2 * i, 2);
        seconds[i] = (float)(int32_t)((uint32_t)low | (uint32_t)gaps[16 + i] << 16) / 1000.0f;
    }
#endif
}

static inline void fraud_order(float *_Nonnull a, float *_Nonnull b) {
    const float low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
    *a = low;
    *b = high;
}

/// The lower median of the first n (4 to 8) of eight values: by a sorting network of 19 exchanges.
static inline float fraud_lower_median(const float *_Nonnull values, int n) {
    const float none = __builtin_inff();
    float a = values[0], b = values[1], c = values[2], d = values[3];
    float e = n > 4 ? values[4] : none, f = n > 5 ? values[5] : none, g = n > 6 ? values[6] : none, h = n > 7 ? values[7] : none;
    fraud_order(&a, &c), fraud_order(&b, &d), fraud_order(&e, &g), fraud_order(&f, &h);
    fraud_order(&a, &e), fraud_order(&b, &f), fraud_order(&c, &g), fraud_order(&d, &h);
    fraud_order(&a, &b), fraud_order(&c, &d), fraud_order(&e, &f), fraud_order(&g, &h);
    fraud_order(&c, &e), fraud_order(&d, &f);
    fraud_order(&b, &e), fraud_order(&d, &g);
    fraud_order(&b, &c), fraud_order(&d, &e);
    return n > 6 ? d : (n > 4 ? c : b);
}

/// How many of the first n of eight values are no further from the middle than that.
static inline int fraud_count_near(const float *_Nonnull values, int n, float middle, float distance) {
#ifdef __SSE2__
    const __m128 m = _mm_set1_ps(middle), d = _mm_set1_ps(distance), sign = _mm_set1_ps(-0.0f);
    __m128 a = _mm_cmple_ps(_mm_andnot_ps(sign, _mm_sub_ps(_mm_loadu_ps(values), m)), d);
    __m128 b = _mm_cmple_ps(_mm_andnot_ps(sign, _mm_sub_ps(_mm_loadu_ps(values + 4), m)), d);
    uint32_t near = ((uint32_t)_mm_movemask_ps(a) | (uint32_t)_mm_movemask_ps(b) << 4) & ((1u << n) - 1);
    near = near - ((near >> 1) & 0x55);
    near = (near & 0x33) + ((near >> 2) & 0x33);
    return (int)((near + (near >> 4)) & 0xf);
#else
    int count = 0;
    for (int i = 0; i < n; i++) count += __builtin_fabsf(values[i] - middle) <= distance;
    return count;
#endif
}

/// Hashes it takes on average to set k of m bits, m/m + m/(m−1) + … + m/(m−k+1), rounded: the discrete counterpart of
/// −m·ln(1 − k/m), which gives 1 for one bit and 2 for two. A full bitmap reads as one bit less.
static const float fraud_distinct_of_64[65] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25, 27, 28, 30, 31, 33, 35, 36,
    38, 40, 42, 44, 46, 48, 50, 52, 55, 57, 59, 62, 65, 67, 70, 73, 77, 80, 83, 87, 91, 96, 100, 105, 110, 116,
    123, 130, 138, 147, 157, 170, 186, 208, 240, 240};
static const float fraud_distinct_of_32[33] = {
    0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 15, 16, 18, 20, 22, 24, 26, 28, 31, 33, 36, 39, 43, 47, 51, 57, 63,
    71, 82, 98, 98};

static inline float fraud_distinct_estimate_64(uint64_t bits) { return fraud_distinct_of_64[__builtin_popcountll(bits)]; }
static inline float fraud_distinct_estimate_32(uint32_t bits) { return fraud_distinct_of_32[__builtin_popcount(bits)]; }

/// A word that another thread may be writing.
static inline intptr_t fraud_load_word(const intptr_t *_Nonnull word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

#endif
