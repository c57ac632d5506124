// Streaming decompression of gzip (RFC 1952, any number of members) and zstd (RFC 8878, any number of frames).
#ifndef FRAUD_CCompression_H
#define FRAUD_CCompression_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FRAUD_COMPRESSION_NONE = 0,
    FRAUD_COMPRESSION_GZIP = 1,
    FRAUD_COMPRESSION_ZSTD = 2,
};

enum {
    FRAUD_INFLATE_OK = 0,      ///< give more input, or room for more output
    FRAUD_INFLATE_CORRUPT = 1, ///< the input is damaged at about where it now stands
};

typedef struct fraud_inflater fraud_inflater;

/// What the first bytes of a file say: FRAUD_COMPRESSION_*.
int fraud_compression_kind(const uint8_t *_Nonnull bytes, size_t length);

/// `kind` is FRAUD_COMPRESSION_GZIP or _ZSTD. NULL when memory is short.
fraud_inflater *_Nullable fraud_inflater_create(int kind);
void fraud_inflater_destroy(fraud_inflater *_Nullable inflater);

/// Moves bytes from `input` to `output`; `*input_used` and `*output_used` tell how far it came, also on corruption.
/// It makes progress whenever there is input and room, or output waiting inside and room.
int fraud_inflate(
    fraud_inflater *_Nonnull inflater, const uint8_t *_Nullable input, size_t input_length,
    size_t *_Nonnull input_used, uint8_t *_Nonnull output, size_t output_capacity, size_t *_Nonnull output_used);

/// 1 when the input so far ends where a member or frame ends: the end of a file must be such a place.
int fraud_inflater_is_complete(const fraud_inflater *_Nonnull inflater);

/// What was wrong, after FRAUD_INFLATE_CORRUPT.
const char *_Nonnull fraud_inflater_message(const fraud_inflater *_Nonnull inflater);

#ifdef __cplusplus
}
#endif
#endif
