// How a kernel is written once and compiled for each instruction set: a body that is always inlined, and one function a set.
#ifndef FRAUD_LEVELS_H
#define FRAUD_LEVELS_H

#include "CVectorKernels.h"

#if defined(__x86_64__)
#define FRAUD_X86 1
#include <immintrin.h>
#define FRAUD_AVX2 __attribute__((target("avx2,popcnt,bmi,bmi2")))
#define FRAUD_AVX512 __attribute__((target("avx2,popcnt,bmi,bmi2,avx512f,avx512bw,avx512dq,avx512vl")))
#endif

#define FRAUD_BODY static inline __attribute__((always_inline))

extern int fraud_level;

/// Sixteen floats, and what a comparison of them gives: −1 where true. The compiler cuts them into the registers there are.
typedef float float16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t lanes16 __attribute__((vector_size(64)));

#define FRAUD_SPREAD(x) ((float16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x})

#endif
