// Access logs in the Apache/nginx "combined" format:
//
//     host ident user [time] "request" status bytes "referrer" "user agent" anything more
//
// Address, time, referrer and agent come from the line alone, never from the query string: that is the visitor's to
// write. Text that would not be UTF-8 once its escapes are undone is kept as it was logged.
#include "Lines.hpp"
#include "Values.hpp"

using namespace fraud;

namespace {

struct Text {
    const uint8_t *bytes;
    size_t length;
};

struct CombinedLine {
    Text host, time, request, referrer, agent;
};

/// Reads a line left to right.
struct Scanner {
    const uint8_t *p, *end;

    bool skip(uint8_t c) { return p < end && *p == c ? (p++, true) : false; }

    bool until(uint8_t stop, Text &out) {
        const uint8_t *found = static_cast<const uint8_t *>(memchr(p, stop, static_cast<size_t>(end - p)));
        if (!found) return false;
        out = {p, static_cast<size_t>(found - p)};
        p = found;
        return out.length > 0;
    }

    /// The inside of a quoted string, escapes left in.
    bool quoted(Text &out) {
        if (!skip('"')) return false;
        const uint8_t *start = p;
        const void *quote = memchr(p, '"', static_cast<size_t>(end - p));
        if (!quote) return false;
        const uint8_t *first = static_cast<const uint8_t *>(quote);
        if (!memchr(p, '\\', static_cast<size_t>(first - p))) p = first;
        while (p < end && *p != '"') p += *p == '\\' && p + 1 < end ? 2 : 1;
        if (p >= end) return false;
        out = {start, static_cast<size_t>(p++ - start)};
        return true;
    }

    /// The last quoted string of a line. Writers of logs cut long lines off, so it may end with the line instead.
    bool lastQuoted(Text &out) {
        const uint8_t *start = p;
        if (quoted(out)) return true;
        p = start;
        if (!skip('"')) return false;
        out = {p, static_cast<size_t>(end - p)};
        p = end;
        return true;
    }

    /// Digits or a dash.
    bool count() {
        if (skip('-')) return true;
        const uint8_t *start = p;
        while (p < end && *p >= '0' && *p <= '9') p++;
        return p > start;
    }
};

bool split(const uint8_t *line, size_t length, CombinedLine &out) {
    Scanner s{line, line + length};
    Text ignored;
    if (!s.until(' ', out.host) || !s.skip(' ') || !s.until('[', ignored) || s.p[-1] != ' ' || !s.skip('[')) return false;
    if (!s.until(']', out.time) || !s.skip(']') || !s.skip(' ') || !s.quoted(out.request)) return false;
    if (!s.skip(' ') || !s.count() || !s.skip(' ') || !s.count()) return false;
    if (!s.skip(' ') || !s.quoted(out.referrer) || !s.skip(' ') || !s.lastQuoted(out.agent)) return false;
    return s.p == s.end || *s.p == ' ';
}

int hex(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    const uint8_t letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// Undoes `\"`, `\\`, `\xHH` and C's letters as Apache and nginx write them.
Text unescape_log(Text text, uint8_t *out) {
    if (!memchr(text.bytes, '\\', text.length)) return text;
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++) {
        const uint8_t c = text.bytes[i];
        const uint8_t next = i + 1 < text.length ? text.bytes[i + 1] : 0;
        if (c != '\\' || next == 0) {
            out[n++] = c;
            continue;
        }
        const int high = i + 3 < text.length ? hex(text.bytes[i + 2]) : -1;
        const int low = i + 3 < text.length ? hex(text.bytes[i + 3]) : -1;
        const char *letters = "nrtbfv", *values = "\n\r\t\b\f\v";
        const char *letter = strchr(letters, next);
        if (next == 'x' && high >= 0 && low >= 0) {
            out[n++] = static_cast<uint8_t>(high << 4 | low);
            i += 3;
        } else if (next == '"' || next == '\\' || letter) {
            out[n++] = letter ? static_cast<uint8_t>(values[letter - letters]) : next;
            i++;
        } else {
            out[n++] = c;
        }
    }
    return is_utf8(out, n) ? Text{out, n} : text;
}

/// Undoes `%HH` and `+` of a query string.
Text unescape_query(Text text, uint8_t *out) {
    if (!memchr(text.bytes, '%', text.length) && !memchr(text.bytes, '+', text.length)) return text;
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++) {
        const uint8_t c = text.bytes[i];
        const int high = c == '%' && i + 2 < text.length ? hex(text.bytes[i + 1]) : -1;
        const int low = c == '%' && i + 2 < text.length ? hex(text.bytes[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            out[n++] = static_cast<uint8_t>(high << 4 | low);
            i += 2;
        } else {
            out[n++] = c == '+' ? ' ' : c;
        }
    }
    return is_utf8(out, n) ? Text{out, n} : text;
}

bool is_from_the_line(int field) {
    return field == FRAUD_FIELD_IP || field == FRAUD_FIELD_TS || field == FRAUD_FIELD_REFERRER
        || field == FRAUD_FIELD_USER_AGENT;
}

struct CombinedDecoder {
    fraud_line_decoder *decoder;
    fraud_click_batch *batch;
    fraud_click_record *record;
    Outcome outcome = accepted;

    void set(int field, Text text) {
        const int code = set_text(batch, record, field, text.bytes, text.length);
        if (code != FRAUD_REJECT_NONE && outcome.code == FRAUD_REJECT_NONE) outcome = {code, field};
    }

    /// A part of the line; `-` is unknown.
    void set_logged(int field, Text text) {
        if (text.length == 1 && text.bytes[0] == '-') return;
        set(field, unescape_log(text, decoder->value));
    }

    void set_from_query(Text pair) {
        const void *equals = memchr(pair.bytes, '=', pair.length);
        if (!equals) return;
        const size_t name_length = static_cast<size_t>(static_cast<const uint8_t *>(equals) - pair.bytes);
        const Text name = unescape_query({pair.bytes, name_length}, decoder->value);
        const int field = find_field(name.bytes, name.length);
        if (field == FRAUD_FIELD_NONE || is_from_the_line(field)) return;
        set(field, unescape_query({pair.bytes + name_length + 1, pair.length - name_length - 1}, decoder->value));
    }

    /// `GET /click?ad_id=1&cost=0.5 HTTP/1.1`: what stands between `?` and the next space or `#`.
    void set_request(Text request) {
        const Text text = unescape_log(request, decoder->cell);
        const void *mark = memchr(text.bytes, '?', text.length);
        if (!mark) return;
        const uint8_t *p = static_cast<const uint8_t *>(mark) + 1, *end = text.bytes + text.length;
        const void *space = memchr(p, ' ', static_cast<size_t>(end - p));
        if (space) end = static_cast<const uint8_t *>(space);
        const void *fragment = memchr(p, '#', static_cast<size_t>(end - p));
        const uint8_t *stop = fragment ? static_cast<const uint8_t *>(fragment) : end;
        while (p < stop) {
            const void *found = memchr(p, '&', static_cast<size_t>(stop - p));
            const uint8_t *next = found ? static_cast<const uint8_t *>(found) : stop;
            set_from_query({p, static_cast<size_t>(next - p)});
            p = next + 1;
        }
    }

    void set_default(int field, const fraud_text &now, const uint8_t *bytes, size_t length) {
        if (now.length > 0 || length == 0 || length > 64) return;
        memcpy(decoder->value, bytes, length);
        set(field, {decoder->value, length});
    }

    /// 32 hex digits of a hash of the line, seeded with its place: the same line at another place is another click.
    void set_hashed_id(const uint8_t *line, size_t length) {
        uint64_t hash[2];
        fraud_murmur3_128(line, length, static_cast<uint64_t>(record->source_offset), hash);
        for (int i = 0; i < 32; i++)
            decoder->value[i] = static_cast<uint8_t>("0123456789abcdef"[hash[i / 16] >> (60 - i % 16 * 4) & 15]);
        set(FRAUD_FIELD_CLICK_ID, {decoder->value, 32});
    }

    Outcome decode(const uint8_t *line, size_t length, const fraud_combined_defaults *defaults) {
        if (!is_utf8(line, length)) return {FRAUD_REJECT_INVALID_UTF8, FRAUD_FIELD_NONE};
        CombinedLine parts;
        if (!split(line, length, parts)) return {FRAUD_REJECT_BAD_ROW, FRAUD_FIELD_NONE};
        if (!log_time_value(parts.time.bytes, parts.time.length, record->ts_ms))
            return {FRAUD_REJECT_BAD_VALUE, FRAUD_FIELD_TS};
        set_logged(FRAUD_FIELD_IP, parts.host);
        set_logged(FRAUD_FIELD_REFERRER, parts.referrer);
        set_logged(FRAUD_FIELD_USER_AGENT, parts.agent);
        set_request(parts.request);
        const fraud_combined_defaults *d = defaults;
        set_default(FRAUD_FIELD_AD_ID, record->ad_id, d->ad_id, d->ad_id_length);
        set_default(FRAUD_FIELD_CAMPAIGN_ID, record->campaign_id, d->campaign_id, d->campaign_id_length);
        set_default(FRAUD_FIELD_ADVERTISER_ID, record->advertiser_id, d->advertiser_id, d->advertiser_id_length);
        if (record->click_id.length == 0) set_hashed_id(line, length);
        return outcome;
    }
};

}

void fraud_decode_combined(
    fraud_line_decoder *decoder, fraud_line_cursor *cursor, fraud_click_batch *batch,
    const fraud_combined_defaults *defaults) {
    const auto decode = [&](fraud_click_record *record, const uint8_t *text, size_t length) {
        CombinedDecoder combined{decoder, batch, record};
        return combined.decode(text, length, defaults);
    };
    while (cursor->position < cursor->length)
        if (!take_line(decoder, cursor, batch, decode)) return;
}

bool fraud_is_combined(const uint8_t *line, size_t length) {
    CombinedLine parts;
    int64_t ms;
    return split(line, length, parts) && log_time_value(parts.time.bytes, parts.time.length, ms);
}
