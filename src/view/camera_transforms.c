/* Cameras of NeRF's and Nerfstudio's transforms.json: frames[] with OpenGL camera-to-world poses. */
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "view/camera_file.h"

static calo_status read_lens(const calo_camera_record *record, calo_view *view)
{
    static const struct {
        const char *model;
        calo_lens_kind lens;
    } models[] = {
        {"OPENCV", CALO_LENS_OPENCV},           {"FULL_OPENCV", CALO_LENS_OPENCV},
        {"OPENCV_FISHEYE", CALO_LENS_FISHEYE},  {"PINHOLE", CALO_LENS_PINHOLE},
        {"SIMPLE_PINHOLE", CALO_LENS_PINHOLE},
    };
    json_t *value = calo_camera_value(record, "camera_model");
    const char *model = json_string_value(value);
    /* instant-ngp says it so, and no model otherwise. */
    bool fisheye = json_is_true(calo_camera_value(record, "is_fisheye"));
    if (!value || json_is_null(value))
        return calo_camera_lens_names(record, fisheye ? CALO_LENS_FISHEYE : CALO_LENS_OPENCV, view);
    for (size_t i = 0; model && i < sizeof models / sizeof models[0]; i++)
        if (strcmp(model, models[i].model) == 0)
            return calo_camera_lens_names(record, models[i].lens, view);
    return calo_camera_fail(record, CALO_ERROR_UNSUPPORTED,
                            "the camera_model \"%s\" cannot be rendered: OPENCV, FULL_OPENCV, OPENCV_FISHEYE, PINHOLE "
                            "and SIMPLE_PINHOLE can",
                            model ? model : "?");
}

/* Focal length from fl_KEY, else from the field of view; `found` says whether there was one. */
static calo_status read_focal(const calo_camera_record *record, const char *focal_key, const char *angle_key,
                              double side, bool *found, double *focal)
{
    double angle = 0;
    calo_status status = calo_camera_number(record, focal_key, found, focal);
    if (status != CALO_OK || *found)
        return status;
    status = calo_camera_number(record, angle_key, found, &angle);
    if (status != CALO_OK || !*found)
        return status;
    if (!(angle > 0 && angle < CALO_PI))
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s is %g, not an angle between 0 and pi radians", angle_key,
                                angle);
    *focal = side / 2 / calo_tan(angle / 2);
    return CALO_OK;
}

calo_status calo_camera_from_transforms(const calo_camera_record *record, calo_view *view)
{
    bool found_x = false, found_y = false, found;
    calo_status status = read_lens(record, view);
    if (status == CALO_OK)
        status = calo_camera_pose(record, "transform_matrix", &view->camera_to_world);
    if (status == CALO_OK)
        status = calo_camera_size(record, "w", "h", view);
    if (status == CALO_OK)
        status = read_focal(record, "fl_x", "camera_angle_x", view->width, &found_x, &view->focal_x);
    if (status == CALO_OK)
        status = read_focal(record, "fl_y", "camera_angle_y", view->height, &found_y, &view->focal_y);
    if (status != CALO_OK)
        return status;
    if (!found_x && !found_y)
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "there is neither fl_x nor camera_angle_x");
    /* One of the two is enough for square pixels. */
    if (!found_x)
        view->focal_x = view->focal_y;
    if (!found_y)
        view->focal_y = view->focal_x;
    view->center_x = view->width / 2.0;
    view->center_y = view->height / 2.0;
    status = calo_camera_number(record, "cx", &found, &view->center_x);
    return status == CALO_OK ? calo_camera_number(record, "cy", &found, &view->center_y) : status;
}
