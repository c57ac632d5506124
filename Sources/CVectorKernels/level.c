#include "levels.h"

static int widest(void) {
#ifdef FRAUD_X86
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("fma")) return FRAUD_VECTOR_BASE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl"))
        return FRAUD_VECTOR_AVX512;
    if (__builtin_cpu_supports("avx2")) return FRAUD_VECTOR_AVX2;
#endif
    return FRAUD_VECTOR_BASE;
}

int fraud_level = FRAUD_VECTOR_BASE;

// Before main, so that no call has to ask.
__attribute__((constructor)) static void choose(void) { fraud_level = widest(); }

int fraud_vector_level(void) { return fraud_level; }

int fraud_vector_set_level(int level) {
    int most = widest();
    fraud_level = level < FRAUD_VECTOR_BASE ? FRAUD_VECTOR_BASE : level < most ? level : most;
    return fraud_level;
}
