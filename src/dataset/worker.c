#include "dataset/worker.h"

#include <sys/socket.h>

#include "base/error.h"

calo_status calo_worker_run(calo_renderer *renderer, const calo_item_options *item, calo_error *err)
{
    (void)renderer, (void)item;
    int type;
    socklen_t size = sizeof type;
    if (getsockopt(CALO_WORKER_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a worker is started by `calotype dataset`, not by hand");
    return CALO_OK;
}
