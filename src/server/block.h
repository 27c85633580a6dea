/* Memory that pictures are rendered into and sent from. */
#ifndef CALO_SERVER_BLOCK_H
#define CALO_SERVER_BLOCK_H

#include <calotype/status.h>

/* All blocks of a server, and how much they may be together. It lives until the last block is gone. */
typedef struct calo_blocks calo_blocks;

/* Bytes with several owners. */
typedef struct calo_block {
    uint8_t *bytes;
    size_t size;
    struct calo_block_private *internal;
} calo_block;

calo_status calo_blocks_create(uint64_t max_bytes, uint64_t max_shared_bytes, calo_blocks **blocks, calo_error *err);
/* Nothing is taken from it any more; what is shared and was not fetched is unlinked. */
void calo_blocks_destroy(calo_blocks *blocks);

/* True when a block of that size may be had now. */
bool calo_blocks_have_room(calo_blocks *blocks, size_t size, bool shared);

/* The bytes hold anything. */
calo_status calo_block_take(calo_blocks *blocks, size_t size, calo_block **block, calo_error *err);
/* In shared memory: `name` is what shm_open takes. It counts as used until somebody has unlinked it, or it is older
 * than `seconds`: see calo_blocks_expire. */
calo_status calo_block_take_shared(calo_blocks *blocks, size_t size, double seconds, calo_block **block, char name[64],
                                   calo_error *err);
void calo_block_release(calo_block *block);
/* Unlinks shared memory at once: nobody will fetch it. */
void calo_block_forget(calo_blocks *blocks, const char *name);
/* Looks which shared memory was fetched, and unlinks what is too old. */
void calo_blocks_expire(calo_blocks *blocks);

#endif
