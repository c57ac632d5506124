#include "CZlib.h"

#include <stdlib.h>
#include <zlib.h>

enum { FIRST_BYTES = 1 << 16 };

static int read_all(gzFile file, size_t limit, uint8_t **bytes, size_t *length) {
    size_t capacity = limit < FIRST_BYTES ? limit + 1 : FIRST_BYTES;
    uint8_t *buffer = malloc(capacity);
    size_t used = 0;
    int status = buffer ? FRAUD_GZ_OK : FRAUD_GZ_NO_MEMORY;
    while (status == FRAUD_GZ_OK) {
        if (used == capacity) {
            // One byte over the limit is room enough to see that there is more.
            size_t wanted = capacity > limit / 2 ? limit + 1 : capacity * 2;
            uint8_t *grown = realloc(buffer, wanted);
            if (!grown) {
                status = FRAUD_GZ_NO_MEMORY;
                break;
            }
            buffer = grown;
            capacity = wanted;
        }
        size_t room = capacity - used;
        int got = gzread(file, buffer + used, room > 1 << 30 ? 1 << 30 : (unsigned)room);
        if (got < 0) status = FRAUD_GZ_DAMAGED;
        if (got <= 0) break;
        used += (size_t)got;
        if (used > limit) status = FRAUD_GZ_TOO_LARGE;
    }
    if (status != FRAUD_GZ_OK) {
        free(buffer);
        return status;
    }
    *bytes = buffer;
    *length = used;
    return FRAUD_GZ_OK;
}

int fraud_gz_read_all(const char *path, size_t limit, uint8_t **bytes, size_t *length) {
    *bytes = NULL;
    *length = 0;
    gzFile file = gzopen(path, "rb");
    if (!file) return FRAUD_GZ_CANNOT_OPEN;
    int status = read_all(file, limit, bytes, length);
    // Z_BUF_ERROR here means that the file ends inside its gzip stream.
    if (gzclose_r(file) != Z_OK && status == FRAUD_GZ_OK) {
        fraud_gz_free(*bytes);
        *bytes = NULL;
        *length = 0;
        return FRAUD_GZ_DAMAGED;
    }
    return status;
}

void fraud_gz_free(uint8_t *bytes) { free(bytes); }
