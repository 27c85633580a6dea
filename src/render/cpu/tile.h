/* The channels of LANES pixels of a block (whole rows of it) on their way into the frame. */
#ifndef CALO_RENDER_CPU_TILE_H
#define CALO_RENDER_CPU_TILE_H

#include "render/cpu/surface.h"

/* Channels that are not wanted are not touched. */
typedef struct calo_cpu_tile {
    lanes_f depth, normal[3], geometric_normal[3], position[3], uv[2], albedo[3], metal_roughness[2];
    lanes_i mask, instance_ids, material_ids;
} calo_cpu_tile;

/* Where the pixels lie in the picture, and which of them do. */
typedef struct calo_cpu_area {
    uint32_t x, y, columns, rows;
} calo_cpu_area;

calo_cpu_area calo_cpu_tile_area(const calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, int first_slot);

/* What the channels hold where nothing is. */
void calo_cpu_tile_clear(const calo_render_options *options, calo_cpu_tile *tile);
/* The active lanes' surfaces; where all are active the tile need not be cleared before. */
void calo_cpu_tile_put(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                       calo_cpu_tile *tile);
void calo_cpu_tile_write(const calo_render_options *options, const calo_cpu_tile *tile, const calo_cpu_area *area,
                         const calo_frame *frame);
/* Premultiplied light, linear or as displayed, to the frame's colour format, straight alpha. */
void calo_cpu_tile_write_color(const calo_cpu_worker *worker, const lanes_f premultiplied[4],
                               const calo_cpu_area *area, const calo_frame *frame);
/* Finds the worker's empty_color. */
void calo_cpu_tile_find_empty(calo_cpu_worker *worker, calo_pixel_format format);
/* The blocks [from, to) of a row, in which there is nothing before an even background. */
void calo_cpu_tile_write_empty(const calo_cpu_worker *worker, uint32_t from, uint32_t to, uint32_t block_y,
                               const calo_frame *frame);

#endif
