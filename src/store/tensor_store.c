/* Objects as tensors over all views: a safetensors file, or what torch.load reads, which is made of one on commit. Arrays
 * have their places from the start and are filled view by view; pictures and metadata, whose sizes nobody knows before,
 * follow; the header is written last into room that was left for it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "encode/json_writer.h"
#include "store/kind.h"
#include "store/safetensors.h"
#include "store/torch.h"

enum { NPY_HEAD_BYTES = 10 };

static const uint64_t most_digits = 1ull << 53;

struct calo_tensor_sink {
    calo_store_views views;
    bool torch; /* named and staged for it */
    calo_tensor_list list;
    int tensor_of[CALO_CHANNEL_COUNT]; /* index in the list; -1: not an array */
    size_t array_count;                /* of the list; pictures and metadata follow */
    size_t next_view;
    int next_channel;
    size_t header_bytes;
    bool has_metadata;
};

static bool is_wanted(const calo_tensor_sink *sink, int channel) { return sink->views.channels >> channel & 1; }

static bool is_picture(const calo_tensor_sink *sink, int channel)
{
    return sink->torch && channel == CALO_CHANNEL_COLOR;
}

/* ---- what fits into tensors ---- */

static calo_status check_view(const calo_store *store, const calo_view *first, const calo_view *view, calo_error *err)
{
    if (view->width != first->width || view->height != first->height)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: view %s has %u x %u pixels and view %s %u x %u, but a tensor holds "
                         "views of one size: give one by --size, or write files", store->path, first->name, first->width,
                         first->height, view->name, view->width, view->height);
    if (view->lens || view->orthographic)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: view %s is %s, which the tensor \"cameras\" cannot tell: write "
                         "files, a zip or a webdataset", store->path, view->name,
                         view->lens ? "of a lens with distortion" : "orthographic");
    return CALO_OK;
}

static calo_status check_subject(const calo_store *store, calo_error *err)
{
    const calo_store_views *views = &store->sink->views;
    calo_status status = CALO_OK;
    if (views->layout->exr)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: OpenEXR pictures are no tensors: leave out --image-format exr, or write "
                         "files, a zip or a webdataset", store->path);
    if (store->sink->torch && views->layout->float_color)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: colour in a torch package is PNG pictures, not floats: leave out "
                         "--color-format float, or write a safetensors package", store->path);
    for (size_t i = 0; status == CALO_OK && i < views->count; i++)
        status = check_view(store, &views->views[0], &views->views[i], err);
    return status;
}

/* ---- the list ---- */

static void add_arrays(calo_tensor_sink *sink, bool bytes)
{
    const calo_view *view = &sink->views.views[0];
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        if (!is_wanted(sink, c) || is_picture(sink, c))
            continue;
        calo_tensor tensor =
            calo_tensor_of_channel(sink->torch, (calo_channel)c,
                                   calo_channel_format((calo_channel)c, sink->views.color_format), sink->views.count,
                                   view->height, view->width);
        if ((tensor.type == CALO_TENSOR_U8) != bytes)
            continue;
        sink->tensor_of[c] = (int)sink->list.count;
        sink->list.tensors[sink->list.count++] = tensor;
    }
}

static calo_status list_tensors(calo_tensor_sink *sink, calo_error *err)
{
    size_t pictures = sink->torch && is_wanted(sink, CALO_CHANNEL_COLOR) ? sink->views.count : 0;
    size_t most = pictures + CALO_CHANNEL_COUNT + 2;
    sink->list.tensors = calloc(most, sizeof *sink->list.tensors);
    if (!sink->list.tensors)
        return calo_fail_memory(err, "a list of tensors", most * sizeof *sink->list.tensors);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        sink->tensor_of[c] = -1;
    sink->list.tensors[sink->list.count++] = calo_tensor_of_cameras(sink->views.count);
    add_arrays(sink, false);
    add_arrays(sink, true);
    sink->array_count = sink->list.count;
    for (size_t i = 0; i < pictures; i++)
        sink->list.tensors[sink->list.count++] = calo_tensor_of_picture(i);
    sink->list.tensors[sink->list.count++] = calo_tensor_of_metadata();
    return CALO_OK;
}

static calo_status make_header(const calo_store *store, size_t least_size, calo_blob *header, calo_error *err)
{
    const calo_tensor_sink *sink = store->sink;
    calo_status status = calo_safetensors_begin(header, err);
    for (size_t i = 0; status == CALO_OK && i < sink->list.count; i++)
        status = calo_safetensors_add(header, store->name, &sink->list.tensors[i],
                                      sink->list.tensors[i].offset - sink->header_bytes, err);
    return status == CALO_OK ? calo_safetensors_end(header, least_size, err) : status;
}

/* Room for the header with the longest numbers, and behind it the arrays' places. */
static calo_status place_arrays(calo_store *store, calo_error *err)
{
    calo_tensor_sink *sink = store->sink;
    calo_blob header = {0};
    for (size_t i = 0; i < sink->list.count; i++) {
        sink->list.tensors[i].offset = most_digits;
        if (i >= sink->array_count)
            calo_tensor_set_length(&sink->list.tensors[i], most_digits);
    }
    calo_status status = make_header(store, 0, &header, err);
    sink->header_bytes = header.size;
    calo_blob_finish(&header);
    if (status == CALO_OK && sink->header_bytes > CALO_SAFETENSORS_SAMPLE_HEADER_BYTES)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: %zu views are too many for tensors: render fewer, or write files, a zip "
                         "or a webdataset", store->path, sink->views.count);
    store->output.written = sink->header_bytes;
    for (size_t i = 0; i < sink->array_count; i++) {
        sink->list.tensors[i].offset = store->output.written;
        store->output.written += sink->list.tensors[i].bytes;
    }
    if (status == CALO_OK && lseek(store->output.file, (off_t)store->output.written, SEEK_SET) < 0)
        status = calo_store_fail(err, store->path, "write", errno);
    return status;
}

static calo_status write_cameras(calo_store *store, calo_error *err)
{
    const calo_tensor_sink *sink = store->sink;
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < sink->views.count; i++) {
        float numbers[CALO_CAMERA_NUMBERS];
        calo_camera_numbers(&sink->views.views[i], numbers);
        status = calo_out_patch(&store->output, sink->list.tensors[0].offset + i * sizeof numbers, numbers,
                                   sizeof numbers, err);
    }
    return status;
}

static calo_status open_tensors(calo_store *store, bool torch, calo_error *err)
{
    store->sink = calloc(1, sizeof *store->sink);
    if (!store->sink)
        return calo_fail_memory(err, "tensors", sizeof *store->sink);
    store->sink->views = *store->views;
    store->sink->torch = torch;
    calo_status status = check_subject(store, err);
    if (status == CALO_OK)
        status = list_tensors(store->sink, err);
    if (status == CALO_OK)
        status = calo_store_open_file(store, err);
    if (status == CALO_OK)
        status = place_arrays(store, err);
    return status == CALO_OK ? write_cameras(store, err) : status;
}

/* ---- what is put ---- */

/* Appends a tensor whose size was not known. */
static calo_status append(calo_store *store, calo_tensor *tensor, const void *bytes, size_t size, calo_error *err)
{
    tensor->offset = store->output.written;
    calo_tensor_set_length(tensor, size);
    return calo_out_write(&store->output, bytes, size, err);
}

/* As render_to_torch.py has them: depths are -1 and masks 0.0 where nothing is. */
static calo_status convert(const calo_tensor_sink *sink, int channel, const uint8_t *bytes, size_t count, float **numbers,
                           calo_error *err)
{
    *numbers = malloc(count * sizeof **numbers);
    if (!*numbers)
        return calo_fail_memory(err, "an array", count * sizeof **numbers);
    for (size_t i = 0; i < count && channel == CALO_CHANNEL_MASK; i++)
        (*numbers)[i] = bytes[i];
    if (channel == CALO_CHANNEL_MASK)
        return CALO_OK;
    memcpy(*numbers, bytes, count * sizeof **numbers);
    for (size_t i = 0; i < count; i++)
        if ((*numbers)[i] == sink->views.background_depth)
            (*numbers)[i] = -1;
    return CALO_OK;
}

/* Puts the numbers of an npy file into their place in the array. */
static calo_status put_array(calo_store *store, int channel, const uint8_t *bytes, size_t size, calo_error *err)
{
    const calo_tensor_sink *sink = store->sink;
    const calo_tensor *tensor = &sink->list.tensors[sink->tensor_of[channel]];
    uint64_t each = tensor->bytes / sink->views.count, at = tensor->offset + sink->next_view * each;
    bool is_byte_mask = sink->torch && channel == CALO_CHANNEL_MASK;
    size_t file_bytes = (size_t)(is_byte_mask ? each / sizeof(float) : each);
    size_t head = size > NPY_HEAD_BYTES ? (size_t)NPY_HEAD_BYTES + bytes[8] + ((size_t)bytes[9] << 8) : 0;
    if (head == 0 || head > size || size - head != file_bytes)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: the %s of view %zu is no array of %zu bytes", store->path,
                         tensor->name, sink->next_view, file_bytes);
    if (!is_byte_mask && !(sink->torch && channel == CALO_CHANNEL_DEPTH))
        return calo_out_patch(&store->output, at, bytes + head, file_bytes, err);
    float *numbers;
    calo_status status = convert(sink, channel, bytes + head, (size_t)(each / sizeof(float)), &numbers, err);
    if (status == CALO_OK)
        status = calo_out_patch(&store->output, at, numbers, (size_t)each, err);
    free(numbers);
    return status;
}

static calo_status put_file(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    calo_tensor_sink *sink = store->sink;
    char wanted[CALO_FILE_NAME_BYTES] = "metadata.json";
    while (sink->next_channel < CALO_CHANNEL_COUNT && !is_wanted(sink, sink->next_channel))
        sink->next_channel++;
    bool is_channel = sink->next_view < sink->views.count && sink->next_channel < CALO_CHANNEL_COUNT;
    if (is_channel)
        calo_channel_file_name(sink->views.layout, sink->views.views[sink->next_view].name, (calo_channel)sink->next_channel,
                               wanted);
    if (strcmp(file_name, wanted) != 0 || sink->has_metadata)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: \"%s\" comes where \"%s\" is in turn", store->path, file_name,
                         wanted);
    if (!is_channel) {
        sink->has_metadata = true;
        return append(store, &sink->list.tensors[sink->list.count - 1], bytes, size, err);
    }
    calo_status status =
        is_picture(sink, sink->next_channel)
            ? append(store, &sink->list.tensors[sink->array_count + sink->next_view], bytes, size, err)
            : put_array(store, sink->next_channel, bytes, size, err);
    sink->next_channel++;
    if (sink->views.channels >> sink->next_channel == 0) {
        sink->next_channel = 0;
        sink->next_view++;
    }
    return status;
}

/* ---- the end ---- */

static calo_status write_header(calo_store *store, calo_error *err)
{
    calo_blob header = {0};
    if (!store->sink->has_metadata)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: it cannot be committed before all views and metadata.json are in",
                         store->path);
    calo_status status = make_header(store, store->sink->header_bytes, &header, err);
    if (status == CALO_OK)
        status = calo_out_patch(&store->output, 0, header.bytes, header.size, err);
    calo_blob_finish(&header);
    return status;
}

static calo_status commit_safetensors(calo_store *store, calo_error *err)
{
    calo_status status = write_header(store, err);
    return status == CALO_OK ? calo_store_commit_file(store, err) : status;
}

/* What was staged becomes a part of one sample, in its place. */
static calo_status commit_torch(calo_store *store, calo_error *err)
{
    calo_out_file joined = {.file = -1, .path = store->path};
    char *path = calo_text_format("%s.joined", store->temporary_path);
    calo_status status = path ? write_header(store, err) : calo_fail_memory(err, "a path", 0);
    if (status != CALO_OK)
        goto done;
    joined.file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (joined.file < 0) {
        status = calo_store_fail(err, store->path, "write", errno);
        goto done;
    }
    const calo_staged_sample sample = {store->name, store->temporary_path};
    status = calo_torch_join(&sample, 1, &joined, err);
    if (close(joined.file) != 0 && status == CALO_OK)
        status = calo_store_fail(err, store->path, "write", errno);
    if (status == CALO_OK && rename(path, store->temporary_path) != 0)
        status = calo_store_fail(err, store->path, "give the result its name", errno);
    if (status == CALO_OK)
        status = calo_store_commit_file(store, err);
    else
        unlink(path);
done:
    free(path);
    return status;
}

static void destroy_tensors(calo_store *store)
{
    if (store->sink)
        free(store->sink->list.tensors);
    free(store->sink);
    calo_store_destroy_file(store);
}

/* ---- the kinds ---- */

static calo_status open_safetensors(calo_store *store, calo_error *err) { return open_tensors(store, false, err); }
static calo_status open_torch(calo_store *store, calo_error *err) { return open_tensors(store, true, err); }

/* An earlier result has cameras under this name. */
static bool is_earlier_safetensors(const calo_store *store, const uint8_t *start, size_t size)
{
    calo_blob key = {0};
    calo_json_writer json = calo_json_start(&key, NULL);
    calo_json_text(&json, NULL, store->name);
    bool found = json.status == CALO_OK && size > 8 && key.size > 2;
    if (found)
        key.bytes[key.size - 1] = '/';
    found = found && memmem(start + 8, size - 8, key.bytes, key.size) != NULL;
    calo_blob_finish(&key);
    return found;
}

static bool is_earlier_torch(const calo_store *store, const uint8_t *start, size_t size)
{
    return calo_torch_begins_with(start, size, store->name);
}

const calo_store_kind calo_store_kind_safetensors = {
    .package = CALO_PACKAGE_SAFETENSORS, .is_earlier = is_earlier_safetensors, .open = open_safetensors, .put = put_file,
    .commit = commit_safetensors, .destroy = destroy_tensors,
};
const calo_store_kind calo_store_kind_torch = {
    .package = CALO_PACKAGE_TORCH, .is_earlier = is_earlier_torch, .open = open_torch, .put = put_file,
    .commit = commit_torch, .destroy = destroy_tensors,
};
const calo_store_kind calo_store_kind_staged_torch = {
    .package = CALO_PACKAGE_SAFETENSORS, .is_earlier = is_earlier_safetensors, .open = open_torch, .put = put_file,
    .commit = commit_safetensors, .destroy = destroy_tensors,
};
