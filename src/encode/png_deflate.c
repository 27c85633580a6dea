#include "encode/png_deflate.h"

#include <string.h>

#include "encode/png_block.h"

enum {
    MIN_LENGTH = 4, MAX_LENGTH = 258, /* of a copy */
    WORD = 8,             /* bytes that are looked at together */
    STREAM_START = 65536, /* position of the first byte: the hash tables' zeros are out of reach of a copy */
    BIT = 16,             /* unit of costs */
    MAX_LITERAL_COST = 14 * BIT,
    ZERO_COST = BIT / 4,  /* they are mostly part of runs, which are cheap anyway */
    COPY_COST = 4 * BIT,  /* of length and distance, beside how rare copies are and the distance's own bits */
    COPIES_BEFORE = 32, LITERALS_BEFORE = 8 * COPIES_BEFORE, /* how rare they are taken to be at first */
    MAX_SAMPLES = 128, SAMPLE_BYTES = 64, /* that guesses are made from */
};

static inline uint32_t load32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t load64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline size_t common_length(const uint8_t *a, const uint8_t *b, size_t limit)
{
    size_t length = 0;
    for (; length + WORD <= limit; length += WORD) {
        uint64_t difference = load64(a + length) ^ load64(b + length);
        if (difference != 0)
            return length + (size_t)__builtin_ctzll(difference) / 8;
    }
    while (length < limit && a[length] == b[length])
        length++;
    return length;
}

static inline size_t zero_length(const uint8_t *start, const uint8_t *end)
{
    const uint8_t *at = start;
    for (; end - at >= WORD; at += WORD) {
        uint64_t word = load64(at);
        if (word != 0)
            return (size_t)(at - start) + (size_t)__builtin_ctzll(word) / 8;
    }
    while (at < end && *at == 0)
        at++;
    return (size_t)(at - start);
}

/* ---- costs ---- */

/* The binary logarithm in sixteenths, straight between powers of two. */
static uint32_t log2_sixteenths(uint32_t value)
{
    unsigned whole = 31 - (unsigned)__builtin_clz(value);
    return 16 * whole + (uint32_t)(((uint64_t)value << 4 >> whole) - 16);
}

/* Counts the bytes of some places, spread by the golden ratio, which no width of rows divides. Words of zeros
 * are left out, as they are in runs and no literals. */
static void sample_literals(const uint8_t *band, size_t count, uint32_t counts[256])
{
    size_t samples = count / SAMPLE_BYTES < MAX_SAMPLES ? count / SAMPLE_BYTES : MAX_SAMPLES;
    for (uint32_t sample = 0; sample < samples; sample++) {
        uint32_t fraction = sample * 2654435769u;
        const uint8_t *at = band + (fraction * (uint64_t)(count - SAMPLE_BYTES) >> 32), *end = at + SAMPLE_BYTES;
        for (; at < end; at += WORD)
            for (int i = 0; i < WORD && load64(at) != 0; i++)
                counts[at[i]]++;
    }
}

static void guess_literal_costs(calo_deflate *deflate, const uint8_t *band, size_t count)
{
    uint32_t counts[256], total = 0;
    for (int i = 0; i < 256; i++)
        counts[i] = 1;
    sample_literals(band, count, counts);
    for (int i = 0; i < 256; i++)
        total += counts[i];
    for (int i = 1; i < 256; i++) {
        uint32_t cost = log2_sixteenths(total) - log2_sixteenths(counts[i]);
        deflate->literal_costs[i] = (uint8_t)(cost < BIT ? BIT : cost > MAX_LITERAL_COST ? MAX_LITERAL_COST : cost);
    }
    deflate->literal_costs[0] = ZERO_COST;
}

/* The rarer copies are, the longer is the code of one. */
static void guess_copy_cost(calo_deflate *deflate)
{
    deflate->copy_cost = COPY_COST + log2_sixteenths(deflate->literal_count + LITERALS_BEFORE) -
                         log2_sixteenths(deflate->copy_count + COPIES_BEFORE);
}

static inline bool is_cheaper(const calo_deflate *deflate, const uint8_t *at, size_t length, uint32_t distance)
{
    const uint8_t *costs = deflate->literal_costs;
    uint32_t distance_bits = 31 - (uint32_t)__builtin_clz(distance), literals = 0;
    uint32_t copy = deflate->copy_cost + distance_bits * BIT;
    size_t i = 0;
    for (; i + 4 <= length; i += 4) {
        literals += (uint32_t)costs[at[i]] + costs[at[i + 1]] + costs[at[i + 2]] + costs[at[i + 3]];
        if (literals > copy)
            return true;
    }
    for (; i < length; i++)
        literals += costs[at[i]];
    return literals > copy;
}

/* ---- a band into sequences ---- */

/* Copies are there to be found in some pictures, and in others the search is in vain: the longer nothing was
 * found, the more of the chances are let pass. */
typedef struct patience {
    uint32_t misses, wait;
} patience;

enum { PATIENCE_SHIFT = 3 }; /* one chance more is let pass for each 8 misses */

typedef struct scan {
    const uint8_t *start, *end;   /* of the band */
    const uint8_t *at, *literals; /* where the scan is; the first byte that is in no sequence yet */
    patience in_literals, after_sequence;
} scan;

static inline void add_sequence(calo_deflate *deflate, scan *s, size_t length, size_t distance)
{
    size_t literals = (size_t)(s->at - s->literals);
    deflate->sequences[deflate->sequence_count++] =
        (calo_deflate_sequence){(uint32_t)literals, (uint16_t)length, (uint16_t)distance};
    deflate->literal_count += (uint32_t)literals;
    s->at += length;
    s->literals = s->at;
}

/* Most of a picture is zeros: copies from one byte before. */
static inline void take_zeros(calo_deflate *deflate, scan *s, size_t run)
{
    const uint8_t *stop = s->at + run;
    if (s->at == s->start || s->at[-1] != 0)
        s->at++;
    while (stop - s->at >= MIN_LENGTH && deflate->sequence_count < CALO_DEFLATE_SEQUENCES)
        add_sequence(deflate, s, stop - s->at > MAX_LENGTH ? MAX_LENGTH : (size_t)(stop - s->at), 1);
    if (stop - s->at < MIN_LENGTH)
        s->at = stop;
}

static inline bool take_copy(calo_deflate *deflate, scan *s, uint32_t *last)
{
    uint32_t position = deflate->position + (uint32_t)(s->at - s->start), distance = position - *last;
    *last = position;
    if (distance > CALO_DEFLATE_WINDOW || load32(s->at - distance) != load32(s->at))
        return false;
    size_t limit = s->end - s->at < MAX_LENGTH ? (size_t)(s->end - s->at) : MAX_LENGTH;
    size_t length = common_length(s->at, s->at - distance, limit);
    if (!is_cheaper(deflate, s->at, length, distance))
        return false;
    deflate->copy_count++;
    add_sequence(deflate, s, length, distance);
    return true;
}

static inline bool find_copy(calo_deflate *deflate, scan *s, uint64_t word)
{
    const uint64_t multiplier = 0x9e3779b97f4a7c15u; /* Knuth's: 2^64 by the golden ratio */
    const unsigned shift = 64 - CALO_DEFLATE_HASH_BITS;
    return take_copy(deflate, s, &deflate->last_eight[word * multiplier >> shift]) ||
           take_copy(deflate, s, &deflate->last_four[(word << 32) * multiplier >> shift]);
}

static inline bool search(calo_deflate *deflate, scan *s, uint64_t word)
{
    bool is_after_sequence = s->at == s->literals;
    patience *left = is_after_sequence ? &s->after_sequence : &s->in_literals;
    if (left->wait > 0) {
        left->wait--;
        return false;
    }
    if (find_copy(deflate, s, word)) {
        left->misses = 0;
        return true;
    }
    left->misses++;
    left->wait = left->misses >> PATIENCE_SHIFT;
    return false;
}

/* Passes the pixels in which no copy is looked for. */
static inline void pass_literals(scan *s, const uint8_t *stop, size_t pixel)
{
    const uint8_t *at = s->at;
    uint32_t wait = s->in_literals.wait;
    for (; wait > 0 && at < stop && load64(at) != 0; wait--)
        at += pixel;
    s->at = at;
    s->in_literals.wait = wait;
}

/* The filter's number is left among the literals, and so is what remains of a pixel that a copy ends in. */
static inline void align(scan *s, const uint8_t *row_end, size_t pixel)
{
    if (s->at < row_end)
        s->at += (size_t)(row_end - s->at) % pixel;
}

/* From s->at up to the row's end, or a few bytes before the band's. `pixel` is a constant in each case. */
static inline __attribute__((always_inline)) void scan_pixels(calo_deflate *deflate, scan *s, const uint8_t *row_end,
                                                              size_t pixel)
{
    const uint8_t *stop = s->end - row_end < WORD - 1 ? s->end - (WORD - 1) : row_end;
    align(s, row_end, pixel);
    while (s->at < stop && deflate->sequence_count < CALO_DEFLATE_SEQUENCES) {
        uint64_t word = load64(s->at);
        if (word == 0) {
            size_t run = zero_length(s->at, s->end);
            take_zeros(deflate, s, s->at + run < row_end ? run - run % pixel : run);
        } else if (!search(deflate, s, word)) {
            s->at += pixel;
            pass_literals(s, stop, pixel);
            continue;
        }
        align(s, row_end, pixel);
    }
}

static void scan_row(calo_deflate *deflate, scan *s, const uint8_t *row_end)
{
    switch (deflate->pixel) {
    case 1: scan_pixels(deflate, s, row_end, 1); break;
    case 2: scan_pixels(deflate, s, row_end, 2); break;
    case 3: scan_pixels(deflate, s, row_end, 3); break;
    default: scan_pixels(deflate, s, row_end, 4); break;
    }
}

/* Fills the sequences from s->at on, until they are full or the band ends. Between the last one and s->at
 * are literals. */
static void scan_block(calo_deflate *deflate, scan *s)
{
    deflate->sequence_count = 0;
    s->literals = s->at;
    while (s->at < s->end && deflate->sequence_count < CALO_DEFLATE_SEQUENCES) {
        size_t in_row = (size_t)(s->at - s->start) % deflate->row_bytes;
        const uint8_t *row_end = s->at + (deflate->row_bytes - in_row);
        guess_copy_cost(deflate);
        scan_row(deflate, s, row_end);
        if (s->end - s->at < WORD)
            s->at = s->end;
    }
}

/* ---- the stream ---- */

void calo_deflate_begin(calo_deflate *deflate, size_t row_bytes, size_t pixel)
{
    memset(deflate->last_four, 0, sizeof deflate->last_four);
    memset(deflate->last_eight, 0, sizeof deflate->last_eight);
    deflate->row_bytes = row_bytes;
    deflate->pixel = pixel;
    deflate->bits = 0;
    deflate->bit_count = 0;
    deflate->position = STREAM_START;
}

calo_status calo_deflate_band(calo_deflate *deflate, const uint8_t *band, size_t count, bool is_last, calo_blob *blob,
                              calo_error *err)
{
    scan s = {.start = band, .end = band + count, .at = band};
    calo_status status = CALO_OK;
    guess_literal_costs(deflate, band, count);
    deflate->literal_count = deflate->copy_count = 0;
    while (status == CALO_OK && s.at < s.end) {
        const uint8_t *block = s.at;
        scan_block(deflate, &s);
        status = calo_deflate_write_block(deflate, block, s.at, is_last && s.at == s.end, blob, err);
    }
    deflate->position += (uint32_t)count;
    return status;
}
