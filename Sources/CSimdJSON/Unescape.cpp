#include "Fields.hpp"

namespace fraud {

namespace {

/// Four hex digits; -1 when they are not.
int hex4(const uint8_t *p, const uint8_t *end) {
    if (end - p < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t c = p[i], letter = c | 0x20;
        if (c >= '0' && c <= '9') value = value << 4 | (c - '0');
        else if (letter >= 'a' && letter <= 'f') value = value << 4 | (letter - 'a' + 10);
        else return -1;
    }
    return value;
}

uint8_t *put_utf8(uint8_t *out, uint32_t point) {
    if (point < 0x80) {
        *out++ = static_cast<uint8_t>(point);
    } else if (point < 0x800) {
        *out++ = static_cast<uint8_t>(0xc0 | point >> 6);
        *out++ = static_cast<uint8_t>(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = static_cast<uint8_t>(0xe0 | point >> 12);
        *out++ = static_cast<uint8_t>(0x80 | (point >> 6 & 0x3f));
        *out++ = static_cast<uint8_t>(0x80 | (point & 0x3f));
    } else {
        *out++ = static_cast<uint8_t>(0xf0 | point >> 18);
        *out++ = static_cast<uint8_t>(0x80 | (point >> 12 & 0x3f));
        *out++ = static_cast<uint8_t>(0x80 | (point >> 6 & 0x3f));
        *out++ = static_cast<uint8_t>(0x80 | (point & 0x3f));
    }
    return out;
}

int simple_escape(uint8_t c) {
    switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return -1;
    }
}

}

int unescape_json(const uint8_t *text, size_t length, uint8_t *out, size_t &out_length) {
    const uint8_t *p = text, *end = text + length;
    uint8_t *start = out;
    bool lone_surrogate = false;
    while (p < end) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        if (++p == end) return FRAUD_REJECT_NOT_JSON;
        if (*p != 'u') {
            const int c = simple_escape(*p++);
            if (c < 0) return FRAUD_REJECT_NOT_JSON;
            *out++ = static_cast<uint8_t>(c);
            continue;
        }
        const int unit = hex4(p + 1, end);
        if (unit < 0) return FRAUD_REJECT_NOT_JSON;
        p += 5;
        uint32_t point = static_cast<uint32_t>(unit);
        if (unit >= 0xd800 && unit < 0xdc00 && end - p >= 2 && p[0] == '\\' && p[1] == 'u') {
            const int low = hex4(p + 2, end);
            if (low < 0) return FRAUD_REJECT_NOT_JSON;
            if (low >= 0xdc00 && low < 0xe000) {
                point = 0x10000 + ((point - 0xd800) << 10) + (static_cast<uint32_t>(low) - 0xdc00);
                p += 6;
            }
        }
        lone_surrogate |= point >= 0xd800 && point < 0xe000;
        out = put_utf8(out, point);
    }
    out_length = static_cast<size_t>(out - start);
    return lone_surrogate ? FRAUD_REJECT_INVALID_UTF8 : FRAUD_REJECT_NONE;
}

}
