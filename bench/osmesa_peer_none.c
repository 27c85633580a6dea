#include <stddef.h>

#include "osmesa_peer.h"

osmesa_peer *osmesa_peer_open(const calo_pose *pose, uint32_t width, uint32_t height)
{
    (void)pose;
    (void)width;
    (void)height;
    return NULL;
}

void osmesa_peer_draw(osmesa_peer *peer, const calo_view *view)
{
    (void)peer;
    (void)view;
}

void osmesa_peer_save(const osmesa_peer *peer, const char *path)
{
    (void)peer;
    (void)path;
}

void osmesa_peer_close(osmesa_peer *peer) { (void)peer; }
