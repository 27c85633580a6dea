/* Pictures to bytes. Every encoder appends to a blob and leaves it as it was on failure. */
#ifndef CALO_ENCODE_ENCODE_H
#define CALO_ENCODE_ENCODE_H

#include <calotype/image.h>

#include "base/blob.h"

/* R8, RGB8, RGBA8 as they are, R32U as 16-bit grey: an id over 65535 is CALO_ERROR_UNSUPPORTED and
 * names npy as the way out. sRGB chunk for colour. Same input, same bytes. */
calo_status calo_encode_png(const calo_image *image, calo_blob *blob, calo_error *err);

/* NumPy format 1.0, C order, little endian: shape (H, W) for one component, else (H, W, C). */
calo_status calo_encode_npy(const calo_image *image, calo_blob *blob, calo_error *err);

/* One single-part, multi-channel, ZIP-compressed OpenEXR with every channel the frame has:
 * R G B A (linear, associated alpha; half, or float where the frame has floats), Z (float), N.X N.Y
 * N.Z, NG.*, mask, instance_id and material_id (uint), P.*, UV.*, albedo.*, metallic, roughness (float). */
calo_status calo_encode_exr(const calo_frame *frame, calo_blob *blob, calo_error *err);

#endif
