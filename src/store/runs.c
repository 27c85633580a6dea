#include "store/runs.h"

#include "encode/deflate_bits.h"

enum {
    WORD = 8,
    STEP = 16, MIN_RUN = STEP + WORD, /* a run has a word that begins at a multiple of STEP */
    MIN_STORED = 64, /* fewer literals are written as codes, which take more bits but no head */
    MIN_LENGTH = 3,  /* of a copy */
    SAMPLES = 256,
    TOGETHER = 6, /* literals between flushes: of 9 bits at most */
};

typedef struct packer {
    const uint8_t *bytes, *end;
    size_t distance;
    calo_bit_writer writer;
    bool in_block; /* of fixed codes */
    calo_deflate_code literals[CALO_DEFLATE_MAX_SYMBOLS], distances[CALO_DEFLATE_DISTANCES];
} packer;

static inline uint64_t load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* ---- finding runs ---- */

/* Runs repeat a byte or a number, or a vector of them: which of these is most often so at some places spread by
 * the golden ratio. */
static size_t choose_distance(const uint8_t *bytes, size_t count)
{
    static const size_t distances[] = {1, 4, 8, 12, 16};
    enum { DISTANCES = sizeof distances / sizeof distances[0], REACH = 16 + WORD };
    size_t repeats[DISTANCES] = {0}, best = 0;
    if (count < REACH)
        return distances[0];
    for (uint32_t sample = 0; sample < SAMPLES; sample++) {
        uint32_t fraction = sample * 2654435769u;
        const uint8_t *at = bytes + 16 + (fraction * (uint64_t)(count - REACH) >> 32);
        for (size_t i = 0; i < DISTANCES; i++)
            repeats[i] += load(at) == load(at - distances[i]);
    }
    for (size_t i = 1; i < DISTANCES; i++)
        if (repeats[i] > repeats[best])
            best = i;
    return distances[best];
}

/* The first byte from `at` on that does not equal the one `distance` before it. */
static const uint8_t *run_end(const packer *p, const uint8_t *at)
{
    const uint8_t *before = at - p->distance;
    for (; p->end - at >= 4 * WORD; at += 4 * WORD, before += 4 * WORD) {
        uint64_t difference = 0;
        for (int i = 0; i < 4 * WORD; i += WORD)
            difference |= load(at + i) ^ load(before + i);
        if (difference != 0)
            break;
    }
    for (; p->end - at >= WORD; at += WORD, before += WORD) {
        uint64_t difference = load(at) ^ load(before);
        if (difference != 0)
            return at + __builtin_ctzll(difference) / 8;
    }
    while (at < p->end && *at == *before++)
        at++;
    return at;
}

/* The next run from `at` on: returns its start and sets its end, or returns the end of all bytes. */
static const uint8_t *find_run(const packer *p, const uint8_t *at, const uint8_t **end)
{
    size_t distance = p->distance;
    const uint8_t *first = (size_t)(at - p->bytes) < distance ? p->bytes + distance : at;
    for (const uint8_t *word = first; p->end - word >= WORD; word += STEP) {
        if (load(word) != load(word - distance))
            continue;
        const uint8_t *start = word;
        while (start > first && start[-1] == start[-1 - (ptrdiff_t)distance])
            start--;
        *end = run_end(p, word + WORD);
        if (*end - start >= MIN_RUN)
            return start;
        word = *end > word + STEP ? *end - STEP : word;
    }
    return *end = p->end;
}

/* ---- writing ---- */

static void begin_block(packer *p)
{
    if (!p->in_block)
        calo_bits_put(&p->writer, CALO_DEFLATE_FIXED << 1, 3);
    p->in_block = true;
}

static void end_block(packer *p)
{
    if (p->in_block)
        calo_bits_put_code(&p->writer, p->literals[CALO_DEFLATE_END_OF_BLOCK]);
    p->in_block = false;
    calo_bits_flush(&p->writer);
}

static void write_literals(packer *p, const uint8_t *at, const uint8_t *end)
{
    if (end - at >= MIN_STORED) {
        end_block(p);
        calo_deflate_write_stored(&p->writer, at, end, false);
        return;
    }
    if (at < end)
        begin_block(p);
    while (at < end) {
        const uint8_t *stop = end - at > TOGETHER ? at + TOGETHER : end;
        for (; at < stop; at++)
            calo_bits_put_code(&p->writer, p->literals[*at]);
        calo_bits_flush(&p->writer);
    }
}

static void put_copy(const packer *p, unsigned count, calo_bit_writer *writer)
{
    calo_deflate_symbol length = calo_deflate_length(count), distance = calo_deflate_distance((unsigned)p->distance);
    calo_bits_put_code(writer, p->literals[length.number]);
    calo_bits_put(writer, length.extra, length.extra_bits);
    calo_bits_put_code(writer, p->distances[distance.number]);
    calo_bits_put(writer, distance.extra, distance.extra_bits);
}

/* Returns where the copies end: a byte or two at the end are too few for one. */
static const uint8_t *write_run(packer *p, const uint8_t *at, const uint8_t *end)
{
    calo_bit_writer longest = {0};
    begin_block(p);
    put_copy(p, CALO_DEFLATE_MAX_LENGTH, &longest);
    for (; end - at >= CALO_DEFLATE_MAX_LENGTH; at += CALO_DEFLATE_MAX_LENGTH) {
        calo_bits_put(&p->writer, longest.bits, longest.count);
        calo_bits_flush(&p->writer);
    }
    if (end - at < MIN_LENGTH)
        return at;
    put_copy(p, (unsigned)(end - at), &p->writer);
    calo_bits_flush(&p->writer);
    return end;
}

size_t calo_runs_bound(size_t count)
{
    /* Codes of literals take 9 bits at most, and stored blocks, of 64 bytes or more, less than 1/8 of them more.
     * Copies are shorter than what they stand for. */
    return count + count / 8 + 64;
}

size_t calo_runs_pack(const uint8_t *bytes, size_t count, uint8_t *to)
{
    packer p = {.bytes = bytes, .end = bytes + count, .writer = {.at = to}};
    p.distance = choose_distance(bytes, count);
    calo_deflate_fixed_codes(p.literals, p.distances);
    for (const uint8_t *at = bytes; at < p.end;) {
        const uint8_t *end, *run = find_run(&p, at, &end);
        write_literals(&p, at, run);
        at = run < end ? write_run(&p, run, end) : end;
    }
    end_block(&p);
    calo_bits_put(&p.writer, 1 | CALO_DEFLATE_FIXED << 1, 3); /* the last block, of nothing */
    calo_bits_put_code(&p.writer, p.literals[CALO_DEFLATE_END_OF_BLOCK]);
    calo_bits_end_byte(&p.writer);
    return (size_t)(p.writer.at - to);
}
