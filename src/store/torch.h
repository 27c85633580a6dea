/* What torch.save writes of a list of dictionaries, one a sample: a zip of a pickle and of the tensors' numbers. */
#ifndef CALO_STORE_TORCH_H
#define CALO_STORE_TORCH_H

#include "store/output.h"
#include "store/package.h"

/* The samples are staged as safetensors, with pictures as PNG files. */
calo_status calo_torch_join(const calo_staged_sample *samples, size_t count, calo_out_file *output, calo_error *err);

/* Whether a file that begins so is a list of which the first sample has this name. */
bool calo_torch_begins_with(const uint8_t *start, size_t size, const char *name);

#endif
