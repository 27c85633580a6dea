/* Samples of tensors on their way into a part. */
#ifndef CALO_STORE_TENSOR_JOIN_H
#define CALO_STORE_TENSOR_JOIN_H

#include "store/package.h"
#include "store/tensors.h"

/* What is in the samples' files, a list each; `torch`: as in calo_safetensors_read. */
calo_status calo_tensor_lists_read(const calo_staged_sample *samples, size_t count, bool torch, calo_tensor_list **lists,
                                   calo_error *err);
void calo_tensor_lists_free(calo_tensor_list *lists, size_t count);

#endif
