#include "view/camera_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <calotype/image.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/file.h"
#include "base/linear.h"

enum { MAX_CAMERA_FILE_BYTES = 256 << 20 };

json_t *calo_camera_value(const calo_camera_record *record, const char *key)
{
    json_t *value = json_object_get(record->object, key);
    return value || !record->root ? value : json_object_get(record->root, key);
}

calo_status calo_camera_number(const calo_camera_record *record, const char *key, bool *found, double *value)
{
    json_t *at = calo_camera_value(record, key);
    *found = at && !json_is_null(at);
    if (!*found)
        return CALO_OK;
    *value = json_number_value(at);
    if (!json_is_number(at) || !isfinite(*value))
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s is not a finite number", key);
    return CALO_OK;
}

static bool all_numbers(json_t *list, size_t count, double *values)
{
    if (!json_is_array(list) || json_array_size(list) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        json_t *at = json_array_get(list, i);
        values[i] = json_number_value(at);
        if (!json_is_number(at) || !isfinite(values[i]))
            return false;
    }
    return true;
}

static bool is_matrix(json_t *list, size_t rows, size_t columns, double *values)
{
    if (all_numbers(list, rows * columns, values))
        return true;
    if (!json_is_array(list) || json_array_size(list) != rows)
        return false;
    for (size_t r = 0; r < rows; r++)
        if (!all_numbers(json_array_get(list, r), columns, values + r * columns))
            return false;
    return true;
}

calo_status calo_camera_matrix(const calo_camera_record *record, const char *key, size_t rows, size_t columns,
                               double *values)
{
    json_t *list = calo_camera_value(record, key);
    if (!list)
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s is missing", key);
    if (!is_matrix(list, rows, columns, values))
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s is not %zu x %zu finite numbers", key, rows, columns);
    return CALO_OK;
}

calo_status calo_camera_check_rigid(const calo_camera_record *record, const char *key, const calo_mat4 *pose)
{
    double worst = 0;
    for (int a = 0; a < 3; a++)
        for (int b = a; b < 3; b++) {
            double dot = 0;
            for (int r = 0; r < 3; r++)
                dot += pose->m[r][a] * pose->m[r][b];
            worst = fmax(worst, fabs(dot - (a == b)));
        }
    const double *last = pose->m[3];
    if (worst > 1e-3)
        return calo_camera_fail(record, CALO_ERROR_FORMAT,
                                "%s is not a rotation with a position: its axes are off from unit length and right "
                                "angles by %.3g (at most 0.001 is accepted)",
                                key, worst);
    if (calo_mat4_determinant3(pose) < 0)
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s is a mirror image: its axes are left-handed", key);
    if (last[0] != 0 || last[1] != 0 || last[2] != 0 || last[3] != 1)
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "the last row of %s is not 0 0 0 1", key);
    return CALO_OK;
}

calo_status calo_camera_pose(const calo_camera_record *record, const char *key, calo_mat4 *pose)
{
    json_t *list = calo_camera_value(record, key);
    *pose = calo_mat4_identity();
    if (!is_matrix(list, 3, 4, pose->m[0])) {
        calo_status status = calo_camera_matrix(record, key, 4, 4, pose->m[0]);
        if (status != CALO_OK)
            return status;
    }
    return calo_camera_check_rigid(record, key, pose);
}

static calo_status side_of(const calo_camera_record *record, const char *key, double standard, uint32_t *side)
{
    bool found;
    double value = standard;
    calo_status status = calo_camera_number(record, key, &found, &value);
    if (status != CALO_OK)
        return status;
    if (value == 0)
        return calo_camera_fail(record, CALO_ERROR_FORMAT,
                                "there is no picture size (%s) in the file: give one (--size)", key);
    if (!(value >= 1 && value <= 1e6) || value != floor(value))
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s is %g, not a whole number of pixels", key, value);
    *side = (uint32_t)value;
    return CALO_OK;
}

calo_status calo_camera_size(const calo_camera_record *record, const char *width_key, const char *height_key,
                             calo_view *view)
{
    calo_status status = side_of(record, width_key, record->width, &view->width);
    if (status != CALO_OK)
        return status;
    return side_of(record, height_key, record->height ? record->height : record->width, &view->height);
}

calo_status calo_camera_intrinsics(const calo_camera_record *record, const char *key, calo_view *view)
{
    double k[9];
    calo_status status = calo_camera_matrix(record, key, 3, 3, k);
    if (status != CALO_OK)
        return status;
    if (k[1] != 0 || k[3] != 0 || k[6] != 0 || k[7] != 0 || k[8] != 1)
        return calo_camera_fail(record, CALO_ERROR_UNSUPPORTED,
                                "%s has skew or a last row that is not 0 0 1: only fx, fy, cx and cy can be used", key);
    view->focal_x = k[0];
    view->focal_y = k[4];
    view->center_x = k[2];
    view->center_y = k[5];
    return CALO_OK;
}

/* Intrinsics for another picture size; a height of 0 keeps the shape of the picture. */
static calo_status resize_view(const calo_camera_record *record, calo_view *view)
{
    uint32_t width = record->width ? record->width : view->width;
    double height = record->height ? record->height : view->height;
    if (record->width && !record->height)
        height = fmax(1, floor((double)view->height * width / view->width + 0.5));
    if (width > CALO_FRAME_MAX_SIDE || height > CALO_FRAME_MAX_SIDE)
        return calo_camera_fail(record, CALO_ERROR_ARGUMENT, "a picture of %u x %.0f pixels: a side may have 1 to %u",
                                width, height, CALO_FRAME_MAX_SIDE);
    double scale_x = (double)width / view->width, scale_y = height / view->height;
    view->focal_x *= scale_x;
    view->center_x *= scale_x;
    view->focal_y *= scale_y;
    view->center_y *= scale_y;
    view->width = width;
    view->height = (uint32_t)height;
    return CALO_OK;
}

static calo_status check_intrinsics(const calo_camera_record *record, const calo_view *view)
{
    if (view->focal_x > 0 && view->focal_y > 0 && view->focal_x < 1e9 && view->focal_y < 1e9)
        return CALO_OK;
    return calo_camera_fail(record, CALO_ERROR_FORMAT, "focal lengths of %g and %g pixels: both must be positive",
                            view->focal_x, view->focal_y);
}

void calo_view_note_pose(calo_view *view)
{
    const calo_mat4 *m = &view->camera_to_world;
    double p[3] = {m->m[0][3], m->m[1][3], m->m[2][3]}, longer = fmax(view->width, view->height);
    double focal = view->width >= view->height ? view->focal_x : view->focal_y;
    view->radius = calo_length3(p);
    view->azimuth_degrees = calo_degrees(calo_atan2(p[1], p[0]));
    if (view->azimuth_degrees < 0)
        view->azimuth_degrees += 360;
    view->elevation_degrees = view->radius > 0 ? calo_degrees(calo_asin(p[2] / view->radius)) : 0;
    view->fov_degrees = view->orthographic || view->lens ? NAN : 2 * calo_degrees(calo_atan2(longer / 2, focal));
}

static void note_ranges(calo_view_set *set)
{
    set->radius_min = set->elevation_min_degrees = set->fov_min_degrees = INFINITY;
    set->radius_max = set->elevation_max_degrees = set->fov_max_degrees = -INFINITY;
    for (size_t i = 0; i < set->count; i++) {
        const calo_view *view = &set->views[i];
        set->radius_min = fmin(set->radius_min, view->radius);
        set->radius_max = fmax(set->radius_max, view->radius);
        set->elevation_min_degrees = fmin(set->elevation_min_degrees, view->elevation_degrees);
        set->elevation_max_degrees = fmax(set->elevation_max_degrees, view->elevation_degrees);
        set->fov_min_degrees = fmin(set->fov_min_degrees, view->fov_degrees);
        set->fov_max_degrees = fmax(set->fov_max_degrees, view->fov_degrees);
    }
}

typedef struct camera_format {
    const char *list; /* the root's key that tells the format */
    bool inherits;    /* a camera's missing values are the root's */
    calo_status (*read)(const calo_camera_record *record, calo_view *view);
} camera_format;

static const camera_format camera_formats[] = {
    {"views", false, calo_camera_from_metadata},
    {"frames", true, calo_camera_from_transforms},
    {"cameras", true, calo_camera_from_opencv},
};

/* The box that our own metadata was made with; other files say nothing, and get the usual one. */
static calo_fit fit_of(json_t *root)
{
    const char *fit = json_string_value(json_object_get(json_object_get(root, "normalization"), "fit"));
    if (fit && strcmp(fit, "half") == 0)
        return CALO_FIT_HALF_CUBE;
    return fit && strcmp(fit, "none") == 0 ? CALO_FIT_NONE : CALO_FIT_UNIT_CUBE;
}

static calo_status read_cameras(const camera_format *format, calo_camera_record *record, json_t *root,
                                calo_view_set *set)
{
    json_t *list = json_object_get(root, format->list);
    size_t count = json_array_size(list);
    if (count == 0)
        return calo_fail(record->err, CALO_ERROR_FORMAT, "%s: \"%s\" is not a list with a camera in it", record->file,
                         format->list);
    set->views = calloc(count, sizeof *set->views);
    if (!set->views)
        return calo_fail_memory(record->err, "cameras", count * sizeof *set->views);
    set->count = count;
    record->root = format->inherits ? root : NULL;
    for (size_t i = 0; i < count; i++) {
        calo_view *view = &set->views[i];
        snprintf(record->place, sizeof record->place, "%s[%zu]", format->list, i);
        record->object = json_array_get(list, i);
        if (!json_is_object(record->object))
            return calo_camera_fail(record, CALO_ERROR_FORMAT, "this is not a camera but another kind of value");
        calo_status status = format->read(record, view);
        if (status == CALO_OK)
            status = check_intrinsics(record, view);
        if (status == CALO_OK)
            status = resize_view(record, view);
        if (status != CALO_OK)
            return status;
        calo_view_note_pose(view);
        snprintf(view->name, sizeof view->name, "%03zu", i);
    }
    return CALO_OK;
}

static calo_status read_root(calo_camera_record *record, json_t *root, calo_view_set *set)
{
    size_t formats = sizeof camera_formats / sizeof camera_formats[0];
    for (size_t i = 0; i < formats; i++)
        if (json_object_get(root, camera_formats[i].list))
            return read_cameras(&camera_formats[i], record, root, set);
    return calo_fail(record->err, CALO_ERROR_FORMAT,
                     "%s: no cameras: there is neither \"views\" (calotype's metadata.json) nor \"frames\" "
                     "(transforms.json) nor \"cameras\" (OpenCV)",
                     record->file);
}

calo_status calo_view_set_load_memory(const void *bytes, size_t size, const char *name, uint32_t width, uint32_t height,
                                      calo_view_set *set, calo_error *err)
{
    json_error_t problem;
    *set = (calo_view_set){0};
    json_t *root = json_loadb(bytes, size, JSON_DECODE_INT_AS_REAL, &problem);
    if (!root)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: line %d: not valid JSON: %s", name, problem.line, problem.text);
    calo_camera_record record = {.file = name, .err = err, .width = width, .height = height};
    calo_status status = read_root(&record, root, set);
    if (status == CALO_OK) {
        set->protocol = "file";
        set->fit = fit_of(root);
        note_ranges(set);
    } else {
        calo_view_set_finish(set);
    }
    json_decref(root);
    return status;
}

calo_status calo_view_set_load(const char *path, uint32_t width, uint32_t height, calo_view_set *set, calo_error *err)
{
    calo_file file;
    *set = (calo_view_set){0};
    calo_status status = calo_file_read(path, MAX_CAMERA_FILE_BYTES, &file, err);
    if (status != CALO_OK)
        return status;
    status = calo_view_set_load_memory(file.bytes, file.size, path, width, height, set, err);
    calo_file_finish(&file);
    return status;
}
