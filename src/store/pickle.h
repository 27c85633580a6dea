/* Pickles (protocol 2) of what torch.save is given: lists, dictionaries, texts and tensors. */
#ifndef CALO_STORE_PICKLE_H
#define CALO_STORE_PICKLE_H

#include "base/blob.h"
#include "store/tensors.h"

/* The first failure (memory) is kept in `status`, and everything after it does nothing. */
typedef struct calo_pickle {
    calo_blob bytes;
    calo_error *err;
    calo_status status;
    uint64_t storage_count; /* tensors so far; their numbers are in the records 0, 1, ... */
} calo_pickle;

calo_pickle calo_pickle_start(calo_error *err);
/* A list of all that comes until it is ended; `is_dictionary`: keys and values in turn. */
void calo_pickle_begin(calo_pickle *pickle, bool is_dictionary);
void calo_pickle_end(calo_pickle *pickle, bool is_dictionary);
void calo_pickle_text(calo_pickle *pickle, const char *text); /* UTF-8 */
void calo_pickle_tensor(calo_pickle *pickle, const calo_tensor *tensor);
void calo_pickle_stop(calo_pickle *pickle);

#endif
