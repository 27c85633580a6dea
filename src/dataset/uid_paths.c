#include "dataset/uid_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/error.h"
#include "base/file.h"
#include "dataset/list_lines.h"

enum { UID_DIGITS = 32, PATH_BYTES_MAX = 1024 };

typedef struct entry {
    uint8_t uid[UID_DIGITS / 2];
    uint64_t path; /* where in the texts */
} entry;

struct calo_uid_paths {
    calo_blob entries, texts;
    size_t count;
};

/* The file while it is read: one object of texts, nothing nested. */
typedef struct reader {
    calo_lines *bytes;
    calo_uid_paths *paths;
    calo_error *err;
    int next; /* the byte to come */
} reader;

bool calo_is_uid(const char *text)
{
    return strspn(text, "0123456789abcdef") == UID_DIGITS && text[UID_DIGITS] == '\0';
}

char *calo_objaverse_cache(void)
{
    const char *home = getenv("HOME");
    return home && *home ? calo_text_format("%s/.objaverse/hf-objaverse-v1", home) : NULL;
}

static calo_status broken(const reader *r)
{
    if (r->next == -2)
        return calo_failed(r->err);
    return calo_fail(r->err, CALO_ERROR_FORMAT,
                     "%s is not Objaverse's object-paths.json: behind uid %zu there is something else than "
                     "\"uid\": \"path\"", calo_lines_name(r->bytes), r->paths->count);
}

static void step(reader *r) { r->next = calo_lines_byte(r->bytes, r->err); }

static int skip_blanks(reader *r)
{
    while (r->next == ' ' || r->next == '\t' || r->next == '\n' || r->next == '\r')
        step(r);
    return r->next;
}

static calo_status take(reader *r, char expected)
{
    if (skip_blanks(r) != expected)
        return broken(r);
    step(r);
    return CALO_OK;
}

/* A text without escapes: neither uids nor these paths have any. */
static calo_status take_text(reader *r, char text[PATH_BYTES_MAX])
{
    size_t length = 0;
    calo_status status = take(r, '"');
    for (; status == CALO_OK && r->next != '"'; step(r)) {
        if (r->next < 0x20 || r->next == '\\' || length + 1 == PATH_BYTES_MAX)
            return broken(r);
        text[length++] = (char)r->next;
    }
    text[length] = '\0';
    return status == CALO_OK ? take(r, '"') : status;
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static void pack_uid(const char *text, uint8_t uid[UID_DIGITS / 2])
{
    for (int i = 0; i < UID_DIGITS / 2; i++)
        uid[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
}

/* A path of the data set's own, in a folder below. */
static bool is_inner_path(const char *path)
{
    return *path && *path != '/' && !strstr(path, "..") && !strchr(path, ':');
}

static calo_status take_entry(reader *r)
{
    char uid[PATH_BYTES_MAX], path[PATH_BYTES_MAX];
    entry made;
    calo_status status = take_text(r, uid);
    if (status == CALO_OK)
        status = take(r, ':');
    if (status == CALO_OK)
        status = take_text(r, path);
    if (status != CALO_OK)
        return status;
    if (!calo_is_uid(uid) || !is_inner_path(path))
        return broken(r);
    pack_uid(uid, made.uid);
    made.path = r->paths->texts.size;
    status = calo_blob_append(&r->paths->texts, path, strlen(path) + 1, r->err);
    if (status == CALO_OK)
        status = calo_blob_append(&r->paths->entries, &made, sizeof made, r->err);
    r->paths->count++;
    return status;
}

static calo_status read_entries(reader *r)
{
    step(r);
    calo_status status = take(r, '{');
    if (status == CALO_OK && skip_blanks(r) != '}')
        status = take_entry(r);
    while (status == CALO_OK && skip_blanks(r) == ',') {
        step(r);
        status = take_entry(r);
    }
    if (status == CALO_OK)
        status = take(r, '}');
    return status == CALO_OK && skip_blanks(r) != -1 ? broken(r) : status;
}

static int compare(const void *a, const void *b)
{
    return memcmp(((const entry *)a)->uid, ((const entry *)b)->uid, UID_DIGITS / 2);
}

calo_status calo_uid_paths_load(const char *file, calo_uid_paths **paths, calo_error *err)
{
    *paths = NULL;
    calo_lines *bytes = NULL;
    calo_error own;
    calo_uid_paths *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, file, sizeof *made);
    calo_status status = calo_lines_open(file, &bytes, err);
    if (status == CALO_OK) {
        reader r = {.bytes = bytes, .paths = made, .err = err ? err : &own};
        status = read_entries(&r);
    }
    calo_lines_close(bytes);
    if (status != CALO_OK) {
        calo_uid_paths_destroy(made);
        return status;
    }
    if (made->count > 0)
        qsort(made->entries.bytes, made->count, sizeof(entry), compare);
    *paths = made;
    return CALO_OK;
}

void calo_uid_paths_destroy(calo_uid_paths *paths)
{
    if (!paths)
        return;
    calo_blob_finish(&paths->entries);
    calo_blob_finish(&paths->texts);
    free(paths);
}

const char *calo_uid_paths_find(const calo_uid_paths *paths, const char *uid)
{
    entry wanted;
    if (paths->count == 0 || !calo_is_uid(uid))
        return NULL;
    pack_uid(uid, wanted.uid);
    const entry *found = bsearch(&wanted, paths->entries.bytes, paths->count, sizeof(entry), compare);
    return found ? (const char *)paths->texts.bytes + found->path : NULL;
}
