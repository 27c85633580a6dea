/* The header of a staged sample. It was written by a worker that may have been taken over by the file it read: only what
 * this program would have written itself is taken, and nothing but numbers is copied from it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/safetensors.h"

typedef struct header_reader {
    const calo_input *input;
    json_t *root;
    char *prefix;                  /* KEY/, of all names */
    uint64_t data_start, data_size;
    calo_blob list;
    size_t taken;                  /* members of the root that were understood */
    calo_error *err;
} header_reader;

static calo_status fail_header(const header_reader *reader, const char *name, const char *what)
{
    return calo_fail(reader->err, CALO_ERROR_FORMAT, "%s: \"%s\" in this staged sample %s: render it again",
                     reader->input->path, name, what);
}

/* ---- one entry ---- */

static bool read_whole(const json_t *value, uint64_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *number = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_type(const json_t *value, calo_tensor_type *type)
{
    static const char *const names[] = {"F32", "I32", "U8"};
    const char *text = json_string_value(value);
    for (int i = 0; text && i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *type = (calo_tensor_type)i;
            return true;
        }
    return false;
}

static bool read_shape(const json_t *value, calo_tensor *tensor)
{
    uint64_t bytes = calo_tensor_item_bytes(tensor->type);
    tensor->rank = (uint32_t)json_array_size(value);
    if (!json_is_array(value) || tensor->rank == 0 || json_array_size(value) > 4)
        return false;
    for (uint32_t i = 0; i < tensor->rank; i++)
        if (!read_whole(json_array_get(value, i), &tensor->shape[i]) || (tensor->rank > 1 && tensor->shape[i] == 0) ||
            __builtin_mul_overflow(bytes, tensor->shape[i], &bytes))
            return false;
    tensor->bytes = bytes;
    return true;
}

static bool read_offsets(const header_reader *reader, const json_t *value, calo_tensor *tensor)
{
    uint64_t begin, end;
    if (!json_is_array(value) || json_array_size(value) != 2 || !read_whole(json_array_get(value, 0), &begin) ||
        !read_whole(json_array_get(value, 1), &end))
        return false;
    tensor->offset = reader->data_start + begin;
    return begin <= end && end <= reader->data_size && end - begin == tensor->bytes;
}

/* The entry of a name, where there is one. */
static calo_status find(header_reader *reader, const char *name, calo_tensor *tensor, bool *found)
{
    char full[320];
    snprintf(full, sizeof full, "%s%s", reader->prefix, name);
    const json_t *entry = json_object_get(reader->root, full);
    *found = entry != NULL;
    *tensor = (calo_tensor){0};
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    if (entry && (!read_type(json_object_get(entry, "dtype"), &tensor->type) ||
                  !read_shape(json_object_get(entry, "shape"), tensor) ||
                  !read_offsets(reader, json_object_get(entry, "data_offsets"), tensor)))
        return fail_header(reader, name, "has a type, a shape or a place that cannot be");
    return CALO_OK;
}

/* ---- what a sample has ---- */

static bool is_same_kind(const calo_tensor *a, const calo_tensor *b)
{
    return a->type == b->type && a->rank == b->rank && memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

static calo_status take(header_reader *reader, const calo_tensor *tensor)
{
    reader->taken++;
    return calo_blob_append(&reader->list, tensor, sizeof *tensor, reader->err);
}

/* A tensor that every sample has, of any length in the dimension `free_dimension`. */
static calo_status take_needed(header_reader *reader, calo_tensor wanted, int free_dimension, uint64_t *length)
{
    calo_tensor tensor;
    bool found;
    calo_status status = find(reader, wanted.name, &tensor, &found);
    if (status != CALO_OK)
        return status;
    wanted.shape[free_dimension] = tensor.shape[free_dimension];
    if (!found || !is_same_kind(&tensor, &wanted))
        return fail_header(reader, wanted.name, found ? "has another type or shape than it should" : "is missing");
    *length = tensor.shape[free_dimension];
    return take(reader, &tensor);
}

/* Whether a tensor is this channel in a format that it can have. */
static bool is_of_channel(const calo_tensor *tensor, bool torch, calo_channel channel, const uint64_t size[3])
{
    static const calo_pixel_format colors[] = {CALO_PIXEL_RGBA8, CALO_PIXEL_RGB8, CALO_PIXEL_RGBA32F};
    for (int i = 0; i < 3; i++) {
        calo_pixel_format format = calo_channel_format(channel, colors[i]);
        calo_tensor wanted = calo_tensor_of_channel(torch, channel, format, size[0], size[1], size[2]);
        if (is_same_kind(tensor, &wanted))
            return true;
    }
    return false;
}

/* Channels of four bytes a number, or of one; all have the size of the first. */
static calo_status take_channels(header_reader *reader, bool torch, bool bytes, uint64_t size[3])
{
    calo_status status = CALO_OK;
    for (int c = torch ? 1 : 0; status == CALO_OK && c < CALO_CHANNEL_COUNT; c++) {
        calo_tensor named = calo_tensor_of_channel(torch, (calo_channel)c, CALO_PIXEL_R8, 1, 1, 1), tensor;
        bool found;
        status = find(reader, named.name, &tensor, &found);
        if (status != CALO_OK || !found || (tensor.type == CALO_TENSOR_U8) != bytes)
            continue;
        if (size[1] == 0) {
            size[1] = tensor.shape[1];
            size[2] = tensor.shape[2];
        }
        status = is_of_channel(&tensor, torch, (calo_channel)c, size)
                     ? take(reader, &tensor)
                     : fail_header(reader, named.name, "has another type or shape than it should");
    }
    return status;
}

static calo_status take_all(header_reader *reader, bool torch)
{
    uint64_t size[3] = {0}, length;
    calo_tensor first = calo_tensor_of_picture(0), found;
    bool has_pictures = false;
    calo_status status = take_needed(reader, calo_tensor_of_cameras(0), 0, &size[0]);
    if (status == CALO_OK)
        status = take_channels(reader, torch, false, size);
    if (status == CALO_OK)
        status = take_channels(reader, torch, true, size);
    if (status == CALO_OK && torch)
        status = find(reader, first.name, &found, &has_pictures);
    for (uint64_t i = 0; has_pictures && status == CALO_OK && i < size[0]; i++)
        status = take_needed(reader, calo_tensor_of_picture(i), 0, &length);
    if (status == CALO_OK)
        status = take_needed(reader, calo_tensor_of_metadata(), 0, &length);
    if (status == CALO_OK && reader->taken != json_object_size(reader->root))
        status = calo_fail(reader->err, CALO_ERROR_FORMAT, "%s: there are tensors in this staged sample that do not "
                           "belong there: render it again", reader->input->path);
    return status;
}

/* ---- the header ---- */

static calo_status find_prefix(header_reader *reader)
{
    json_object_del(reader->root, "__metadata__");
    const char *name = json_object_iter_key(json_object_iter(reader->root));
    const char *slash = name ? strchr(name, '/') : NULL;
    if (!slash || slash - name > 255)
        return calo_fail(reader->err, CALO_ERROR_FORMAT, "%s: the tensors of this staged sample are not called KEY/NAME: "
                         "render it again", reader->input->path);
    reader->prefix = strndup(name, (size_t)(slash - name) + 1);
    return reader->prefix ? CALO_OK : calo_fail_memory(reader->err, "a name", 0);
}

static calo_status parse_header(header_reader *reader)
{
    const calo_input *input = reader->input;
    uint8_t length[8];
    uint64_t size = 0;
    json_error_t where;
    calo_status status = calo_input_read(input, 0, length, sizeof length, reader->err);
    for (int i = 7; i >= 0; i--)
        size = size << 8 | length[i];
    if (status != CALO_OK)
        return status;
    if (size > CALO_SAFETENSORS_SAMPLE_HEADER_BYTES || size > input->size - 8)
        return calo_fail(reader->err, CALO_ERROR_FORMAT, "%s: a header of %llu bytes cannot be in this staged sample: "
                         "render it again", input->path, (unsigned long long)size);
    char *text = malloc((size_t)size + 1);
    if (!text)
        return calo_fail_memory(reader->err, "a header", (size_t)size);
    status = calo_input_read(input, 8, text, (size_t)size, reader->err);
    if (status == CALO_OK)
        reader->root = json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, &where);
    free(text);
    reader->data_start = 8 + size;
    reader->data_size = input->size - reader->data_start;
    if (status == CALO_OK && !json_is_object(reader->root))
        status = calo_fail(reader->err, CALO_ERROR_FORMAT, "%s: the header of this staged sample is no JSON object: render "
                           "it again", input->path);
    return status;
}

calo_status calo_safetensors_read(const calo_input *input, bool torch, calo_tensor_list *list, calo_error *err)
{
    header_reader reader = {.input = input, .err = err};
    calo_status status = parse_header(&reader);
    if (status == CALO_OK)
        status = find_prefix(&reader);
    if (status == CALO_OK)
        status = take_all(&reader, torch);
    json_decref(reader.root);
    free(reader.prefix);
    *list = (calo_tensor_list){(calo_tensor *)(void *)reader.list.bytes, reader.list.size / sizeof(calo_tensor)};
    if (status != CALO_OK) {
        free(list->tensors);
        *list = (calo_tensor_list){0};
    }
    return status;
}
