/* Cameras of calotype's own metadata.json: views[] with camera_to_world and intrinsics. */
#include <string.h>

#include "base/error.h"
#include "view/camera_file.h"

static calo_status read_lens(const calo_camera_record *record, calo_view *view)
{
    json_t *value = calo_camera_value(record, "lens");
    const char *name = json_string_value(value);
    if (!value || (name && strcmp(name, "pinhole") == 0))
        return CALO_OK;
    if (name && strcmp(name, "opencv") == 0)
        return calo_camera_lens_list(record, "lens_coefficients", CALO_LENS_OPENCV, view);
    if (name && strcmp(name, "fisheye") == 0)
        return calo_camera_lens_list(record, "lens_coefficients", CALO_LENS_FISHEYE, view);
    return calo_camera_fail(record, CALO_ERROR_UNSUPPORTED, "the lens \"%s\" is not pinhole, opencv or fisheye",
                            name ? name : "?");
}

calo_status calo_camera_from_metadata(const calo_camera_record *record, calo_view *view)
{
    calo_status status = calo_camera_pose(record, "camera_to_world", &view->camera_to_world);
    if (status == CALO_OK)
        status = calo_camera_intrinsics(record, "intrinsics", view);
    if (status == CALO_OK)
        status = read_lens(record, view);
    if (status != CALO_OK)
        return status;
    view->orthographic = json_is_true(json_object_get(record->object, "orthographic"));
    /* The scripts that calotype's format comes from give no size a view: there the centre tells it. */
    if (!json_object_get(record->object, "width") && !record->width) {
        view->width = (uint32_t)(view->center_x > 0 && view->center_x < 1e6 ? 2 * view->center_x + 0.5 : 0);
        view->height = (uint32_t)(view->center_y > 0 && view->center_y < 1e6 ? 2 * view->center_y + 0.5 : 0);
        if (!view->width || !view->height)
            return calo_camera_fail(record, CALO_ERROR_FORMAT, "there is no width and height: give a size (--size)");
        return CALO_OK;
    }
    return calo_camera_size(record, "width", "height", view);
}
