/* A prefix of an S3 bucket as the destination. Every file has its SHA-256 beside it, by which calotype knows its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/destination_kind.h"
#include "store/landing.h"

static const char metadata_name[] = "metadata.json";

static calo_status url_of(const calo_destination *destination, const char *name, const char *file_name, char **url,
                          calo_error *err)
{
    *url = calo_text_format("%s/%s%s", destination->place, name, file_name);
    return *url ? CALO_OK : calo_fail_memory(err, "a URL", strlen(name));
}

/* The facts of a file; `there` false and no error where it is missing. */
static calo_status look_at(calo_destination *destination, const char *url, calo_transfer_facts *facts, bool *there,
                           calo_error *err)
{
    calo_transfer_end end = calo_transfer_head(destination->transfer, url, facts, err);
    *there = end == CALO_TRANSFER_DONE;
    if (end == CALO_TRANSFER_MISSING) {
        if (err)
            *err = (calo_error){0};
        return CALO_OK;
    }
    return calo_transfer_status(end);
}

/* ---- the names in a folder of the bucket ---- */

typedef struct key_list {
    calo_names *names;
    calo_status status;
    calo_error *err;
} key_list;

static void keep_key(void *user, const char *key)
{
    key_list *keys = user;
    if (keys->status == CALO_OK)
        keys->status = calo_names_add(keys->names, key, keys->err);
}

/* Of NAME/, sorted; the caller finishes them, whatever comes back. */
static calo_status read_keys(calo_destination *destination, const char *name, calo_names *names, calo_error *err)
{
    key_list keys = {.names = names, .err = err};
    char *url = NULL;
    *names = (calo_names){0};
    calo_status status = url_of(destination, name, "/", &url, err);
    if (status == CALO_OK)
        status = calo_transfer_status(calo_transfer_list(destination->transfer, url, keep_key, &keys, err));
    free(url);
    calo_names_sort(names);
    return status == CALO_OK ? keys.status : status;
}

/* ---- put ---- */

static calo_status check_occupant(calo_destination *destination, const char *url, calo_error *err)
{
    calo_transfer_facts facts;
    bool there;
    calo_status status = look_at(destination, url, &facts, &there, err);
    if (status == CALO_OK && there && !facts.sha256[0])
        return calo_fail(err, CALO_ERROR_IO, "%s is there already and is not an earlier result of calotype (no SHA-256 is "
                         "kept beside it): move it away or choose another prefix", url);
    return status;
}

static calo_status put_file(calo_destination *destination, const char *path, const char *url, const char *sha256,
                            calo_error *err)
{
    calo_status status = check_occupant(destination, url, err);
    return status == CALO_OK ? calo_transfer_status(calo_transfer_put(destination->transfer, path, url, sha256, err))
                             : status;
}

static calo_status put_member(calo_destination *destination, const char *staged_path, const char *name,
                              const char *file_name, calo_error *err)
{
    char *url = calo_text_format("%s/%s/%s", destination->place, name, file_name);
    char *path = calo_text_format("%s/%s", staged_path, file_name);
    calo_status status = url && path ? put_file(destination, path, url, NULL, err)
                                     : calo_fail_memory(err, "a URL", strlen(name));
    free(url);
    free(path);
    return status;
}

/* Both are sorted. */
static calo_status check_leftovers(const calo_destination *destination, const char *name, const calo_names *there,
                                   const calo_names *staged, calo_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < there->count; i++) {
        while (at < staged->count && strcmp(staged->names[at], there->names[i]) < 0)
            at++;
        if (at == staged->count || strcmp(staged->names[at], there->names[i]) != 0)
            return calo_fail(err, CALO_ERROR_IO,
                             "%s/%s/%.100s is there already, and the new result has no such file: delete %s/ in the bucket "
                             "or choose another prefix", destination->place, name, there->names[i], name);
    }
    return CALO_OK;
}

/* metadata.json comes last: who finds it has all. */
static calo_status put_folder(calo_destination *destination, const char *staged_path, const char *name, calo_error *err)
{
    calo_names staged = {0}, there = {0};
    bool has_metadata = false;
    calo_status status = calo_names_read(staged_path, true, &staged, err);
    if (status == CALO_OK)
        status = read_keys(destination, name, &there, err);
    if (status == CALO_OK)
        status = check_leftovers(destination, name, &there, &staged, err);
    for (size_t i = 0; i < staged.count && status == CALO_OK; i++) {
        if (strcmp(staged.names[i], metadata_name) == 0)
            has_metadata = true;
        else
            status = put_member(destination, staged_path, name, staged.names[i], err);
    }
    if (status == CALO_OK && has_metadata)
        status = put_member(destination, staged_path, name, metadata_name, err);
    if (status == CALO_OK)
        calo_folder_remove(staged_path);
    calo_names_finish(&staged);
    calo_names_finish(&there);
    return status;
}

static calo_status put(calo_destination *destination, const char *staged_path, const char *name, const char *sha256,
                       calo_error *err)
{
    struct stat about;
    if (lstat(staged_path, &about) != 0)
        return calo_store_fail(err, staged_path, "find the staged result", errno);
    if (S_ISDIR(about.st_mode))
        return put_folder(destination, staged_path, name, err);
    if (!S_ISREG(about.st_mode))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is neither a file nor a folder", staged_path);
    char *url = NULL;
    calo_status status = url_of(destination, name, "", &url, err);
    if (status == CALO_OK)
        status = put_file(destination, staged_path, url, sha256, err);
    if (status == CALO_OK)
        unlink(staged_path);
    free(url);
    return status;
}

/* ---- has ---- */

/* As calo_path_sha256, from what is kept beside the files; "" where that is not enough. */
static calo_status hash_folder(calo_destination *destination, const char *name, uint64_t *bytes, char sha256[65],
                               calo_error *err)
{
    calo_names names = {0};
    calo_sha256_run run;
    calo_status status = read_keys(destination, name, &names, err);
    bool is_known = names.count > 0;
    *bytes = 0;
    calo_sha256_begin(&run);
    for (size_t i = 0; i < names.count && status == CALO_OK && is_known; i++) {
        calo_transfer_facts facts;
        bool there = false;
        char *url = calo_text_format("%s/%s/%s", destination->place, name, names.names[i]);
        status = url ? look_at(destination, url, &facts, &there, err) : calo_fail_memory(err, "a URL", strlen(name));
        is_known = status == CALO_OK && there && facts.sha256[0];
        if (is_known) {
            calo_sha256_line(&run, facts.sha256, names.names[i]);
            *bytes += facts.bytes;
        }
        free(url);
    }
    calo_sha256 hash = calo_sha256_end(&run);
    calo_sha256_text(&hash, sha256);
    if (!is_known)
        sha256[0] = '\0';
    calo_names_finish(&names);
    return status;
}

static calo_status has(calo_destination *destination, const char *name, uint64_t bytes, const char *sha256, bool *there,
                       calo_error *err)
{
    calo_transfer_facts facts = {0};
    bool is_file = false;
    char *url = NULL;
    calo_status status = url_of(destination, name, "", &url, err);
    if (status == CALO_OK)
        status = look_at(destination, url, &facts, &is_file, err);
    if (status == CALO_OK && !is_file)
        status = hash_folder(destination, name, &facts.bytes, facts.sha256, err);
    *there = status == CALO_OK && facts.bytes == bytes && strcmp(facts.sha256, sha256) == 0;
    free(url);
    return status;
}

static calo_status get_bytes(calo_destination *destination, const char *name, uint64_t max_bytes, void **bytes,
                             size_t *size, calo_error *err)
{
    char *url = NULL;
    calo_status status = url_of(destination, name, "", &url, err);
    if (status == CALO_OK)
        status = calo_transfer_status(calo_transfer_get_bytes(destination->transfer, url, max_bytes, bytes, size, err));
    free(url);
    return status;
}

static calo_status list(calo_destination *destination, const char *folder, void (*visit)(void *user, const char *name),
                        void *user, calo_error *err)
{
    char *url = NULL;
    size_t length = strlen(folder);
    calo_status status = url_of(destination, folder, length > 0 && folder[length - 1] != '/' ? "/" : "", &url, err);
    if (status == CALO_OK)
        status = calo_transfer_status(calo_transfer_list(destination->transfer, url, visit, user, err));
    free(url);
    return status;
}

const calo_destination_kind calo_destination_kind_s3 = {.put = put, .has = has, .get_bytes = get_bytes, .list = list};
