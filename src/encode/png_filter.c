#include "encode/png_filter.h"

#include <stdbool.h>
#include <string.h>

typedef enum png_filter { FILTER_NONE = 0, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH } png_filter;

enum {
    LANES = CALO_PNG_LANES,
    LARGE = 8, /* residuals from here on cost the same: Huffman codes grow with their logarithm only */
    MAX_UNSUMMED = 255 / LARGE, /* blocks whose costs fit into bytes */
};

typedef uint8_t lanes __attribute__((vector_size(CALO_PNG_LANES)));

size_t calo_png_row_buffer_bytes(size_t count)
{
    return CALO_PNG_ROW_PAD + (count + LANES - 1) / LANES * LANES + CALO_PNG_ROW_PAD;
}

static inline lanes load(const uint8_t *at)
{
    lanes value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Loops over the lanes, because both compilers know these as one instruction and not as masks. */
static inline lanes least(lanes a, lanes b)
{
    lanes result;
    for (int i = 0; i < LANES; i++)
        result[i] = a[i] < b[i] ? a[i] : b[i];
    return result;
}

static inline lanes most(lanes a, lanes b)
{
    lanes result;
    for (int i = 0; i < LANES; i++)
        result[i] = a[i] > b[i] ? a[i] : b[i];
    return result;
}

static inline lanes is_at_most(lanes a, lanes b) { return (lanes)(least(a, b) == a); }

static inline lanes distance(lanes a, lanes b) { return most(a, b) - least(a, b); }

static inline lanes choose(lanes mask, lanes yes, lanes no) { return (yes & mask) | (no & ~mask); }

static inline lanes average(lanes a, lanes b) { return (a & b) + ((a ^ b) >> 1); }

/* Paeth's predictor in bytes: with c between a and b, the distance of a + b - c from c is the difference of
 * the other two; with c outside, it is their sum, and c is never chosen. */
static inline lanes paeth(lanes a, lanes b, lanes c)
{
    lanes to_a = distance(b, c), to_b = distance(a, c);
    lanes is_outside = ~(is_at_most(a, c) ^ is_at_most(b, c));
    lanes to_c = distance(to_a, to_b) | is_outside;
    lanes b_or_c = choose(is_at_most(to_b, to_c), b, c);
    return choose(is_at_most(to_a, least(to_b, to_c)), a, b_or_c);
}

static inline lanes cost_of(lanes residual) { return least(least(residual, -residual), (lanes){0} + LARGE); }

/* What the four filters cost. */
typedef struct filter_costs {
    uint64_t sums[CALO_PNG_CANDIDATES]; /* sub, up, average, Paeth */
} filter_costs;

/* The part of a row in which anything but zero can come out of a filter, in whole blocks of lanes. */
typedef struct span {
    size_t begin, end;
} span;

static inline bool is_blank(const uint8_t *row, const uint8_t *above)
{
    uint64_t words[4];
    memcpy(words, row, LANES);
    memcpy(words + 2, above, LANES);
    return (words[0] | words[1] | words[2] | words[3]) == 0;
}

static span find_span(const uint8_t *row, const uint8_t *above, size_t count)
{
    size_t stop = (count + LANES - 1) / LANES * LANES;
    span found = {0, stop};
    while (found.begin < found.end && is_blank(row + found.begin, above + found.begin))
        found.begin += LANES;
    while (found.end > found.begin && is_blank(row + found.end - LANES, above + found.end - LANES))
        found.end -= LANES;
    if (found.begin < found.end && found.end < stop) /* the last pixel is the left neighbour of the next */
        found.end += LANES;
    return found;
}

static uint32_t sum_of(lanes bytes)
{
    uint32_t sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += bytes[i];
    return sum;
}

/* Filters the lanes at `at` in every way; `inside` masks those that belong to the row. */
static inline void filter_lanes(const uint8_t *row, const uint8_t *above, size_t at, size_t pixel, lanes inside,
                                uint8_t *candidates, size_t stride, lanes costs[CALO_PNG_CANDIDATES])
{
    lanes x = load(row + at), a = load(row + at - pixel), b = load(above + at), c = load(above + at - pixel);
    lanes residuals[CALO_PNG_CANDIDATES] = {x - a, x - b, x - average(a, b), x - paeth(a, b, c)};
    for (int i = 0; i < CALO_PNG_CANDIDATES; i++) {
        memcpy(candidates + i * stride + at, &residuals[i], sizeof residuals[i]);
        costs[i] += cost_of(residuals[i]) & inside;
    }
}

/* 0xff for each lane at `at` that belongs to a row of `count` bytes. */
static lanes inside_lanes(size_t at, size_t count)
{
    lanes mask;
    for (int i = 0; i < LANES; i++)
        mask[i] = at + (size_t)i < count ? 0xff : 0;
    return mask;
}

static filter_costs filter_span(const uint8_t *row, const uint8_t *above, size_t count, size_t pixel, span part,
                                uint8_t *candidates)
{
    filter_costs total = {{0}};
    size_t stride = calo_png_row_buffer_bytes(count);
    for (size_t at = part.begin; at < part.end;) {
        lanes costs[CALO_PNG_CANDIDATES] = {0};
        size_t stop = part.end - at > MAX_UNSUMMED * LANES ? at + MAX_UNSUMMED * LANES : part.end;
        for (; at + LANES <= count && at < stop; at += LANES)
            filter_lanes(row, above, at, pixel, (lanes){0} - 1, candidates, stride, costs);
        if (at < stop) {
            filter_lanes(row, above, at, pixel, inside_lanes(at, count), candidates, stride, costs);
            at += LANES;
        }
        for (int i = 0; i < CALO_PNG_CANDIDATES; i++)
            total.sums[i] += sum_of(costs[i]);
    }
    return total;
}

/* The cheapest, of equals the first: up, sub, average, Paeth. */
static png_filter find_cheapest(const filter_costs *costs)
{
    static const png_filter order[CALO_PNG_CANDIDATES] = {FILTER_UP, FILTER_SUB, FILTER_AVERAGE, FILTER_PAETH};
    png_filter best = order[0];
    for (int i = 1; i < CALO_PNG_CANDIDATES; i++)
        if (costs->sums[order[i] - FILTER_SUB] < costs->sums[best - FILTER_SUB])
            best = order[i];
    return best;
}

void calo_png_filter_row(const uint8_t *row, const uint8_t *above, size_t count, size_t pixel, uint8_t *candidates,
                         uint8_t *out)
{
    span part = find_span(row, above, count);
    if (part.begin == part.end) { /* zero filters to zero; this filter's number continues the run */
        memset(out, FILTER_NONE, count + 1);
        return;
    }
    filter_costs costs = filter_span(row, above, count, pixel, part, candidates);
    png_filter filter = find_cheapest(&costs);
    size_t end = part.end < count ? part.end : count;
    const uint8_t *best = candidates + (size_t)(filter - FILTER_SUB) * calo_png_row_buffer_bytes(count);
    out[0] = (uint8_t)filter;
    memset(out + 1, 0, part.begin);
    memcpy(out + 1 + part.begin, best + part.begin, end - part.begin);
    memset(out + 1 + end, 0, count - end);
}
