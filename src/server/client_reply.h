/* A RenderBatchResponse becomes arrays: each is one copy away from the bytes that were received, or lies in shared
 * memory. */
#ifndef CALO_SERVER_CLIENT_REPLY_H
#define CALO_SERVER_CLIENT_REPLY_H

#include <calotype/client.h>

#include "server/client_wire.h"

/* Reads a message that may be anything; the reply has what the request asks for, or this fails. CALO_ERROR_NOT_FOUND
 * only where shared memory is not to be had. */
calo_status calo_batch_reply_read(const calo_batch_request *request, calo_wire message, calo_batch_reply **reply,
                                  calo_error *err);

#endif
