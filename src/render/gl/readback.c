/* Pixels from the device into frames, by a ring of buffers. */
#include <string.h>

#include "base/error.h"
#include "render/gl/worker.h"

/* ---- on the device's thread ---- */

static void lay_out(const calo_glr_targets *targets, calo_glr_readback *readback)
{
    size_t pixels = (size_t)targets->width * targets->height;
    readback->bytes = 0;
    for (int i = 0; i < CALO_GLR_OUTPUT_COUNT; i++) {
        readback->offsets[i] = readback->bytes;
        readback->bytes += targets->outputs >> i & 1 ? pixels * targets->pixels[i].bytes : 0;
    }
}

calo_status calo_glr_readback_start(calo_glr_worker *worker, calo_glr_readback *readback, calo_error *err)
{
    const calo_glr_functions *gl = &worker->device->gl;
    const calo_glr_targets *targets = &worker->targets;
    readback->targets = *targets;
    lay_out(targets, readback);
    if (!readback->buffer)
        gl->GenBuffers(1, &readback->buffer);
    gl->BindBuffer(GL_PIXEL_PACK_BUFFER, readback->buffer);
    if (readback->capacity < readback->bytes) {
        gl->BufferData(GL_PIXEL_PACK_BUFFER, (GLsizeiptr)readback->bytes, NULL, GL_STREAM_READ);
        readback->capacity = readback->bytes;
    }
    for (int i = 0, attachment = 0; i < CALO_GLR_OUTPUT_COUNT; i++) {
        const calo_glr_pixels *pixels = &targets->pixels[i];
        if (!(targets->outputs >> i & 1))
            continue;
        bool color = i == CALO_GLR_OUT_COLOR;
        gl->BindFramebuffer(GL_FRAMEBUFFER, color ? targets->developed_framebuffer : targets->framebuffer);
        gl->ReadBuffer(GL_COLOR_ATTACHMENT0 + (color ? 0 : (GLenum)attachment));
        gl->ReadPixels(0, 0, (GLsizei)targets->width, (GLsizei)targets->height, pixels->format, pixels->type,
                       (void *)readback->offsets[i]);
        attachment++;
    }
    gl->BindBuffer(GL_PIXEL_PACK_BUFFER, 0);
    readback->fence = gl->FenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl->Flush();
    if (!readback->fence)
        return calo_fail(err, CALO_ERROR_BACKEND, "%s gives no fence: the context may be lost; make a new renderer",
                         worker->device->info->renderer);
    return CALO_OK;
}

calo_status calo_glr_readback_wait(const calo_glr_device *device, const calo_watch *watch, calo_glr_readback *readback,
                                   calo_error *err)
{
    const calo_glr_functions *gl = &device->gl;
    const GLuint64 second = 1000000000, step = second / 20, most = 600 * second;
    GLenum state = GL_TIMEOUT_EXPIRED;
    for (GLuint64 waited = 0; state == GL_TIMEOUT_EXPIRED && waited < most; waited += step) {
        calo_status status = calo_watch_status(watch, err);
        if (status != CALO_OK)
            return status;
        state = gl->ClientWaitSync(readback->fence, GL_SYNC_FLUSH_COMMANDS_BIT, step);
    }
    gl->DeleteSync(readback->fence);
    readback->fence = NULL;
    if (state == GL_TIMEOUT_EXPIRED || state == GL_WAIT_FAILED)
        return calo_fail(err, CALO_ERROR_BACKEND, "%s did not finish a picture %s: make a new renderer or use "
                         "--backend cpu", device->info->renderer,
                         state == GL_WAIT_FAILED ? "(it lost the context)" : "in 10 minutes");
    gl->BindBuffer(GL_PIXEL_PACK_BUFFER, readback->buffer);
    readback->pixels = gl->MapBufferRange(GL_PIXEL_PACK_BUFFER, 0, (GLsizeiptr)readback->bytes, GL_MAP_READ_BIT);
    gl->BindBuffer(GL_PIXEL_PACK_BUFFER, 0);
    if (!readback->pixels)
        return calo_fail(err, CALO_ERROR_BACKEND, "%s gives no access to %zu bytes of pixels: render smaller pictures "
                         "or use --backend cpu", device->info->renderer, readback->bytes);
    return CALO_OK;
}

void calo_glr_readback_end(const calo_glr_device *device, calo_glr_readback *readback)
{
    const calo_glr_functions *gl = &device->gl;
    if (readback->fence)
        gl->DeleteSync(readback->fence);
    readback->fence = NULL;
    if (readback->pixels) {
        gl->BindBuffer(GL_PIXEL_PACK_BUFFER, readback->buffer);
        gl->UnmapBuffer(GL_PIXEL_PACK_BUFFER);
        gl->BindBuffer(GL_PIXEL_PACK_BUFFER, 0);
    }
    readback->pixels = NULL;
}

/* ---- on any thread ---- */

/* A view's part of an output. */
typedef struct tile_pixels {
    const char *first;
    size_t row_bytes;
    uint32_t pixel_bytes, width, height;
} tile_pixels;

static tile_pixels find_tile(const calo_glr_readback *readback, uint32_t index, calo_glr_output output)
{
    const calo_glr_targets *targets = &readback->targets;
    const calo_glr_sheet *sheet = &readback->sheet;
    tile_pixels tile = {.pixel_bytes = targets->pixels[output].bytes, .width = sheet->tile_width,
                        .height = sheet->tile_height};
    tile.row_bytes = (size_t)targets->width * tile.pixel_bytes;
    tile.first = readback->pixels + readback->offsets[output] +
                 (size_t)(index / sheet->columns) * sheet->tile_height * tile.row_bytes +
                 (size_t)(index % sheet->columns) * sheet->tile_width * tile.pixel_bytes;
    return tile;
}

/* `bytes` of each pixel from byte `from` on. */
static void copy_part(const tile_pixels *tile, uint32_t from, uint32_t bytes, const calo_image *plane)
{
    for (uint32_t y = 0; y < tile->height; y++) {
        const char *pixel = tile->first + y * tile->row_bytes + from;
        char *to = (char *)plane->data + y * plane->row_bytes;
        if (bytes == tile->pixel_bytes) {
            memcpy(to, pixel, (size_t)tile->width * bytes);
            continue;
        }
        for (uint32_t x = 0; x < tile->width; x++, pixel += tile->pixel_bytes, to += bytes)
            memcpy(to, pixel, bytes);
    }
}

/* A depth of 0 is the background. */
static void copy_depth(const tile_pixels *tile, float background, const calo_image *plane)
{
    for (uint32_t y = 0; y < tile->height; y++) {
        const char *depth = tile->first + y * tile->row_bytes + tile->pixel_bytes - sizeof(float);
        float *to = (float *)(void *)((char *)plane->data + y * plane->row_bytes);
        for (uint32_t x = 0; x < tile->width; x++, depth += tile->pixel_bytes) {
            memcpy(&to[x], depth, sizeof *to);
            if (to[x] == 0)
                to[x] = background;
        }
    }
}

/* 1 where the 32 bits at `from` are not zero. */
static void copy_mask(const tile_pixels *tile, uint32_t from, const calo_image *plane)
{
    for (uint32_t y = 0; y < tile->height; y++) {
        const char *pixel = tile->first + y * tile->row_bytes + from;
        uint8_t *to = (uint8_t *)plane->data + y * plane->row_bytes;
        for (uint32_t x = 0; x < tile->width; x++, pixel += tile->pixel_bytes) {
            uint32_t bits;
            memcpy(&bits, pixel, sizeof bits);
            to[x] = bits != 0;
        }
    }
}

void calo_glr_readback_unpack(const calo_glr_readback *readback, uint32_t index, const calo_render_options *options,
                              calo_frame *frame)
{
    /* The output that a channel is in, and where in its pixels. */
    static const struct {
        calo_glr_output output;
        uint32_t from;
    } places[CALO_CHANNEL_COUNT] = {
        [CALO_CHANNEL_COLOR] = {CALO_GLR_OUT_COLOR, 0},
        [CALO_CHANNEL_DEPTH] = {CALO_GLR_OUT_PLACE, 0},
        [CALO_CHANNEL_NORMAL] = {CALO_GLR_OUT_PLACE, 0},
        [CALO_CHANNEL_GEOMETRIC_NORMAL] = {CALO_GLR_OUT_GEOMETRIC_NORMAL, 0},
        [CALO_CHANNEL_MASK] = {CALO_GLR_OUT_IDS, 0},
        [CALO_CHANNEL_INSTANCE_ID] = {CALO_GLR_OUT_IDS, 0},
        [CALO_CHANNEL_MATERIAL_ID] = {CALO_GLR_OUT_IDS, 4},
        [CALO_CHANNEL_POSITION] = {CALO_GLR_OUT_POSITION, 0},
        [CALO_CHANNEL_UV] = {CALO_GLR_OUT_MATERIAL, 0},
        [CALO_CHANNEL_ALBEDO] = {CALO_GLR_OUT_ALBEDO, 0},
        [CALO_CHANNEL_METAL_ROUGHNESS] = {CALO_GLR_OUT_MATERIAL, 8},
    };
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *plane = &frame->planes[c];
        if (!(options->channels >> c & 1))
            continue;
        calo_glr_output output = places[c].output;
        bool by_depth = c == CALO_CHANNEL_MASK && !(readback->targets.outputs >> output & 1);
        tile_pixels tile = find_tile(readback, index, by_depth ? CALO_GLR_OUT_PLACE : output);
        if (c == CALO_CHANNEL_DEPTH)
            copy_depth(&tile, options->background_depth, plane);
        else if (c == CALO_CHANNEL_MASK)
            copy_mask(&tile, by_depth ? tile.pixel_bytes - (uint32_t)sizeof(float) : 0, plane);
        else
            copy_part(&tile, places[c].from, calo_pixel_bytes(plane->format), plane);
    }
}
