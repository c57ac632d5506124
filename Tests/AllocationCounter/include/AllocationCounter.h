// Counts the calling thread's allocations between start and stop, by standing in front of the C library's allocator.
#ifndef FRAUD_ALLOCATION_COUNTER_H
#define FRAUD_ALLOCATION_COUNTER_H
#include <stdint.h>

/// Starts counting the calling thread's malloc, calloc, realloc and aligned allocations.
void allocation_counter_start(void);
/// Stops and returns how many there were.
uint64_t allocation_counter_stop(void);

#endif
