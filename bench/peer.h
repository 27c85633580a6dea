/* Other renderers that draw what calotype draws, as well as they can. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "input.h"

/* A peer's last picture in its own layout, rows top to bottom without gaps. The mask is ids != 0. */
typedef struct bench_picture {
    const uint8_t *color; /* RGBA8, sRGB */
    const float *depth;   /* metres */
    const float *normal;  /* camera space */
    const uint32_t *ids;  /* instances */
    uint32_t depth_stride, normal_stride; /* floats a pixel */
} bench_picture;

typedef struct bench_peer {
    const char *name;
    const char *about;
    /* Uploads or builds all it wants to; NULL: it cannot run here. */
    void *(*open)(const bench_input *input);
    /* False: it has no such number of samples. */
    bool (*resize)(void *peer, uint32_t size, uint32_t samples);
    /* Draws all channels into memory of this process. */
    void (*draw)(void *peer, const calo_view *view);
    void (*picture)(const void *peer, bench_picture *picture);
    void (*close)(void *peer);
} bench_peer;

extern const bench_peer osmesa_peer, embree_peer;

#endif
