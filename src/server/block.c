#include "server/block.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/large.h"

enum {
    KEPT_MAX = 2,
    NAME_BYTES = 64,
    SHARED_MAX = 1024, /* segments at once: each is looked for several times a second */
};

/* Shared memory that was handed to a client. */
typedef struct shared {
    struct shared *next;
    char name[NAME_BYTES];
    size_t size;
    double expires_seconds;
} shared;

struct calo_blocks {
    atomic_uint references; /* blocks, and the owner */
    atomic_uint_fast64_t used, used_shared;
    uint64_t max_bytes, max_shared_bytes;
    pthread_mutex_t lock;       /* of what follows; nothing else is locked inside */
    calo_block *kept[KEPT_MAX]; /* freed ones, for the next request of about that size: their pages are there */
    shared *shared;
    bool closed;
};

struct calo_block_private {
    calo_blocks *blocks;
    size_t capacity;
    bool mapped;
};

/* ---- names ---- */

/* "calotype-PIDNAMESPACE-PID-": who made it, so that a later server can tell what a dead one has left. */
static int name_prefix(char prefix[NAME_BYTES], long pid)
{
    struct stat space = {0};
    if (stat("/proc/self/ns/pid", &space) != 0)
        space.st_ino = 0;
    return snprintf(prefix, NAME_BYTES, "calotype-%llu-%ld-", (unsigned long long)space.st_ino, pid);
}

/* A server that was killed could not unlink what nobody had fetched. */
static void remove_leftovers(void)
{
    char prefix[NAME_BYTES];
    int length = name_prefix(prefix, 0) - 2; /* without "0-" */
    DIR *folder = opendir("/dev/shm");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (strncmp(entry->d_name, prefix, (size_t)length) != 0)
            continue;
        long pid = strtol(entry->d_name + length, NULL, 10);
        if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
            char name[sizeof entry->d_name + 1];
            snprintf(name, sizeof name, "/%s", entry->d_name);
            shm_unlink(name);
        }
    }
    if (folder)
        closedir(folder);
}

/* ---- all blocks ---- */

calo_status calo_blocks_create(uint64_t max_bytes, uint64_t max_shared_bytes, calo_blocks **blocks, calo_error *err)
{
    *blocks = calloc(1, sizeof **blocks);
    if (!*blocks)
        return calo_fail_memory(err, "a server", sizeof **blocks);
    atomic_init(&(*blocks)->references, 1);
    (*blocks)->max_bytes = max_bytes;
    (*blocks)->max_shared_bytes = max_shared_bytes;
    pthread_mutex_init(&(*blocks)->lock, NULL);
    remove_leftovers();
    return CALO_OK;
}

static void drop_reference(calo_blocks *blocks)
{
    if (atomic_fetch_sub(&blocks->references, 1) != 1)
        return;
    pthread_mutex_destroy(&blocks->lock);
    free(blocks);
}

static void free_block(calo_block *block)
{
    struct calo_block_private *internal = block->internal;
    if (internal->mapped)
        munmap(block->bytes, block->size);
    else
        free(block->bytes);
    free(internal);
    free(block);
}

void calo_blocks_destroy(calo_blocks *blocks)
{
    if (!blocks)
        return;
    pthread_mutex_lock(&blocks->lock);
    blocks->closed = true;
    for (int i = 0; i < KEPT_MAX; i++)
        if (blocks->kept[i])
            free_block(blocks->kept[i]);
    for (shared *entry = blocks->shared, *next; entry; entry = next) {
        next = entry->next;
        shm_unlink(entry->name);
        free(entry);
    }
    blocks->shared = NULL;
    pthread_mutex_unlock(&blocks->lock);
    drop_reference(blocks);
}

/* What a segment counts as: small ones as much as would be too many of them. */
static uint64_t shared_bytes(const calo_blocks *blocks, size_t size)
{
    uint64_t least = blocks->max_shared_bytes / SHARED_MAX;
    return size > least ? size : least;
}

bool calo_blocks_have_room(calo_blocks *blocks, size_t size, bool in_shared)
{
    if (in_shared)
        return size <= blocks->max_shared_bytes &&
               atomic_load(&blocks->used_shared) <= blocks->max_shared_bytes - shared_bytes(blocks, size);
    return size <= blocks->max_bytes && atomic_load(&blocks->used) <= blocks->max_bytes - size;
}

static calo_status block_create(calo_blocks *blocks, calo_block **block, calo_error *err)
{
    *block = calloc(1, sizeof **block);
    struct calo_block_private *internal = calloc(1, sizeof *internal);
    if (!*block || !internal) {
        free(*block);
        free(internal);
        return calo_fail_memory(err, "a reply", sizeof **block);
    }
    internal->blocks = blocks;
    (*block)->internal = internal;
    return CALO_OK;
}

/* ---- memory of our own ---- */

/* A kept block of that size or not much more. */
static calo_block *take_kept(calo_blocks *blocks, size_t size)
{
    calo_block *found = NULL;
    pthread_mutex_lock(&blocks->lock);
    for (int i = 0; i < KEPT_MAX && !found; i++) {
        calo_block *kept = blocks->kept[i];
        if (kept && kept->internal->capacity >= size && kept->internal->capacity / 2 <= size) {
            found = kept;
            blocks->kept[i] = NULL;
        }
    }
    pthread_mutex_unlock(&blocks->lock);
    return found;
}

calo_status calo_block_take(calo_blocks *blocks, size_t size, calo_block **block, calo_error *err)
{
    *block = take_kept(blocks, size);
    if (!*block) {
        calo_status status = block_create(blocks, block, err);
        if (status != CALO_OK)
            return status;
        (*block)->bytes = calo_large_alloc(size ? size : 1);
        (*block)->internal->capacity = size;
        if (!(*block)->bytes) {
            free_block(*block);
            *block = NULL;
            return calo_fail_memory(err, "the pictures of a reply", size);
        }
    }
    (*block)->size = size;
    atomic_fetch_add(&blocks->used, size);
    atomic_fetch_add(&blocks->references, 1);
    return CALO_OK;
}

/* The smallest kept one makes way for a larger one. */
static calo_block *keep(calo_blocks *blocks, calo_block *block)
{
    pthread_mutex_lock(&blocks->lock);
    for (int i = 0; i < KEPT_MAX && block && !blocks->closed; i++) {
        calo_block *kept = blocks->kept[i];
        if (!kept || kept->internal->capacity < block->internal->capacity) {
            blocks->kept[i] = block;
            block = kept;
        }
    }
    pthread_mutex_unlock(&blocks->lock);
    return block;
}

void calo_block_release(calo_block *block)
{
    if (!block)
        return;
    calo_blocks *blocks = block->internal->blocks;
    if (!block->internal->mapped) {
        atomic_fetch_sub(&blocks->used, block->size);
        block = keep(blocks, block);
    }
    if (block)
        free_block(block);
    drop_reference(blocks);
}

/* ---- shared memory ---- */

static calo_status map_shared(const char *name, size_t size, uint8_t **bytes, calo_error *err)
{
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return calo_fail(err, CALO_ERROR_IO, "cannot make shared memory: %s: ask without shared_memory",
                         strerror(errno));
    /* Full shared memory must be told here, not by a signal when it is written. */
    int trouble = posix_fallocate(fd, 0, (off_t)size);
    *bytes = MAP_FAILED;
    if (trouble == 0) {
        *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
        trouble = *bytes == MAP_FAILED ? errno : 0;
    }
    close(fd);
    if (trouble == 0)
        return CALO_OK;
    shm_unlink(name);
    return calo_fail(err, CALO_ERROR_MEMORY,
                     "there is no shared memory for %zu bytes of pictures: %s: ask for fewer, or without shared_memory",
                     size, strerror(trouble));
}

calo_status calo_block_take_shared(calo_blocks *blocks, size_t size, double seconds, calo_block **block,
                                   char name[NAME_BYTES], calo_error *err)
{
    uint64_t random = 0;
    char prefix[NAME_BYTES];
    shared *entry = calloc(1, sizeof *entry);
    *block = NULL;
    if (!entry)
        return calo_fail_memory(err, "a reply", sizeof *entry);
    calo_status status = getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random
                             ? block_create(blocks, block, err)
                             : calo_fail(err, CALO_ERROR_IO, "the system gives no random numbers: %s", strerror(errno));
    if (status != CALO_OK)
        goto done;
    int length = name_prefix(prefix, (long)getpid());
    snprintf(name, NAME_BYTES, "/%.*s%016llx", length < 40 ? length : 40, prefix, (unsigned long long)random);
    status = map_shared(name, size, &(*block)->bytes, err);
    if (status != CALO_OK)
        goto done;
    (*block)->size = size;
    (*block)->internal->mapped = true;
    memcpy(entry->name, name, NAME_BYTES);
    entry->size = size;
    entry->expires_seconds = calo_clock_seconds() + seconds;
    atomic_fetch_add(&blocks->used_shared, shared_bytes(blocks, size));
    atomic_fetch_add(&blocks->references, 1);
    pthread_mutex_lock(&blocks->lock);
    entry->next = blocks->shared;
    blocks->shared = entry;
    pthread_mutex_unlock(&blocks->lock);
    return CALO_OK;
done:
    if (*block) {
        free((*block)->internal);
        free(*block);
        *block = NULL;
    }
    free(entry);
    return status;
}

static bool is_unlinked(const char *name)
{
    int fd = shm_open(name, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ENOENT;
}

/* Takes entries off the list that are `name`, or of NULL all that were fetched or are too old. */
static void remove_shared(calo_blocks *blocks, const char *name)
{
    double now = calo_clock_seconds();
    pthread_mutex_lock(&blocks->lock);
    for (shared **at = &blocks->shared; *at;) {
        shared *entry = *at;
        bool drop = name ? strcmp(name, entry->name) == 0 : now > entry->expires_seconds;
        if (drop)
            shm_unlink(entry->name);
        if (drop || (!name && is_unlinked(entry->name))) {
            *at = entry->next;
            atomic_fetch_sub(&blocks->used_shared, shared_bytes(blocks, entry->size));
            free(entry);
        } else {
            at = &entry->next;
        }
    }
    pthread_mutex_unlock(&blocks->lock);
}

void calo_block_forget(calo_blocks *blocks, const char *name) { remove_shared(blocks, name); }

void calo_blocks_expire(calo_blocks *blocks) { remove_shared(blocks, NULL); }
