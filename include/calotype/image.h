/* Pixel buffers, and the frame: the set of named channels one view is rendered into. */
#ifndef CALOTYPE_IMAGE_H
#define CALOTYPE_IMAGE_H

#include <calotype/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum calo_pixel_format {
    CALO_PIXEL_NONE = 0,
    CALO_PIXEL_R8,      /* 1 byte, 0 or 1 for masks */
    CALO_PIXEL_RGB8,    /* 8-bit sRGB */
    CALO_PIXEL_RGBA8,   /* 8-bit sRGB, straight linear alpha */
    CALO_PIXEL_R32U,    /* ids */
    CALO_PIXEL_R32F,
    CALO_PIXEL_RG32F,
    CALO_PIXEL_RGB32F,
    CALO_PIXEL_RGBA32F, /* linear light, straight alpha */
} calo_pixel_format;

CALO_API uint32_t calo_pixel_components(calo_pixel_format format);
CALO_API uint32_t calo_pixel_bytes(calo_pixel_format format);

/* A picture in memory, rows top to bottom, row_bytes apart. `data` is malloc'ed and owned
 * by whoever holds the image; calo_image_finish frees it and clears the struct. */
typedef struct calo_image {
    uint32_t width, height;
    calo_pixel_format format;
    size_t row_bytes;
    void *data;
} calo_image;

CALO_API calo_status calo_image_init(calo_image *image, uint32_t width, uint32_t height,
                                     calo_pixel_format format, calo_error *err);
CALO_API void calo_image_finish(calo_image *image);

/* Decodes PNG, JPEG, WebP (to RGBA8), Radiance HDR or OpenEXR (to RGBA32F), told apart by
 * their first bytes. `name` is used in messages only. The caller finishes the image. */
CALO_API calo_status calo_image_decode(const void *bytes, size_t size, const char *name,
                                       const calo_limits *limits, calo_image *image, calo_error *err);

/* Writes a PNG: R8, RGB8 and RGBA8 as they are (sRGB), R32U as 16-bit grey; floats are CALO_ERROR_UNSUPPORTED. The
 * file appears whole or not at all. Same picture, same bytes. */
CALO_API calo_status calo_image_write_png(const calo_image *image, const char *path, calo_error *err);

/* What a renderer can write for each pixel. Colour is antialiased; every other channel is
 * taken at the pixel centre. See docs/conventions.md for units and axes. */
typedef enum calo_channel {
    CALO_CHANNEL_COLOR = 0,        /* RGBA8 (default), RGB8 or RGBA32F */
    CALO_CHANNEL_DEPTH,            /* R32F, planar z in metres (ray distance as an option) */
    CALO_CHANNEL_NORMAL,           /* RGB32F, shading normal, faces the viewer */
    CALO_CHANNEL_GEOMETRIC_NORMAL, /* RGB32F, the triangle's own normal, faces the viewer */
    CALO_CHANNEL_MASK,             /* R8, 1 = a surface is there */
    CALO_CHANNEL_INSTANCE_ID,      /* R32U, from 1, 0 = background */
    CALO_CHANNEL_MATERIAL_ID,      /* R32U, from 1, 0 = background */
    CALO_CHANNEL_POSITION,         /* RGB32F, world space, metres */
    CALO_CHANNEL_UV,               /* RG32F, first UV set as stored in the file */
    CALO_CHANNEL_ALBEDO,           /* RGB32F, linear base colour */
    CALO_CHANNEL_METAL_ROUGHNESS,  /* RG32F, metallic then perceptual roughness */
    CALO_CHANNEL_COUNT
} calo_channel;

/* "color", "depth", "normal", "geometric_normal", "mask", "instance_id", "material_id",
 * "position", "uv", "albedo", "metal_roughness". */
CALO_API const char *calo_channel_name(calo_channel channel);
/* How a channel is stored; colour in the format that is asked for. */
CALO_API calo_pixel_format calo_channel_format(calo_channel channel, calo_pixel_format color_format);
#define CALO_CHANNEL_BIT(channel) (1u << (channel))

/* One view's pictures. A channel that is not wanted has format CALO_PIXEL_NONE. */
typedef struct calo_frame {
    uint32_t width, height;
    calo_image planes[CALO_CHANNEL_COUNT];
} calo_frame;

/* Allocates the channels of the bit set `channels`; colour in `color_format`.
 * The caller finishes the frame. Not thread-safe for one frame; frames are independent. */
CALO_API calo_status calo_frame_init(calo_frame *frame, uint32_t width, uint32_t height, uint32_t channels,
                                     calo_pixel_format color_format, calo_error *err);
CALO_API void calo_frame_finish(calo_frame *frame);

/* The largest side of a frame. */
#define CALO_FRAME_MAX_SIDE 16384u

#ifdef __cplusplus
}
#endif
#endif
