/* The same scene drawn by plain OpenGL on OSMesa (llvmpipe): base color texture under uniform
 * light, with depth, normal and ids as further targets, everything read back. */
#ifndef BENCH_OSMESA_PEER_H
#define BENCH_OSMESA_PEER_H

#include <calotype/scene.h>
#include <calotype/view.h>

typedef struct osmesa_peer osmesa_peer;

/* NULL when it was built without OSMesa or no context can be had. */
osmesa_peer *osmesa_peer_open(const calo_pose *pose, uint32_t width, uint32_t height);
void osmesa_peer_draw(osmesa_peer *peer, const calo_view *view);
/* The last colour picture as PPM, to look at. */
void osmesa_peer_save(const osmesa_peer *peer, const char *path);
void osmesa_peer_close(osmesa_peer *peer);

#endif
