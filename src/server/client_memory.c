#include "server/client_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* What render servers call their segments: nothing else is opened or unlinked, whatever a server says. */
#define NAME_START "/calotype-"
enum { NAME_MAX_LENGTH = 200 };

static bool is_segment_name(const char *name)
{
    size_t start = strlen(NAME_START), length = strlen(name);
    if (length <= start || length > NAME_MAX_LENGTH || strncmp(name, NAME_START, start) != 0)
        return false;
    return strspn(name + start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == length - start;
}

static calo_status map(int file, const char *name, uint64_t size, calo_client_mapping *mapping, calo_error *err)
{
    struct stat found;
    if (fstat(file, &found) != 0)
        return calo_fail(err, CALO_ERROR_IO, "shared memory %s: %s", name, strerror(errno));
    if (found.st_uid != geteuid())
        return calo_fail(err, CALO_ERROR_NOT_FOUND,
                         "shared memory %s belongs to another user: let the server send pictures in its messages", name);
    if (!size || size > (uint64_t)found.st_size || size > SIZE_MAX)
        return calo_fail(err, CALO_ERROR_FORMAT, "shared memory %s has %lld bytes, the server said %llu", name,
                         (long long)found.st_size, (unsigned long long)size);
    void *bytes = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED)
        return calo_fail(err, CALO_ERROR_MEMORY, "shared memory %s (%llu bytes) cannot be mapped: %s", name,
                         (unsigned long long)size, strerror(errno));
    shm_unlink(name);
    *mapping = (calo_client_mapping){bytes, size};
    return CALO_OK;
}

calo_status calo_client_mapping_open(const char *name, uint64_t size, calo_client_mapping *mapping, calo_error *err)
{
    if (!is_segment_name(name))
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "the server names shared memory that is none of a render server's: a name starts with "
                         NAME_START);
    int file = shm_open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (file < 0)
        return calo_fail(err, CALO_ERROR_NOT_FOUND,
                         "shared memory %s cannot be opened here: %s; let the server send pictures in its messages", name,
                         strerror(errno));
    calo_status status = map(file, name, size, mapping, err);
    close(file);
    return status;
}

void calo_client_mapping_release(const calo_client_mapping *mapping, const void *data, uint64_t bytes)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = (uint64_t)((const char *)data - mapping->bytes);
    const uint64_t first = (start + page - 1) / page * page, end = (start + bytes) / page * page;
    /* The segment has no name any more: what nobody can see is taken out of it. Refused advice changes nothing. */
    if (first < end)
        madvise(mapping->bytes + first, (size_t)(end - first), MADV_REMOVE);
}

void calo_client_mapping_close(calo_client_mapping *mapping)
{
    if (mapping->bytes)
        munmap(mapping->bytes, (size_t)mapping->size);
    *mapping = (calo_client_mapping){0};
}
