/* Cameras as OpenCV's functions use them: K, and a pose from the world to the camera (x right, y
 * down, z forward). */
#include <math.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "view/camera_file.h"

/* Rodrigues: the axis times the angle in radians. */
static void rotation_from_vector(const double vector[3], calo_mat4 *out)
{
    double axis[3] = {vector[0], vector[1], vector[2]}, sine, cosine;
    double angle = calo_normalize3(axis);
    calo_sincos(angle, &sine, &cosine);
    *out = calo_mat4_identity();
    const double cross[3][3] = {{0, -axis[2], axis[1]}, {axis[2], 0, -axis[0]}, {-axis[1], axis[0], 0}};
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            out->m[r][c] = (r == c) * cosine + (1 - cosine) * axis[r] * axis[c] + sine * cross[r][c];
}

static calo_status read_world_to_camera(const calo_camera_record *record, calo_mat4 *pose)
{
    if (json_object_get(record->object, "world_to_camera"))
        return calo_camera_pose(record, "world_to_camera", pose);
    double rotation[9], translation[3], vector[3];
    bool by_vector = !json_object_get(record->object, "R") && json_object_get(record->object, "rvec");
    calo_status status =
        by_vector ? calo_camera_matrix(record, "rvec", 3, 1, vector) : calo_camera_matrix(record, "R", 3, 3, rotation);
    if (status != CALO_OK)
        return status;
    status = calo_camera_matrix(record, json_object_get(record->object, "tvec") ? "tvec" : "t", 3, 1, translation);
    if (status != CALO_OK)
        return status;
    *pose = calo_mat4_identity();
    if (by_vector && calo_length3(vector) > 1e4)
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "rvec is %g radians long", calo_length3(vector));
    if (by_vector)
        rotation_from_vector(vector, pose);
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3 && !by_vector; c++)
            pose->m[r][c] = rotation[3 * r + c];
        pose->m[r][3] = translation[r];
    }
    return calo_camera_check_rigid(record, by_vector ? "rvec" : "R", pose);
}

/* Under any of the names that programs use. */
static calo_status read_lens(const calo_camera_record *record, calo_view *view)
{
    static const char *const names[] = {"dist", "dist_coeffs", "distortion", "distCoeffs"};
    json_t *fisheye = calo_camera_value(record, "fisheye");
    calo_lens_kind lens = json_is_true(fisheye) ? CALO_LENS_FISHEYE : CALO_LENS_OPENCV;
    if (fisheye && !json_is_boolean(fisheye))
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "fisheye is neither true nor false");
    view->lens = json_is_true(fisheye) ? CALO_LENS_FISHEYE : CALO_LENS_PINHOLE;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (calo_camera_value(record, names[i]))
            return calo_camera_lens_list(record, names[i], lens, view);
    return CALO_OK;
}

calo_status calo_camera_from_opencv(const calo_camera_record *record, calo_view *view)
{
    calo_mat4 pose, inverse;
    calo_status status = read_lens(record, view);
    if (status == CALO_OK)
        status = read_world_to_camera(record, &pose);
    if (status == CALO_OK)
        status = calo_camera_intrinsics(record, calo_camera_value(record, "K") ? "K" : "camera_matrix", view);
    if (status == CALO_OK)
        status = calo_camera_size(record, "width", "height", view);
    if (status != CALO_OK)
        return status;
    if (!calo_mat4_invert_affine(&pose, &inverse))
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "the pose has no inverse");
    for (int r = 0; r < 3; r++) {
        inverse.m[r][1] = -inverse.m[r][1];
        inverse.m[r][2] = -inverse.m[r][2];
    }
    view->camera_to_world = inverse;
    return CALO_OK;
}
