/* Lenses in camera files: OpenCV's coefficients, as a list or by name. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "view/camera_file.h"

enum { LIST_MAX = 14 };

/* A lens of OPENCV's model that does nothing is none; a fisheye without coefficients is still one. */
static void set_lens(calo_lens_kind lens, const double coefficients[12], calo_view *view)
{
    bool distorts = false;
    for (int i = 0; i < 12; i++)
        distorts |= coefficients[i] != 0;
    view->lens = lens == CALO_LENS_OPENCV && !distorts ? CALO_LENS_PINHOLE : lens;
    memcpy(view->lens_coefficients, coefficients, sizeof view->lens_coefficients);
}

/* [k1, ...], or [[k1, ...]], or [[k1], ...]: the numbers, at most LIST_MAX. */
static calo_status read_list(const calo_camera_record *record, const char *key, double *values, size_t *count)
{
    json_t *list = calo_camera_value(record, key);
    if (json_is_array(list) && json_array_size(list) == 1 && json_is_array(json_array_get(list, 0)))
        list = json_array_get(list, 0);
    *count = json_array_size(list);
    if (!json_is_array(list) || *count > LIST_MAX)
        return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s is not a list of up to %d numbers", key, LIST_MAX);
    for (size_t i = 0; i < *count; i++) {
        json_t *at = json_array_get(list, i);
        if (json_is_array(at) && json_array_size(at) == 1)
            at = json_array_get(at, 0);
        values[i] = json_number_value(at);
        if (!json_is_number(at) || !isfinite(values[i]))
            return calo_camera_fail(record, CALO_ERROR_FORMAT, "%s[%zu] is not a finite number", key, i);
    }
    return CALO_OK;
}

calo_status calo_camera_lens_list(const calo_camera_record *record, const char *key, calo_lens_kind lens,
                                  calo_view *view)
{
    double values[LIST_MAX] = {0};
    size_t count, most = lens == CALO_LENS_FISHEYE ? 4 : 12;
    calo_status status = read_list(record, key, values, &count);
    if (status != CALO_OK)
        return status;
    for (size_t i = most; i < count; i++)
        if (values[i] != 0)
            return calo_camera_fail(record, CALO_ERROR_UNSUPPORTED,
                                    "%s has %zu coefficients: of %s the first %zu can be rendered", key, count,
                                    lens == CALO_LENS_FISHEYE ? "a fisheye" : "OpenCV's model", most);
    set_lens(lens, values, view);
    return CALO_OK;
}

/* The names in OpenCV's order. */
static const char *const fisheye_names[] = {"k1", "k2", "k3", "k4"};
static const char *const opencv_names[] = {"k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"};
enum { NAME_COUNT = sizeof opencv_names / sizeof opencv_names[0] };

/* Nerfstudio's own k4 goes with r^8, OpenCV's with r^2 under the fraction: it is OpenCV's where k5 or k6 is named. */
static calo_status check_fourth(const calo_camera_record *record, const calo_view *view)
{
    const char *model = json_string_value(calo_camera_value(record, "camera_model"));
    if (view->lens_coefficients[5] == 0 || calo_camera_value(record, "k5") || calo_camera_value(record, "k6") ||
        (model && strcmp(model, "FULL_OPENCV") == 0))
        return CALO_OK;
    return calo_camera_fail(record, CALO_ERROR_UNSUPPORTED,
                            "k4 is %g, which is not the same in Nerfstudio and in OpenCV: if OpenCV's is meant, give "
                            "k5 and k6 too, which may be 0",
                            view->lens_coefficients[5]);
}

calo_status calo_camera_lens_names(const calo_camera_record *record, calo_lens_kind lens, calo_view *view)
{
    double coefficients[12] = {0};
    const char *const *names = lens == CALO_LENS_FISHEYE ? fisheye_names : opencv_names;
    int count = lens == CALO_LENS_FISHEYE ? 4 : lens == CALO_LENS_OPENCV ? NAME_COUNT : 0;
    for (int n = 0; n < NAME_COUNT; n++) {
        bool found;
        double value = 0;
        int place = 0;
        while (place < count && strcmp(names[place], opencv_names[n]) != 0)
            place++;
        calo_status status = calo_camera_number(record, opencv_names[n], &found, &value);
        if (status != CALO_OK)
            return status;
        if (place < count)
            coefficients[place] = value;
        else if (value != 0)
            return calo_camera_fail(record, CALO_ERROR_UNSUPPORTED,
                                    "the lens distortion %s is not zero: the camera_model does not have it",
                                    opencv_names[n]);
    }
    set_lens(lens, coefficients, view);
    return lens == CALO_LENS_OPENCV ? check_fourth(record, view) : CALO_OK;
}
