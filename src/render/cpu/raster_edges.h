/* Included by raster.c once for each width of the edge functions: EDGE is the integer type,
 * NAME(x) gives the names. Not a header of its own. */

/* Edge functions: not negative inside (the top-left rule is a bias of -1). */
typedef struct NAME(edges) {
    int32_t origin_x, origin_y;
    EDGE at_origin[3], step_x[3], step_y[3];
    EDGE at_sample[3][CALO_CPU_SAMPLES_MAX]; /* added at colour sample s */
    EDGE sample_reach[3];                    /* the largest of them, 0 at least */
    float z_at_sample[CALO_CPU_SAMPLES_MAX];
    z_plane z;
} NAME(edges);

static NAME(edges) NAME(make_edges)(const calo_cpu_worker *worker, const calo_cpu_triangle *t, int32_t origin_x,
                                    int32_t origin_y)
{
    NAME(edges) edges;
    edges.origin_x = origin_x;
    edges.origin_y = origin_y;
    EDGE x = (EDGE)origin_x * CALO_CPU_SUBPIXEL + HALF_PIXEL, y = (EDGE)origin_y * CALO_CPU_SUBPIXEL + HALF_PIXEL;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3;
        EDGE dx = (EDGE)t->x[j] - t->x[i], dy = (EDGE)t->y[j] - t->y[i];
        bool owns = dy < 0 || (dy == 0 && dx > 0);
        edges.at_origin[i] = dx * (y - t->y[i]) - dy * (x - t->x[i]) - (owns ? 0 : 1);
        edges.step_x[i] = -dy * CALO_CPU_SUBPIXEL;
        edges.step_y[i] = dx * CALO_CPU_SUBPIXEL;
        edges.sample_reach[i] = 0;
        for (uint32_t s = 0; s < worker->sample_count; s++) {
            EDGE offset = dx * worker->sample_offsets[s][1] - dy * worker->sample_offsets[s][0];
            edges.at_sample[i][s] = offset;
            edges.sample_reach[i] = offset > edges.sample_reach[i] ? offset : edges.sample_reach[i];
        }
    }
    edges.z = make_z_plane(t, origin_x, origin_y);
    for (uint32_t s = 0; s < worker->sample_count; s++)
        edges.z_at_sample[s] = (edges.z.step_x * (float)worker->sample_offsets[s][0] +
                                edges.z.step_y * (float)worker->sample_offsets[s][1]) * (1.0f / CALO_CPU_SUBPIXEL);
    return edges;
}

/* Depth-tests and writes the colour samples of one pixel; a loop that compilers turn into SIMD. */
static inline __attribute__((always_inline)) void NAME(write_samples)(const NAME(edges) *edges, const EDGE e[3],
                                                                     float z, float *sample_z, uint32_t *sample_ids,
                                                                     uint32_t id, uint32_t count)
{
    for (uint32_t s = 0; s < count; s++) {
        EDGE inside = (e[0] + edges->at_sample[0][s]) | (e[1] + edges->at_sample[1][s]) |
                      (e[2] + edges->at_sample[2][s]);
        float here = clamp_z(&edges->z, z + edges->z_at_sample[s]);
        bool pass = inside >= 0 && here > sample_z[s];
        sample_z[s] = pass ? here : sample_z[s];
        sample_ids[s] = pass ? id : sample_ids[s];
    }
}

static inline void NAME(visit_pixel)(calo_cpu_worker *worker, const NAME(edges) *edges, const EDGE e[3], float z,
                                     uint32_t id, uint32_t x, uint32_t y, calo_cpu_pass pass)
{
    size_t pixel = calo_cpu_pixel_index(worker, x, y);
    float center_z = clamp_z(&edges->z, z), sample_z[CALO_CPU_SAMPLES_MAX];
    bool center = (e[0] | e[1] | e[2]) >= 0 && center_z > worker->z[pixel];
    uint32_t samples = 0;
    for (uint32_t s = 0; s < worker->sample_count; s++) {
        EDGE inside = (e[0] + edges->at_sample[0][s]) | (e[1] + edges->at_sample[1][s]) |
                      (e[2] + edges->at_sample[2][s]);
        sample_z[s] = clamp_z(&edges->z, z + edges->z_at_sample[s]);
        if (inside >= 0 && sample_z[s] > worker->sample_z[pixel * worker->sample_count + s])
            samples |= 1u << s;
    }
    if (center || samples)
        calo_cpu_visit_transparent(worker, pass, id, x, y, center, center_z, samples, sample_z);
}

static void NAME(fill)(calo_cpu_worker *worker, const calo_cpu_triangle *triangle, const NAME(edges) *edges,
                       const pixel_box *box, calo_cpu_pass pass)
{
    uint32_t count = worker->sample_count, id = triangle->id;
    for (int32_t y = box->top; y <= box->bottom; y++) {
        EDGE e[3];
        int32_t from_x = box->left - edges->origin_x, from_y = y - edges->origin_y;
        for (int i = 0; i < 3; i++)
            e[i] = edges->at_origin[i] + (EDGE)from_x * edges->step_x[i] + (EDGE)from_y * edges->step_y[i];
        double row_z = edges->z.at_origin + (double)from_y * edges->z.step_y + (double)from_x * edges->z.step_x;
        size_t pixel = calo_cpu_pixel_index(worker, (uint32_t)box->left, (uint32_t)y);
        for (int32_t x = box->left; x <= box->right; x++, pixel++) {
            float z = (float)row_z + (float)(x - box->left) * edges->z.step_x;
            bool near_it = e[0] + edges->sample_reach[0] >= 0 && e[1] + edges->sample_reach[1] >= 0 &&
                           e[2] + edges->sample_reach[2] >= 0;
            if (near_it && pass != CALO_CPU_PASS_OPAQUE) {
                NAME(visit_pixel)(worker, edges, e, z, id, (uint32_t)x, (uint32_t)y, pass);
            } else if (near_it) {
                float center_z = clamp_z(&edges->z, z);
                if ((e[0] | e[1] | e[2]) >= 0 && center_z > worker->z[pixel]) {
                    worker->z[pixel] = center_z;
                    worker->ids[pixel] = id;
                }
                float *sample_z = worker->sample_z + pixel * count;
                uint32_t *sample_ids = worker->sample_ids + pixel * count;
                if (count == 4)
                    NAME(write_samples)(edges, e, z, sample_z, sample_ids, id, 4);
                else if (count == 16)
                    NAME(write_samples)(edges, e, z, sample_z, sample_ids, id, 16);
                else
                    NAME(write_samples)(edges, e, z, sample_z, sample_ids, id, count);
            }
            for (int i = 0; i < 3; i++)
                e[i] += edges->step_x[i];
        }
    }
}
