/* A page of a bucket's keys: the answer to ListObjectsV2. */
#ifndef CALO_TRANSFER_LISTING_H
#define CALO_TRANSFER_LISTING_H

#include "base/blob.h"

typedef struct calo_listing {
    calo_blob keys;          /* with a NUL behind each */
    calo_blob continuation;  /* with a NUL behind it; empty: this was the last page */
} calo_listing;

/* Reads the XML of a page into an empty listing. The caller finishes it, whatever comes back. */
calo_status calo_listing_parse(const void *xml, size_t size, calo_listing *listing, calo_error *err);
void calo_listing_finish(calo_listing *listing);

#endif
