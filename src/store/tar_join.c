/* Tars of one sample each become one of many. What comes in was written by a worker that may have been taken over by the
 * file it read: nothing is copied but bytes of members, under names made here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "store/tar.h"

enum { MAX_PAX_BYTES = 1024, MAX_NAME_BYTES = MAX_PAX_BYTES };

static const char again[] = "render it again";

/* ---- headers ---- */

static bool read_octal(const uint8_t *at, size_t digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (at[i] < '0' || at[i] > '7')
            return false;
        *value = *value * 8 + (at[i] - '0');
    }
    return true;
}

static bool is_zero(const uint8_t block[CALO_TAR_BLOCK])
{
    for (int i = 0; i < CALO_TAR_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

static bool is_header(const uint8_t block[CALO_TAR_BLOCK], uint64_t *size)
{
    uint64_t wanted, sum = 8 * ' ';
    for (int i = 0; i < CALO_TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? 0 : block[i];
    return memcmp(block + 257, "ustar", 6) == 0 && read_octal(block + 148, 6, &wanted) && wanted == sum &&
           read_octal(block + 124, 11, size);
}

/* The name in a pax header, which holds that alone. */
static bool read_pax(const char *text, size_t size, char name[MAX_NAME_BYTES])
{
    static const char word[] = " path=";
    char *end;
    unsigned long length = strtoul(text, &end, 10);
    size_t head = (size_t)(end - text) + sizeof word - 1;
    if (end == text || length != size || head + 1 >= size || memcmp(end, word, sizeof word - 1) != 0 ||
        text[size - 1] != '\n' || memchr(text, '\0', size))
        return false;
    memcpy(name, text + head, size - head - 1);
    name[size - head - 1] = '\0';
    return true;
}

/* ---- the members of a sample ---- */

typedef struct tar_reader {
    const calo_input *input;
    uint64_t at;
    char name[MAX_NAME_BYTES], key[MAX_NAME_BYTES]; /* the member's; the first member's up to its dot */
} tar_reader;

static calo_status fail_at(const tar_reader *reader, const char *what, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_FORMAT, "%s: %s at byte %llu of this staged tar: %s", reader->input->path, what,
                     (unsigned long long)reader->at, again);
}

/* The header of a member and its name; `size` UINT64_MAX: the archive ends here. */
static calo_status read_header(tar_reader *reader, uint64_t *size, calo_error *err)
{
    uint8_t block[CALO_TAR_BLOCK];
    char pax[MAX_PAX_BYTES + 1];
    bool has_pax = false;
    for (;;) {
        calo_status status = calo_input_read(reader->input, reader->at, block, sizeof block, err);
        if (status != CALO_OK)
            return status;
        if (!has_pax && is_zero(block)) {
            *size = UINT64_MAX;
            return CALO_OK;
        }
        if (!is_header(block, size))
            return fail_at(reader, "no header of a file", err);
        reader->at += CALO_TAR_BLOCK;
        if (block[156] == '0')
            break;
        if (block[156] != 'x' || has_pax || *size > MAX_PAX_BYTES)
            return fail_at(reader, "something that is no plain file", err);
        status = calo_input_read(reader->input, reader->at, pax, (size_t)*size, err);
        if (status != CALO_OK)
            return status;
        pax[*size] = '\0';
        has_pax = read_pax(pax, (size_t)*size, reader->name);
        if (!has_pax)
            return fail_at(reader, "a name that cannot be read", err);
        reader->at += *size + calo_tar_padding(*size);
    }
    if (!has_pax) {
        memcpy(reader->name, block, 100);
        reader->name[100] = '\0';
    }
    return CALO_OK;
}

/* Endings become names in the part, so they are as this program makes them. */
static bool is_plain_ending(const char *ending)
{
    size_t length = strlen(ending);
    static const char *const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    return length > 0 && length < CALO_TAR_ENDING_BYTES && ending[0] != '.' && strspn(ending, letters) == length;
}

static calo_status read_member(tar_reader *reader, uint64_t size, calo_tar_member *member, calo_error *err)
{
    char *dot = strchr(reader->name, '.');
    if (!dot || !is_plain_ending(dot + 1))
        return fail_at(reader, "a member whose name is not KEY.ENDING", err);
    strcpy(member->ending, dot + 1);
    *dot = '\0';
    if (reader->key[0] == '\0')
        strcpy(reader->key, reader->name);
    if (reader->key[0] == '\0' || strcmp(reader->key, reader->name) != 0)
        return fail_at(reader, "a member of another sample", err);
    if (size > reader->input->size - reader->at)
        return fail_at(reader, "a member that is longer than the file", err);
    member->offset = reader->at;
    member->size = size;
    reader->at += size + calo_tar_padding(size);
    return CALO_OK;
}

static int compare_endings(const void *a, const void *b)
{
    const calo_tar_member *const *left = a, *const *right = b;
    return strcmp((*left)->ending, (*right)->ending);
}

/* Readers refuse what is there twice; metadata.json is always there, and says that the sample is whole. */
static calo_status check_members(const tar_reader *reader, const calo_tar_member *members, size_t count, calo_error *err)
{
    const calo_tar_member **sorted = calloc(count + 1, sizeof(const calo_tar_member *));
    calo_status status = CALO_OK;
    bool has_metadata = false;
    if (!sorted)
        return calo_fail_memory(err, "names of members", count * sizeof *sorted);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &members[i];
        has_metadata = has_metadata || strcmp(members[i].ending, "json") == 0;
    }
    qsort(sorted, count, sizeof *sorted, compare_endings);
    for (size_t i = 1; i < count && status == CALO_OK; i++)
        if (strcmp(sorted[i - 1]->ending, sorted[i]->ending) == 0)
            status = calo_fail(err, CALO_ERROR_FORMAT, "%s: \"%s\" is in this staged tar twice: %s", reader->input->path,
                               sorted[i]->ending, again);
    if (status == CALO_OK && !has_metadata)
        status = calo_fail(err, CALO_ERROR_FORMAT, "%s: no metadata is in this staged tar: %s", reader->input->path, again);
    free(sorted);
    return status;
}

calo_status calo_tar_read(const calo_input *input, calo_tar_member **members, size_t *count, calo_error *err)
{
    tar_reader reader = {.input = input};
    calo_blob list = {0};
    uint64_t size = 0;
    calo_status status = read_header(&reader, &size, err);
    while (status == CALO_OK && size != UINT64_MAX) {
        calo_tar_member member;
        status = read_member(&reader, size, &member, err);
        if (status == CALO_OK)
            status = calo_blob_append(&list, &member, sizeof member, err);
        if (status == CALO_OK)
            status = read_header(&reader, &size, err);
    }
    *members = (calo_tar_member *)(void *)list.bytes;
    *count = list.size / sizeof **members;
    if (status == CALO_OK)
        status = check_members(&reader, *members, *count, err);
    if (status != CALO_OK) {
        free(list.bytes);
        *members = NULL;
    }
    return status;
}

/* ---- joining ---- */

static calo_status copy_member(const calo_input *input, const calo_tar_member *member, const char *key, calo_blob *header,
                               calo_out_file *output, calo_error *err)
{
    char name[256 + CALO_TAR_ENDING_BYTES];
    snprintf(name, sizeof name, "%s.%s", key, member->ending);
    header->size = 0;
    calo_status status = calo_tar_header(name, member->size, header, err);
    if (status == CALO_OK)
        status = calo_out_write(output, header->bytes, header->size, err);
    if (status == CALO_OK)
        status = calo_out_copy(output, input, member->offset, member->size, err);
    return status == CALO_OK ? calo_out_zeros(output, calo_tar_padding(member->size), err) : status;
}

static calo_status add_sample(const calo_staged_sample *sample, calo_out_file *output, calo_error *err)
{
    calo_input input;
    calo_tar_member *members = NULL;
    calo_blob header = {0};
    size_t count = 0;
    calo_status status = calo_input_open(sample->path, &input, err);
    if (status != CALO_OK)
        return status;
    status = calo_tar_read(&input, &members, &count, err);
    for (size_t i = 0; status == CALO_OK && i < count; i++)
        status = copy_member(&input, &members[i], sample->name, &header, output, err);
    free(members);
    calo_blob_finish(&header);
    calo_input_close(&input);
    return status;
}

calo_status calo_tar_join(const calo_staged_sample *samples, size_t count, calo_out_file *output, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < count; i++)
        status = add_sample(&samples[i], output, err);
    return status == CALO_OK ? calo_out_zeros(output, calo_tar_end_padding(output->written), err) : status;
}
