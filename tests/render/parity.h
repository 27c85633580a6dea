/* How much two backends' pictures of one view differ, and a picture of the difference. For tests only. */
#ifndef TESTS_RENDER_PARITY_H
#define TESTS_RENDER_PARITY_H

#include "encode/encode.h"
#include "scenes.h"

enum { PARITY_CHANNELS = TEST_BIT(COLOR) | TEST_BIT(DEPTH) | TEST_BIT(NORMAL) | TEST_BIT(GEOMETRIC_NORMAL) |
                         TEST_BIT(MASK) | TEST_BIT(INSTANCE_ID) | TEST_BIT(MATERIAL_ID) | TEST_BIT(POSITION) |
                         TEST_BIT(UV) | TEST_BIT(ALBEDO) | TEST_BIT(METAL_ROUGHNESS) };

/* What may differ. Shares are of the pixels that show something in one of both pictures. */
typedef struct parity_rule {
    double ids_equal;             /* share with the same ids and mask */
    double depth, depth_within;   /* relative, and the share of pixels of the same ids that keep it */
    double degrees, normals_within;
    double color_mean;            /* of 255 */
    int color_99;                 /* 99 % of the differences are at most this, of 255 */
    size_t stray;                 /* pixels of other ids away from every border */
    double values, values_within; /* position (to the depth), albedo, metal-roughness: differences at most */
} parity_rule;

typedef struct parity {
    size_t shown, same_ids, stray; /* stray: other ids away from every border */
    size_t depths, normals, values;  /* within the rule */
    double color_mean;
    int color_99;
} parity;

static inline uint32_t parity_id(const calo_frame *frame, calo_channel channel, uint32_t x, uint32_t y)
{
    uint32_t id;
    memcpy(&id, test_floats(frame, channel, x, y), sizeof id);
    return id;
}

static inline bool parity_same_ids(const calo_frame *a, const calo_frame *b, uint32_t x, uint32_t y)
{
    return parity_id(a, CALO_CHANNEL_INSTANCE_ID, x, y) == parity_id(b, CALO_CHANNEL_INSTANCE_ID, x, y) &&
           parity_id(a, CALO_CHANNEL_MATERIAL_ID, x, y) == parity_id(b, CALO_CHANNEL_MATERIAL_ID, x, y) &&
           test_mask(a, x, y) == test_mask(b, x, y);
}

/* Another instance, or the same one at quite another depth, is next to the pixel. */
static inline bool parity_at_border(const calo_frame *frame, uint32_t x, uint32_t y)
{
    uint32_t id = parity_id(frame, CALO_CHANNEL_INSTANCE_ID, x, y);
    float depth = *test_floats(frame, CALO_CHANNEL_DEPTH, x, y);
    for (uint32_t v = y ? y - 1 : 0; v <= y + 1 && v < frame->height; v++)
        for (uint32_t u = x ? x - 1 : 0; u <= x + 1 && u < frame->width; u++)
            if (parity_id(frame, CALO_CHANNEL_INSTANCE_ID, u, v) != id ||
                fabsf(*test_floats(frame, CALO_CHANNEL_DEPTH, u, v) - depth) > 0.02f * depth)
                return true;
    return false;
}

static inline double parity_farthest(const float *a, const float *b, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++)
        most = fmax(most, fabs((double)a[i] - b[i]));
    return most;
}

static inline double parity_degrees(const float a[3], const float b[3])
{
    double d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    return 2 * asin(fmin(1, calo_length3(d) / 2)) * 180 / M_PI;
}

static inline bool parity_values_fit(const calo_frame *a, const calo_frame *b, const parity_rule *rule, uint32_t x,
                                     uint32_t y)
{
    static const struct {
        calo_channel channel;
        int count;
    } channels[] = {{CALO_CHANNEL_ALBEDO, 3}, {CALO_CHANNEL_METAL_ROUGHNESS, 2}};
    float depth = *test_floats(a, CALO_CHANNEL_DEPTH, x, y);
    if (parity_farthest(test_floats(a, CALO_CHANNEL_POSITION, x, y), test_floats(b, CALO_CHANNEL_POSITION, x, y), 3) >
        rule->values * (double)depth)
        return false;
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        if (parity_farthest(test_floats(a, channels[i].channel, x, y), test_floats(b, channels[i].channel, x, y),
                            channels[i].count) > rule->values)
            return false;
    return true;
}

static inline void parity_count_colors(const calo_frame *a, const calo_frame *b, uint32_t x, uint32_t y,
                                       size_t counts[256])
{
    const calo_image *p = &a->planes[CALO_CHANNEL_COLOR], *q = &b->planes[CALO_CHANNEL_COLOR];
    const uint8_t *left = (const uint8_t *)p->data + y * p->row_bytes + 4 * x;
    const uint8_t *right = (const uint8_t *)q->data + y * q->row_bytes + 4 * x;
    for (int c = 0; c < 4; c++)
        counts[abs(left[c] - right[c])]++;
}

static inline void parity_sum_colors(const size_t counts[256], parity *out)
{
    size_t total = 0, below = 0;
    for (int i = 0; i < 256; i++) {
        total += counts[i];
        out->color_mean += (double)i * (double)counts[i];
    }
    out->color_mean /= total ? (double)total : 1;
    while (out->color_99 < 255 && (double)(below += counts[out->color_99]) < 0.99 * (double)total)
        out->color_99++;
}

/* `a` is the reference. Both have PARITY_CHANNELS and RGBA8. */
static inline parity parity_measure(const calo_frame *a, const calo_frame *b, const parity_rule *rule)
{
    parity out = {0};
    size_t counts[256] = {0};
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++) {
            if (!test_mask(a, x, y) && !test_mask(b, x, y))
                continue;
            out.shown++;
            parity_count_colors(a, b, x, y, counts);
            if (!parity_same_ids(a, b, x, y)) {
                out.stray += !parity_at_border(a, x, y);
                continue;
            }
            float depth = *test_floats(a, CALO_CHANNEL_DEPTH, x, y), other = *test_floats(b, CALO_CHANNEL_DEPTH, x, y);
            out.same_ids++;
            out.depths += fabs((double)depth - other) <= rule->depth * (double)depth;
            out.normals += parity_degrees(test_floats(a, CALO_CHANNEL_NORMAL, x, y),
                                          test_floats(b, CALO_CHANNEL_NORMAL, x, y)) <= rule->degrees;
            out.values += parity_values_fit(a, b, rule, x, y);
        }
    parity_sum_colors(counts, &out);
    return out;
}

static inline bool parity_holds(const parity *found, const parity_rule *rule)
{
    double same = (double)found->same_ids;
    return same >= rule->ids_equal * (double)found->shown && found->stray <= rule->stray &&
           (double)found->depths >= rule->depth_within * same && (double)found->normals >= rule->normals_within * same &&
           (double)found->values >= rule->values_within * same && found->color_mean <= rule->color_mean &&
           found->color_99 <= rule->color_99;
}

/* Side by side: the reference, the other, and eight times their difference; red where ids differ. */
static inline void parity_write_picture(const char *path, const calo_frame *a, const calo_frame *b)
{
    calo_image picture = {0};
    calo_blob blob = {0};
    calo_error err = {0};
    const calo_image *p = &a->planes[CALO_CHANNEL_COLOR], *q = &b->planes[CALO_CHANNEL_COLOR];
    assert_int_equal(calo_image_init(&picture, 3 * a->width, a->height, CALO_PIXEL_RGB8, &err), CALO_OK);
    for (uint32_t y = 0; y < a->height; y++) {
        uint8_t *row = (uint8_t *)picture.data + y * picture.row_bytes;
        for (uint32_t x = 0; x < a->width; x++) {
            const uint8_t *left = (const uint8_t *)p->data + y * p->row_bytes + 4 * x;
            const uint8_t *right = (const uint8_t *)q->data + y * q->row_bytes + 4 * x;
            bool same = parity_same_ids(a, b, x, y);
            for (int c = 0; c < 3; c++) {
                int difference = 8 * abs(left[c] - right[c]);
                row[3 * x + c] = left[c];
                row[3 * (x + a->width) + c] = right[c];
                row[3 * (x + 2 * a->width) + c] = (uint8_t)(!same ? (c == 0) * 255 : difference < 255 ? difference : 255);
            }
        }
    }
    FILE *file = fopen(path, "wb");
    if (calo_encode_png(&picture, &blob, &err) == CALO_OK && file)
        fwrite(blob.bytes, 1, blob.size, file);
    if (file)
        fclose(file);
    calo_blob_finish(&blob);
    calo_image_finish(&picture);
}

/* Fails with all figures, and leaves NAME.png behind, where the rule does not hold. CALOTYPE_PARITY=show prints them
 * and writes the picture in any case. */
static inline void assert_parity(const char *name, const calo_frame *a, const calo_frame *b, const parity_rule *rule)
{
    parity found = parity_measure(a, b, rule);
    double same = found.same_ids ? (double)found.same_ids : 1;
    bool holds = parity_holds(&found, rule);
    char path[512], figures[512];
    const char *folder = getenv("CALOTYPE_PARITY_FOLDER"), *wish = getenv("CALOTYPE_PARITY");
    snprintf(path, sizeof path, "%s/parity-%s.png", folder ? folder : ".", name);
    snprintf(figures, sizeof figures,
             "%s: %zu pixels, ids equal %.3f %% (%zu stray), depth %.3f %%, normals %.3f %%, values %.3f %%, colour mean "
             "%.3f, 99th percentile %d",
             name, found.shown, found.shown ? 100 * (double)found.same_ids / (double)found.shown : 100, found.stray,
             100 * (double)found.depths / same, 100 * (double)found.normals / same, 100 * (double)found.values / same,
             found.color_mean, found.color_99);
    bool shown = wish && strcmp(wish, "show") == 0;
    if (shown)
        print_message("%s\n", figures);
    if (!holds || shown)
        parity_write_picture(path, a, b);
    if (!holds)
        fail_msg("%s; see %s", figures, path);
    assert_true(found.shown > 0);
}

#endif
