// What the setters of fields are made of, where a fast path wants it in line.
#ifndef FRAUD_SETTERS_HPP
#define FRAUD_SETTERS_HPP

#include "Fields.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace fraud {

template <class T> inline T &member(fraud_click_record *record, int field) {
    return *reinterpret_cast<T *>(reinterpret_cast<uint8_t *>(record) + field_rules[field].offset);
}

enum : unsigned { has_backslash = 1, has_control = 2 };

#if defined(__SSE2__)
/// Copies 16 bytes and marks those that are a backslash (low half) or a control character (high half).
inline uint32_t copy_block(uint8_t *to, const uint8_t *from) {
    const __m128i backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i *>(to), block);
    const __m128i controls = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block), _mm_cmpeq_epi8(block, del));
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, backslash)))
        | static_cast<uint32_t>(_mm_movemask_epi8(controls)) << 16;
}

/// Copies a text in blocks, up to 63 bytes too far on both sides, and tells what is in it. Lengths are mostly told apart
/// by classes only, as each branch on one is a guess.
inline unsigned copy_and_inspect(uint8_t *to, const uint8_t *from, size_t length) {
    if (length <= 16) {
        const uint32_t marks = copy_block(to, from), mask = (1u << length) - 1;
        return (marks & mask ? has_backslash : 0) | (marks >> 16 & mask ? has_control : 0);
    }
    unsigned found = 0;
    for (size_t i = 0; i < length; i += 64) {
        uint64_t escapes = 0, controls = 0;
        for (size_t k = 0; k < 64; k += 16) {
            const uint32_t marks = copy_block(to + i + k, from + i + k);
            escapes |= static_cast<uint64_t>(marks & 0xffff) << k;
            controls |= static_cast<uint64_t>(marks >> 16) << k;
        }
        const uint64_t mask = length - i >= 64 ? ~0ULL : (1ULL << (length - i)) - 1;
        found |= (escapes & mask ? has_backslash : 0) | (controls & mask ? has_control : 0);
    }
    return found;
}
#else
inline unsigned copy_and_inspect(uint8_t *to, const uint8_t *from, size_t length) {
    unsigned found = 0;
    for (size_t i = 0; i < length; i++) {
        to[i] = from[i];
        found |= (from[i] == '\\' ? has_backslash : 0) | (from[i] < 0x20 || from[i] == 0x7f ? has_control : 0);
    }
    return found;
}
#endif

}

#endif
