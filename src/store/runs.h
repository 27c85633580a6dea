/* Deflate for arrays of numbers with much background: runs become copies, all else is stored. Some twenty times
 * as fast as compressors that try to shorten floating point numbers, and nearly as short. */
#ifndef CALO_STORE_RUNS_H
#define CALO_STORE_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* Writes a stream of deflate (RFC 1951) of `count` bytes and returns its size. `to` has room for
 * calo_runs_bound(count) bytes. */
size_t calo_runs_pack(const uint8_t *bytes, size_t count, uint8_t *to);
size_t calo_runs_bound(size_t count);

#endif
