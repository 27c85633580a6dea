#include "encode/png_block.h"

#include <string.h>

#include "base/error.h"
#include "encode/deflate_bits.h"

enum {
    MAX_BITS = 14, /* of a code: four literals and the 7 bits that a flush leaves fit into 64 */
    HEAD_SYMBOLS = 19, MAX_HEAD_BITS = 7,
};

/* ---- symbols ---- */

/* Four tables, as adding to one just added to waits for it. */
typedef struct byte_counts {
    uint32_t tables[4][256];
} byte_counts;

static inline const uint8_t *count_literals(byte_counts *counts, const uint8_t *at, size_t count)
{
    for (; count >= 4; count -= 4, at += 4)
        for (int i = 0; i < 4; i++)
            counts->tables[i][at[i]]++;
    for (; count > 0; count--)
        counts->tables[0][*at++]++;
    return at;
}

/* Returns how many bits the symbols have that are not codes. */
static uint64_t count_symbols(calo_deflate *deflate, const uint8_t *at, const uint8_t *end)
{
    calo_deflate_alphabet *alphabet = &deflate->alphabet;
    byte_counts counts = {0};
    uint64_t extra_bits = 0;
    memset(alphabet->literal_counts, 0, sizeof alphabet->literal_counts);
    memset(alphabet->distance_counts, 0, sizeof alphabet->distance_counts);
    for (size_t i = 0; i < deflate->sequence_count; i++) {
        calo_deflate_sequence sequence = deflate->sequences[i];
        calo_deflate_symbol length = calo_deflate_length(sequence.length);
        calo_deflate_symbol distance = calo_deflate_distance(sequence.distance);
        at = count_literals(&counts, at, sequence.literals) + sequence.length;
        alphabet->literal_counts[length.number]++;
        alphabet->distance_counts[distance.number]++;
        extra_bits += length.extra_bits + distance.extra_bits;
    }
    count_literals(&counts, at, (size_t)(end - at));
    for (int table = 0; table < 4; table++)
        for (int i = 0; i < 256; i++)
            alphabet->literal_counts[i] += counts.tables[table][i];
    alphabet->literal_counts[CALO_DEFLATE_END_OF_BLOCK] = 1;
    return extra_bits;
}

static uint64_t count_bits(const uint32_t *counts, const calo_deflate_code *codes, size_t symbols)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < symbols; i++)
        bits += (uint64_t)counts[i] * codes[i].bits;
    return bits;
}

/* Without the sequences' extra bits. */
static uint64_t count_fixed_bits(const calo_deflate_alphabet *alphabet)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < CALO_DEFLATE_LITERALS; i++)
        bits += (uint64_t)alphabet->literal_counts[i] * calo_deflate_fixed_bits(i);
    for (unsigned i = 0; i < CALO_DEFLATE_DISTANCES; i++)
        bits += (uint64_t)alphabet->distance_counts[i] * CALO_DEFLATE_FIXED_DISTANCE_BITS;
    return bits;
}

static uint64_t count_dynamic_bits(const calo_deflate_alphabet *alphabet)
{
    return count_bits(alphabet->literal_counts, alphabet->literals, CALO_DEFLATE_LITERALS) +
           count_bits(alphabet->distance_counts, alphabet->distances, CALO_DEFLATE_DISTANCES);
}

/* ---- codes ---- */

static void make_dynamic_codes(calo_deflate_alphabet *alphabet)
{
    calo_deflate_make_codes(alphabet->literal_counts, CALO_DEFLATE_LITERALS, MAX_BITS, alphabet->literals);
    calo_deflate_make_codes(alphabet->distance_counts, CALO_DEFLATE_DISTANCES, MAX_BITS, alphabet->distances);
}

/* The bits of dynamic codes, in runs, which have codes themselves. */
typedef struct block_head {
    size_t literals, distances; /* how many codes are told */
    size_t item_count;
    struct {
        uint8_t symbol, extra;
    } items[CALO_DEFLATE_LITERALS + CALO_DEFLATE_DISTANCES];
    size_t code_count;
    calo_deflate_code codes[HEAD_SYMBOLS];
    uint64_t bits;
} block_head;

static const uint8_t told_order[HEAD_SYMBOLS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

static unsigned item_extra_bits(unsigned item) { return item == 16 ? 2 : item == 17 ? 3 : item == 18 ? 7 : 0; }

static void add_item(block_head *head, size_t number, size_t extra)
{
    head->items[head->item_count].symbol = (uint8_t)number;
    head->items[head->item_count++].extra = (uint8_t)extra;
}

/* Symbol 18 is 11 to 138 zeros, 17 is 3 to 10 of them, 16 is the one before 3 to 6 times more. */
static void add_run(block_head *head, unsigned bits, size_t run)
{
    if (bits > 0) {
        add_item(head, bits, 0);
        run--;
    }
    while (run >= 3) {
        size_t most = bits > 0 ? 6 : run < 11 ? 10 : 138, part = run < most ? run : most;
        add_item(head, bits > 0 ? 16 : run < 11 ? 17 : 18, part - (most == 138 ? 11 : 3));
        run -= part;
    }
    for (; run > 0; run--)
        add_item(head, bits, 0);
}

static size_t last_used(const calo_deflate_code *codes, size_t symbols, size_t least)
{
    while (symbols > least && codes[symbols - 1].bits == 0)
        symbols--;
    return symbols;
}

static void add_items(const calo_deflate_alphabet *alphabet, block_head *head)
{
    uint8_t bits[CALO_DEFLATE_LITERALS + CALO_DEFLATE_DISTANCES];
    head->literals = last_used(alphabet->literals, CALO_DEFLATE_LITERALS, 257);
    head->distances = last_used(alphabet->distances, CALO_DEFLATE_DISTANCES, 1);
    size_t total = head->literals + head->distances;
    for (size_t i = 0; i < total; i++)
        bits[i] = i < head->literals ? alphabet->literals[i].bits : alphabet->distances[i - head->literals].bits;
    head->item_count = 0;
    for (size_t i = 0, run; i < total; i += run) {
        for (run = 1; i + run < total && bits[i + run] == bits[i];)
            run++;
        add_run(head, bits[i], run);
    }
}

static void make_head(const calo_deflate_alphabet *alphabet, block_head *head)
{
    uint32_t counts[HEAD_SYMBOLS] = {0};
    add_items(alphabet, head);
    for (size_t i = 0; i < head->item_count; i++)
        counts[head->items[i].symbol]++;
    calo_deflate_make_codes(counts, HEAD_SYMBOLS, MAX_HEAD_BITS, head->codes);
    head->code_count = HEAD_SYMBOLS;
    while (head->codes[told_order[head->code_count - 1]].bits == 0)
        head->code_count--;
    head->bits = 5 + 5 + 4 + 3 * head->code_count;
    for (unsigned i = 0; i < HEAD_SYMBOLS; i++)
        head->bits += counts[i] * (uint64_t)(head->codes[i].bits + item_extra_bits(i));
}

/* ---- writing ---- */

static inline const uint8_t *write_literals(calo_bit_writer *writer, const calo_deflate_code *codes, const uint8_t *at,
                                            size_t count)
{
    for (; count >= 4; count -= 4, at += 4) {
        calo_deflate_code a = codes[at[0]], b = codes[at[1]], c = codes[at[2]], d = codes[at[3]];
        uint64_t first = a.code | (uint64_t)b.code << a.bits, second = c.code | (uint64_t)d.code << c.bits;
        unsigned first_bits = (unsigned)a.bits + b.bits, second_bits = (unsigned)c.bits + d.bits;
        calo_bits_put(writer, first | second << first_bits, first_bits + second_bits);
        calo_bits_flush(writer);
    }
    for (; count > 0; count--)
        calo_bits_put_code(writer, codes[*at++]);
    calo_bits_flush(writer);
    return at;
}

static inline void write_copy(calo_bit_writer *writer, const calo_deflate_alphabet *alphabet,
                              calo_deflate_sequence sequence)
{
    calo_deflate_symbol length = calo_deflate_length(sequence.length);
    calo_deflate_symbol distance = calo_deflate_distance(sequence.distance);
    calo_bits_put_code(writer, alphabet->literals[length.number]);
    calo_bits_put(writer, length.extra, length.extra_bits);
    calo_bits_put_code(writer, alphabet->distances[distance.number]);
    calo_bits_put(writer, distance.extra, distance.extra_bits);
    calo_bits_flush(writer);
}

static void write_symbols(const calo_deflate *deflate, calo_bit_writer *writer, const uint8_t *at, const uint8_t *end)
{
    const calo_deflate_alphabet *alphabet = &deflate->alphabet;
    calo_bit_writer local = *writer; /* in registers */
    for (size_t i = 0; i < deflate->sequence_count; i++) {
        calo_deflate_sequence sequence = deflate->sequences[i];
        at = write_literals(&local, alphabet->literals, at, sequence.literals) + sequence.length;
        write_copy(&local, alphabet, sequence);
    }
    write_literals(&local, alphabet->literals, at, (size_t)(end - at));
    calo_bits_put_code(&local, alphabet->literals[CALO_DEFLATE_END_OF_BLOCK]);
    calo_bits_flush(&local);
    *writer = local;
}

static void write_head(calo_bit_writer *writer, const block_head *head)
{
    calo_bits_put(writer, head->literals - 257, 5);
    calo_bits_put(writer, head->distances - 1, 5);
    calo_bits_put(writer, head->code_count - 4, 4);
    for (size_t i = 0; i < head->code_count; i++) {
        calo_bits_put(writer, head->codes[told_order[i]].bits, 3);
        calo_bits_flush(writer);
    }
    for (size_t i = 0; i < head->item_count; i++) {
        calo_bits_put_code(writer, head->codes[head->items[i].symbol]);
        calo_bits_put(writer, head->items[i].extra, item_extra_bits(head->items[i].symbol));
        calo_bits_flush(writer);
    }
}

/* ---- blocks ---- */

/* Which kind of block is shortest. Leaves its codes in the alphabet, and its size with the bits before it, in
 * whole bytes. */
static int choose_kind(calo_deflate *deflate, const uint8_t *at, const uint8_t *end, block_head *head, size_t *bytes)
{
    uint64_t before = deflate->bit_count + 3 + count_symbols(deflate, at, end);
    uint64_t fixed_bits = before + count_fixed_bits(&deflate->alphabet);
    make_dynamic_codes(&deflate->alphabet);
    make_head(&deflate->alphabet, head);
    uint64_t bits = before + head->bits + count_dynamic_bits(&deflate->alphabet);
    size_t stored = calo_deflate_stored_bytes((size_t)(end - at));
    bool is_fixed = fixed_bits < bits;
    *bytes = (size_t)(((is_fixed ? fixed_bits : bits) + 7) / 8);
    if (*bytes >= stored) {
        *bytes = stored;
        return CALO_DEFLATE_STORED;
    }
    if (is_fixed)
        calo_deflate_fixed_codes(deflate->alphabet.literals, deflate->alphabet.distances);
    return is_fixed ? CALO_DEFLATE_FIXED : CALO_DEFLATE_DYNAMIC;
}

calo_status calo_deflate_write_block(calo_deflate *deflate, const uint8_t *at, const uint8_t *end, bool is_last,
                                     calo_blob *blob, calo_error *err)
{
    block_head head;
    size_t bytes;
    int kind = choose_kind(deflate, at, end, &head, &bytes);
    /* What is written is counted before, to the bit: `bytes` at most, and of the last word what lies behind. */
    uint8_t *start = calo_blob_reserve(blob, bytes + CALO_BITS_SLACK, err);
    if (!start)
        return calo_failed(err);
    calo_bit_writer writer = {deflate->bits, deflate->bit_count, start};
    if (kind == CALO_DEFLATE_STORED) {
        calo_deflate_write_stored(&writer, at, end, is_last);
    } else {
        calo_bits_put(&writer, (is_last ? 1 : 0) | (unsigned)kind << 1, 3);
        if (kind == CALO_DEFLATE_DYNAMIC)
            write_head(&writer, &head);
        write_symbols(deflate, &writer, at, end);
    }
    if (is_last)
        calo_bits_end_byte(&writer);
    blob->size += (size_t)(writer.at - start);
    deflate->bits = writer.bits;
    deflate->bit_count = writer.count;
    return CALO_OK;
}
