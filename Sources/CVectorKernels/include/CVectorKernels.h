// Kernels over columns of floats: binning, table look-up, comparison. Each is compiled for several instruction sets
// and the widest one that the processor has is taken at run time. They compare, count and copy, so every variant gives
// the same bits.
#ifndef FRAUD_VECTOR_KERNELS_H
#define FRAUD_VECTOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Instruction sets, narrow to wide.
enum {
    FRAUD_VECTOR_BASE = 0,   ///< what the compiler takes for granted: SSE2 on x86-64
    FRAUD_VECTOR_AVX2 = 1,
    FRAUD_VECTOR_AVX512 = 2, ///< F, BW, DQ and VL
};

/// The set in use.
int fraud_vector_level(void);

/// Takes a narrower set, or the widest again: what tests compare. Returns the set in use then.
int fraud_vector_set_level(int level);

enum {
    FRAUD_TERM_GROUP = 16, ///< rows that lie together in a design
    FRAUD_TERM_TILE = 128, ///< most rows binned at once
};

/// The bins of one column: 0 for NaN, else 1 and the number of edges at or under the value.
typedef struct {
    int32_t column;
    int32_t first_edge;
    int32_t count; ///< at most 254; NaN pads them to the least power of two over it, at least 16
} fraud_grid;

/// A value looked up by the bins of two grids, or of one: a curve, of stride 1.
typedef struct {
    uint32_t first;
    uint32_t second;     ///< a curve's is not read
    uint32_t stride;     ///< cells of one bin of `first`
    uint32_t first_cell;
    uint32_t count;      ///< cells; those of a curve are padded to a multiple of 16
} fraud_term;

/// Grids laid out for one row, sixteen of them side by side: edge e of grid g at `edges[(o + e) * 16 + g % 16]`, o being
/// the steps of the sixteens before; NaN where a grid has no more.
typedef struct {
    const int32_t *_Nonnull columns; ///< any column there is pads them to sixteens
    const float *_Nonnull edges;
    const int32_t *_Nonnull steps;   ///< most edges of each sixteen
    int32_t count;
    int32_t is_narrow;               ///< not 0 when there are at most 64 grids, of columns under 64
} fraud_row_grids;

/// `counts[firsts[g] + bin]` of each grid g goes up by one, for the row whose features lie `stride` apart.
void fraud_row_count(
    const fraud_row_grids *_Nonnull grids, const float *_Nonnull row, ptrdiff_t stride, const uint32_t *_Nonnull firsts,
    int64_t *_Nonnull counts);

/// Grids and terms, in memory of the caller.
typedef struct {
    const fraud_grid *_Nonnull grids;
    const fraud_term *_Nonnull terms;
    /// The terms for one row, sixteen side by side: 16 × `first`, `second`, `stride`, `first_cell`. A curve's grid is its
    /// `second`, and its stride 0.
    const uint32_t *_Nonnull row_terms;
    const float *_Nonnull edges;
    const float *_Nonnull cells;
    uint8_t *_Nonnull bins;      ///< scratch: `grid_count` × FRAUD_TERM_TILE
    uint32_t *_Nonnull row_bins; ///< scratch: `grid_count` rounded up to 16
    fraud_row_grids row;         ///< the same grids
    int32_t grid_count;
    int32_t term_count;
    int32_t curve_count;         ///< the first terms are curves, the others are not
} fraud_terms;

/// Writes the terms of `groups` × 16 rows, 8 groups at most: term t of row i at
/// `design[(i / 16) * group_stride + t * 16 + i % 16]`. Column c of the rows begins at `columns + c * stride`.
void fraud_terms_fill(
    const fraud_terms *_Nonnull terms, const float *_Nonnull columns, ptrdiff_t stride, int groups, float *_Nonnull design,
    ptrdiff_t group_stride);

/// The terms of one row, whose features lie `stride` apart: term t at `values[places[t]]`. A row of stride 1 is readable to
/// the end of its last 64 floats.
void fraud_terms_fill_one(
    const fraud_terms *_Nonnull terms, const float *_Nonnull row, ptrdiff_t stride, const uint32_t *_Nonnull places,
    float *_Nonnull values);

/// Where `fraud_row_sum` has column `column` of `columns`.
///
///     eights of columns, sixteen eights side by side         then what is left over
///     [ c0 c8 c16 … c120 ] [ c1 c9 … c121 ] … [ c7 … c127 ]   [ c(n − n % 8) … ]
uint32_t fraud_row_place(int column, int columns);

/// Floats of such a row: those of no column are to be 0.
uint32_t fraud_row_floats(int columns);

/// A row times weights, both laid out so. It adds as OpenBLAS's `sgemv` does in each of sixteen rows where it has FMA: eight
/// products in one chain, the eights in order, then a four in a chain and single products rounded by themselves.
float fraud_row_sum(const float *_Nonnull weights, const float *_Nonnull values, int columns);

/// Comparisons. Each is false when a side is NaN, not-equal too.
enum {
    FRAUD_LESS = 0,
    FRAUD_LESS_OR_EQUAL = 1,
    FRAUD_GREATER = 2,
    FRAUD_GREATER_OR_EQUAL = 3,
    FRAUD_EQUAL = 4,
    FRAUD_NOT_EQUAL = 5,
};

/// The rows of `sixteens` × 16, four at most, of which the comparison is true: bit r is row r.
uint64_t fraud_rows_compare(int comparison, const float *_Nonnull a, const float *_Nonnull b, int sixteens);

/// The same of a column and one number.
uint64_t fraud_rows_compare_constant(int comparison, const float *_Nonnull a, float constant, int sixteens);

/// Comparisons of one row's quantities with bounds, sixteen at a time:
/// bit i of `truths` says whether ±quantities[which[i]] is less than bounds[i], or at most so from `first_inclusive` on.
/// The sign is that of `signs[i]`: 0 or the sign bit. Both counts are multiples of 16; `truths` has a word for every 64.
typedef struct {
    const uint16_t *_Nonnull which;
    const uint32_t *_Nonnull signs;
    const float *_Nonnull bounds;
    int32_t first_inclusive;
    int32_t count;
    int32_t quantity_count; ///< they are readable up to the 128th
} fraud_leaves;

void fraud_leaves_compare(const fraud_leaves *_Nonnull leaves, const float *_Nonnull quantities, uint64_t *_Nonnull truths);

/// Bits of truths that each rule names: word w of rule r at `w * count + r`. The arrays begin at cache lines.
typedef struct {
    const uint64_t *_Nonnull required;   ///< all of them are to be true
    const uint64_t *_Nonnull sufficient; ///< one of them is enough
    int32_t count;                       ///< a multiple of 8, at most 64
    int32_t words;
} fraud_rule_masks;

/// Bit r of `complete`: nothing is missing that rule r requires. Bit r of `hit`: something that suffices it is there.
void fraud_rules_settle(
    const fraud_rule_masks *_Nonnull rules, const uint64_t *_Nonnull truths, uint64_t *_Nonnull complete, uint64_t *_Nonnull hit);

#endif
