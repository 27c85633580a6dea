/* The channels of one block of pixels on their way into the frame. */
#ifndef CALO_RENDER_CPU_TILE_H
#define CALO_RENDER_CPU_TILE_H

#include "render/cpu/surface.h"

/* By pixel, row by row; a component after the other. Channels that are not wanted are not touched. */
typedef struct calo_cpu_tile {
    float planes[CALO_CHANNEL_COUNT][3][CALO_CPU_SLOTS]; /* those of floats */
    uint32_t instance_ids[CALO_CPU_SLOTS], material_ids[CALO_CPU_SLOTS];
    uint8_t mask[CALO_CPU_SLOTS];
} __attribute__((aligned(64))) calo_cpu_tile;

/* What the channels hold where nothing is. */
void calo_cpu_tile_clear(const calo_render_options *options, calo_cpu_tile *tile);
/* The active lanes' surfaces into the pixels from `first` on. */
void calo_cpu_tile_put(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                       int first, calo_cpu_tile *tile);
/* To the frame; what lies outside the picture is left out. */
void calo_cpu_tile_write(const calo_cpu_worker *worker, const calo_cpu_tile *tile, uint32_t block_x, uint32_t block_y,
                         const calo_frame *frame);
/* Premultiplied linear light (4 components of 16 pixels) to the frame's colour format, straight alpha. */
void calo_cpu_tile_write_color(const calo_cpu_worker *worker, const float premultiplied[4][CALO_CPU_SLOTS],
                               uint32_t block_x, uint32_t block_y, const calo_frame *frame);
/* The blocks [from, to) of a row, in which there is nothing before a transparent background. */
void calo_cpu_tile_write_empty(const calo_cpu_worker *worker, uint32_t from, uint32_t to, uint32_t block_y,
                               const calo_frame *frame);

#endif
