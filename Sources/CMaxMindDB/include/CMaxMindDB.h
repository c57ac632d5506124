// Country and position of an address in a MaxMind DB file (libmaxminddb). Lookups do not allocate.
#ifndef FRAUD_CMaxMindDB_H
#define FRAUD_CMaxMindDB_H

#include <stddef.h>
#include <stdint.h>

typedef struct fraud_geo fraud_geo;

/// Maps the file into memory. NULL on failure: then `message` (of `message_capacity` bytes, at least 1) says why.
fraud_geo *_Nullable fraud_geo_open(const char *_Nonnull path, char *_Nonnull message, size_t message_capacity);
void fraud_geo_close(fraud_geo *_Nullable geo);

/// The database's own name of its type, e.g. "GeoLite2-City".
const char *_Nonnull fraud_geo_type(const fraud_geo *_Nonnull geo);
/// When it was built, seconds since 1970.
uint64_t fraud_geo_build_time(const fraud_geo *_Nonnull geo);

/// Looks up an address: `version` 4 (its bits are the low 32 of `low`) or 6. Returns 1 when the database has an entry for
/// it, 0 when not, -1 when the file is corrupt there. What the entry lacks is left as 0 (country: two upper-case letters,
/// first in the high byte) or NaN (position, degrees).
int fraud_geo_lookup(
    const fraud_geo *_Nonnull geo, uint64_t high, uint64_t low, int version, uint16_t *_Nonnull country,
    float *_Nonnull latitude, float *_Nonnull longitude);

#endif
