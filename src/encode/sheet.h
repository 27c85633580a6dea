/* The contact sheet: all views in rows, their channels side by side, small enough to look at. */
#ifndef CALO_ENCODE_SHEET_H
#define CALO_ENCODE_SHEET_H

#include <calotype/image.h>

/* Collects frames (from several threads at once, in any order) and draws them as one picture. */
typedef struct calo_sheet calo_sheet;

/* `title` is written above. Thumbnails are at most `cell_pixels` wide (0: chosen from the number). */
calo_status calo_sheet_create(size_t view_count, uint32_t view_width, uint32_t view_height, uint32_t channels,
                              const char *title, uint32_t cell_pixels, calo_sheet **sheet, calo_error *err);
/* The same picture without title, labels and margins, all views in one row and at most `height_pixels` high, and of the
 * channels one. */
calo_status calo_strip_create(size_t view_count, uint32_t view_width, uint32_t view_height, calo_channel channel,
                              uint32_t height_pixels, calo_sheet **sheet, calo_error *err);
void calo_sheet_destroy(calo_sheet *sheet);

/* Draws one view's channels into their cells. Thread-safe for different indices. */
calo_status calo_sheet_add(calo_sheet *sheet, size_t view_index, const char *label, const calo_frame *frame,
                           calo_error *err);

/* The finished RGB8 picture, owned by the sheet. */
const calo_image *calo_sheet_picture(const calo_sheet *sheet);

#endif
