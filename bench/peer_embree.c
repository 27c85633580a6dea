/* Embree: coherent packets of sixteen primary rays, a tile of 4 x 4 pixels each, shaded by embree_shade.c. */
#include <embree3/rtcore.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

#include "base/linear.h"
#include "peer.h"
#include "embree_packet.h"

extern embree_shade embree_shade_baseline, embree_shade_avx2, embree_shade_avx512;
extern embree_encode embree_encode_baseline, embree_encode_avx2, embree_encode_avx512;

enum { TILE = 4, FLUSH_DENORMALS = 0x8040 /* as Embree's manual asks */ };

typedef struct ray_peer {
    const bench_input *input;
    calo_arena arena;
    RTCDevice device;
    RTCScene scene;
    embree_shade *shade;
    embree_encode *encode;
    embree_mesh *meshes;
    uint32_t size, samples;
    uint32_t *color, *ids;
    float *depth, *normal;
    uint8_t *mask;
} ray_peer;

static void *take(ray_peer *peer, uint64_t count, size_t bytes)
{
    calo_error err;
    void *memory = calo_arena_take(&peer->arena, count, bytes, "the embree peer", &err);
    if (!memory)
        abort();
    return memory;
}

/* ---- textures ---- */

static float linear_of(uint32_t texel, int shift, bool srgb)
{
    float x = (float)(texel >> shift & 255) / 255;
    return !srgb || shift == 24 ? x : x <= 0.04045f ? x / 12.92f : powf((x + 0.055f) / 1.055f, 2.4f);
}

static uint32_t encode_component(float x, int shift, bool srgb)
{
    if (srgb && shift < 24)
        x = x <= 0.0031308f ? 12.92f * x : 1.055f * powf(x, 1 / 2.4f) - 0.055f;
    return (uint32_t)(x * 255 + 0.5f) << shift;
}

static void halve(const uint32_t *from, int32_t width, int32_t height, uint32_t *to, bool srgb)
{
    int32_t half_width = width > 1 ? width / 2 : 1, half_height = height > 1 ? height / 2 : 1;
    for (int32_t y = 0; y < half_height; y++)
        for (int32_t x = 0; x < half_width; x++, to++) {
            int32_t x1 = 2 * x + 1 < width ? 2 * x + 1 : 2 * x, y1 = 2 * y + 1 < height ? 2 * y + 1 : 2 * y;
            uint32_t t[4] = {from[2 * y * width + 2 * x], from[2 * y * width + x1], from[y1 * width + 2 * x],
                             from[y1 * width + x1]};
            *to = 0;
            for (int shift = 0; shift < 32; shift += 8)
                *to |= encode_component(0.25f * (linear_of(t[0], shift, srgb) + linear_of(t[1], shift, srgb) +
                                                 linear_of(t[2], shift, srgb) + linear_of(t[3], shift, srgb)),
                                        shift, srgb);
        }
}

static void make_texture(ray_peer *peer, const calo_material *material, calo_material_slot slot, embree_texture *out)
{
    const calo_scene_image *image = bench_material_image(peer->input, material, slot);
    bool srgb = slot == CALO_SLOT_BASE_COLOR || slot == CALO_SLOT_EMISSIVE;
    if (!image)
        return;
    int32_t width = (int32_t)image->width, height = (int32_t)image->height;
    uint32_t *texels = take(peer, 2 * (uint64_t)width * (uint64_t)height + 64, sizeof *texels), *to = texels;
    memcpy(to, image->pixels, (size_t)width * (size_t)height * 4);
    while (out->level_count < MIP_MAX) {
        uint32_t level = out->level_count++, *next = to + width * height;
        out->offset[level] = (int32_t)(to - texels);
        out->width[level] = width;
        out->height[level] = height;
        if (width == 1 && height == 1)
            break;
        halve(to, width, height, next, srgb);
        width = width > 1 ? width / 2 : 1;
        height = height > 1 ? height / 2 : 1;
        to = next;
    }
    out->texels = texels;
}

/* ---- geometry ---- */

/* How u and v change in the plane of a triangle. */
static void find_gradients(const bench_mesh *mesh, uint32_t triangle, float *out)
{
    const uint32_t *corner = mesh->indices + 3 * triangle;
    double e[2][3], n[3], along[2][3], step[2][2];
    for (int k = 0; k < 2; k++) {
        for (int c = 0; c < 3; c++)
            e[k][c] = (double)mesh->positions[3 * corner[k + 1] + c] - (double)mesh->positions[3 * corner[0] + c];
        for (int c = 0; c < 2; c++)
            step[k][c] = (double)mesh->uvs[2 * corner[k + 1] + c] - (double)mesh->uvs[2 * corner[0] + c];
    }
    calo_cross3(e[0], e[1], n);
    double area2 = calo_dot3(n, n);
    calo_cross3(e[1], n, along[0]);
    calo_cross3(n, e[0], along[1]);
    for (int i = 0; i < 6; i++)
        out[i] = area2 > 0 ? (float)((step[0][i / 3] * along[0][i % 3] + step[1][i / 3] * along[1][i % 3]) / area2) : 0;
}

static void make_mesh(ray_peer *peer, const bench_mesh *from, embree_mesh *to)
{
    const calo_material *material = &from->material;
    float *gradients = take(peer, 2 * (uint64_t)from->index_count, sizeof *gradients);
    for (uint32_t t = 0; t < from->index_count / 3; t++)
        find_gradients(from, t, gradients + 6 * t);
    *to = (embree_mesh){.indices = from->indices, .normals = from->normals, .uvs = from->uvs,
                        .tangents = from->tangents, .uv_gradients = gradients, .instance_id = from->instance_id,
                        .metallic = material->metallic, .roughness = material->roughness,
                        .occlusion_strength = material->occlusion_strength, .normal_scale = material->normal_scale};
    memcpy(to->base_color, material->base_color, sizeof to->base_color);
    memcpy(to->emissive, material->emissive, sizeof to->emissive);
    make_texture(peer, material, CALO_SLOT_BASE_COLOR, &to->base_color_map);
    make_texture(peer, material, CALO_SLOT_METALLIC_ROUGHNESS, &to->metallic_roughness_map);
    make_texture(peer, material, CALO_SLOT_NORMAL, &to->normal_map);
    make_texture(peer, material, CALO_SLOT_OCCLUSION, &to->occlusion_map);
    make_texture(peer, material, CALO_SLOT_EMISSIVE, &to->emissive_map);
}

static void attach(ray_peer *peer, const bench_mesh *mesh, uint32_t id)
{
    RTCGeometry geometry = rtcNewGeometry(peer->device, RTC_GEOMETRY_TYPE_TRIANGLE);
    float *positions = rtcSetNewGeometryBuffer(geometry, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3,
                                               3 * sizeof *positions, mesh->vertex_count);
    uint32_t *indices = rtcSetNewGeometryBuffer(geometry, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3,
                                                3 * sizeof *indices, mesh->index_count / 3);
    memcpy(positions, mesh->positions, 3 * sizeof *positions * mesh->vertex_count);
    memcpy(indices, mesh->indices, sizeof *indices * mesh->index_count);
    rtcCommitGeometry(geometry);
    rtcAttachGeometryByID(peer->scene, geometry, id);
    rtcReleaseGeometry(geometry);
}

static void choose_level(ray_peer *peer)
{
    peer->shade = embree_shade_baseline;
    peer->encode = embree_encode_baseline;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        peer->shade = embree_shade_avx2;
        peer->encode = embree_encode_avx2;
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        peer->shade = embree_shade_avx512;
        peer->encode = embree_encode_avx512;
    }
}

static void close_peer(void *pointer)
{
    ray_peer *peer = pointer;
    rtcReleaseScene(peer->scene);
    rtcReleaseDevice(peer->device);
    calo_arena_finish(&peer->arena);
    free(peer->color);
    free(peer->ids);
    free(peer->depth);
    free(peer->normal);
    free(peer->mask);
    free(peer);
}

static void *open_peer(const bench_input *input)
{
    RTCDevice device = rtcNewDevice("threads=1");
    ray_peer *peer = calloc(1, sizeof *peer);
    if (!peer || !device) {
        free(peer);
        return NULL;
    }
    peer->input = input;
    peer->device = device;
    peer->scene = rtcNewScene(device);
    peer->meshes = take(peer, input->mesh_count, sizeof *peer->meshes);
    choose_level(peer);
    for (uint32_t m = 0; m < input->mesh_count; m++) {
        make_mesh(peer, &input->meshes[m], &peer->meshes[m]);
        attach(peer, &input->meshes[m], m);
    }
    rtcSetSceneBuildQuality(peer->scene, RTC_BUILD_QUALITY_HIGH);
    rtcCommitScene(peer->scene);
    return peer;
}

static bool resize_peer(void *pointer, uint32_t size, uint32_t samples)
{
    ray_peer *peer = pointer;
    size_t pixels = (size_t)size * size;
    peer->size = size;
    peer->samples = samples;
    free(peer->color);
    free(peer->ids);
    free(peer->depth);
    free(peer->normal);
    free(peer->mask);
    peer->color = calloc(pixels, 4);
    peer->ids = calloc(pixels, 4);
    peer->depth = calloc(pixels, 4);
    peer->normal = calloc(pixels, 12);
    peer->mask = calloc(pixels, 1);
    return peer->color && peer->ids && peer->depth && peer->normal && peer->mask && size % TILE == 0;
}

/* ---- a view ---- */

typedef struct frame_camera {
    embree_camera shading;
    float origin[3], corner[3]; /* the direction through the picture's corner (0, 0) */
} frame_camera;

static void set_camera(const ray_peer *peer, const calo_view *view, frame_camera *out)
{
    const calo_mat4 *m = &view->camera_to_world;
    for (int c = 0; c < 3; c++) {
        out->origin[c] = (float)m->m[c][3];
        out->corner[c] = (float)(-view->center_x / view->focal_x * m->m[c][0] +
                                 view->center_y / view->focal_y * m->m[c][1] - m->m[c][2]);
        out->shading.right[c] = (float)m->m[c][0];
        out->shading.up[c] = (float)m->m[c][1];
        out->shading.back[c] = (float)m->m[c][2];
        out->shading.step_x[c] = (float)(m->m[c][0] / view->focal_x);
        out->shading.step_y[c] = (float)(-m->m[c][1] / view->focal_y);
        out->shading.to_sun[c] = (float)-peer->input->sun.direction[c];
    }
    out->shading.sun = peer->input->sun.light.intensity;
    out->shading.environment = peer->input->lighting.environment_strength;
}

/* Sixteen rays, a pixel apart; the first goes through (x, y). False: none hit. */
static bool trace(const ray_peer *peer, const frame_camera *camera, float x, float y, embree_packet *packet)
{
    static const int all[LANES] __attribute__((aligned(64))) = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                                -1, -1, -1, -1, -1, -1, -1, -1};
    struct RTCRayHit16 rays __attribute__((aligned(64)));
    struct RTCIntersectContext context;
    rtcInitIntersectContext(&context);
    context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < LANES; i++)
            packet->direction[c][i] = camera->corner[c] + (x + (float)(i % TILE)) * camera->shading.step_x[c] +
                                      (y + (float)(i / TILE)) * camera->shading.step_y[c];
    for (int i = 0; i < LANES; i++) {
        rays.ray.org_x[i] = camera->origin[0];
        rays.ray.org_y[i] = camera->origin[1];
        rays.ray.org_z[i] = camera->origin[2];
        rays.ray.dir_x[i] = packet->direction[0][i];
        rays.ray.dir_y[i] = packet->direction[1][i];
        rays.ray.dir_z[i] = packet->direction[2][i];
        rays.ray.tnear[i] = 1e-3f;
        rays.ray.tfar[i] = INFINITY;
        rays.ray.time[i] = 0;
        rays.ray.mask[i] = UINT32_MAX;
        rays.ray.flags[i] = 0;
        rays.hit.geomID[i] = RTC_INVALID_GEOMETRY_ID;
        rays.hit.instID[0][i] = RTC_INVALID_GEOMETRY_ID;
    }
    rtcIntersect16(all, peer->scene, &context, &rays);
    bool hit = false;
    for (int i = 0; i < LANES; i++) {
        packet->geometry[i] = rays.hit.geomID[i]; /* RTC_INVALID_GEOMETRY_ID is NOTHING */
        hit |= packet->geometry[i] != NOTHING;
    }
    if (!hit)
        return false;
    memcpy(packet->depth, rays.ray.tfar, sizeof packet->depth);
    memcpy(packet->u, rays.hit.u, sizeof packet->u);
    memcpy(packet->v, rays.hit.v, sizeof packet->v);
    memcpy(packet->geometric_normal[0], rays.hit.Ng_x, sizeof packet->geometric_normal[0]);
    memcpy(packet->geometric_normal[1], rays.hit.Ng_y, sizeof packet->geometric_normal[1]);
    memcpy(packet->geometric_normal[2], rays.hit.Ng_z, sizeof packet->geometric_normal[2]);
    memcpy(packet->triangle, rays.hit.primID, sizeof packet->triangle);
    return true;
}

/* One call for each geometry among the lanes, mostly one. */
static void shade(const ray_peer *peer, const frame_camera *camera, const embree_packet *packet,
                  embree_surface *surface)
{
    bool done[LANES] = {false};
    memset(surface, 0, sizeof *surface);
    for (int i = 0; i < LANES; i++) {
        uint32_t geometry = packet->geometry[i];
        if (done[i] || geometry == NOTHING)
            continue;
        peer->shade(&peer->meshes[geometry], geometry, &camera->shading, packet, surface);
        for (int k = i; k < LANES; k++)
            done[k] |= packet->geometry[k] == geometry;
    }
}

/* Everything but colour, from the rays through the pixels' centres. */
static void write_data(ray_peer *peer, uint32_t x, uint32_t y, const embree_packet *packet,
                       const embree_surface *surface)
{
    for (uint32_t i = 0; i < LANES; i++) {
        size_t at = (size_t)(y + i / TILE) * peer->size + x + i % TILE;
        bool hit = packet->geometry[i] != NOTHING;
        peer->mask[at] = hit;
        peer->ids[at] = hit ? peer->meshes[packet->geometry[i]].instance_id : 0;
        peer->depth[at] = hit ? packet->depth[i] : 0;
        for (int c = 0; c < 3; c++)
            peer->normal[3 * at + c] = surface->normal[c][i];
    }
}

static void clear_data(ray_peer *peer, uint32_t x, uint32_t y)
{
    for (uint32_t row = 0; row < TILE; row++) {
        size_t at = (size_t)(y + row) * peer->size + x;
        memset(peer->mask + at, 0, TILE);
        memset(peer->ids + at, 0, TILE * sizeof *peer->ids);
        memset(peer->depth + at, 0, TILE * sizeof *peer->depth);
        memset(peer->normal + 3 * at, 0, 3 * TILE * sizeof *peer->normal);
    }
}

static void write_color(ray_peer *peer, uint32_t x, uint32_t y, float color[3][LANES], float coverage[LANES])
{
    uint32_t rgba[LANES] = {0};
    float covered = 0;
    for (int i = 0; i < LANES; i++)
        covered += coverage[i];
    if (covered > 0)
        peer->encode(color, coverage, rgba);
    for (uint32_t row = 0; row < TILE; row++)
        memcpy(peer->color + (size_t)(y + row) * peer->size + x, rgba + TILE * row, TILE * sizeof *rgba);
}

/* Adds the light of one ray a pixel. */
static void add_sample(const embree_packet *packet, const embree_surface *surface, float weight, float color[3][LANES],
                       float coverage[LANES])
{
    for (int i = 0; i < LANES; i++)
        coverage[i] += packet->geometry[i] != NOTHING ? weight : 0;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < LANES; i++)
            color[c][i] += weight * surface->color[c][i];
}

/* The rays through the centres give all data, and with one sample the colour too. */
static void draw_tile(ray_peer *peer, const frame_camera *camera, uint32_t x, uint32_t y)
{
    embree_packet packet;
    embree_surface surface;
    float color[3][LANES] = {{0}}, coverage[LANES] = {0};
    if (trace(peer, camera, (float)x + 0.5f, (float)y + 0.5f, &packet)) {
        shade(peer, camera, &packet, &surface);
        write_data(peer, x, y, &packet, &surface);
        if (peer->samples == 1)
            add_sample(&packet, &surface, 1, color, coverage);
    } else {
        clear_data(peer, x, y);
    }
    for (uint32_t s = 0; peer->samples > 1 && s < peer->samples; s++) {
        /* A lattice: one sample in each of as many columns and rows. */
        uint32_t row = (peer->samples == 4 ? 2 * s + s / 2 : 5 * s) % peer->samples;
        float across = ((float)s + 0.5f) / (float)peer->samples, down = ((float)row + 0.5f) / (float)peer->samples;
        if (!trace(peer, camera, (float)x + across, (float)y + down, &packet))
            continue;
        shade(peer, camera, &packet, &surface);
        add_sample(&packet, &surface, 1 / (float)peer->samples, color, coverage);
    }
    write_color(peer, x, y, color, coverage);
}

static void draw_view(void *pointer, const calo_view *view)
{
    ray_peer *peer = pointer;
    frame_camera camera;
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | FLUSH_DENORMALS);
    set_camera(peer, view, &camera);
    for (uint32_t y = 0; y < peer->size; y += TILE)
        for (uint32_t x = 0; x < peer->size; x += TILE)
            draw_tile(peer, &camera, x, y);
    _mm_setcsr(before);
}

static void last_picture(const void *pointer, bench_picture *picture)
{
    const ray_peer *peer = pointer;
    *picture = (bench_picture){.color = (const uint8_t *)peer->color, .normal = peer->normal, .depth = peer->depth,
                               .ids = peer->ids, .normal_stride = 3, .depth_stride = 1};
}

const bench_peer embree_peer = {"embree", "Embree 3, rtcIntersect16, coherent", open_peer, resize_peer, draw_view,
                                last_picture, close_peer};
