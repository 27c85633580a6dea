/* PNG, JPEG, WebP, Radiance HDR and OpenEXR: told apart by their first bytes, as in use. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calo_error err = {0};
    calo_image image = {0};
    const calo_limits limits = fuzz_limits();
    calo_status status = calo_image_decode(data, size, "fuzz", &limits, &image, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    if (status == CALO_OK) {
        fuzz_check(image.width && image.height && image.data, "a success gives a picture");
        const uint8_t *last = (const uint8_t *)image.data + (image.height - 1) * image.row_bytes +
                              ((size_t)image.width * calo_pixel_bytes(image.format) - 1);
        fuzz_check(*last <= 255, "the last byte is there");
    }
    calo_image_finish(&image);
    return 0;
}
