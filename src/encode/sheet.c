#include "encode/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/scalar.h"
#include "encode/font.h"
#include "image/color.h"

enum {
    PAGE_WIDTH = 2000,
    PAGE_PIXELS_MAX = 16000000,
    CELL_MIN = 24,
    CELL_MAX = 512,
    MARGIN = 20,      /* around the page */
    CELL_GAP = 2,     /* between a view's channels */
    BLOCK_GAP = 14,   /* between views */
    LABEL_HEIGHT = 14,
    TITLE_HEIGHT = 34,
    CHECKER = 8,      /* side of a square behind transparent colour */
};

static const uint8_t paper[3] = {246, 244, 239}, ink[3] = {60, 56, 50}, faint_ink[3] = {140, 134, 124};

/* Where everything stands. A block is one view's channels side by side. */
typedef struct sheet_layout {
    uint32_t margin, title_height, label_height, block_gap; /* 0 of strips */
    uint32_t columns, rows; /* of blocks */
    uint32_t cell_width, cell_height;
    uint32_t block_width, block_height;
} sheet_layout;

struct calo_sheet {
    size_t view_count;
    uint32_t channels, channel_count;
    sheet_layout layout;
    calo_image page;
};

/* ---- layout ---- */

static sheet_layout lay_out(size_t views, uint32_t width, uint32_t height, uint32_t channels, uint32_t columns,
                            uint32_t cell_limit)
{
    sheet_layout layout = {MARGIN, TITLE_HEIGHT, LABEL_HEIGHT, BLOCK_GAP, columns,
                           .rows = (uint32_t)((views + columns - 1) / columns)};
    int64_t room = ((int64_t)PAGE_WIDTH - 2 * MARGIN - (int64_t)(columns - 1) * BLOCK_GAP) / columns -
                   (int64_t)(channels - 1) * CELL_GAP;
    int64_t cell = room / channels;
    cell = cell < CELL_MIN ? CELL_MIN : cell > cell_limit ? cell_limit : cell;
    layout.cell_width = (uint32_t)cell;
    layout.cell_height = (uint32_t)(cell * height / width);
    layout.cell_height = layout.cell_height ? layout.cell_height : 1;
    layout.block_width = layout.cell_width * channels + CELL_GAP * (channels - 1);
    layout.block_height = layout.cell_height + LABEL_HEIGHT;
    return layout;
}

static uint64_t page_width(const sheet_layout *layout)
{
    return 2 * layout->margin + (uint64_t)layout->columns * (layout->block_width + layout->block_gap) -
           layout->block_gap;
}

static uint64_t page_height(const sheet_layout *layout)
{
    return 2 * layout->margin + layout->title_height +
           (uint64_t)layout->rows * (layout->block_height + layout->block_gap) - layout->block_gap;
}

/* The number of blocks in a row that brings the page nearest to 5 : 4. */
static sheet_layout choose_layout(size_t views, uint32_t width, uint32_t height, uint32_t channels, uint32_t cell_limit)
{
    sheet_layout best = lay_out(views, width, height, channels, 1, cell_limit);
    double best_distance = INFINITY;
    for (uint32_t columns = 1; columns <= views && columns <= 64; columns++) {
        sheet_layout layout = lay_out(views, width, height, channels, columns, cell_limit);
        double aspect = (double)page_width(&layout) / (double)page_height(&layout);
        double distance = aspect > 1.25 ? aspect / 1.25 : 1.25 / aspect;
        if (distance < best_distance) {
            best_distance = distance;
            best = layout;
        }
    }
    return best;
}

static void fill_page(calo_image *page)
{
    for (uint32_t y = 0; y < page->height; y++)
        for (uint32_t x = 0; x < page->width; x++)
            memcpy((uint8_t *)page->data + y * page->row_bytes + 3 * (size_t)x, paper, sizeof paper);
}

static calo_status make_sheet(const sheet_layout *layout, size_t view_count, uint32_t channels, calo_sheet **out,
                              calo_error *err)
{
    calo_sheet *sheet = calloc(1, sizeof *sheet);
    if (!sheet)
        return calo_fail_memory(err, "a contact sheet", sizeof *sheet);
    sheet->view_count = view_count;
    sheet->channels = channels;
    sheet->channel_count = (uint32_t)__builtin_popcount(channels);
    sheet->layout = *layout;
    uint64_t width = page_width(layout), height = page_height(layout);
    calo_status status = width * height > PAGE_PIXELS_MAX
        ? calo_fail(err, CALO_ERROR_LIMIT, "a contact sheet of %zu views with %u channels would have %llu x %llu "
                    "pixels: make one of fewer views or channels", view_count, sheet->channel_count,
                    (unsigned long long)width, (unsigned long long)height)
        : calo_image_init(&sheet->page, (uint32_t)width, (uint32_t)height, CALO_PIXEL_RGB8, err);
    if (status != CALO_OK) {
        calo_sheet_destroy(sheet);
        return status;
    }
    fill_page(&sheet->page);
    *out = sheet;
    return CALO_OK;
}

calo_status calo_sheet_create(size_t view_count, uint32_t view_width, uint32_t view_height, uint32_t channels,
                              const char *title, uint32_t cell_pixels, calo_sheet **out, calo_error *err)
{
    *out = NULL;
    uint32_t channel_count = (uint32_t)__builtin_popcount(channels);
    if (!view_count || !channel_count || !view_width || !view_height)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a contact sheet of %zu views with %u channels has nothing to show",
                         view_count, channel_count);
    uint32_t cell_limit = cell_pixels ? cell_pixels : view_width < CELL_MAX ? view_width : CELL_MAX;
    sheet_layout layout = choose_layout(view_count, view_width, view_height, channel_count, cell_limit);
    calo_status status = make_sheet(&layout, view_count, channels, out, err);
    if (status == CALO_OK)
        calo_font_draw(&(*out)->page, MARGIN, MARGIN, 2, ink, title ? title : "");
    return status;
}

calo_status calo_strip_create(size_t view_count, uint32_t view_width, uint32_t view_height, calo_channel channel,
                              uint32_t height_pixels, calo_sheet **out, calo_error *err)
{
    uint32_t height = view_height < height_pixels ? view_height : height_pixels;
    uint32_t width = view_height ? (uint32_t)((uint64_t)view_width * height / view_height) : 0;
    *out = NULL;
    if (!view_count || view_count > PAGE_WIDTH || !view_width || !view_height || !height_pixels)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a strip of %zu views has nothing to show, or too much", view_count);
    width = width ? width : 1;
    const sheet_layout layout = {.columns = (uint32_t)view_count, .rows = 1, .cell_width = width, .cell_height = height,
                                 .block_width = width, .block_height = height};
    return make_sheet(&layout, view_count, CALO_CHANNEL_BIT(channel), out, err);
}

void calo_sheet_destroy(calo_sheet *sheet)
{
    if (!sheet)
        return;
    calo_image_finish(&sheet->page);
    free(sheet);
}

const calo_image *calo_sheet_picture(const calo_sheet *sheet)
{
    return &sheet->page;
}

/* ---- channels as colours: linear light, premultiplied ---- */

/* How one channel of one view is shown. */
typedef struct channel_look {
    calo_channel channel;
    const calo_image *plane, *mask; /* mask: NULL when the frame has none */
    float low, high;                /* range that is stretched over the colours */
} channel_look;

static const void *pixel_of(const calo_image *plane, uint32_t x, uint32_t y)
{
    return (const uint8_t *)plane->data + (size_t)y * plane->row_bytes + (size_t)x * calo_pixel_bytes(plane->format);
}

static bool has_surface(const channel_look *look, uint32_t x, uint32_t y)
{
    if (look->mask)
        return *(const uint8_t *)pixel_of(look->mask, x, y) != 0;
    const float *values = pixel_of(look->plane, x, y);
    for (uint32_t c = 0; c < calo_pixel_components(look->plane->format); c++)
        if (values[c] != 0)
            return true;
    return false;
}

/* The range of the values where a surface is, for depth and position. */
static void find_range(channel_look *look)
{
    look->low = INFINITY;
    look->high = -INFINITY;
    for (uint32_t y = 0; y < look->plane->height; y++)
        for (uint32_t x = 0; x < look->plane->width; x++) {
            const float *values = pixel_of(look->plane, x, y);
            for (uint32_t c = 0; has_surface(look, x, y) && c < calo_pixel_components(look->plane->format); c++) {
                look->low = calo_minf(look->low, values[c]);
                look->high = calo_maxf(look->high, values[c]);
            }
        }
}

/* Night blue through teal and sand to white; evenly growing lightness, so that it reads in grey too. */
static void depth_color(float nearness, float srgb[3])
{
    static const float stops[6][3] = {{0.11f, 0.09f, 0.25f}, {0.16f, 0.25f, 0.45f}, {0.13f, 0.46f, 0.53f},
                                      {0.38f, 0.67f, 0.52f}, {0.82f, 0.82f, 0.52f}, {0.99f, 0.97f, 0.88f}};
    float at = calo_clampf(nearness, 0, 1) * 5;
    int low = (int)calo_minf(at, 4);
    for (int c = 0; c < 3; c++)
        srgb[c] = stops[low][c] + (at - (float)low) * (stops[low + 1][c] - stops[low][c]);
}

/* Distinct colours for neighbouring ids: hues a golden section apart. */
static void id_color(uint32_t id, float srgb[3])
{
    float hue = (float)(id * 0x9e3779b9u >> 8) * 0x1p-24f * 6, light = id % 3 == 0 ? 0.95f : id % 3 == 1 ? 0.8f : 0.65f;
    for (int c = 0; c < 3; c++) {
        float t = hue + (c == 0 ? 0.0f : c == 1 ? 4.0f : 2.0f);
        t = t >= 6 ? t - 6 : t;
        float ramp = calo_clampf((t < 3 ? t : 6 - t) - 1, 0, 1); /* 0 .. 1 .. 0 over the circle */
        srgb[c] = light * (0.25f + 0.75f * ramp);
    }
}

static void linear_of(const float srgb[3], float rgba[4])
{
    for (int c = 0; c < 3; c++)
        rgba[c] = calo_linear_from_srgb((uint8_t)(calo_clampf(srgb[c], 0, 1) * 255 + 0.5f));
    rgba[3] = 1;
}

static void color_pixel(const channel_look *look, uint32_t x, uint32_t y, float rgba[4])
{
    const void *pixel = pixel_of(look->plane, x, y);
    if (look->plane->format == CALO_PIXEL_RGBA32F) {
        memcpy(rgba, pixel, 4 * sizeof *rgba);
    } else {
        const uint8_t *bytes = pixel;
        rgba[3] = look->plane->format == CALO_PIXEL_RGBA8 ? (float)bytes[3] * (1.0f / 255) : 1;
        for (int c = 0; c < 3; c++)
            rgba[c] = calo_linear_from_srgb(bytes[c]);
    }
    for (int c = 0; c < 3; c++)
        rgba[c] = calo_clampf(rgba[c], 0, 1) * rgba[3];
}

/* Numbers become colours by what they mean. */
static void number_pixel(const channel_look *look, uint32_t x, uint32_t y, float rgba[4])
{
    const float *v = pixel_of(look->plane, x, y);
    float srgb[3] = {0}, spread = look->high > look->low ? look->high - look->low : 1;
    switch (look->channel) {
    case CALO_CHANNEL_DEPTH: depth_color(1 - (v[0] - look->low) / spread * 0.9f, srgb); break;
    case CALO_CHANNEL_NORMAL:
    case CALO_CHANNEL_GEOMETRIC_NORMAL:
        for (int c = 0; c < 3; c++)
            srgb[c] = v[c] * 0.5f + 0.5f;
        break;
    case CALO_CHANNEL_POSITION:
        for (int c = 0; c < 3; c++)
            srgb[c] = (v[c] - look->low) / spread;
        break;
    case CALO_CHANNEL_UV:
        for (int c = 0; c < 2; c++)
            srgb[c] = v[c] - floorf(v[c]);
        break;
    case CALO_CHANNEL_METAL_ROUGHNESS: /* as glTF packs them: roughness green, metallic blue */
        srgb[1] = v[1];
        srgb[2] = v[0];
        break;
    default: /* albedo is light already */
        for (int c = 0; c < 3; c++)
            rgba[c] = calo_clampf(v[c], 0, 1);
        rgba[3] = 1;
        return;
    }
    linear_of(srgb, rgba);
}

static void look_at_pixel(const channel_look *look, uint32_t x, uint32_t y, float rgba[4])
{
    float srgb[3];
    memset(rgba, 0, 4 * sizeof *rgba);
    switch (look->channel) {
    case CALO_CHANNEL_COLOR: color_pixel(look, x, y, rgba); break;
    case CALO_CHANNEL_MASK:
        for (int c = 0; c < 4; c++)
            rgba[c] = c == 3 || *(const uint8_t *)pixel_of(look->plane, x, y) ? 1 : 0;
        break;
    case CALO_CHANNEL_INSTANCE_ID:
    case CALO_CHANNEL_MATERIAL_ID:
        if (*(const uint32_t *)pixel_of(look->plane, x, y) != 0) {
            id_color(*(const uint32_t *)pixel_of(look->plane, x, y), srgb);
            linear_of(srgb, rgba);
        }
        break;
    default:
        if (has_surface(look, x, y))
            number_pixel(look, x, y, rgba);
    }
}

/* ---- drawing: the mean over exactly the area under a cell's pixel ---- */

/* The share of `pixel`, one of `pixels` in a row, in cell pixel `at` of `cells`. Over all pixels they sum to 1. */
static float share_of(uint32_t pixel, uint32_t pixels, uint32_t at, uint32_t cells)
{
    uint64_t low = (uint64_t)at * pixels, high = low + pixels;
    uint64_t pixel_low = (uint64_t)pixel * cells, pixel_high = pixel_low + cells;
    low = pixel_low > low ? pixel_low : low;
    high = pixel_high < high ? pixel_high : high;
    return (float)(high - low) / (float)pixels;
}

static uint32_t first_pixel(uint32_t pixels, uint32_t at, uint32_t cells)
{
    return (uint32_t)((uint64_t)at * pixels / cells);
}

static uint32_t end_pixel(uint32_t pixels, uint32_t at, uint32_t cells)
{
    return (uint32_t)(((uint64_t)(at + 1) * pixels + cells - 1) / cells);
}

static void add_scaled(float to[4], const float from[4], float scale)
{
    for (int c = 0; c < 4; c++)
        to[c] += from[c] * scale;
}

/* One row of the view, as wide as the cell. */
static void narrow_row(const channel_look *look, uint32_t y, uint32_t cell_width, float *narrow)
{
    uint32_t width = look->plane->width;
    memset(narrow, 0, 4 * sizeof *narrow * cell_width);
    for (uint32_t x = 0; x < cell_width; x++)
        for (uint32_t from = first_pixel(width, x, cell_width); from < end_pixel(width, x, cell_width); from++) {
            float rgba[4];
            look_at_pixel(look, from, y, rgba);
            add_scaled(narrow + 4 * x, rgba, share_of(from, width, x, cell_width));
        }
}

/* Onto paper: a checkerboard where colour may be transparent, slate behind numbers. */
static void draw_row(const channel_look *look, uint32_t y, uint32_t width, const float *rgba, uint8_t *to)
{
    for (uint32_t x = 0; x < width; x++, rgba += 4, to += 3) {
        float behind = 0.014f;
        if (look->channel == CALO_CHANNEL_COLOR)
            behind = (x / CHECKER + y / CHECKER) % 2 ? 0.30f : 0.38f; /* white objects show, and black ones */
        for (int c = 0; c < 3; c++)
            to[c] = calo_srgb_from_linear(rgba[c] + behind * (1 - rgba[3]));
    }
}

static calo_status draw_cell(calo_sheet *sheet, const channel_look *look, uint32_t left, uint32_t top, calo_error *err)
{
    uint32_t width = sheet->layout.cell_width, height = sheet->layout.cell_height, rows = look->plane->height;
    float *sum = malloc(2 * 4 * sizeof *sum * width), *narrow = sum + 4 * (size_t)width;
    if (!sum)
        return calo_fail_memory(err, "a contact sheet", 2 * 4 * sizeof *sum * width);
    uint32_t narrowed = UINT32_MAX; /* the row that `narrow` holds: neighbours share one */
    for (uint32_t y = 0; y < height; y++) {
        memset(sum, 0, 4 * sizeof *sum * width);
        for (uint32_t from = first_pixel(rows, y, height); from < end_pixel(rows, y, height); from++) {
            if (from != narrowed)
                narrow_row(look, from, width, narrow);
            narrowed = from;
            float share = share_of(from, rows, y, height);
            for (uint32_t x = 0; x < width; x++)
                add_scaled(sum + 4 * x, narrow + 4 * x, share);
        }
        draw_row(look, y, width, sum,
                 (uint8_t *)sheet->page.data + (size_t)(top + y) * sheet->page.row_bytes + 3 * (size_t)left);
    }
    free(sum);
    return CALO_OK;
}

/* The channels are named above the first row of views, where the view's own label leaves room. */
static void draw_channel_name(calo_sheet *sheet, const char *name, uint32_t x, uint32_t top, uint32_t label_end)
{
    if (x >= label_end && strlen(name) * CALO_FONT_ADVANCE <= sheet->layout.cell_width)
        calo_font_draw(&sheet->page, (int32_t)x, (int32_t)top, 1, faint_ink, name);
}

calo_status calo_sheet_add(calo_sheet *sheet, size_t view_index, const char *label, const calo_frame *frame,
                           calo_error *err)
{
    const sheet_layout *layout = &sheet->layout;
    if (view_index >= sheet->view_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu does not belong to a contact sheet of %zu views",
                         view_index, sheet->view_count);
    uint32_t left = layout->margin + (uint32_t)(view_index % layout->columns) * (layout->block_width + layout->block_gap);
    uint32_t top = layout->margin + layout->title_height +
                   (uint32_t)(view_index / layout->columns) * (layout->block_height + layout->block_gap);
    uint32_t label_end = left + (label ? (uint32_t)strlen(label) * CALO_FONT_ADVANCE : 0), x = left;
    calo_font_draw(&sheet->page, (int32_t)left, (int32_t)top, 1, ink, label ? label : "");
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        if (!(sheet->channels >> c & 1))
            continue;
        const calo_image *mask = &frame->planes[CALO_CHANNEL_MASK];
        channel_look look = {.channel = (calo_channel)c, .plane = &frame->planes[c], .mask = mask->data ? mask : NULL};
        if (!look.plane->data)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "the contact sheet shows %s, which view %zu does not have",
                             calo_channel_name(look.channel), view_index);
        if (c == CALO_CHANNEL_DEPTH || c == CALO_CHANNEL_POSITION)
            find_range(&look);
        uint32_t label_height = layout->label_height ? layout->label_height - 3 : 0;
        calo_status status = draw_cell(sheet, &look, x, top + label_height, err);
        if (status != CALO_OK)
            return status;
        if (view_index < layout->columns && layout->label_height)
            draw_channel_name(sheet, calo_channel_name(look.channel), x, top, label_end);
        x += layout->cell_width + CELL_GAP;
    }
    return CALO_OK;
}
