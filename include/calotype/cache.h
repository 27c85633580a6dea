/* Decoded textures, mip chains and the like, kept in a folder from run to run. */
#ifndef CALOTYPE_CACHE_H
#define CALOTYPE_CACHE_H

#include <calotype/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A folder of files named by the hash of all that went into them. Thread-safe; any number of processes may use the
 * same folder at once. Pictures are the same bit by bit with and without a cache, and nothing that goes wrong with it
 * after it is open is a failure: what cannot be read is made again, what cannot be written is not kept. */
typedef struct calo_cache calo_cache;

/* Opens `folder`, made when it is not there. When its files pass max_bytes (0: 4 GiB), those that were not used for
 * the longest time go. Other files in the folder are never touched. The caller closes it. */
CALO_API calo_status calo_cache_open(const char *folder, uint64_t max_bytes, calo_cache **cache, calo_error *err);

/* After everything that was given the cache is destroyed; NULL is allowed. */
CALO_API void calo_cache_close(calo_cache *cache);

/* Copies the sentence on the first thing that could not be kept (a full disk, a folder that may only be read), at most
 * once a cache; false when there is none, or none more. */
CALO_API bool calo_cache_trouble(calo_cache *cache, calo_error *trouble);

#ifdef __cplusplus
}
#endif
#endif
