#include <calotype/image.h>

#include "base/error.h"
#include "base/file.h"
#include "encode/encode.h"

calo_status calo_image_write_png(const calo_image *image, const char *path, calo_error *err)
{
    calo_blob blob = {0};
    if (!image->data || image->width == 0 || image->height == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a picture without pixels cannot be written: fill it first", path);
    calo_status status = calo_encode_png(image, &blob, err);
    if (status == CALO_OK)
        status = calo_file_write(path, blob.bytes, blob.size, err);
    calo_blob_finish(&blob);
    return status;
}
