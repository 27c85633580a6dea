#include "encode/png_block.h"

#include <string.h>

#include "base/error.h"

enum {
    END_OF_BLOCK = 256, FIRST_LENGTH = 257, MAX_LENGTH = 258,
    MAX_BITS = 14,       /* of a code: four literals and the 7 bits that a flush leaves fit into 64 */
    LENGTH_CODES = 19, MAX_LENGTH_CODE_BITS = 7,
    STORED = 0, FIXED = 1, DYNAMIC = 2,
    MAX_STORED = 65535,  /* bytes of a stored block */
    STORED_OVERHEAD = 5, /* kind, size and its complement */
    WORD = 8,            /* bits are written in words */
};

/* ---- symbols ---- */

typedef struct symbol {
    unsigned number, extra, extra_bits;
} symbol;

static inline symbol length_symbol(unsigned length)
{
    unsigned value = length - 3, bits = value < 8 ? 0 : 29 - (unsigned)__builtin_clz(value);
    if (length == MAX_LENGTH)
        return (symbol){FIRST_LENGTH + 28, 0, 0};
    return (symbol){FIRST_LENGTH + 4 * bits + (value >> bits), value & ((1u << bits) - 1), bits};
}

static inline symbol distance_symbol(unsigned distance)
{
    unsigned value = distance - 1, bits = value < 4 ? 0 : 30 - (unsigned)__builtin_clz(value);
    return (symbol){2 * bits + (value >> bits), value & ((1u << bits) - 1), bits};
}

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
        symbol length = length_symbol(sequence.length), distance = distance_symbol(sequence.distance);
        at = count_literals(&counts, at, sequence.literals) + sequence.length;
        alphabet->literal_counts[length.number]++;
        alphabet->distance_counts[distance.number]++;
        extra_bits += length.extra_bits + distance.extra_bits;
    }
    count_literals(&counts, at, (size_t)(end - at));
    for (int table = 0; table < 4; table++)
        for (int i = 0; i < 256; i++)
            alphabet->literal_counts[i] += counts.tables[table][i];
    alphabet->literal_counts[END_OF_BLOCK] = 1;
    return extra_bits;
}

static uint64_t count_bits(const uint32_t *counts, const calo_png_code *codes, size_t symbols)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < symbols; i++)
        bits += (uint64_t)counts[i] * codes[i].bits;
    return bits;
}

static uint64_t count_code_bits(const calo_deflate_alphabet *alphabet)
{
    return count_bits(alphabet->literal_counts, alphabet->literals, CALO_DEFLATE_LITERALS) +
           count_bits(alphabet->distance_counts, alphabet->distances, CALO_DEFLATE_DISTANCES);
}

/* ---- codes ---- */

static void make_dynamic_codes(calo_deflate_alphabet *alphabet)
{
    calo_png_make_codes(alphabet->literal_counts, CALO_DEFLATE_LITERALS, MAX_BITS, alphabet->literals);
    calo_png_make_codes(alphabet->distance_counts, CALO_DEFLATE_DISTANCES, MAX_BITS, alphabet->distances);
}

/* The ones that every reader knows: only their lengths. */
static void set_fixed_bits(calo_deflate_alphabet *alphabet)
{
    for (int i = 0; i < CALO_PNG_MAX_SYMBOLS; i++)
        alphabet->literals[i].bits = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    for (int i = 0; i < CALO_DEFLATE_DISTANCES; i++)
        alphabet->distances[i].bits = 5;
}

static void make_fixed_codes(calo_deflate_alphabet *alphabet)
{
    set_fixed_bits(alphabet);
    calo_png_number_codes(alphabet->literals, CALO_PNG_MAX_SYMBOLS);
    calo_png_number_codes(alphabet->distances, CALO_DEFLATE_DISTANCES);
}

/* The bits of dynamic codes, in runs, which have codes themselves. */
typedef struct block_head {
    size_t literals, distances; /* how many codes are told */
    size_t item_count;
    struct {
        uint8_t symbol, extra;
    } items[CALO_DEFLATE_LITERALS + CALO_DEFLATE_DISTANCES];
    size_t code_count;
    calo_png_code codes[LENGTH_CODES];
    uint64_t bits;
} block_head;

static const uint8_t told_order[LENGTH_CODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

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

static size_t last_used(const calo_png_code *codes, size_t symbols, size_t least)
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
    uint32_t counts[LENGTH_CODES] = {0};
    add_items(alphabet, head);
    for (size_t i = 0; i < head->item_count; i++)
        counts[head->items[i].symbol]++;
    calo_png_make_codes(counts, LENGTH_CODES, MAX_LENGTH_CODE_BITS, head->codes);
    head->code_count = LENGTH_CODES;
    while (head->codes[told_order[head->code_count - 1]].bits == 0)
        head->code_count--;
    head->bits = 5 + 5 + 4 + 3 * head->code_count;
    for (unsigned i = 0; i < LENGTH_CODES; i++)
        head->bits += counts[i] * (uint64_t)(head->codes[i].bits + item_extra_bits(i));
}

/* ---- bits ---- */

typedef struct bit_writer {
    uint64_t bits;
    unsigned count;
    uint8_t *at;
} bit_writer;

static inline void put(bit_writer *writer, uint64_t value, unsigned count)
{
    writer->bits |= value << writer->count;
    writer->count += count;
}

static inline void put_code(bit_writer *writer, calo_png_code code) { put(writer, code.code, code.bits); }

/* Writes a whole word, of which fewer than 8 bits are written again. */
static inline void flush(bit_writer *writer)
{
    memcpy(writer->at, &writer->bits, WORD);
    writer->at += writer->count / 8;
    writer->bits >>= writer->count & ~7u;
    writer->count &= 7;
}

static inline const uint8_t *write_literals(bit_writer *writer, const calo_png_code *codes, const uint8_t *at,
                                            size_t count)
{
    for (; count >= 4; count -= 4, at += 4) {
        calo_png_code a = codes[at[0]], b = codes[at[1]], c = codes[at[2]], d = codes[at[3]];
        uint64_t first = a.code | (uint64_t)b.code << a.bits, second = c.code | (uint64_t)d.code << c.bits;
        unsigned first_bits = (unsigned)a.bits + b.bits, second_bits = (unsigned)c.bits + d.bits;
        put(writer, first | second << first_bits, first_bits + second_bits);
        flush(writer);
    }
    for (; count > 0; count--)
        put_code(writer, codes[*at++]);
    flush(writer);
    return at;
}

static inline void write_copy(bit_writer *writer, const calo_deflate_alphabet *alphabet, calo_deflate_sequence sequence)
{
    symbol length = length_symbol(sequence.length), distance = distance_symbol(sequence.distance);
    put_code(writer, alphabet->literals[length.number]);
    put(writer, length.extra, length.extra_bits);
    put_code(writer, alphabet->distances[distance.number]);
    put(writer, distance.extra, distance.extra_bits);
    flush(writer);
}

static void write_symbols(const calo_deflate *deflate, bit_writer *writer, const uint8_t *at, const uint8_t *end)
{
    const calo_deflate_alphabet *alphabet = &deflate->alphabet;
    bit_writer local = *writer; /* in registers */
    for (size_t i = 0; i < deflate->sequence_count; i++) {
        calo_deflate_sequence sequence = deflate->sequences[i];
        at = write_literals(&local, alphabet->literals, at, sequence.literals) + sequence.length;
        write_copy(&local, alphabet, sequence);
    }
    write_literals(&local, alphabet->literals, at, (size_t)(end - at));
    put_code(&local, alphabet->literals[END_OF_BLOCK]);
    flush(&local);
    *writer = local;
}

static void write_head(bit_writer *writer, const block_head *head)
{
    put(writer, head->literals - 257, 5);
    put(writer, head->distances - 1, 5);
    put(writer, head->code_count - 4, 4);
    for (size_t i = 0; i < head->code_count; i++) {
        put(writer, head->codes[told_order[i]].bits, 3);
        flush(writer);
    }
    for (size_t i = 0; i < head->item_count; i++) {
        put_code(writer, head->codes[head->items[i].symbol]);
        put(writer, head->items[i].extra, item_extra_bits(head->items[i].symbol));
        flush(writer);
    }
}

static void end_byte(bit_writer *writer)
{
    writer->count = (writer->count + 7) / 8 * 8;
    flush(writer);
}

static void write_stored(bit_writer *writer, const uint8_t *at, const uint8_t *end, bool is_last)
{
    while (at < end) {
        size_t size = end - at > MAX_STORED ? MAX_STORED : (size_t)(end - at);
        put(writer, (is_last && at + size == end ? 1 : 0) | STORED << 1, 3);
        end_byte(writer);
        put(writer, size | (~size & 0xffff) << 16, 32);
        flush(writer);
        memcpy(writer->at, at, size);
        writer->at += size;
        at += size;
    }
}

/* ---- blocks ---- */

size_t calo_deflate_stored_bytes(size_t count)
{
    /* The first block's kind may begin in one byte and end in the next. */
    return count + (count + MAX_STORED - 1) / MAX_STORED * STORED_OVERHEAD + 1;
}

/* Which kind of block is shortest. Leaves its codes in the alphabet, and its size with the bits before it, in
 * whole bytes. */
static int choose_kind(calo_deflate *deflate, const uint8_t *at, const uint8_t *end, block_head *head, size_t *bytes)
{
    uint64_t before = deflate->bit_count + 3 + count_symbols(deflate, at, end);
    set_fixed_bits(&deflate->alphabet);
    uint64_t fixed_bits = before + count_code_bits(&deflate->alphabet);
    make_dynamic_codes(&deflate->alphabet);
    make_head(&deflate->alphabet, head);
    uint64_t bits = before + head->bits + count_code_bits(&deflate->alphabet);
    size_t stored = calo_deflate_stored_bytes((size_t)(end - at));
    bool is_fixed = fixed_bits < bits;
    *bytes = (size_t)(((is_fixed ? fixed_bits : bits) + 7) / 8);
    if (*bytes >= stored) {
        *bytes = stored;
        return STORED;
    }
    if (is_fixed)
        make_fixed_codes(&deflate->alphabet);
    return is_fixed ? FIXED : DYNAMIC;
}

calo_status calo_deflate_write_block(calo_deflate *deflate, const uint8_t *at, const uint8_t *end, bool is_last,
                                     calo_blob *blob, calo_error *err)
{
    block_head head;
    size_t bytes;
    int kind = choose_kind(deflate, at, end, &head, &bytes);
    /* What is written is counted before, to the bit: `bytes` at most, and of the last word what lies behind. */
    uint8_t *start = calo_blob_reserve(blob, bytes + WORD, err);
    if (!start)
        return calo_failed(err);
    bit_writer writer = {deflate->bits, deflate->bit_count, start};
    if (kind == STORED) {
        write_stored(&writer, at, end, is_last);
    } else {
        put(&writer, (is_last ? 1 : 0) | (unsigned)kind << 1, 3);
        if (kind == DYNAMIC)
            write_head(&writer, &head);
        write_symbols(deflate, &writer, at, end);
    }
    if (is_last)
        end_byte(&writer);
    blob->size += (size_t)(writer.at - start);
    deflate->bits = writer.bits;
    deflate->bit_count = writer.count;
    return CALO_OK;
}
