// A set of regular expressions matched together in one pass: RE2::Set, unanchored.
#ifndef FRAUD_CRE2_H
#define FRAUD_CRE2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FRAUD_RE2_NO_MATCH = 0,
    FRAUD_RE2_MATCH = 1,
    FRAUD_RE2_OUT_OF_MEMORY = -1, ///< the automaton does not fit the set's memory budget
};

typedef struct fraud_re2_set fraud_re2_set;

/// An empty set. `memory_bytes` bounds the compiled program and its automaton together. NULL when memory is short.
fraud_re2_set *_Nullable fraud_re2_set_create(int64_t memory_bytes);
void fraud_re2_set_destroy(fraud_re2_set *_Nullable set);

/// Adds a pattern. Returns 1, or 0 when RE2 cannot compile it: then `message` (of `message_capacity` bytes, at least 1)
/// says why, and the set is as before.
int fraud_re2_set_add(
    fraud_re2_set *_Nonnull set, const char *_Nonnull pattern, size_t length, char *_Nonnull message,
    size_t message_capacity);

/// Makes the set ready; nothing may be added afterwards. Returns 0 when the program does not fit the memory budget.
int fraud_re2_set_compile(fraud_re2_set *_Nonnull set);

/// Whether any pattern matches anywhere in the bytes: FRAUD_RE2_*. Several threads may call it at once.
/// It may allocate states of the automaton, within the budget.
int fraud_re2_set_match(const fraud_re2_set *_Nonnull set, const void *_Nullable bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
