// Reads a small file whole, plain or gzip (zlib's gzopen tells them apart).
#ifndef FRAUD_CZlib_H
#define FRAUD_CZlib_H

#include <stddef.h>
#include <stdint.h>

enum {
    FRAUD_GZ_OK = 0,
    FRAUD_GZ_CANNOT_OPEN = 1, ///< errno says why
    FRAUD_GZ_TOO_LARGE = 2,   ///< more than `limit` bytes after decompression
    FRAUD_GZ_DAMAGED = 3,     ///< not read to its end: an I/O error, or gzip data that is corrupt or cut off
    FRAUD_GZ_NO_MEMORY = 4,
};

/// Reads the file at `path`, decompressed, into memory that the caller frees with fraud_gz_free.
/// Returns FRAUD_GZ_*; `*bytes` is NULL unless it is FRAUD_GZ_OK.
int fraud_gz_read_all(
    const char *_Nonnull path, size_t limit, uint8_t *_Nullable *_Nonnull bytes, size_t *_Nonnull length);

void fraud_gz_free(uint8_t *_Nullable bytes);

#endif
