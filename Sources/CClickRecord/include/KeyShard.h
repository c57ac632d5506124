// Which shard a key belongs to, and the rows of a batch that are one shard's.
#ifndef FRAUD_KEY_SHARD_H
#define FRAUD_KEY_SHARD_H

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/// The shard of a key among up to 16: bits 32 to 43 of the key, scaled down to their number.
static inline uint32_t fraud_key_shard(uint64_t key, uint32_t shards) { return ((uint32_t)(key >> 32) & 0xfff) * shards >> 12; }

/// Bit i is set when key i of sixteen is the shard's.
static inline uint32_t fraud_shard_mask(const uint64_t *_Nonnull keys, uint32_t shard, uint32_t shards) {
#ifdef __SSE2__
    const __m128i field = _mm_set1_epi32(0xfff), scale = _mm_set1_epi32((int)shards), wanted = _mm_set1_epi32((int)shard);
    __m128i equal[4];
    for (int i = 0; i < 4; i++) {
        const __m128i *v = (const __m128i *)(keys + 4 * i);
        const __m128 low = _mm_castsi128_ps(_mm_loadu_si128(v)), high = _mm_castsi128_ps(_mm_loadu_si128(v + 1));
        const __m128i upper = _mm_castps_si128(_mm_shuffle_ps(low, high, 0xdd));
        // Twelve bits times at most 16 fit the low half of a lane, whose upper half is zero.
        const __m128i scaled = _mm_mullo_epi16(_mm_and_si128(upper, field), scale);
        equal[i] = _mm_cmpeq_epi32(_mm_srli_epi32(scaled, 12), wanted);
    }
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(equal[0], equal[1]), _mm_packs_epi32(equal[2], equal[3])));
#else
    uint32_t mask = 0;
    for (int i = 0; i < 16; i++) mask |= (uint32_t)(fraud_key_shard(keys[i], shards) == shard) << i;
    return mask;
#endif
}

/// Writes the rows whose key is the shard's, ascending, and returns how many there are.
/// Reads keys up to the next multiple of 64 rows, and writes to no more than `total` of `rows`.
static inline int64_t fraud_list_shard(
    const uint64_t *_Nonnull keys, int64_t total, uint32_t shard, uint32_t shards, uint16_t *_Nonnull rows) {
    int64_t count = 0;
    for (int64_t first = 0; first < total; first += 64) {
        uint64_t mask = 0;
        for (int i = 0; i < 4; i++) mask |= (uint64_t)fraud_shard_mask(keys + first + 16 * i, shard, shards) << (16 * i);
        if (total - first < 64) mask &= ((uint64_t)1 << (total - first)) - 1;
        for (; mask; mask &= mask - 1) rows[count++] = (uint16_t)(first + __builtin_ctzll(mask));
    }
    return count;
}

#endif
