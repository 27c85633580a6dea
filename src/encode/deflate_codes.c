#include "encode/deflate_codes.h"

#include <string.h>

enum { MAX_BITS = 15 };

/* A symbol with its count, or, as the tree is made, a node with its weight, its parent or its depth. */
typedef struct leaf {
    uint32_t count;
    uint32_t symbol;
} leaf;

/* Lists the symbols that occur, at least two. */
static size_t list_leaves(const uint32_t *counts, size_t symbols, leaf *leaves)
{
    size_t used = 0;
    for (size_t i = 0; i < symbols; i++)
        if (counts[i] > 0)
            leaves[used++] = (leaf){counts[i], (uint32_t)i};
    for (uint32_t i = 0; used < 2; i++)
        if (counts[i] == 0)
            leaves[used++] = (leaf){1, i};
    return used;
}

/* By count, then by symbol: byte by byte, from the lowest. */
static void sort_leaves(leaf *leaves, size_t used)
{
    leaf sorted[CALO_DEFLATE_MAX_SYMBOLS];
    uint32_t all = 0;
    for (size_t i = 0; i < used; i++)
        all |= leaves[i].count;
    for (int shift = 0; shift < 32 && all >> shift != 0; shift += 8) {
        uint16_t starts[257] = {0};
        for (size_t i = 0; i < used; i++)
            starts[(leaves[i].count >> shift & 0xff) + 1]++;
        for (int i = 1; i < 256; i++)
            starts[i] = (uint16_t)(starts[i] + starts[i - 1]);
        for (size_t i = 0; i < used; i++)
            sorted[starts[leaves[i].count >> shift & 0xff]++] = leaves[i];
        memcpy(leaves, sorted, used * sizeof *leaves);
    }
}

/* Depths in Huffman's tree of sorted weights, in place (Moffat and Katajainen, 1995): weights become the
 * parents' places, then the nodes' depths, then the leaves'. */
static void find_depths(uint32_t *weights, size_t count)
{
    size_t leaf_at = 2, node_at = 0;
    weights[0] += weights[1];
    for (size_t next = 1; next + 1 < count; next++) {
        uint32_t sum = 0;
        for (int child = 0; child < 2; child++) {
            if (leaf_at >= count || (node_at < next && weights[node_at] < weights[leaf_at])) {
                sum += weights[node_at];
                weights[node_at++] = (uint32_t)next;
            } else {
                sum += weights[leaf_at++];
            }
        }
        weights[next] = sum;
    }
    weights[count - 2] = 0;
    for (size_t i = count - 2; i-- > 0;)
        weights[i] = weights[weights[i]] + 1;
    size_t available = 1, node = count - 1, place = count;
    for (uint32_t depth = 0; available > 0; depth++) {
        size_t inner = 0;
        while (node > 0 && weights[node - 1] == depth) {
            inner++;
            node--;
        }
        for (size_t i = inner; i < available; i++)
            weights[--place] = depth;
        available = 2 * inner;
    }
}

/* How many codes there are of each length, none over `max_bits`: too long ones are cut, and for what that
 * takes too much of the code space, others become a bit longer. */
static void limit_lengths(const uint32_t *depths, size_t used, unsigned max_bits, uint32_t lengths[MAX_BITS + 1])
{
    uint32_t taken = 0; /* of 2 to the power of max_bits */
    memset(lengths, 0, (MAX_BITS + 1) * sizeof *lengths);
    for (size_t i = 0; i < used; i++) {
        unsigned length = depths[i] < max_bits ? depths[i] : max_bits;
        lengths[length]++;
        taken += 1u << (max_bits - length);
    }
    while (taken > 1u << max_bits) { /* a code of the next shorter length and a longest one become siblings */
        unsigned length = max_bits - 1;
        while (lengths[length] == 0)
            length--;
        lengths[length]--;
        lengths[length + 1] += 2;
        lengths[max_bits]--;
        taken--;
    }
}

static uint16_t reverse(uint32_t code, unsigned bits)
{
    uint32_t reversed = 0;
    for (unsigned i = 0; i < bits; i++)
        reversed |= (code >> i & 1) << (bits - 1 - i);
    return (uint16_t)reversed;
}

void calo_deflate_number_codes(calo_deflate_code *codes, size_t symbols)
{
    uint32_t lengths[MAX_BITS + 1] = {0}, next[MAX_BITS + 1], code = 0;
    for (size_t i = 0; i < symbols; i++)
        lengths[codes[i].bits]++;
    lengths[0] = 0;
    for (int bits = 1; bits <= MAX_BITS; bits++)
        next[bits] = code = (code + lengths[bits - 1]) << 1;
    for (size_t i = 0; i < symbols; i++)
        if (codes[i].bits > 0)
            codes[i].code = reverse(next[codes[i].bits]++, codes[i].bits);
}

void calo_deflate_make_codes(const uint32_t *counts, size_t symbols, unsigned max_bits, calo_deflate_code *codes)
{
    leaf leaves[CALO_DEFLATE_MAX_SYMBOLS];
    uint32_t depths[CALO_DEFLATE_MAX_SYMBOLS], lengths[MAX_BITS + 1];
    size_t used = list_leaves(counts, symbols, leaves), place = 0;
    sort_leaves(leaves, used);
    for (size_t i = 0; i < used; i++)
        depths[i] = leaves[i].count;
    find_depths(depths, used);
    limit_lengths(depths, used, max_bits, lengths);
    memset(codes, 0, symbols * sizeof *codes);
    for (unsigned bits = max_bits; bits > 0; bits--)
        for (uint32_t i = 0; i < lengths[bits]; i++)
            codes[leaves[place++].symbol].bits = (uint8_t)bits;
    calo_deflate_number_codes(codes, symbols);
}

void calo_deflate_fixed_codes(calo_deflate_code literals[CALO_DEFLATE_MAX_SYMBOLS],
                              calo_deflate_code distances[CALO_DEFLATE_DISTANCES])
{
    for (unsigned i = 0; i < CALO_DEFLATE_MAX_SYMBOLS; i++)
        literals[i].bits = (uint8_t)calo_deflate_fixed_bits(i);
    for (unsigned i = 0; i < CALO_DEFLATE_DISTANCES; i++)
        distances[i].bits = CALO_DEFLATE_FIXED_DISTANCE_BITS;
    calo_deflate_number_codes(literals, CALO_DEFLATE_MAX_SYMBOLS);
    calo_deflate_number_codes(distances, CALO_DEFLATE_DISTANCES);
}
