#include "store/torch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/pickle.h"
#include "store/tensor_join.h"
#include "store/zip_records.h"

enum { ALIGNMENT = 64, NAME_BYTES = 64, LEAST_PADDING = 4 };

static const char pictures[] = "images/"; /* of tensors that are in the list "images" */

static bool is_picture(const calo_tensor *tensor) { return strncmp(tensor->name, pictures, sizeof pictures - 1) == 0; }

/* ---- the pickle ---- */

static void add_sample(calo_pickle *pickle, const char *name, const calo_tensor_list *list)
{
    bool in_pictures = false;
    calo_pickle_begin(pickle, true);
    calo_pickle_text(pickle, "key");
    calo_pickle_text(pickle, name);
    for (size_t i = 0; i < list->count; i++) {
        const calo_tensor *tensor = &list->tensors[i];
        if (is_picture(tensor) && !in_pictures) {
            calo_pickle_text(pickle, "images");
            calo_pickle_begin(pickle, false);
        } else if (!is_picture(tensor)) {
            if (in_pictures)
                calo_pickle_end(pickle, false);
            calo_pickle_text(pickle, tensor->name);
        }
        in_pictures = is_picture(tensor);
        calo_pickle_tensor(pickle, tensor);
    }
    if (in_pictures)
        calo_pickle_end(pickle, false);
    calo_pickle_end(pickle, true);
}

static calo_pickle make_pickle(const calo_staged_sample *samples, const calo_tensor_list *lists, size_t count,
                               calo_error *err)
{
    calo_pickle pickle = calo_pickle_start(err);
    calo_pickle_begin(&pickle, false);
    for (size_t i = 0; i < count; i++)
        add_sample(&pickle, samples[i].name, &lists[i]);
    calo_pickle_end(&pickle, false);
    calo_pickle_stop(&pickle);
    return pickle;
}

/* ---- the zip ---- */

typedef struct torch_zip {
    calo_out_file *output;
    calo_zip_directory directory;
    calo_error *err;
} torch_zip;

static calo_status begin_record(torch_zip *zip, char name[NAME_BYTES], uint64_t size, calo_zip_entry *entry)
{
    uint8_t header[CALO_ZIP_LOCAL_BYTES + NAME_BYTES + LEAST_PADDING + ALIGNMENT];
    size_t head = CALO_ZIP_LOCAL_BYTES + strlen(name) + LEAST_PADDING;
    if (size >= UINT32_MAX)
        return calo_fail(zip->err, CALO_ERROR_LIMIT, "%s: a tensor of %llu bytes is too large for a torch package: render "
                         "fewer or smaller views, or use safetensors", zip->output->path, (unsigned long long)size);
    *entry = (calo_zip_entry){.name = name, .size = (uint32_t)size, .packed_size = (uint32_t)size,
                              .offset = zip->output->written};
    entry->padding = (uint16_t)(LEAST_PADDING + (ALIGNMENT - (entry->offset + head) % ALIGNMENT) % ALIGNMENT);
    return calo_out_write(zip->output, header, calo_zip_local(entry, header), zip->err);
}

/* The checksum is known when all is written; it stands in front. */
static calo_status end_record(torch_zip *zip, calo_zip_entry *entry)
{
    uint8_t header[CALO_ZIP_LOCAL_BYTES + NAME_BYTES + LEAST_PADDING + ALIGNMENT];
    entry->checksum = zip->output->checksum;
    calo_status status = calo_out_patch(zip->output, entry->offset, header, calo_zip_local(entry, header), zip->err);
    return status == CALO_OK ? calo_zip_directory_add(&zip->directory, entry, zip->err) : status;
}

static calo_status write_record(torch_zip *zip, const char *record, const void *bytes, size_t size)
{
    calo_zip_entry entry;
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "archive/%s", record);
    calo_status status = begin_record(zip, name, size, &entry);
    zip->output->checksum = 0;
    if (status == CALO_OK)
        status = calo_out_write(zip->output, bytes, size, zip->err);
    return status == CALO_OK ? end_record(zip, &entry) : status;
}

static calo_status write_tensors(torch_zip *zip, const calo_staged_sample *sample, const calo_tensor_list *list,
                                 uint64_t *number)
{
    calo_input input;
    calo_status status = calo_input_open(sample->path, &input, zip->err);
    if (status != CALO_OK)
        return status;
    for (size_t i = 0; status == CALO_OK && i < list->count; i++) {
        calo_zip_entry entry;
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "archive/data/%llu", (unsigned long long)(*number)++);
        status = begin_record(zip, name, list->tensors[i].bytes, &entry);
        zip->output->checksum = 0;
        if (status == CALO_OK)
            status = calo_out_copy(zip->output, &input, list->tensors[i].offset, list->tensors[i].bytes, zip->err);
        if (status == CALO_OK)
            status = end_record(zip, &entry);
    }
    calo_input_close(&input);
    return status;
}

calo_status calo_torch_join(const calo_staged_sample *samples, size_t count, calo_out_file *output, calo_error *err)
{
    torch_zip zip = {.output = output, .err = err};
    calo_tensor_list *lists;
    calo_pickle pickle = {0};
    uint64_t number = 0;
    calo_status status = calo_tensor_lists_read(samples, count, true, &lists, err);
    if (status == CALO_OK) {
        pickle = make_pickle(samples, lists, count, err);
        status = pickle.status;
    }
    if (status == CALO_OK)
        status = write_record(&zip, "data.pkl", pickle.bytes.bytes, pickle.bytes.size);
    if (status == CALO_OK)
        status = write_record(&zip, "byteorder", "little", 6);
    for (size_t i = 0; status == CALO_OK && i < count; i++)
        status = write_tensors(&zip, &samples[i], &lists[i], &number);
    if (status == CALO_OK)
        status = write_record(&zip, "version", "3\n", 2);
    if (status == CALO_OK)
        status = calo_zip_directory_write(&zip.directory, output, err);
    calo_zip_directory_finish(&zip.directory);
    calo_blob_finish(&pickle.bytes);
    calo_tensor_lists_free(lists, count);
    return status;
}

bool calo_torch_begins_with(const uint8_t *start, size_t size, const char *name)
{
    calo_pickle pickle = calo_pickle_start(NULL);
    const calo_tensor_list nothing = {0};
    calo_pickle_begin(&pickle, false);
    add_sample(&pickle, name, &nothing);
    size_t length = pickle.bytes.size ? pickle.bytes.size - 1 : 0; /* but the dictionary's end */
    bool begins = length > 0 && pickle.status == CALO_OK && size > length + ALIGNMENT && memcmp(start, "PK\3\4", 4) == 0 &&
                  memcmp(start + ALIGNMENT, pickle.bytes.bytes, length) == 0;
    calo_blob_finish(&pickle.bytes);
    return begins;
}
