/* Where pictures go: the caller's frames, or one that is used again and again. */
#include "base/error.h"
#include "render/backend.h"

/* Made anew only when the size or the channels change. */
static calo_status own_frame(const calo_batch *batch, const calo_view *view, calo_frame *frame, calo_error *err)
{
    bool fits = frame->width == view->width && frame->height == view->height;
    for (int c = 0; fits && c < CALO_CHANNEL_COUNT; c++)
        fits = (frame->planes[c].format != CALO_PIXEL_NONE) == (batch->options.channels >> c & 1);
    fits = fits && (!(batch->options.channels & 1) || frame->planes[0].format == batch->options.color_format);
    if (fits)
        return CALO_OK;
    calo_frame_finish(frame);
    return calo_frame_init(frame, view->width, view->height, batch->options.channels, batch->options.color_format, err);
}

static calo_status check_frame(const calo_batch *batch, size_t index, const calo_frame *frame, calo_error *err)
{
    const calo_view *view = &batch->views[index];
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *plane = &frame->planes[c];
        calo_pixel_format format = calo_channel_format((calo_channel)c, batch->options.color_format);
        if (!(batch->options.channels >> c & 1))
            continue;
        if (!plane->data || plane->width != view->width || plane->height != view->height ||
            plane->format != format || plane->row_bytes / calo_pixel_bytes(format) < plane->width)
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "frame %zu has no fitting plane for the channel %s of %u x %u pixels", index,
                             calo_channel_name((calo_channel)c), view->width, view->height);
    }
    return CALO_OK;
}

calo_status calo_batch_find_frame(const calo_batch *batch, size_t index, calo_frame *own, calo_frame **frame,
                                  calo_error *err)
{
    *frame = batch->frames ? &batch->frames[index] : own;
    return batch->frames ? check_frame(batch, index, *frame, err) : own_frame(batch, &batch->views[index], *frame, err);
}

calo_status calo_batch_hand_out(const calo_batch *batch, size_t index, calo_frame *frame, calo_error *err)
{
    return batch->on_frame ? batch->on_frame(batch->user, index, frame, err) : CALO_OK;
}
