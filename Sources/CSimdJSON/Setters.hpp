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

/// Copies a text in blocks, up to 15 bytes too far on both sides, and tells what is in it.
inline unsigned copy_and_inspect(uint8_t *to, const uint8_t *from, size_t length) {
    unsigned found = 0;
#if defined(__SSE2__)
    const __m128i backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
    for (size_t i = 0; i < length; i += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from + i));
        _mm_storeu_si128(reinterpret_cast<__m128i *>(to + i), block);
        const unsigned mask = length - i >= 16 ? 0xffffu : (1u << (length - i)) - 1;
        const unsigned escapes = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, backslash)));
        const unsigned controls = static_cast<unsigned>(_mm_movemask_epi8(
            _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block), _mm_cmpeq_epi8(block, del))));
        found |= (escapes & mask ? has_backslash : 0) | (controls & mask ? has_control : 0);
    }
#else
    for (size_t i = 0; i < length; i++) {
        to[i] = from[i];
        found |= (from[i] == '\\' ? has_backslash : 0) | (from[i] < 0x20 || from[i] == 0x7f ? has_control : 0);
    }
#endif
    return found;
}

}

#endif
