#include "levels.h"

// A product and a sum in one expression may become one rounding: here it says where.
#pragma clang fp contract(off)

#define LOAD(source) (*(const float16 *)(source))

enum { eights_abreast = 16, group_floats = 8 * eights_abreast };

uint32_t fraud_row_place(int column, int columns) {
    int eight = column / 8, groups = (columns / 8 + eights_abreast - 1) / eights_abreast;
    if (eight >= columns / 8) return (uint32_t)(groups * group_floats + column % 8);
    return (uint32_t)(eight / eights_abreast * group_floats + column % 8 * eights_abreast + eight % eights_abreast);
}

uint32_t fraud_row_floats(int columns) {
    return (uint32_t)((columns / 8 + eights_abreast - 1) / eights_abreast * group_floats + 8);
}

FRAUD_BODY float sum_row(const float *weights, const float *values, int columns) {
    float sum = 0;
    for (int eights = columns / 8; eights > 0; eights -= eights_abreast) {
        float16 chains = {0};
        for (int k = 0; k < group_floats; k += eights_abreast)
            chains = __builtin_elementwise_fma(LOAD(values + k), LOAD(weights + k), chains);
        for (int lane = 0; lane < eights_abreast && lane < eights; lane++) sum += chains[lane];
        weights += group_floats;
        values += group_floats;
    }
    int rest = columns % 8;
    if (rest >= 4) {
        float chain = 0;
        for (int k = 0; k < 4; k++) chain = __builtin_elementwise_fma(values[k], weights[k], chain);
        sum += chain;
    }
    for (int k = rest & 4; k < rest; k++) {
        float product = values[k] * weights[k];
        sum += product;
    }
    return sum;
}

#ifdef FRAUD_X86
#define FRAUD_FMA __attribute__((target("avx2,fma")))
#define FRAUD_WIDE_FMA __attribute__((target("avx2,fma,avx512f,avx512vl")))

FRAUD_FMA static float sum_row_avx2(const float *weights, const float *values, int columns) {
    return sum_row(weights, values, columns);
}

FRAUD_WIDE_FMA static float sum_row_avx512(const float *weights, const float *values, int columns) {
    return sum_row(weights, values, columns);
}
#endif

float fraud_row_sum(const float *weights, const float *values, int columns) {
#ifdef FRAUD_X86
    if (fraud_level == FRAUD_VECTOR_AVX512) return sum_row_avx512(weights, values, columns);
    if (fraud_level == FRAUD_VECTOR_AVX2) return sum_row_avx2(weights, values, columns);
#endif
    return sum_row(weights, values, columns);
}
