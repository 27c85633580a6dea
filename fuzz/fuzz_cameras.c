#include <math.h>

#include "fuzz.h"
#include "view/camera_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t sides[2] = {0, 64}; /* the file's own size, and one asked for */
    for (int i = 0; i < 2; i++) {
        calo_error err = {0};
        calo_view_set set = {0};
        calo_status status = calo_view_set_load_memory(data, size, "fuzz", sides[i], sides[i], &set, &err);
        fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
        for (size_t v = 0; status == CALO_OK && v < set.count; v++) {
            const calo_view *view = &set.views[v];
            fuzz_check(view->width && view->height && isfinite(view->focal_x) && isfinite(view->center_y),
                       "a view has a size and finite intrinsics");
        }
        calo_view_set_finish(&set);
    }
    return 0;
}
