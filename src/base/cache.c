#include "base/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

/* A file is this header and then the content. Numbers are in the machine's order, which the magic number tells too. */
typedef struct file_header {
    uint64_t magic, size, checksum, zero;
    calo_sha256 key;
} file_header;
_Static_assert(sizeof(file_header) == 64, "the content is aligned to 64 bytes");

static const uint64_t magic_number = 0x316568636f6c6163u; /* "caloche1" on a little-endian machine */

#define DEFAULT_MAX_BYTES ((uint64_t)4 << 30)
#define SUFFIX ".calo"
#define TEMPORARY_MARK ".tmp-"

enum {
    KEY_DIGITS = 64,
    NAME_LENGTH = KEY_DIGITS + sizeof SUFFIX - 1,
    NAME_BYTES = NAME_LENGTH + sizeof TEMPORARY_MARK + 16,
    BLOCK_BYTES = CALO_CACHE_ALIGNMENT,
    LANES = BLOCK_BYTES / 8,
    FRESH_SECONDS = 60,        /* a use within this time of the last one is not noted again */
    ABANDONED_SECONDS = 3600,  /* no file takes that long to write */
    TRIMS_A_FILLING = 64,      /* how often the folder is looked through while as much as fits is written */
};

struct calo_cache {
    char *folder;
    int fd; /* of the folder */
    uint64_t max_bytes;
    pthread_mutex_t lock; /* of what follows */
    bool stopped;         /* something could not be written: nothing more is */
    bool has_trouble;
    calo_error trouble;
};

/* ---- opening ---- */

calo_status calo_cache_open(const char *folder, uint64_t max_bytes, calo_cache **out, calo_error *err)
{
    *out = NULL;
    if (!folder || !folder[0])
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the cache needs the name of a folder");
    calo_cache *cache = calloc(1, sizeof *cache);
    char *name = strdup(folder);
    if (!cache || !name) {
        free(cache);
        free(name);
        return calo_fail_memory(err, "a cache", sizeof *cache);
    }
    *cache = (calo_cache){.folder = name, .fd = -1, .max_bytes = max_bytes ? max_bytes : DEFAULT_MAX_BYTES};
    pthread_mutex_init(&cache->lock, NULL);
    calo_status status = calo_folder_create(folder, err);
    if (status == CALO_OK && (cache->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        status = calo_fail(err, CALO_ERROR_IO, "%s cannot be opened: %s", folder, strerror(errno));
    if (status != CALO_OK) {
        calo_cache_close(cache);
        return calo_fail_within(err, status, "the cache");
    }
    *out = cache;
    return CALO_OK;
}

void calo_cache_close(calo_cache *cache)
{
    if (!cache)
        return;
    if (cache->fd >= 0)
        close(cache->fd);
    pthread_mutex_destroy(&cache->lock);
    free(cache->folder);
    free(cache);
}

bool calo_cache_trouble(calo_cache *cache, calo_error *trouble)
{
    pthread_mutex_lock(&cache->lock);
    bool has_trouble = cache->has_trouble;
    if (has_trouble)
        *trouble = cache->trouble;
    cache->has_trouble = false;
    pthread_mutex_unlock(&cache->lock);
    return has_trouble;
}

/* ---- names, keys and checksums ---- */

calo_sha256 calo_cache_key(const char *kind, const calo_cache_part *parts, size_t count)
{
    /* A chain of hashes of two hashes, so that no byte can pass from one part to the next. */
    calo_sha256 pair[2] = {calo_sha256_of(CALO_VERSION, strlen(CALO_VERSION)), calo_sha256_of(kind, strlen(kind))};
    for (size_t i = 0; i < count; i++) {
        pair[0] = calo_sha256_of(pair, sizeof pair);
        pair[1] = calo_sha256_of(parts[i].bytes, parts[i].size);
    }
    return calo_sha256_of(pair, sizeof pair);
}

static void entry_name(const calo_sha256 *key, char name[NAME_BYTES])
{
    calo_sha256_text(key, name);
    memcpy(name + KEY_DIGITS, SUFFIX, sizeof SUFFIX);
}

/* Finds damage, not forgery: eight lanes that xor, rotate and multiply, nearly as fast as memory can be read. */
typedef struct checksum {
    uint64_t lanes[LANES];
} checksum;

static void checksum_add(checksum *sum, const uint8_t *bytes, size_t size)
{
    uint64_t lanes[LANES];
    memcpy(lanes, sum->lanes, sizeof lanes);
    for (; size >= BLOCK_BYTES; size -= BLOCK_BYTES, bytes += BLOCK_BYTES)
        for (int i = 0; i < LANES; i++) {
            uint64_t word;
            memcpy(&word, bytes + 8 * i, 8);
            word ^= lanes[i];
            lanes[i] = (word << 29 | word >> 35) * 0x9e3779b97f4a7c15u;
        }
    memcpy(sum->lanes, lanes, sizeof lanes);
    if (size > 0) {
        uint8_t last[BLOCK_BYTES] = {0};
        memcpy(last, bytes, size);
        checksum_add(sum, last, sizeof last);
    }
}

static uint64_t checksum_value(const checksum *sum)
{
    uint64_t value = 1;
    for (int i = 0; i < LANES; i++) {
        value = (value ^ sum->lanes[i]) * 0x9e3779b97f4a7c15u;
        value ^= value >> 32;
    }
    return value;
}

/* ---- finding ---- */

/* The size of a file whose header is as it should be, or 0: only what was put is worth mapping, and no file of a
 * terabyte of nothing. */
static size_t sound_size(const calo_cache *cache, int fd, const struct stat *about, const calo_sha256 *key,
                         file_header *header)
{
    uint64_t bytes = (uint64_t)about->st_size;
    if (!S_ISREG(about->st_mode) || bytes % BLOCK_BYTES != 0 || pread(fd, header, sizeof *header, 0) != sizeof *header)
        return 0;
    bool sound = header->magic == magic_number && header->size == bytes - sizeof *header && header->zero == 0 &&
                 header->size <= cache->max_bytes && memcmp(&header->key, key, sizeof *key) == 0;
    return sound ? (size_t)bytes : 0;
}

static bool is_undamaged(const file_header *header, const uint8_t *content)
{
    checksum sum = {{0}};
    checksum_add(&sum, content, (size_t)header->size);
    return header->checksum == checksum_value(&sum);
}

/* The time of the last change stands for that of the last use; who may not write leaves it as it is. */
static void note_use(int fd, const struct stat *about)
{
    time_t age = time(NULL) - about->st_mtime;
    if (age > FRESH_SECONDS || age < -FRESH_SECONDS)
        (void)!futimens(fd, NULL);
}

bool calo_cache_find(calo_cache *cache, const calo_sha256 *key, calo_cache_entry *entry)
{
    char name[NAME_BYTES];
    struct stat about;
    file_header header;
    *entry = (calo_cache_entry){0};
    if (!cache)
        return false;
    entry_name(key, name);
    int fd = openat(cache->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t bytes = fstat(fd, &about) == 0 ? sound_size(cache, fd, &about, key, &header) : 0;
    void *mapping = bytes > 0 ? mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0) : MAP_FAILED;
    if (mapping != MAP_FAILED) {
        const uint8_t *content = (const uint8_t *)mapping + sizeof header;
        if (is_undamaged(&header, content)) {
            *entry = (calo_cache_entry){content, bytes - sizeof header, mapping, bytes};
            note_use(fd, &about);
        } else {
            munmap(mapping, bytes);
        }
    }
    close(fd);
    return entry->mapping != NULL;
}

void calo_cache_entry_finish(calo_cache_entry *entry)
{
    if (entry->mapping)
        munmap(entry->mapping, entry->mapping_bytes);
    *entry = (calo_cache_entry){0};
}

/* ---- keeping ---- */

/* After the first failure nothing more is kept: a full disk does not become emptier by trying. */
static void stop(calo_cache *cache, int number)
{
    pthread_mutex_lock(&cache->lock);
    if (!cache->stopped)
        calo_fail(&cache->trouble, CALO_ERROR_IO,
                  "the cache %s takes nothing new: %s (the pictures do not suffer, the next run will not be faster)",
                  cache->folder, strerror(number));
    cache->has_trouble |= !cache->stopped;
    cache->stopped = true;
    pthread_mutex_unlock(&cache->lock);
}

static bool is_stopped(calo_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    bool stopped = cache->stopped;
    pthread_mutex_unlock(&cache->lock);
    return stopped;
}

static int write_file(int fd, const file_header *header, const calo_cache_part *parts, size_t count)
{
    static const uint8_t zeros[BLOCK_BYTES];
    int failed = calo_file_write_all(fd, header, sizeof *header);
    for (size_t i = 0; i < count && !failed; i++) {
        failed = calo_file_write_all(fd, parts[i].bytes, parts[i].size);
        if (!failed)
            failed = calo_file_write_all(fd, zeros, calo_cache_padded(parts[i].size) - parts[i].size);
    }
    return failed;
}

/* Under a name that nobody else uses, then renamed: a file is there whole or not at all. */
static int write_entry(calo_cache *cache, const file_header *header, const calo_cache_part *parts, size_t count)
{
    char name[NAME_BYTES], temporary[NAME_BYTES];
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return errno;
    entry_name(&header->key, name);
    memcpy(temporary, name, NAME_LENGTH);
    snprintf(temporary + NAME_LENGTH, sizeof temporary - NAME_LENGTH, TEMPORARY_MARK "%016llx",
             (unsigned long long)random);
    int fd = openat(cache->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int failed = write_file(fd, header, parts, count);
    if (close(fd) != 0 && !failed)
        failed = errno;
    if (!failed && renameat(cache->fd, temporary, cache->fd, name) != 0)
        failed = errno;
    if (failed)
        unlinkat(cache->fd, temporary, 0);
    return failed;
}

/* So often that the limit is passed by a small part of it at most, on the average, and without counting together with
 * other processes. Keys are random numbers. */
static bool trims_after(const calo_cache *cache, const file_header *header)
{
    uint64_t draw;
    memcpy(&draw, header->key.bytes, sizeof draw);
    return (double)draw * 0x1p-64 * (double)cache->max_bytes < (double)header->size * TRIMS_A_FILLING;
}

void calo_cache_put(calo_cache *cache, const calo_sha256 *key, const calo_cache_part *parts, size_t count)
{
    if (!cache || is_stopped(cache))
        return;
    file_header header = {.magic = magic_number, .key = *key};
    checksum sum = {{0}};
    for (size_t i = 0; i < count; i++) {
        header.size += calo_cache_padded(parts[i].size);
        checksum_add(&sum, parts[i].bytes, parts[i].size);
    }
    header.checksum = checksum_value(&sum);
    if (header.size > cache->max_bytes)
        return;
    int failed = write_entry(cache, &header, parts, count);
    if (failed)
        stop(cache, failed);
    else if (trims_after(cache, &header))
        calo_cache_trim(cache);
}

/* ---- making room ---- */

typedef struct kept_file {
    struct timespec used;
    uint64_t bytes;
    char name[NAME_LENGTH + 1];
} kept_file;

typedef struct kept_files {
    kept_file *files;
    size_t count, capacity;
    uint64_t bytes;
} kept_files;

static bool begins_like_an_entry(const char *name)
{
    return strspn(name, "0123456789abcdef") == KEY_DIGITS && strncmp(name + KEY_DIGITS, SUFFIX, strlen(SUFFIX)) == 0;
}

/* False when memory ends. */
static bool note_file(kept_files *kept, const char *name, const struct stat *about)
{
    if (kept->count == kept->capacity) {
        size_t capacity = kept->capacity ? kept->capacity * 2 : 256;
        kept_file *grown = realloc(kept->files, capacity * sizeof *grown);
        if (!grown)
            return false;
        kept->files = grown;
        kept->capacity = capacity;
    }
    kept_file *file = &kept->files[kept->count++];
    file->used = about->st_mtim;
    file->bytes = (uint64_t)about->st_size;
    memcpy(file->name, name, sizeof file->name);
    kept->bytes += file->bytes;
    return true;
}

/* Lists the entries and removes abandoned temporary files; what has another name is not ours. */
static void look_through(DIR *folder, kept_files *kept)
{
    time_t now = time(NULL);
    struct stat about;
    for (struct dirent *item; (item = readdir(folder));) {
        if (!begins_like_an_entry(item->d_name) ||
            fstatat(dirfd(folder), item->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode))
            continue;
        const char *rest = item->d_name + NAME_LENGTH;
        bool temporary = strncmp(rest, TEMPORARY_MARK, strlen(TEMPORARY_MARK)) == 0;
        if (temporary && now - about.st_mtime > ABANDONED_SECONDS)
            unlinkat(dirfd(folder), item->d_name, 0);
        if (*rest == '\0' && !note_file(kept, item->d_name, &about))
            return;
    }
}

static int compare_uses(const void *a, const void *b)
{
    const kept_file *first = a, *second = b;
    if (first->used.tv_sec != second->used.tv_sec)
        return first->used.tv_sec < second->used.tv_sec ? -1 : 1;
    if (first->used.tv_nsec != second->used.tv_nsec)
        return first->used.tv_nsec < second->used.tv_nsec ? -1 : 1;
    return strcmp(first->name, second->name);
}

void calo_cache_trim(calo_cache *cache)
{
    kept_files kept = {0};
    int fd = openat(cache->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return;
    }
    look_through(folder, &kept);
    if (kept.bytes > cache->max_bytes) {
        /* A tenth more than needed, so that the next ones fit. */
        uint64_t least = cache->max_bytes - cache->max_bytes / 10;
        qsort(kept.files, kept.count, sizeof *kept.files, compare_uses);
        for (size_t i = 0; i < kept.count && kept.bytes > least; i++) {
            unlinkat(fd, kept.files[i].name, 0);
            kept.bytes -= kept.files[i].bytes;
        }
    }
    closedir(folder);
    free(kept.files);
}
