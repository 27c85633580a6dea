/* A batch as a RenderBatchRequest. */
#ifndef CALO_SERVER_CLIENT_REQUEST_H
#define CALO_SERVER_CLIENT_REQUEST_H

#include <calotype/client.h>

#include "base/blob.h"

/* What no server could answer is refused here. */
calo_status calo_batch_request_check(const calo_batch_request *request, calo_error *err);
/* Appends the message. */
calo_status calo_batch_request_pack(const calo_batch_request *request, bool shared_memory, calo_blob *blob,
                                    calo_error *err);

#endif
