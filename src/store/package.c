#include "store/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/kind.h"
#include "store/safetensors.h"
#include "store/tar.h"
#include "store/torch.h"

enum { MAX_NAME_BYTES = 255 }; /* what file systems allow */

static const struct {
    const char *ending;
    calo_status (*join)(const calo_staged_sample *samples, size_t count, calo_out_file *output, calo_error *err);
} packages[] = {
    [CALO_PACKAGE_FILES] = {"", NULL},
    [CALO_PACKAGE_ZIP] = {".zip", NULL},
    [CALO_PACKAGE_WEBDATASET] = {".tar", calo_tar_join},
    [CALO_PACKAGE_TORCH] = {".torch", calo_torch_join},
    [CALO_PACKAGE_SAFETENSORS] = {".safetensors", calo_safetensors_join},
};

const char *calo_package_ending(calo_package package) { return packages[package].ending; }

bool calo_package_joins(calo_package package) { return packages[package].join != NULL; }

calo_status calo_package_check_name(calo_package package, const char *name, calo_error *err)
{
    if (!name || name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "\"%s\" cannot name an object: use a plain name without slashes",
                         name ? name : "");
    if (strlen(name) > MAX_NAME_BYTES)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "\"%.40s...\" of %zu bytes is too long to name an object: use at most "
                         "%d bytes, or uids (--name uid)", name, strlen(name), MAX_NAME_BYTES);
    if (package == CALO_PACKAGE_WEBDATASET && strchr(name, '.'))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "\"%s\" cannot be a key in a webdataset, which end at the first dot: "
                         "use a name without dots, or uids (--name uid)", name);
    if (calo_package_joins(package) && !calo_text_is_utf8(name))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "\"%s\" cannot be a key, because it is not UTF-8: use another name, or "
                         "uids (--name uid)", name);
    return CALO_OK;
}

calo_status calo_package_check_staged(calo_package package, const char *path, calo_error *err)
{
    calo_input input;
    calo_tar_member *members = NULL;
    calo_tensor_list tensors = {0};
    size_t count;
    if (!calo_package_joins(package))
        return CALO_OK;
    calo_status status = calo_input_open(path, &input, err);
    if (status != CALO_OK)
        return status;
    status = package == CALO_PACKAGE_WEBDATASET
                 ? calo_tar_read(&input, &members, &count, err)
                 : calo_safetensors_read(&input, package == CALO_PACKAGE_TORCH, &tensors, err);
    free(members);
    free(tensors.tensors);
    calo_input_close(&input);
    return status;
}

/* ---- joining ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static calo_status check_names(calo_package package, const calo_staged_sample *samples, size_t count, calo_error *err)
{
    const char **names = calloc(count, sizeof *names);
    calo_status status = names ? CALO_OK : calo_fail_memory(err, "names", count * sizeof *names);
    for (size_t i = 0; status == CALO_OK && i < count; i++) {
        names[i] = samples[i].name;
        status = calo_package_check_name(package, names[i], err);
    }
    if (status == CALO_OK)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; status == CALO_OK && i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            status = calo_fail(err, CALO_ERROR_ARGUMENT, "two samples of a part are called \"%s\": names are unique",
                               names[i]);
    free(names);
    return status;
}

static calo_status hash_file(const calo_out_file *output, char sha256[65], calo_error *err)
{
    enum { PIECE_BYTES = 1 << 18 };
    const calo_input input = {output->file, output->path, output->written};
    uint8_t *piece = malloc(PIECE_BYTES);
    calo_sha256_run run;
    calo_sha256_begin(&run);
    calo_status status = piece ? CALO_OK : calo_fail_memory(err, "a piece of a file", PIECE_BYTES);
    for (uint64_t at = 0; status == CALO_OK && at < input.size; at += PIECE_BYTES) {
        size_t size = input.size - at < PIECE_BYTES ? (size_t)(input.size - at) : PIECE_BYTES;
        status = calo_input_read(&input, at, piece, size, err);
        if (status == CALO_OK)
            calo_sha256_add(&run, piece, size);
    }
    calo_sha256 hash = calo_sha256_end(&run);
    calo_sha256_text(&hash, sha256);
    free(piece);
    return status;
}

calo_status calo_package_join(calo_package package, const calo_staged_sample *samples, size_t count, const char *path,
                              uint64_t *bytes, char sha256[65], calo_error *err)
{
    if (!calo_package_joins(package) || count == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a part is made of one or more samples of a package that joins them",
                         path);
    calo_status status = check_names(package, samples, count, err);
    if (status != CALO_OK)
        return status;
    calo_out_file output = {.file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666), .path = path};
    if (output.file < 0)
        return calo_store_fail(err, path, "write", errno);
    status = packages[package].join(samples, count, &output, err);
    if (status == CALO_OK)
        status = hash_file(&output, sha256, err);
    if (status == CALO_OK && fsync(output.file) != 0)
        status = calo_store_fail(err, path, "write", errno);
    if (close(output.file) != 0 && status == CALO_OK)
        status = calo_store_fail(err, path, "write", errno);
    if (status != CALO_OK)
        unlink(path);
    *bytes = output.written;
    return status;
}
