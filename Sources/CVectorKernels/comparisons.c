#include <string.h>

#include "levels.h"

typedef _Bool bool16 __attribute__((ext_vector_type(16)));

#define LOAD(source) (*(const float16 *)(source))

/// The sixteen truths as bits, the first the lowest.
#define BITS(truth)                                                      \
    ({                                                                   \
        bool16 packed = __builtin_convertvector((lanes16)(truth), bool16); \
        uint16_t bits;                                                   \
        memcpy(&bits, &packed, 2);                                       \
        bits;                                                            \
    })

#define ROWS(truth)                                                      \
    for (int k = 0; k < sixteens; k++) {                                 \
        float16 x = LOAD(a + k * 16), y = NEXT;                          \
        rows |= (uint64_t)BITS(truth) << (k * 16);                       \
    }                                                                    \
    break

#define COMPARISONS                                                      \
    uint64_t rows = 0;                                                   \
    switch (comparison) {                                                \
    case FRAUD_LESS: ROWS(x < y);                                        \
    case FRAUD_LESS_OR_EQUAL: ROWS(x <= y);                              \
    case FRAUD_GREATER: ROWS(x > y);                                     \
    case FRAUD_GREATER_OR_EQUAL: ROWS(x >= y);                           \
    case FRAUD_EQUAL: ROWS(x == y);                                      \
    /* IEEE 754 calls NaN unequal to everything. */                      \
    default: ROWS((lanes16)(x < y) | (lanes16)(x > y));                  \
    }                                                                    \
    return rows

FRAUD_BODY uint64_t compare(int comparison, const float *a, const float *b, int sixteens) {
#define NEXT LOAD(b + k * 16)
    COMPARISONS;
#undef NEXT
}

FRAUD_BODY uint64_t compare_constant(int comparison, const float *a, float constant, int sixteens) {
    float16 bound = FRAUD_SPREAD(constant);
#define NEXT bound
    COMPARISONS;
#undef NEXT
}

#ifdef FRAUD_X86
/// Up to 128 quantities in registers, where each comparison finds its own by number.
FRAUD_AVX512 static void compare_few(const fraud_leaves *leaves, const float *quantities, uint64_t *truths) {
    __m512 tables[8];
    for (int part = 0; part < 8; part++) tables[part] = _mm512_loadu_ps(quantities + part * 16);
    uint64_t word = 0;
    for (int i = 0; i < leaves->count; i += 16) {
        __m512i which = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(leaves->which + i)));
        __mmask16 odd = _mm512_test_epi32_mask(which, _mm512_set1_epi32(32)), high = _mm512_test_epi32_mask(which, _mm512_set1_epi32(64));
        __m512 value = _mm512_mask_blend_ps(odd, _mm512_permutex2var_ps(tables[0], which, tables[1]), _mm512_permutex2var_ps(tables[2], which, tables[3]));
        if (high) {
            __m512 upper = _mm512_mask_blend_ps(
                odd, _mm512_permutex2var_ps(tables[4], which, tables[5]), _mm512_permutex2var_ps(tables[6], which, tables[7]));
            value = _mm512_mask_blend_ps(high, value, upper);
        }
        value = _mm512_xor_ps(value, _mm512_loadu_ps((const float *)(leaves->signs + i)));
        __m512 bound = _mm512_loadu_ps(leaves->bounds + i);
        uint64_t bits = i < leaves->first_inclusive ? _mm512_cmp_ps_mask(value, bound, _CMP_LT_OQ) : _mm512_cmp_ps_mask(value, bound, _CMP_LE_OQ);
        word |= bits << (i & 63);
        if ((i & 63) == 48) {
            truths[i >> 6] = word;
            word = 0;
        }
    }
    if (leaves->count & 63) truths[leaves->count >> 6] = word;
}
#endif

FRAUD_BODY void compare_leaves(const fraud_leaves *leaves, const float *quantities, uint64_t *truths) {
    uint64_t word = 0;
    for (int i = 0; i < leaves->count; i += 16) {
        float memory[16];
        for (int lane = 0; lane < 16; lane++) memory[lane] = quantities[leaves->which[i + lane]];
        lanes16 signs = *(const lanes16 *)(leaves->signs + i);
        float16 value = (float16)((lanes16)LOAD(memory) ^ signs), bound = LOAD(leaves->bounds + i);
        uint64_t bits = i < leaves->first_inclusive ? BITS(value < bound) : BITS(value <= bound);
        word |= bits << (i & 63);
        if ((i & 63) == 48) {
            truths[i >> 6] = word;
            word = 0;
        }
    }
    if (leaves->count & 63) truths[leaves->count >> 6] = word;
}

typedef uint64_t words8 __attribute__((vector_size(64)));
typedef _Bool bool8 __attribute__((ext_vector_type(8)));

/// Bit i says whether word i is 0.
FRAUD_BODY uint64_t zero_bits(const words8 *words) {
    bool8 packed = __builtin_convertvector(*words == 0, bool8);
    uint8_t bits;
    memcpy(&bits, &packed, 1);
    return bits;
}

FRAUD_BODY void settle_rules(const fraud_rule_masks *rules, const uint64_t *truths, uint64_t *complete, uint64_t *hit) {
    uint64_t whole = 0, some = 0;
    for (int first = 0; first < rules->count; first += 8) {
        words8 missing = {0}, found = {0};
        for (int word = 0; word < rules->words; word++) {
            int at = word * rules->count + first;
            missing |= *(const words8 *)(rules->required + at) & ~truths[word];
            found |= *(const words8 *)(rules->sufficient + at) & truths[word];
        }
        whole |= zero_bits(&missing) << first;
        some |= (zero_bits(&found) ^ 0xff) << first;
    }
    *complete = whole;
    *hit = some;
}

#define VARIANT(attribute, suffix)                                                                                        \
    attribute static uint64_t compare_##suffix(int comparison, const float *a, const float *b, int sixteens) {            \
        return compare(comparison, a, b, sixteens);                                                                       \
    }                                                                                                                     \
    attribute static uint64_t compare_constant_##suffix(int comparison, const float *a, float constant, int sixteens) {   \
        return compare_constant(comparison, a, constant, sixteens);                                                       \
    }                                                                                                                     \
    attribute static void compare_leaves_##suffix(const fraud_leaves *leaves, const float *quantities, uint64_t *truths) { \
        compare_leaves(leaves, quantities, truths);                                                                       \
    }                                                                                                                     \
    attribute static void settle_##suffix(                                                                                \
        const fraud_rule_masks *rules, const uint64_t *truths, uint64_t *complete, uint64_t *hit) {                       \
        settle_rules(rules, truths, complete, hit);                                                                       \
    }

VARIANT(, base)
#ifdef FRAUD_X86
VARIANT(FRAUD_AVX2, avx2)
VARIANT(FRAUD_AVX512, avx512)
#define CHOOSE(call, ...)                                                                 \
    if (fraud_level == FRAUD_VECTOR_AVX512) return call##_avx512(__VA_ARGS__);            \
    if (fraud_level == FRAUD_VECTOR_AVX2) return call##_avx2(__VA_ARGS__);                \
    return call##_base(__VA_ARGS__)
#else
#define CHOOSE(call, ...) return call##_base(__VA_ARGS__)
#endif

uint64_t fraud_rows_compare(int comparison, const float *a, const float *b, int sixteens) {
    CHOOSE(compare, comparison, a, b, sixteens);
}

uint64_t fraud_rows_compare_constant(int comparison, const float *a, float constant, int sixteens) {
    CHOOSE(compare_constant, comparison, a, constant, sixteens);
}

void fraud_leaves_compare(const fraud_leaves *leaves, const float *quantities, uint64_t *truths) {
#ifdef FRAUD_X86
    if (fraud_level == FRAUD_VECTOR_AVX512 && leaves->quantity_count <= 128) return compare_few(leaves, quantities, truths);
#endif
    CHOOSE(compare_leaves, leaves, quantities, truths);
}

void fraud_rules_settle(const fraud_rule_masks *rules, const uint64_t *truths, uint64_t *complete, uint64_t *hit) {
    CHOOSE(settle, rules, truths, complete, hit);
}
