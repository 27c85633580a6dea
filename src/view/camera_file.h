/* Cameras from files: the entry from memory, and what the three formats share. */
#ifndef CALO_VIEW_CAMERA_FILE_H
#define CALO_VIEW_CAMERA_FILE_H

#include <calotype/view.h>
#include <jansson.h>

/* calo_view_set_load for bytes in memory; `name` is used in messages. */
calo_status calo_view_set_load_memory(const void *bytes, size_t size, const char *name, uint32_t width, uint32_t height,
                                      calo_view_set *set, calo_error *err);

/* One camera of a file while it is read; `place` is "frames[3]". */
typedef struct calo_camera_record {
    const char *file;
    char place[64];
    json_t *object;
    json_t *root; /* where a value is looked for that the object lacks, or NULL */
    calo_error *err;
    uint32_t width, height; /* the size asked for; 0: the file's */
} calo_camera_record;

#define calo_camera_fail(record, status, format, ...)                                                                  \
    calo_fail((record)->err, (status), "%s: %s: " format, (record)->file, (record)->place __VA_OPT__(, ) __VA_ARGS__)

/* The record's own value, or the root's. */
json_t *calo_camera_value(const calo_camera_record *record, const char *key);
/* A finite number; `found` false (and no failure) when there is none. */
calo_status calo_camera_number(const calo_camera_record *record, const char *key, bool *found, double *value);
/* rows x columns finite numbers in nested lists or one flat list. */
calo_status calo_camera_matrix(const calo_camera_record *record, const char *key, size_t rows, size_t columns,
                               double *values);
/* A 4x4 or 3x4 pose, rigid within 1e-3. */
calo_status calo_camera_pose(const calo_camera_record *record, const char *key, calo_mat4 *pose);
calo_status calo_camera_check_rigid(const calo_camera_record *record, const char *key, const calo_mat4 *pose);
/* width and height under these keys into the view; the size asked for when the file has none. */
calo_status calo_camera_size(const calo_camera_record *record, const char *width_key, const char *height_key,
                             calo_view *view);
/* A 3x3 matrix without skew into the view's intrinsics. */
calo_status calo_camera_intrinsics(const calo_camera_record *record, const char *key, calo_view *view);

/* Where the camera stands seen from the origin, and its field of view, for metadata. */
void calo_view_note_pose(calo_view *view);

/* camera_lens.c: a lens that does nothing is none. */

/* Coefficients in OpenCV's order in a list under `key`, flat or nested as numpy writes it. */
calo_status calo_camera_lens_list(const calo_camera_record *record, const char *key, calo_lens_kind lens,
                                  calo_view *view);
/* Coefficients by name, k1 to k6, p1, p2: those of `lens`; any other that is not zero is refused. */
calo_status calo_camera_lens_names(const calo_camera_record *record, calo_lens_kind lens, calo_view *view);

/* The three formats, one function a camera. */
calo_status calo_camera_from_metadata(const calo_camera_record *record, calo_view *view);
calo_status calo_camera_from_transforms(const calo_camera_record *record, calo_view *view);
calo_status calo_camera_from_opencv(const calo_camera_record *record, calo_view *view);

#endif
