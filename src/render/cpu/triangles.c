#include "render/cpu/triangles.h"

#include <string.h>

/* Triangles that reach farther than this over the screen are met in double precision, see element.h. */
static const float far_pixels = 160;

/* ---- which triangles ---- */

/* Finds the packet's triangles in the table or adds them; false when they do not fit. */
static bool join_table(const calo_cpu_packet *packet, lanes_i *table, int *count, lanes_i *slots)
{
    uint32_t ids[LANES], todo = lanes_bits(lanes_not(lanes_from_bits(0)));
    lanes_i known = *table, found = lanes_int(0);
    int used = *count;
    lanes_store_int(ids, packet->ids);
    while (todo) {
        lanes_i id = lanes_int((int32_t)ids[__builtin_ctz(todo)]);
        lanes_m same = lanes_equal_int(packet->ids, id);
        uint32_t there = lanes_bits(lanes_equal_int(known, id));
        if (!there) {
            if (used == LANES)
                return false;
            there = 1u << used++;
            known = lanes_pick_int(lanes_from_bits(there), id, known);
        }
        found = lanes_pick_int(same, lanes_int(__builtin_ctz(there)), found);
        todo &= ~lanes_bits(same);
    }
    *table = known;
    *count = used;
    *slots = found;
    return true;
}

/* Neighbouring pixels mostly show different triangles: each lane gets its own. */
static bool is_scattered(const calo_cpu_packet *packet)
{
    uint32_t changes = lanes_bits(lanes_not(lanes_equal_int(packet->ids, lanes_rotate(packet->ids))));
    return __builtin_popcount(changes) > LANES * 5 / 8;
}

/* ---- tables ---- */

/* Corners as they come from the vertices. */
typedef struct vertex_lanes {
    lanes_f position[3], normal[3], uv[2];
} vertex_lanes;

enum { VERTEX_FLOATS = sizeof(calo_cpu_vertex) / sizeof(float) };

/* Finds the corners and asks for them, so that they are near when they are loaded. */
LANES_INLINE void find_indices(const calo_cpu_draw *draw, calo_cpu_triangles *triangles)
{
    const char *vertices = (const char *)draw->geometry->vertices;
    calo_topology topology = draw->shared.primitive->topology;
    int32_t count = topology == CALO_TRIANGLES ? 3 : topology == CALO_LINES ? 2 : 1;
    lanes_i first = (triangles->ids - (int32_t)draw->first_id) * count;
    for (int32_t k = 0; k < 3; k++) {
        lanes_store_int(triangles->index[k], lanes_gather_int(draw->geometry->indices, first + (k < count ? k : 0)));
        for (int i = 0; i < LANES; i++)
            __builtin_prefetch(vertices + (size_t)triangles->index[k][i] * sizeof(calo_cpu_vertex));
    }
}

LANES_INLINE void load_vertices(const calo_cpu_draw *draw, const calo_cpu_triangles *triangles, vertex_lanes corners[3])
{
    const float *numbers = (const float *)(const void *)draw->geometry->vertices;
    for (int k = 0; k < 3; k++) {
        uint32_t at[LANES];
        lanes_f a[4], b[4];
        lanes_store_int(at, lanes_load_int(triangles->index[k]) * VERTEX_FLOATS);
        lanes_load4(numbers, 1, at, a);
        lanes_load4(numbers + 4, 1, at, b);
        memcpy(corners[k].position, a, sizeof corners[k].position);
        corners[k].normal[0] = a[3];
        memcpy(corners[k].normal + 1, b, 2 * sizeof *b);
        memcpy(corners[k].uv, b + 2, sizeof corners[k].uv);
    }
}

LANES_INLINE void keep(lanes_f a, lanes_f b, lanes_f c, calo_cpu_corner_lanes out)
{
    out[0] = a;
    out[1] = b - a;
    out[2] = c - a;
}

/* The screen's axes and depth at the corners, moved so that the first corner is the origin. */
typedef struct screen_lanes {
    lanes_f x[3], y[3], w[3], depth[3];
} screen_lanes;

/* Returns the lanes where single precision will not do. */
LANES_INLINE lanes_m project(const calo_cpu_worker *worker, const calo_cpu_draw_state *state,
                             const vertex_lanes corners[3], screen_lanes *screen, lanes_f origin[2])
{
    const float (*r)[4] = state->rows;
    bool orthographic = worker->camera.orthographic;
    lanes_f near = lanes_float(worker->camera.near_metres);
    lanes_m far = lanes_from_bits(0);
    for (int k = 0; k < 3; k++) {
        const lanes_f *p = corners[k].position;
        screen->x[k] = p[0] * r[0][0] + p[1] * r[0][1] + p[2] * r[0][2] + r[0][3];
        screen->y[k] = p[0] * r[1][0] + p[1] * r[1][1] + p[2] * r[1][2] + r[1][3];
        screen->depth[k] = p[0] * r[3][0] + p[1] * r[3][1] + p[2] * r[3][2] + r[3][3];
        screen->w[k] = orthographic ? lanes_float(1) : screen->depth[k];
        far |= lanes_less(screen->depth[k], near);
    }
    lanes_f inverse = 1.0f / screen->w[0];
    origin[0] = screen->x[0] * inverse;
    origin[1] = screen->y[0] * inverse;
    for (int k = 0; k < 3; k++) {
        screen->x[k] -= origin[0] * screen->w[k];
        screen->y[k] -= origin[1] * screen->w[k];
        lanes_f reach = screen->w[k] * far_pixels;
        far |= lanes_not(lanes_at_most(lanes_abs(screen->x[k]), reach) & lanes_at_most(lanes_abs(screen->y[k]), reach));
    }
    return far;
}

/* The planes of triangles that are not far; `turn` becomes +1 or -1 as the front is seen or the back. */
LANES_INLINE void find_planes(const screen_lanes *s, calo_cpu_triangles *triangles, lanes_f *turn)
{
    lanes_f at[3], step_x[3], step_y[3];
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3, b = (k + 2) % 3;
        at[k] = s->x[a] * s->y[b] - s->x[b] * s->y[a];
        step_x[k] = s->w[b] * s->y[a] - s->w[a] * s->y[b];
        step_y[k] = s->w[a] * s->x[b] - s->w[b] * s->x[a];
    }
    lanes_f volume = at[0] * s->w[0] + at[1] * s->w[1] + at[2] * s->w[2];
    lanes_f scale = lanes_max(s->w[0], lanes_max(s->w[1], s->w[2])) / volume;
    /* Of those seen exactly edge-on the first corner will do. */
    lanes_m sound = lanes_less(lanes_abs(scale), lanes_float(0x1p120f));
    scale = lanes_pick(sound, scale, lanes_float(0));
    *turn = lanes_pick(lanes_less(volume, lanes_float(0)), lanes_float(1), lanes_float(-1));
    triangles->sum[0] = lanes_pick(sound, (at[0] + at[1] + at[2]) * scale, lanes_float(1));
    triangles->sum[1] = (step_x[0] + step_x[1] + step_x[2]) * scale;
    triangles->sum[2] = (step_y[0] + step_y[1] + step_y[2]) * scale;
    for (int k = 0; k < 2; k++) {
        triangles->edges[k][0] = at[k + 1] * scale;
        triangles->edges[k][1] = step_x[k + 1] * scale;
        triangles->edges[k][2] = step_y[k + 1] * scale;
    }
}

/* The far triangles' planes, one after the other. */
static void find_far_planes(calo_cpu_worker *worker, const calo_cpu_draw *draw, lanes_m far, calo_cpu_triangles *t,
                            lanes_f *turn)
{
    for (uint32_t todo = lanes_bits(far); todo; todo &= todo - 1) {
        int i = __builtin_ctz(todo);
        const calo_cpu_element *element = calo_cpu_element_of(worker, draw, (uint32_t)t->ids[i]);
        t->origin[0][i] = (float)element->origin_x;
        t->origin[1][i] = (float)element->origin_y;
        for (int c = 0; c < 3; c++) {
            t->sum[c][i] = element->sum[c];
            t->edges[0][c][i] = element->edges[0][c];
            t->edges[1][c][i] = element->edges[1][c];
            t->far_depth[c][i] = element->depth_plane[c];
        }
        t->far_low[i] = element->depth_low;
        t->far_high[i] = element->depth_high;
        (*turn)[i] = element->clockwise ? -1 : 1;
    }
}

/* Planes on the screen, and the normals that follow from the side that is seen. */
LANES_INLINE void find_triangles(calo_cpu_worker *worker, const calo_cpu_draw *draw, const vertex_lanes corners[3],
                                 calo_cpu_triangles *triangles)
{
    const calo_cpu_draw_state *state = calo_cpu_draw_state_of(worker, draw);
    screen_lanes screen;
    lanes_f turn, a[3], b[3], object[3];
    lanes_m far = project(worker, state, corners, &screen, triangles->origin);
    find_planes(&screen, triangles, &turn);
    keep(screen.depth[0], screen.depth[1], screen.depth[2], triangles->depth);
    triangles->far = lanes_pick_int(far, lanes_int(-1), lanes_int(0));
    if (lanes_any(far))
        find_far_planes(worker, draw, far, triangles, &turn);
    /* The edges' common scale keeps the product of tiny ones from vanishing. */
    turn *= draw->shared.mirrored ? -state->edge_scale : state->edge_scale;
    for (int i = 0; i < 3; i++) {
        a[i] = (corners[1].position[i] - corners[0].position[i]) * turn;
        b[i] = (corners[2].position[i] - corners[0].position[i]) * state->edge_scale;
    }
    cross_lanes(a, b, object);
    normal_to_world(draw->shared.normal_to_world, object, triangles->geometric_normal);
}

static void fill_table(calo_cpu_worker *worker, const calo_cpu_draw *draw, calo_cpu_triangles *triangles)
{
    vertex_lanes corners[3];
    load_vertices(draw, triangles, corners);
    for (int i = 0; i < 3; i++) {
        keep(corners[0].position[i], corners[1].position[i], corners[2].position[i], triangles->position[i]);
        keep(corners[0].normal[i], corners[1].normal[i], corners[2].normal[i], triangles->normal[i]);
    }
    for (int i = 0; i < 2; i++)
        keep(corners[0].uv[i], corners[1].uv[i], corners[2].uv[i], triangles->uv[i]);
    if (draw->shared.primitive->topology == CALO_TRIANGLES)
        find_triangles(worker, draw, corners, triangles);
    else
        memset(triangles->geometric_normal, 0, sizeof triangles->geometric_normal);
}

/* ---- mixes ---- */

/* Keeps slivers from reaching far; weights within the slack stay as they are. */
static void cut_weights(lanes_f at[2])
{
    lanes_f kept[3], weights[3] = {1.0f - at[0] - at[1], at[0], at[1]}, total = lanes_float(0);
    lanes_m cut = lanes_from_bits(0);
    for (int k = 0; k < 3; k++) {
        kept[k] = lanes_clamp(weights[k], -CALO_CPU_WEIGHT_SLACK, 1 + CALO_CPU_WEIGHT_SLACK);
        cut |= lanes_not(lanes_equal(kept[k], weights[k]));
        total += kept[k];
    }
    /* They summed to 1 before; cut, to 0.75 at least. */
    for (int k = 0; k < 2; k++)
        at[k] = lanes_pick(cut, kept[k + 1] / total, at[k]);
}

LANES_INLINE lanes_f plane_at(const calo_cpu_mix *mix, const calo_cpu_plane_lanes plane, lanes_f dx, lanes_f dy)
{
    return spread(mix, plane[0]) + dx * spread(mix, plane[1]) + dy * spread(mix, plane[2]);
}

LANES_INLINE void weigh(const calo_cpu_packet *packet, calo_cpu_mix *mix)
{
    const calo_cpu_triangles *t = mix->triangles;
    lanes_f dx = packet->x - spread(mix, t->origin[0]), dy = packet->y - spread(mix, t->origin[1]);
    /* Covered pixels may lie a hair outside, where the sum may be anything. */
    lanes_f sum = lanes_max(plane_at(mix, t->sum, dx, dy), lanes_float(0.5f)), scale = 1.0f / sum;
    lanes_f sum_x = spread(mix, t->sum[1]), sum_y = spread(mix, t->sum[2]);
    for (int k = 0; k < 2; k++) {
        mix->at[k] = plane_at(mix, t->edges[k], dx, dy) * scale;
        mix->dx[k] = (spread(mix, t->edges[k][1]) - mix->at[k] * sum_x) * scale;
        mix->dy[k] = (spread(mix, t->edges[k][2]) - mix->at[k] * sum_y) * scale;
    }
    /* With one weight far above 1, another is below zero. */
    lanes_f lowest = lanes_min(1.0f - mix->at[0] - mix->at[1], lanes_min(mix->at[0], mix->at[1]));
    if (lanes_any(lanes_less(lowest, lanes_float(-CALO_CPU_WEIGHT_SLACK / 2))))
        cut_weights(mix->at);
}

/* Of triangles near by the mix of the corners' depths is exact enough; far ones have a plane of their own. */
LANES_INLINE lanes_f find_depth(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_mix *mix)
{
    const calo_cpu_triangles *t = mix->triangles;
    lanes_f depth = lanes_max(mix_corners(mix, t->depth), lanes_float(worker->camera.near_metres));
    lanes_m far = lanes_less_int(t->far, lanes_int(0));
    if (!lanes_any(far))
        return lanes_min(depth, lanes_float(worker->camera.far_metres));
    lanes_f dx = packet->x - spread(mix, t->origin[0]), dy = packet->y - spread(mix, t->origin[1]);
    lanes_f plane = plane_at(mix, t->far_depth, dx, dy);
    lanes_f value = worker->camera.orthographic ? plane : 1.0f / plane;
    /* Seen edge-on the plane has no value; the corners' range holds everywhere. */
    value = lanes_min(lanes_max(value, spread(mix, t->far_low)), spread(mix, t->far_high));
    depth = lanes_pick(lanes_less_int(lanes_spread_int(t->far, mix->slot), lanes_int(0)), value, depth);
    return lanes_min(depth, lanes_float(worker->camera.far_metres));
}

/* Lines and points: what lies on them does not change from pixel to pixel. */
static void stand_still(calo_cpu_mix *mix)
{
    for (int k = 0; k < 2; k++)
        mix->at[k] = mix->dx[k] = mix->dy[k] = lanes_float(0);
}

/* Lines, points and edges, a lane after the other. */
static void weigh_lines(calo_cpu_worker *worker, const calo_cpu_packet *packet, calo_cpu_mix *mix, lanes_f *depth)
{
    *depth = lanes_float(0);
    for (int i = 0; i < LANES; i++) {
        float weights[2], here;
        const calo_cpu_element *element = calo_cpu_element_of(worker, packet->draw, (uint32_t)packet->ids[i]);
        calo_cpu_element_weigh(element, worker->edge, packet->x[i], packet->y[i], weights, &here);
        mix->at[0][i] = weights[0];
        mix->at[1][i] = weights[1];
        (*depth)[i] = here;
    }
}

/* Shares the packets' triangles out to tables. Returns how many there are. */
LANES_INLINE int make_tables(const calo_cpu_packet *packets, int count, calo_cpu_triangles *tables, calo_cpu_mix *mixes)
{
    int used = 0;
    bool open = false; /* the last table takes more */
    for (int k = 0; k < count; k++) {
        calo_cpu_triangles *last = &tables[used > 0 ? used - 1 : 0];
        bool scattered = is_scattered(&packets[k]);
        if (!scattered && open && join_table(&packets[k], &last->ids, &last->count, &mixes[k].slot)) {
            mixes[k].triangles = last;
            continue;
        }
        calo_cpu_triangles *table = &tables[used++];
        mixes[k].triangles = table;
        open = !scattered;
        if (scattered) {
            table->ids = packets[k].ids;
            mixes[k].slot = lanes_count();
        } else {
            table->count = 1;
            table->ids = lanes_int(packets[k].ids[0]);
            join_table(&packets[k], &table->ids, &table->count, &mixes[k].slot);
        }
    }
    return used;
}

void calo_cpu_mixes_find(calo_cpu_worker *worker, const calo_cpu_packet *packets, int count, calo_cpu_triangles *tables,
                         calo_cpu_mix *mixes, calo_cpu_surface *surfaces)
{
    const calo_cpu_draw *draw = packets[0].draw;
    int table_count = make_tables(packets, count, tables, mixes);
    for (int i = 0; i < table_count; i++)
        find_indices(draw, &tables[i]);
    for (int i = 0; i < table_count; i++)
        fill_table(worker, draw, &tables[i]);
    for (int k = 0; k < count; k++) {
        /* Also of triangles that show their edges: textures change as on the surface. */
        if (draw->shared.primitive->topology == CALO_TRIANGLES)
            weigh(&packets[k], &mixes[k]);
        else
            stand_still(&mixes[k]);
        if (draw->shared.primitive->topology == CALO_TRIANGLES && !draw->shared.wireframe)
            surfaces[k].depth = find_depth(worker, &packets[k], &mixes[k]);
        else
            weigh_lines(worker, &packets[k], &mixes[k], &surfaces[k].depth);
    }
}
