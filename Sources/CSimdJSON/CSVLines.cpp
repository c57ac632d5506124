// CSV after RFC 4180: quotes, doubled quotes, CRLF. A quoted field ends on its line: a row is a line.
#include "Lines.hpp"

using namespace fraud;

namespace {

constexpr Outcome bad_row = {FRAUD_REJECT_BAD_ROW, FRAUD_FIELD_NONE};

/// One cell; `next` is the position of the comma after it, or the row's end.
struct Cell {
    const uint8_t *text;
    size_t length;
    size_t next;
};

/// The place of the next comma, or the row's end. Cells are mostly short: a call to find their end costs more than the look.
size_t find_comma(const uint8_t *row, size_t position, size_t length) {
#if defined(__SSE2__)
    const __m128i comma = _mm_set1_epi8(',');
    for (; position < length; position += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(row + position));
        const unsigned found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, comma)));
        if (found == 0) continue;
        const size_t place = position + static_cast<size_t>(__builtin_ctz(found));
        return place < length ? place : length;
    }
    return length;
#else
    const void *comma = memchr(row + position, ',', length - position);
    return comma ? static_cast<size_t>(static_cast<const uint8_t *>(comma) - row) : length;
#endif
}

/// The cell at `position`. Quotes inside an unquoted cell are taken as they are. False for a broken quote.
bool cell_at(const uint8_t *row, size_t length, size_t position, uint8_t *scratch, Cell &cell) {
    if (position == length || row[position] != '"') {
        const size_t end = find_comma(row, position, length);
        cell = {row + position, end - position, end};
        return true;
    }
    const size_t first = position + 1;
    size_t i = first, unquoted = 0;
    bool doubled = false;
    for (;; i++) {
        const void *quote = memchr(row + i, '"', length - i);
        if (!quote) return false;
        const size_t at = static_cast<size_t>(static_cast<const uint8_t *>(quote) - row);
        const bool is_doubled = at + 1 < length && row[at + 1] == '"';
        if (doubled || is_doubled) { // copy what stands before, and one quote of a pair
            const size_t from = doubled ? i : first;
            memcpy(scratch + unquoted, row + from, at - from + is_doubled);
            unquoted += at - from + is_doubled;
        }
        doubled |= is_doubled;
        i = at + 1;
        if (!is_doubled) break;
    }
    if (i < length && row[i] != ',') return false;
    cell = doubled ? Cell{scratch, unquoted, i} : Cell{row + first, i - 1 - first, i};
    return true;
}

Outcome decode_row(
    fraud_click_batch *batch, fraud_click_record *record, const uint8_t *row, size_t length, uint8_t *scratch,
    const uint8_t *fields, size_t field_count) {
    if (!is_utf8(row, length)) return {FRAUD_REJECT_INVALID_UTF8, FRAUD_FIELD_NONE};
    Outcome outcome = accepted;
    size_t position = 0;
    for (size_t column = 0;; column++) {
        Cell cell;
        if (column == field_count || !cell_at(row, length, position, scratch, cell)) return bad_row;
        if (cell.length > 0 && fields[column] != FRAUD_FIELD_NONE) {
            const int code = set_text(batch, record, fields[column], cell.text, cell.length);
            if (code != FRAUD_REJECT_NONE && outcome.code == FRAUD_REJECT_NONE) outcome = {code, fields[column]};
        }
        if (cell.next == length) return column + 1 == field_count ? outcome : bad_row;
        position = cell.next + 1;
    }
}

}

void fraud_decode_csv(
    fraud_line_decoder *decoder, fraud_line_cursor *cursor, fraud_click_batch *batch, const uint8_t *fields,
    size_t field_count) {
    const auto decode = [&](fraud_click_record *record, const uint8_t *text, size_t length) {
        return decode_row(batch, record, text, length, decoder->cell, fields, field_count);
    };
    while (cursor->position < cursor->length)
        if (!take_line(decoder, cursor, batch, decode)) return;
}
