#include <stdlib.h>

#include "base/error.h"
#include "store/safetensors.h"
#include "store/tensor_join.h"

calo_status calo_tensor_lists_read(const calo_staged_sample *samples, size_t count, bool torch, calo_tensor_list **lists,
                                   calo_error *err)
{
    *lists = calloc(count, sizeof **lists);
    calo_status status = *lists ? CALO_OK : calo_fail_memory(err, "lists of tensors", count * sizeof **lists);
    for (size_t i = 0; status == CALO_OK && i < count; i++) {
        calo_input input;
        status = calo_input_open(samples[i].path, &input, err);
        if (status != CALO_OK)
            break;
        status = calo_safetensors_read(&input, torch, &(*lists)[i], err);
        calo_input_close(&input);
    }
    return status;
}

void calo_tensor_lists_free(calo_tensor_list *lists, size_t count)
{
    for (size_t i = 0; lists && i < count; i++)
        free(lists[i].tensors);
    free(lists);
}

/* Numbers of four bytes come first, so that they are aligned. */
static bool is_in_pass(const calo_tensor *tensor, int pass)
{
    return (tensor->type == CALO_TENSOR_U8) == (pass == 1);
}

static calo_status write_header(const calo_staged_sample *samples, const calo_tensor_list *lists, size_t count,
                                calo_out_file *output, calo_error *err)
{
    calo_blob header = {0};
    uint64_t begin = 0;
    calo_status status = calo_safetensors_begin(&header, err);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++)
            for (size_t t = 0; status == CALO_OK && t < lists[i].count; t++) {
                if (!is_in_pass(&lists[i].tensors[t], pass))
                    continue;
                status = calo_safetensors_add(&header, samples[i].name, &lists[i].tensors[t], begin, err);
                begin += lists[i].tensors[t].bytes;
            }
    if (status == CALO_OK)
        status = calo_safetensors_end(&header, 0, err);
    if (status == CALO_OK)
        status = calo_out_write(output, header.bytes, header.size, err);
    calo_blob_finish(&header);
    return status;
}

static calo_status copy_pass(const calo_staged_sample *sample, const calo_tensor_list *list, int pass,
                             calo_out_file *output, calo_error *err)
{
    calo_input input;
    calo_status status = calo_input_open(sample->path, &input, err);
    if (status != CALO_OK)
        return status;
    for (size_t t = 0; status == CALO_OK && t < list->count; t++)
        if (is_in_pass(&list->tensors[t], pass))
            status = calo_out_copy(output, &input, list->tensors[t].offset, list->tensors[t].bytes, err);
    calo_input_close(&input);
    return status;
}

calo_status calo_safetensors_join(const calo_staged_sample *samples, size_t count, calo_out_file *output, calo_error *err)
{
    calo_tensor_list *lists;
    calo_status status = calo_tensor_lists_read(samples, count, false, &lists, err);
    if (status == CALO_OK)
        status = write_header(samples, lists, count, output, err);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; status == CALO_OK && i < count; i++)
            status = copy_pass(&samples[i], &lists[i], pass, output, err);
    calo_tensor_lists_free(lists, count);
    return status;
}
