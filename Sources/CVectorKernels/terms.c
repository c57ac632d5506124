#include "levels.h"

// The padding of edges is NaN, which no value reaches, and NaN reaches no edge: comparisons need no other care.
// A bin is at most the count of its grid's edges and 1, so every look-up stays in its table whatever the rows hold.

#define LOAD(source) (*(const float16 *)(source))

FRAUD_BODY void bin_column(const fraud_grid *grid, const float *edges, const float *column, int groups, uint8_t *bins) {
    for (int group = 0; group < groups; group++) {
        float16 value = LOAD(column + group * 16);
        lanes16 reached = {0};
        for (int edge = 0; edge < grid->count; edge++) reached -= (lanes16)(FRAUD_SPREAD(edges[edge]) <= value);
        lanes16 bin = (reached + 1) & (lanes16)(value == value);
        for (int row = 0; row < 16; row++) bins[group * 16 + row] = (uint8_t)bin[row];
    }
}

FRAUD_BODY void look_up_curve(const fraud_terms *all, const fraud_term *term, int groups, float *design, ptrdiff_t group_stride) {
    const float *cells = all->cells + term->first_cell;
    const uint8_t *first = all->bins + term->first * FRAUD_TERM_TILE;
    for (int group = 0; group < groups; group++, first += 16, design += group_stride) {
        for (int row = 0; row < 16; row++) design[row] = cells[first[row]];
    }
}

FRAUD_BODY void look_up_surface(const fraud_terms *all, const fraud_term *term, int groups, float *design, ptrdiff_t group_stride) {
    const float *cells = all->cells + term->first_cell;
    const uint8_t *first = all->bins + term->first * FRAUD_TERM_TILE;
    const uint8_t *second = all->bins + term->second * FRAUD_TERM_TILE;
    uint32_t stride = term->stride;
    for (int group = 0; group < groups; group++, first += 16, second += 16, design += group_stride) {
        for (int row = 0; row < 16; row++) design[row] = cells[first[row] * stride + second[row]];
    }
}

FRAUD_BODY void fill(const fraud_terms *all, const float *columns, ptrdiff_t stride, int groups, float *design, ptrdiff_t group_stride) {
    for (int i = 0; i < all->grid_count; i++) {
        const fraud_grid *grid = all->grids + i;
        bin_column(grid, all->edges + grid->first_edge, columns + grid->column * stride, groups, all->bins + i * FRAUD_TERM_TILE);
    }
    const fraud_term *terms = all->terms;
    for (int i = 0; i < all->curve_count; i++) look_up_curve(all, terms + i, groups, design + i * 16, group_stride);
    for (int i = all->curve_count; i < all->term_count; i++) look_up_surface(all, terms + i, groups, design + i * 16, group_stride);
}

/// The bins of sixteen grids of one row, from `first` on. Those behind the last grid mean nothing.
FRAUD_BODY void bin_sixteen(
    const fraud_row_grids *grids, int first, const float *edges, const float *row, ptrdiff_t stride, lanes16 *bins) {
    float memory[16];
    const int32_t *columns = grids->columns + first;
    for (int lane = 0; lane < 16; lane++) memory[lane] = row[columns[lane] * stride];
    float16 value = LOAD(memory);
    lanes16 reached = {0};
    int steps = grids->steps[first / 16];
    for (int step = 0; step < steps; step++) reached -= (lanes16)(LOAD(edges + step * 16) <= value);
    *bins = (reached + 1) & (lanes16)(value == value);
}

FRAUD_BODY void count_row(
    const fraud_row_grids *grids, const float *row, ptrdiff_t stride, const uint32_t *firsts, int64_t *counts) {
    const float *edges = grids->edges;
    for (int first = 0; first < grids->count; first += 16) {
        lanes16 bins;
        bin_sixteen(grids, first, edges, row, stride, &bins);
        for (int lane = 0; lane < 16 && first + lane < grids->count; lane++) counts[firsts[first + lane] + bins[lane]]++;
        edges += grids->steps[first / 16] * 16;
    }
}

FRAUD_BODY void fill_one(const fraud_terms *all, const float *row, ptrdiff_t stride, const uint32_t *places, float *values) {
    const float *edges = all->row.edges;
    for (int first = 0; first < all->grid_count; first += 16) {
        bin_sixteen(&all->row, first, edges, row, stride, (lanes16 *)(all->row_bins + first));
        edges += all->row.steps[first / 16] * 16;
    }
    const uint32_t *bins = all->row_bins;
    const float *cells = all->cells;
    const fraud_term *term = all->terms;
    int i = 0;
    for (; i < all->curve_count; i++, term++) values[places[i]] = cells[term->first_cell + bins[term->first]];
    for (; i < all->term_count; i++, term++) {
        values[places[i]] = cells[term->first_cell + bins[term->first] * term->stride + bins[term->second]];
    }
}

static void fill_base(const fraud_terms *all, const float *columns, ptrdiff_t stride, int groups, float *design, ptrdiff_t group_stride) {
    fill(all, columns, stride, groups, design, group_stride);
}

static void fill_one_base(const fraud_terms *all, const float *row, ptrdiff_t stride, const uint32_t *places, float *values) {
    fill_one(all, row, stride, places, values);
}

static void count_row_base(const fraud_row_grids *grids, const float *row, ptrdiff_t stride, const uint32_t *firsts, int64_t *counts) {
    count_row(grids, row, stride, firsts, counts);
}

#ifdef FRAUD_X86

FRAUD_AVX2 static void fill_avx2(
    const fraud_terms *all, const float *columns, ptrdiff_t stride, int groups, float *design, ptrdiff_t group_stride) {
    fill(all, columns, stride, groups, design, group_stride);
}

FRAUD_AVX2 static void fill_one_avx2(
    const fraud_terms *all, const float *row, ptrdiff_t stride, const uint32_t *places, float *values) {
    fill_one(all, row, stride, places, values);
}

FRAUD_AVX2 static void count_row_avx2(
    const fraud_row_grids *grids, const float *row, ptrdiff_t stride, const uint32_t *firsts, int64_t *counts) {
    count_row(grids, row, stride, firsts, counts);
}

#define REACHED(edges, value) _mm512_cmp_ps_mask(edges, value, _CMP_LE_OQ)

FRAUD_AVX512 static inline __attribute__((always_inline)) void store_bins(__m512i reached, __m512 value, uint8_t *bins) {
    __mmask16 known = _mm512_cmp_ps_mask(value, value, _CMP_ORD_Q);
    __m512i bin = _mm512_maskz_add_epi32(known, reached, _mm512_set1_epi32(1));
    _mm_storeu_si128((__m128i *)bins, _mm512_cvtepi32_epi8(bin));
}

/// One step of a binary search in tables held by registers: `at` is the edge to compare with.
#define SEARCH_STEP(look, step)                                                                    \
    do {                                                                                           \
        __m512i at = _mm512_add_epi32(position, _mm512_set1_epi32((step) - 1));                    \
        position = _mm512_mask_add_epi32(position, REACHED(look, value), position, _mm512_set1_epi32(step)); \
    } while (0)

FRAUD_AVX512 static void bin_few_avx512(const float *edges, int count, const float *column, int groups, uint8_t *bins) {
    for (int group = 0; group < groups; group++) {
        __m512 value = _mm512_loadu_ps(column + group * 16);
        __m512i reached = _mm512_setzero_si512();
        for (int edge = 0; edge < count; edge++) {
            reached = _mm512_mask_add_epi32(reached, REACHED(_mm512_set1_ps(edges[edge]), value), reached, _mm512_set1_epi32(1));
        }
        store_bins(reached, value, bins + group * 16);
    }
}

FRAUD_AVX512 static void bin_16_avx512(const float *edges, const float *column, int groups, uint8_t *bins) {
    __m512 table = _mm512_loadu_ps(edges);
    for (int group = 0; group < groups; group++) {
        __m512 value = _mm512_loadu_ps(column + group * 16);
        __m512i position = _mm512_setzero_si512();
        SEARCH_STEP(_mm512_permutexvar_ps(at, table), 8);
        SEARCH_STEP(_mm512_permutexvar_ps(at, table), 4);
        SEARCH_STEP(_mm512_permutexvar_ps(at, table), 2);
        SEARCH_STEP(_mm512_permutexvar_ps(at, table), 1);
        store_bins(position, value, bins + group * 16);
    }
}

FRAUD_AVX512 static void bin_32_avx512(const float *edges, const float *column, int groups, uint8_t *bins) {
    __m512 low = _mm512_loadu_ps(edges), high = _mm512_loadu_ps(edges + 16);
    for (int group = 0; group < groups; group++) {
        __m512 value = _mm512_loadu_ps(column + group * 16);
        __m512i position = _mm512_setzero_si512();
        SEARCH_STEP(_mm512_permutex2var_ps(low, at, high), 16);
        SEARCH_STEP(_mm512_permutex2var_ps(low, at, high), 8);
        SEARCH_STEP(_mm512_permutex2var_ps(low, at, high), 4);
        SEARCH_STEP(_mm512_permutex2var_ps(low, at, high), 2);
        SEARCH_STEP(_mm512_permutex2var_ps(low, at, high), 1);
        store_bins(position, value, bins + group * 16);
    }
}

#define IN_64(at) \
    _mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(tables[0], at, tables[1]), _mm512_permutex2var_ps(tables[2], at, tables[3]))

FRAUD_AVX512 static void bin_64_avx512(const float *edges, const float *column, int groups, uint8_t *bins) {
    __m512 tables[4] = {_mm512_loadu_ps(edges), _mm512_loadu_ps(edges + 16), _mm512_loadu_ps(edges + 32), _mm512_loadu_ps(edges + 48)};
    __m512 middle = _mm512_set1_ps(edges[31]);
    for (int group = 0; group < groups; group++) {
        __m512 value = _mm512_loadu_ps(column + group * 16);
        __mmask16 upper = REACHED(middle, value);
        __m512i position = _mm512_setzero_si512();
        SEARCH_STEP(IN_64(at), 16);
        SEARCH_STEP(IN_64(at), 8);
        SEARCH_STEP(IN_64(at), 4);
        SEARCH_STEP(IN_64(at), 2);
        SEARCH_STEP(IN_64(at), 1);
        store_bins(_mm512_mask_add_epi32(position, upper, position, _mm512_set1_epi32(32)), value, bins + group * 16);
    }
}

FRAUD_AVX512 static inline __attribute__((always_inline)) __m512i load_bins(const uint8_t *bins) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)bins));
}

FRAUD_AVX512 static void curve_avx512(
    const float *cells, int count, const uint8_t *bins, int groups, float *design, ptrdiff_t group_stride) {
    if (count > 64) {
        for (int group = 0; group < groups; group++) {
            _mm512_storeu_ps(design + group * group_stride, _mm512_i32gather_ps(load_bins(bins + group * 16), cells, 4));
        }
        return;
    }
    // Beyond the padding lie other cells or none: tables that this curve does not reach are its first.
    __m512 tables[4];
    for (int part = 0; part < 4; part++) tables[part] = _mm512_loadu_ps(cells + (part * 16 < count ? part * 16 : 0));
    for (int group = 0; group < groups; group++) {
        __m512i at = load_bins(bins + group * 16);
        __m512 value = _mm512_permutex2var_ps(tables[0], at, tables[1]);
        if (count > 32) {
            __mmask16 upper = _mm512_test_epi32_mask(at, _mm512_set1_epi32(32));
            value = _mm512_mask_blend_ps(upper, value, _mm512_permutex2var_ps(tables[2], at, tables[3]));
        }
        _mm512_storeu_ps(design + group * group_stride, value);
    }
}

FRAUD_AVX512 static void surface_avx512(
    const float *cells, int stride, const uint8_t *first, const uint8_t *second, int groups, float *design, ptrdiff_t group_stride) {
    __m512i across = _mm512_set1_epi32(stride);
    for (int group = 0; group < groups; group++) {
        __m512i at = _mm512_add_epi32(_mm512_mullo_epi32(load_bins(first + group * 16), across), load_bins(second + group * 16));
        _mm512_storeu_ps(design + group * group_stride, _mm512_i32gather_ps(at, cells, 4));
    }
}

FRAUD_AVX512 static void fill_avx512(
    const fraud_terms *all, const float *columns, ptrdiff_t stride, int groups, float *design, ptrdiff_t group_stride) {
    for (int i = 0; i < all->grid_count; i++) {
        const fraud_grid *grid = all->grids + i;
        const float *edges = all->edges + grid->first_edge;
        const float *column = columns + grid->column * stride;
        uint8_t *bins = all->bins + i * FRAUD_TERM_TILE;
        // A search finds one position less than the table has places.
        if (grid->count <= 6 || grid->count > 63) {
            bin_few_avx512(edges, grid->count, column, groups, bins);
        } else if (grid->count <= 15) {
            bin_16_avx512(edges, column, groups, bins);
        } else if (grid->count <= 31) {
            bin_32_avx512(edges, column, groups, bins);
        } else {
            bin_64_avx512(edges, column, groups, bins);
        }
    }
    for (int i = 0; i < all->term_count; i++) {
        const fraud_term *term = all->terms + i;
        const float *cells = all->cells + term->first_cell;
        const uint8_t *first = all->bins + term->first * FRAUD_TERM_TILE;
        if (i < all->curve_count) {
            curve_avx512(cells, term->count, first, groups, design + i * 16, group_stride);
        } else {
            surface_avx512(
                cells, term->stride, first, all->bins + term->second * FRAUD_TERM_TILE, groups, design + i * 16, group_stride);
        }
    }
}

/// Words of a table of 64 that registers hold.
FRAUD_AVX512 static inline __attribute__((always_inline)) __m512i look_up_64(const __m512i *tables, __m512i at) {
    __m512i low = _mm512_permutex2var_epi32(tables[0], at, tables[1]), high = _mm512_permutex2var_epi32(tables[2], at, tables[3]);
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(at, _mm512_set1_epi32(32)), low, high);
}

/// With at most 64 grids over at most 64 columns that lie together: a row and its bins stay in registers.
FRAUD_AVX512 static void fill_narrow(const fraud_terms *all, const float *row, const uint32_t *places, float *values) {
    const fraud_row_grids *grids = &all->row;
    const float *edges = grids->edges, *cells = all->cells;
    __m512i columns[4], bins[4];
    for (int part = 0; part < 4; part++) columns[part] = _mm512_loadu_si512(row + part * 16);
    for (int part = 0; part < 4; part++) {
        bins[part] = _mm512_setzero_si512();
        if (part * 16 >= grids->count) continue;
        int steps = grids->steps[part];
        __m512 value = _mm512_castsi512_ps(look_up_64(columns, _mm512_loadu_si512(grids->columns + part * 16)));
        __m512i one = _mm512_set1_epi32(1), reached = one;
        // Hidden, or the compiler takes a masked addition of a constant for two instructions.
        __asm__("" : "+v"(one));
        for (int step = 0; step < steps; step++)
            reached = _mm512_mask_add_epi32(reached, REACHED(_mm512_loadu_ps(edges + step * 16), value), reached, one);
        bins[part] = _mm512_maskz_mov_epi32(_mm512_cmp_ps_mask(value, value, _CMP_ORD_Q), reached);
        edges += steps * 16;
    }
    const uint32_t *term = all->row_terms;
    for (int first = 0; first < all->term_count; first += 16, term += 64) {
        __m512i down = look_up_64(bins, _mm512_loadu_si512(term)), across = look_up_64(bins, _mm512_loadu_si512(term + 16));
        __m512i cell = _mm512_add_epi32(_mm512_mullo_epi32(down, _mm512_loadu_si512(term + 32)), across);
        uint32_t at[16];
        _mm512_storeu_si512(at, _mm512_add_epi32(cell, _mm512_loadu_si512(term + 48)));
        int count = all->term_count - first < 16 ? all->term_count - first : 16;
        for (int lane = 0; lane < count; lane++) values[places[first + lane]] = cells[at[lane]];
    }
}

FRAUD_AVX512 static void fill_one_avx512(
    const fraud_terms *all, const float *row, ptrdiff_t stride, const uint32_t *places, float *values) {
    if (stride == 1 && all->row.is_narrow) return fill_narrow(all, row, places, values);
    fill_one(all, row, stride, places, values);
}

FRAUD_AVX512 static void count_row_avx512(
    const fraud_row_grids *grids, const float *row, ptrdiff_t stride, const uint32_t *firsts, int64_t *counts) {
    count_row(grids, row, stride, firsts, counts);
}

#endif

void fraud_terms_fill(
    const fraud_terms *all, const float *columns, ptrdiff_t stride, int groups, float *design, ptrdiff_t group_stride) {
#ifdef FRAUD_X86
    if (fraud_level == FRAUD_VECTOR_AVX512) return fill_avx512(all, columns, stride, groups, design, group_stride);
    if (fraud_level == FRAUD_VECTOR_AVX2) return fill_avx2(all, columns, stride, groups, design, group_stride);
#endif
    fill_base(all, columns, stride, groups, design, group_stride);
}

void fraud_terms_fill_one(const fraud_terms *all, const float *row, ptrdiff_t stride, const uint32_t *places, float *values) {
#ifdef FRAUD_X86
    if (fraud_level == FRAUD_VECTOR_AVX512) return fill_one_avx512(all, row, stride, places, values);
    if (fraud_level == FRAUD_VECTOR_AVX2) return fill_one_avx2(all, row, stride, places, values);
#endif
    fill_one_base(all, row, stride, places, values);
}

void fraud_row_count(const fraud_row_grids *grids, const float *row, ptrdiff_t stride, const uint32_t *firsts, int64_t *counts) {
#ifdef FRAUD_X86
    if (fraud_level == FRAUD_VECTOR_AVX512) return count_row_avx512(grids, row, stride, firsts, counts);
    if (fraud_level == FRAUD_VECTOR_AVX2) return count_row_avx2(grids, row, stride, firsts, counts);
#endif
    count_row_base(grids, row, stride, firsts, counts);
}
