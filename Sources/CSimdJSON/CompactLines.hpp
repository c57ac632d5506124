// The fast way through a line of NDJSON.
#ifndef FRAUD_COMPACT_LINES_HPP
#define FRAUD_COMPACT_LINES_HPP

#include "Lines.hpp"

namespace fraud {

/// Takes the line at the cursor when it is one object of scalars, spaced as writers of JSON space it (nothing, or one
/// space after a colon or comma), and in order: one accepted record. Any other line changes nothing and is for the strict
/// walk to judge. The batch must have room for the longest line.
///
/// - Parameters:
///   - window: of whole lines that stage 1 found nothing wrong in; `start` is the line's place in it.
///   - index: at the line's first structural, moved behind its last; `index_end` behind the window's last.
/// - Returns: the place of the next line in the window, or 0.
uint32_t take_compact_line(
    fraud_line_decoder *decoder, const fraud_line_cursor *cursor, fraud_click_batch *batch, const uint8_t *window,
    uint32_t start, const uint32_t *&index, const uint32_t *index_end);

}

#endif
