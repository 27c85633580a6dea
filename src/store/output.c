#include "store/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "store/kind.h"

enum { PIECE_BYTES = 1 << 18 };

calo_status calo_out_write(calo_out_file *output, const void *bytes, size_t size, calo_error *err)
{
    output->written += size;
    output->checksum = libdeflate_crc32(output->checksum, bytes, size);
    return calo_store_write(output->file, output->path, bytes, size, err);
}

calo_status calo_out_patch(const calo_out_file *output, uint64_t offset, const void *bytes, size_t size, calo_error *err)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t put = pwrite(output->file, at, size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return calo_store_fail(err, output->path, "write", errno);
        at += put;
        offset += (uint64_t)put;
        size -= (size_t)put;
    }
    return CALO_OK;
}

calo_status calo_out_zeros(calo_out_file *output, size_t count, calo_error *err)
{
    static const uint8_t zeros[4096];
    calo_status status = CALO_OK;
    while (status == CALO_OK && count > 0) {
        size_t size = count < sizeof zeros ? count : sizeof zeros;
        status = calo_out_write(output, zeros, size, err);
        count -= size;
    }
    return status;
}

calo_status calo_input_open(const char *path, calo_input *input, calo_error *err)
{
    struct stat about;
    *input = (calo_input){.file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), .path = path};
    if (input->file < 0 && errno != ELOOP)
        return calo_store_fail(err, path, "read", errno);
    if (input->file >= 0 && fstat(input->file, &about) == 0 && S_ISREG(about.st_mode)) {
        input->size = (uint64_t)about.st_size;
        return CALO_OK;
    }
    calo_input_close(input);
    return calo_fail(err, CALO_ERROR_FORMAT, "%s: a staged sample is a regular file, and this is none: render it again",
                     path);
}

void calo_input_close(calo_input *input)
{
    if (input->file >= 0)
        close(input->file);
    input->file = -1;
}

calo_status calo_input_read(const calo_input *input, uint64_t offset, void *bytes, size_t size, calo_error *err)
{
    uint8_t *at = bytes;
    if (offset > input->size || size > input->size - offset)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: it ends at byte %llu, before what begins at %llu: render it again",
                         input->path, (unsigned long long)input->size, (unsigned long long)offset);
    while (size > 0) {
        ssize_t got = pread(input->file, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return calo_store_fail(err, input->path, "read", errno);
        if (got == 0)
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: it became shorter while it was read: render it again",
                             input->path);
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return CALO_OK;
}

calo_status calo_out_copy(calo_out_file *output, const calo_input *input, uint64_t offset, uint64_t size, calo_error *err)
{
    uint8_t *piece = malloc(PIECE_BYTES);
    calo_status status = piece ? CALO_OK : calo_fail_memory(err, "a piece of a file", PIECE_BYTES);
    while (status == CALO_OK && size > 0) {
        size_t count = size < PIECE_BYTES ? (size_t)size : PIECE_BYTES;
        status = calo_input_read(input, offset, piece, count, err);
        if (status == CALO_OK)
            status = calo_out_write(output, piece, count, err);
        offset += count;
        size -= count;
    }
    free(piece);
    return status;
}
