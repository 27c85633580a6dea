/* Blocks of deflate: sequences to symbols, codes and bits. */
#ifndef CALO_ENCODE_PNG_BLOCK_H
#define CALO_ENCODE_PNG_BLOCK_H

#include "encode/png_deflate.h"

/* Writes the bytes from `at` to `end`, which are what deflate->sequences say and then literals: as dynamic codes,
 * as fixed ones or stored, whichever is shortest. `is_last` ends the stream and its last byte.
 * The blob grows by at most calo_deflate_stored_bytes(end - at). */
calo_status calo_deflate_write_block(calo_deflate *deflate, const uint8_t *at, const uint8_t *end, bool is_last,
                                     calo_blob *blob, calo_error *err);

#endif
