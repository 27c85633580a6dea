/* Files of safetensors: eight bytes of length, a header in JSON, and the numbers without gaps, so that every tensor can be
 * read by itself. Names are KEY/NAME. */
#ifndef CALO_STORE_SAFETENSORS_H
#define CALO_STORE_SAFETENSORS_H

#include "base/blob.h"
#include "store/output.h"
#include "store/package.h"
#include "store/tensors.h"

/* Of one sample: what is read back. A file may have as much as other readers allow. */
enum { CALO_SAFETENSORS_SAMPLE_HEADER_BYTES = 16 << 20, CALO_SAFETENSORS_HEADER_BYTES = 100000000 };

/* The header, from its first byte on: begin, add each tensor in the order of the data, end. `begin`: where the tensor's
 * numbers begin, from the first one's on. `least_size`: of all of it; filled up with blanks. */
calo_status calo_safetensors_begin(calo_blob *header, calo_error *err);
calo_status calo_safetensors_add(calo_blob *header, const char *key, const calo_tensor *tensor, uint64_t begin,
                                 calo_error *err);
calo_status calo_safetensors_end(calo_blob *header, size_t least_size, calo_error *err);

/* The tensors of a staged sample; `torch`: as they are staged for torch. What is not as this program writes it is an error.
 * The caller frees list->tensors. */
calo_status calo_safetensors_read(const calo_input *input, bool torch, calo_tensor_list *list, calo_error *err);

calo_status calo_safetensors_join(const calo_staged_sample *samples, size_t count, calo_out_file *output, calo_error *err);

#endif
