#include "CCompression.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

struct fraud_inflater {
    int kind;
    /// Between members or frames: nothing of the next one was read yet.
    int complete;
    /// After the last gzip member only zero bytes may follow, as tape blocks pad; they are dropped.
    int padding;
    /// Corrupt once, corrupt for ever: neither library says what a call after an error does.
    int failed;
    struct inflate_state gzip;
    ZSTD_DStream *zstd;
    const char *message;
};

int fraud_compression_kind(const uint8_t *b, size_t length) {
    if (length >= 2 && b[0] == 0x1f && b[1] == 0x8b) return FRAUD_COMPRESSION_GZIP;
    if (length >= 4 && b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd) return FRAUD_COMPRESSION_ZSTD;
    // A skippable frame may stand first (pzstd and seekable writers put one there).
    if (length >= 4 && (b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18)
        return FRAUD_COMPRESSION_ZSTD;
    return FRAUD_COMPRESSION_NONE;
}

fraud_inflater *fraud_inflater_create(int kind) {
    fraud_inflater *inflater = calloc(1, sizeof *inflater);
    if (!inflater) return NULL;
    inflater->kind = kind;
    inflater->message = "";
    if (kind == FRAUD_COMPRESSION_GZIP) {
        isal_inflate_init(&inflater->gzip);
        inflater->gzip.crc_flag = ISAL_GZIP; // the wrapper is read and its checksum compared
        return inflater;
    }
    inflater->zstd = ZSTD_createDStream();
    if (inflater->zstd) return inflater;
    free(inflater);
    return NULL;
}

void fraud_inflater_destroy(fraud_inflater *inflater) {
    if (!inflater) return;
    ZSTD_freeDStream(inflater->zstd);
    free(inflater);
}

static unsigned clamp(size_t n) { return n < 1u << 30 ? (unsigned)n : 1u << 30; }

static const char *gzip_fault(int result) {
    switch (result) {
    case ISAL_INVALID_BLOCK: return "invalid block";
    case ISAL_INVALID_SYMBOL: return "invalid code";
    case ISAL_INVALID_LOOKBACK: return "invalid distance too far back";
    case ISAL_INVALID_WRAPPER: return "incorrect header check";
    case ISAL_UNSUPPORTED_METHOD: return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM: return "incorrect data check";
    default: return "damaged";
    }
}

static int inflate_gzip(
    fraud_inflater *s, const uint8_t *input, size_t input_length, size_t *input_used, uint8_t *output,
    size_t output_capacity, size_t *output_used) {
    while (s->complete && *input_used < input_length && (s->padding || input[*input_used] == 0)) {
        s->padding = 1;
        if (input[*input_used] != 0) {
            s->message = "bytes after the end of the last gzip member";
            return FRAUD_INFLATE_CORRUPT;
        }
        ++*input_used;
    }
    if (s->complete) {
        if (*input_used == input_length) return FRAUD_INFLATE_OK;
        // The library looks at a header only once all of it is there.
        if (input[*input_used] != 0x1f) {
            s->message = "bytes after the end of the last gzip member";
            return FRAUD_INFLATE_CORRUPT;
        }
        isal_inflate_reset(&s->gzip);
        s->gzip.crc_flag = ISAL_GZIP;
        s->complete = 0;
    }
    struct inflate_state *z = &s->gzip;
    z->next_in = (uint8_t *)(input + *input_used);
    z->avail_in = clamp(input_length - *input_used);
    z->next_out = output;
    z->avail_out = clamp(output_capacity);
    const int result = isal_inflate(z);
    *input_used = (size_t)(z->next_in - input);
    *output_used = (size_t)(z->next_out - output);
    if (z->block_state == ISAL_BLOCK_FINISH) s->complete = 1;
    if (result == ISAL_DECOMP_OK) return FRAUD_INFLATE_OK;
    s->message = gzip_fault(result);
    return FRAUD_INFLATE_CORRUPT;
}

static int inflate_zstd(
    fraud_inflater *s, const uint8_t *input, size_t input_length, size_t *input_used, uint8_t *output,
    size_t output_capacity, size_t *output_used) {
    ZSTD_inBuffer in = {input, input_length, 0};
    ZSTD_outBuffer out = {output, output_capacity, 0};
    const size_t result = ZSTD_decompressStream(s->zstd, &out, &in);
    *input_used = in.pos;
    *output_used = out.pos;
    if (ZSTD_isError(result)) {
        s->message = ZSTD_getErrorName(result);
        return FRAUD_INFLATE_CORRUPT;
    }
    // With nothing in and nothing out the answer is a hint for the next frame, not the state of this one.
    if (in.pos > 0 || out.pos > 0) s->complete = result == 0;
    return FRAUD_INFLATE_OK;
}

int fraud_inflate(
    fraud_inflater *s, const uint8_t *input, size_t input_length, size_t *input_used, uint8_t *output,
    size_t output_capacity, size_t *output_used) {
    *input_used = 0;
    *output_used = 0;
    if (s->failed) return FRAUD_INFLATE_CORRUPT;
    const int result = s->kind == FRAUD_COMPRESSION_GZIP
        ? inflate_gzip(s, input, input_length, input_used, output, output_capacity, output_used)
        : inflate_zstd(s, input, input_length, input_used, output, output_capacity, output_used);
    s->failed = result == FRAUD_INFLATE_CORRUPT;
    return result;
}

int fraud_inflater_is_complete(const fraud_inflater *s) { return s->complete; }

const char *fraud_inflater_message(const fraud_inflater *s) { return s->message; }
