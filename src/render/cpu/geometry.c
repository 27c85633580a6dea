/* Clusters of triangles to the screen: transformed once, and each triangle that can cover a pixel into the queue. */
#include "render/cpu/corners.h"
#include "render/stages.h"

/* A cluster's vertices on the screen. Lists are padded with copies of the last vertex. */
typedef struct screen_cluster {
    int32_t x[CALO_CPU_CLUSTER_VERTICES], y[CALO_CPU_CLUSTER_VERTICES]; /* 1/256 pixels */
    int32_t packed[CALO_CPU_CLUSTER_VERTICES]; /* from the origin, x in the low half */
    float z[CALO_CPU_CLUSTER_VERTICES];
    int32_t origin_x, origin_y; /* pixels, multiples of a block */
    int32_t survivors[CALO_CPU_CLUSTER_TRIANGLES + 2 * CALO_CPU_BATCH];
} __attribute__((aligned(64))) screen_cluster;

/* ---- vertices ---- */

/* Corners of the box around a cluster's vertices, 1/256 pixels. */
typedef struct screen_box {
    lanes_i low_x, low_y, high_x, high_y;
} screen_box;

/* LANES vertices; false when one lies behind the near plane or outside the guard band. */
LANES_INLINE lanes_m transform(const calo_cpu_geometry_stage *stage, const float *x, const float *y, const float *z,
                               lanes_i *screen_x, lanes_i *screen_y, lanes_f *screen_z)
{
    const float (*r)[4] = stage->rows;
    const calo_cpu_camera *camera = &stage->worker->camera;
    lanes_f px = lanes_load(x), py = lanes_load(y), pz = lanes_load(z), p[4];
    for (int i = 0; i < 4; i++)
        p[i] = px * r[i][0] + py * r[i][1] + pz * r[i][2] + r[i][3];
    lanes_f guard = p[2] * CALO_CPU_GUARD_PIXELS, inverse = 1.0f / p[2];
    lanes_m inside = lanes_at_most(lanes_float(camera->near_metres), p[3]) & lanes_at_most(lanes_abs(p[0]), guard) &
                     lanes_at_most(lanes_abs(p[1]), guard);
    *screen_x = lanes_truncate(lanes_floor(p[0] * inverse * (float)CALO_CPU_SUBPIXEL + 0.5f));
    *screen_y = lanes_truncate(lanes_floor(p[1] * inverse * (float)CALO_CPU_SUBPIXEL + 0.5f));
    *screen_z = camera->orthographic ? -p[3] : inverse;
    return inside;
}

/* False when the cluster must go the general way. */
static bool transform_cluster(const calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster,
                              screen_cluster *screen, screen_box *box)
{
    uint32_t count = calo_cpu_padded(cluster->vertex_count);
    const float *x = stage->draw->geometry->positions + cluster->first_position, *y = x + count, *z = y + count;
    lanes_m inside = lanes_not(lanes_from_bits(0));
    for (uint32_t i = 0; i < count; i += LANES) {
        lanes_i sx, sy;
        lanes_f sz;
        inside &= transform(stage, x + i, y + i, z + i, &sx, &sy, &sz);
        lanes_store_int(screen->x + i, sx);
        lanes_store_int(screen->y + i, sy);
        lanes_store(screen->z + i, sz);
        box->low_x = i ? lanes_min_int(box->low_x, sx) : sx;
        box->low_y = i ? lanes_min_int(box->low_y, sy) : sy;
        box->high_x = i ? lanes_max_int(box->high_x, sx) : sx;
        box->high_y = i ? lanes_max_int(box->high_y, sy) : sy;
    }
    return lanes_bits(inside) == lanes_bits(lanes_not(lanes_from_bits(0)));
}

enum { IN_SIGHT, OUT_OF_SIGHT, TOO_LARGE };

/* Moves the vertices to an origin from which 16 bits reach all of them. */
static int pack_cluster(const calo_cpu_worker *worker, const calo_cpu_cluster *cluster, const screen_box *box,
                        screen_cluster *screen)
{
    int32_t low_x = lanes_lowest(box->low_x), low_y = lanes_lowest(box->low_y);
    int32_t high_x = -lanes_lowest(-box->high_x), high_y = -lanes_lowest(-box->high_y);
    if (high_x < 0 || high_y < (int32_t)worker->band_top * CALO_CPU_SUBPIXEL ||
        low_x > (int32_t)worker->width * CALO_CPU_SUBPIXEL || low_y > (int32_t)worker->band_bottom * CALO_CPU_SUBPIXEL)
        return OUT_OF_SIGHT;
    if (high_x - low_x > CALO_CPU_SMALL_PIXELS * CALO_CPU_SUBPIXEL ||
        high_y - low_y > CALO_CPU_SMALL_PIXELS * CALO_CPU_SUBPIXEL)
        return TOO_LARGE;
    int32_t block = CALO_CPU_BLOCK * CALO_CPU_SUBPIXEL, left = low_x & -block, top = low_y & -block;
    screen->origin_x = left / CALO_CPU_SUBPIXEL;
    screen->origin_y = top / CALO_CPU_SUBPIXEL;
    for (uint32_t i = 0; i < cluster->vertex_count; i += LANES) {
        lanes_i x = lanes_load_int(screen->x + i) - left, y = lanes_load_int(screen->y + i) - top;
        lanes_store_int(screen->packed + i, x | y << 16);
    }
    return IN_SIGHT;
}

/* ---- triangles ---- */

/* Triangles whose box holds a pixel centre, or with `margin` 128 any part of a pixel. */
LANES_INLINE lanes_m holds_pixel(lanes_i a, lanes_i b, lanes_i c, int32_t margin)
{
    int32_t half = CALO_CPU_SUBPIXEL / 2, low_offset = half - 1 - margin, high_offset = half - margin;
    lanes_s low = lanes_min16(lanes_min16((lanes_s)a, (lanes_s)b), (lanes_s)c);
    lanes_s high = lanes_max16(lanes_max16((lanes_s)a, (lanes_s)b), (lanes_s)c);
    low = (low + (lanes_s)lanes_int(pair_of(low_offset, low_offset))) >> 8;
    high = (high - (lanes_s)lanes_int(pair_of(high_offset, high_offset))) >> 8;
    return lanes_equal_int((lanes_i)(low > high), lanes_int(0));
}

/* Triangles with an area, and with the right side to the viewer. Counter-clockwise is the front, seen
 * with y up: clockwise with y down is the back. */
LANES_INLINE lanes_m faces_viewer(const calo_cpu_geometry_stage *stage, lanes_i area)
{
    if (!stage->cull_back)
        return lanes_not(lanes_equal_int(area, lanes_int(0)));
    return stage->draw->shared.mirrored ? lanes_less_int(lanes_int(0), area) : lanes_less_int(area, lanes_int(0));
}

/* Lists the triangles that face the right way and can cover something; returns how many. */
static uint32_t cull_triangles(const calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster,
                               screen_cluster *screen)
{
    const uint32_t *corners = stage->draw->geometry->corners + cluster->first_corner;
    int32_t margin = stage->worker->sample_count > 1 ? CALO_CPU_SUBPIXEL / 2 : 0;
    uint32_t kept = 0, count = cluster->triangle_count;
    for (uint32_t i = 0; i < count; i += LANES) {
        lanes_i corner = lanes_load_int(corners + i);
        lanes_i a = lanes_lookup64(screen->packed, corner & 63), b = lanes_lookup64(screen->packed, corner >> 6 & 63);
        lanes_i c = lanes_lookup64(screen->packed, corner >> 12 & 63);
        lanes_m keep = faces_viewer(stage, doubled_area(a, b, c)) & holds_pixel(a, b, c, margin);
        keep &= lanes_less_int(lanes_count() + (int32_t)i, lanes_int((int32_t)count));
        kept += lanes_compress(screen->survivors + kept, keep, corner);
    }
    return kept;
}

/* A full batch of survivors to the queue, and from there into the buffers. */
static void draw_survivors(const calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster,
                           const screen_cluster *screen, uint32_t count)
{
    calo_cpu_queue *queue = &stage->worker->queue;
    uint32_t first_id = stage->draw->first_id + cluster->first_triangle;
    for (uint32_t first = 0; first < count; first += CALO_CPU_BATCH) {
        for (uint32_t i = 0; i < CALO_CPU_BATCH; i += LANES) {
            lanes_i corner = lanes_load_int(screen->survivors + first + i);
            for (int k = 0; k < 3; k++) {
                lanes_i vertex = corner >> (6 * k) & 63;
                lanes_store_int(queue->corners[k] + i, lanes_lookup64(screen->packed, vertex));
                lanes_store_int(queue->z[k] + i, lanes_lookup64((const int32_t *)screen->z, vertex));
            }
            lanes_store_int(queue->ids + i, (lanes_i)((lanes_u)corner >> 18) + (int32_t)first_id);
            lanes_store_int(queue->origin_x + i, lanes_int(screen->origin_x));
            lanes_store_int(queue->origin_y + i, lanes_int(screen->origin_y));
        }
        queue->count = count - first < CALO_CPU_BATCH ? count - first : CALO_CPU_BATCH;
        calo_cpu_flush_queue(stage->worker, stage->pass);
    }
}

/* Corners of LANES triangles whose cluster is too wide for 16 bits. */
typedef struct wide_corners {
    lanes_i x[3], y[3]; /* 1/256 pixels */
    lanes_i left, top;  /* of the block where the box begins */
} wide_corners;

/* False in lanes whose triangle is itself too large. */
LANES_INLINE lanes_m find_wide_corners(const screen_cluster *screen, lanes_i corner, wide_corners *out)
{
    lanes_i high_x, high_y, low_x, low_y;
    for (int k = 0; k < 3; k++) {
        lanes_i vertex = corner >> (6 * k) & 63;
        out->x[k] = lanes_lookup64(screen->x, vertex);
        out->y[k] = lanes_lookup64(screen->y, vertex);
    }
    low_x = lanes_min_int(lanes_min_int(out->x[0], out->x[1]), out->x[2]);
    low_y = lanes_min_int(lanes_min_int(out->y[0], out->y[1]), out->y[2]);
    high_x = lanes_max_int(lanes_max_int(out->x[0], out->x[1]), out->x[2]);
    high_y = lanes_max_int(lanes_max_int(out->y[0], out->y[1]), out->y[2]);
    out->left = low_x & -CALO_CPU_BLOCK * CALO_CPU_SUBPIXEL;
    out->top = low_y & -CALO_CPU_BLOCK * CALO_CPU_SUBPIXEL;
    lanes_i limit = lanes_int(CALO_CPU_SMALL_PIXELS * CALO_CPU_SUBPIXEL + 1);
    return lanes_less_int(high_x - low_x, limit) & lanes_less_int(high_y - low_y, limit);
}

/* Puts the kept triangles of a wide cluster into the queue. */
static void queue_wide(const calo_cpu_geometry_stage *stage, const screen_cluster *screen, const wide_corners *corners,
                       lanes_i corner, uint32_t first_id, uint32_t kept)
{
    calo_cpu_queue *queue = &stage->worker->queue;
    for (; kept; kept &= kept - 1) {
        int lane = __builtin_ctz(kept);
        uint32_t at = queue->count++;
        for (int k = 0; k < 3; k++) {
            queue->corners[k][at] = pair_of(corners->x[k][lane] - corners->left[lane],
                                            corners->y[k][lane] - corners->top[lane]);
            queue->z[k][at] = screen->z[corner[lane] >> (6 * k) & 63];
        }
        queue->ids[at] = first_id + ((uint32_t)corner[lane] >> 18);
        queue->origin_x[at] = corners->left[lane] / CALO_CPU_SUBPIXEL;
        queue->origin_y[at] = corners->top[lane] / CALO_CPU_SUBPIXEL;
        if (queue->count == CALO_CPU_BATCH)
            calo_cpu_flush_queue(stage->worker, stage->pass);
    }
}

/* A cluster in front of the camera, but wide: each triangle from an origin of its own; the large ones
 * go the general way. */
static void draw_wide_cluster(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster,
                              const screen_cluster *screen)
{
    const uint32_t *list = stage->draw->geometry->corners + cluster->first_corner;
    int32_t margin = stage->worker->sample_count > 1 ? CALO_CPU_SUBPIXEL / 2 : 0;
    uint32_t first_id = stage->draw->first_id + cluster->first_triangle;
    for (uint32_t first = 0; first < cluster->triangle_count; first += LANES) {
        lanes_i corner = lanes_load_int(list + first), at[3];
        lanes_m there = lanes_less_int(lanes_count() + (int32_t)first, lanes_int(cluster->triangle_count));
        wide_corners corners;
        lanes_m small = find_wide_corners(screen, corner, &corners);
        for (int k = 0; k < 3; k++)
            at[k] = ((corners.x[k] - corners.left) & 0xffff) | (corners.y[k] - corners.top) << 16;
        lanes_m keep = small & there & faces_viewer(stage, doubled_area(at[0], at[1], at[2]));
        keep &= holds_pixel(at[0], at[1], at[2], margin);
        queue_wide(stage, screen, &corners, corner, first_id, lanes_bits(keep));
        for (uint32_t large = lanes_bits(there & lanes_not(small)); large; large &= large - 1)
            calo_cpu_clip_one(stage, cluster, first + (uint32_t)__builtin_ctz(large));
    }
    calo_cpu_flush_queue(stage->worker, stage->pass);
}

/* So many clusters ahead of the one that is drawn, memory is asked for: enough to hide its latency. */
enum { CLUSTERS_AHEAD = 3 };

/* Asks for what a cluster's vertices and triangles are made of. */
static void prefetch_cluster(const calo_cpu_geometry *geometry, const calo_cpu_cluster *cluster)
{
    enum { LINE = 64 };
    const char *positions = (const char *)(geometry->positions + cluster->first_position);
    const char *corners = (const char *)(geometry->corners + cluster->first_corner);
    for (size_t byte = 0; byte < 3 * sizeof(float) * calo_cpu_padded(cluster->vertex_count); byte += LINE)
        __builtin_prefetch(positions + byte);
    for (size_t byte = 0; byte < sizeof(uint32_t) * cluster->triangle_count; byte += LINE)
        __builtin_prefetch(corners + byte);
}

static void draw_cluster(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster)
{
    int last_stage = stage->worker->last_stage;
    screen_cluster screen;
    screen_box box = {0};
    if (stage->draw->shared.wireframe) {
        calo_cpu_draw_edges(stage, cluster);
        return;
    }
    if (!transform_cluster(stage, cluster, &screen, &box)) {
        calo_cpu_clip_cluster(stage, cluster);
        return;
    }
    int place = pack_cluster(stage->worker, cluster, &box, &screen);
    if (place == OUT_OF_SIGHT || last_stage < CALO_STAGE_SETUP)
        return;
    if (place == TOO_LARGE) {
        draw_wide_cluster(stage, cluster, &screen);
        return;
    }
    uint32_t count = cull_triangles(stage, cluster, &screen);
    /* What fills up the last batch must be valid corners. */
    for (uint32_t i = 0; i < CALO_CPU_BATCH; i += LANES)
        lanes_store_int(screen.survivors + count + i, lanes_int(0));
    draw_survivors(stage, cluster, &screen, count);
}

/* ---- a draw ---- */

calo_status calo_cpu_draw_geometry(calo_cpu_worker *worker, const calo_cpu_draw *draw, calo_cpu_pass pass,
                                   calo_error *err)
{
    const calo_cpu_material *material = &worker->scene->materials[draw->shared.material];
    calo_cpu_geometry_stage stage = {.worker = worker, .draw = draw, .pass = pass};
    calo_cpu_object_projection(&worker->camera, &draw->shared.object_to_world, &stage.object_to_screen);
    for (int i = 0; i < 16; i++)
        stage.rows[i / 4][i % 4] = (float)stage.object_to_screen.m[i / 4][i % 4];
    worker->queue.count = 0;
    worker->last_id = draw->first_id + (draw->element_count - 1);
    if (draw->shared.primitive->topology != CALO_TRIANGLES) {
        calo_cpu_draw_lines_and_points(&stage);
        return CALO_OK;
    }
    stage.cull_back = worker->options->cull == CALO_CULL_AUTO && !material->source.double_sided;
    /* Edges reach beyond the spheres that hiding is told by. */
    bool in_depth = worker->scene->in_depth && !draw->shared.wireframe;
    if (draw->shared.wireframe)
        stage.margin_pixels = 0.5f * worker->options->line_width_pixels + 1;
    if (in_depth && calo_cpu_draw_is_hidden(&stage))
        return CALO_OK;
    uint32_t count;
    calo_status status = calo_cpu_find_clusters(&stage, &count, err);
    if (status != CALO_OK)
        return status;
    if (in_depth)
        count = calo_cpu_drop_hidden(&stage, count);
    const calo_cpu_cluster *clusters = draw->geometry->clusters;
    for (uint32_t i = 0; worker->last_stage >= CALO_STAGE_TRANSFORM && i < count; i++) {
        if (i + CLUSTERS_AHEAD < count)
            prefetch_cluster(draw->geometry, &clusters[worker->visible[i + CLUSTERS_AHEAD]]);
        draw_cluster(&stage, &clusters[worker->visible[i]]);
    }
    return CALO_OK;
}
