/* What tensors an object is in packages of arrays: over all views at once, under names of their own. */
#ifndef CALO_STORE_TENSORS_H
#define CALO_STORE_TENSORS_H

#include <calotype/image.h>
#include <calotype/package.h>

#include "store/store.h"

typedef enum calo_tensor_type { CALO_TENSOR_F32, CALO_TENSOR_I32, CALO_TENSOR_U8 } calo_tensor_type;

enum { CALO_TENSOR_NAME_BYTES = 40, CALO_CAMERA_NUMBERS = 18 };

typedef struct calo_tensor {
    char name[CALO_TENSOR_NAME_BYTES]; /* "depth", "images/000" */
    calo_tensor_type type;
    uint32_t rank;
    uint64_t shape[4];
    uint64_t offset, bytes; /* in its file */
} calo_tensor;

/* An object's: first those of four bytes a number, then those of one; within that cameras, channels, pictures and at last
 * the metadata (JSON as bytes). */
typedef struct calo_tensor_list {
    calo_tensor *tensors;
    size_t count;
} calo_tensor_list;

uint64_t calo_tensor_item_bytes(calo_tensor_type type);

/* A channel of all views. `torch`: under the names of render_to_torch.py; masks are floats. */
calo_tensor calo_tensor_of_channel(bool torch, calo_channel channel, calo_pixel_format format, uint64_t views,
                                   uint64_t height, uint64_t width);
calo_tensor calo_tensor_of_cameras(uint64_t views);
/* A picture as a file's bytes; size to be set. */
calo_tensor calo_tensor_of_picture(size_t view);
calo_tensor calo_tensor_of_metadata(void);
/* Sets shape and bytes of a tensor of one dimension. */
void calo_tensor_set_length(calo_tensor *tensor, uint64_t count);

/* fx/W, fy/H, cx/W, cy/H, 0, 0 and world to camera, 3x4, row after row, in OpenCV's axes. */
void calo_camera_numbers(const calo_view *view, float numbers[CALO_CAMERA_NUMBERS]);

#endif
