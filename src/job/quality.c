#include "job/quality.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "image/inspect.h"
#include "scene/orientation.h"

#define BIT(flag) (1u << (flag))

/* docs/quality.md tells these to people. */
static const double tiny_coverage = 0.01, uniform_share = 0.99, thin_side = 1e-4, huge_metres = 1e5, far_sizes = 1e4,
                    flipped_share = 0.25;
enum { WHITE_CODE = 250, BLACK_CODE = 5 };

/* ---- views ---- */

static void measure_colors(calo_view_quality *quality, const calo_frame *frame, bool linear, uint64_t covered)
{
    calo_extremes extremes = calo_color_extremes(&frame->planes[CALO_CHANNEL_COLOR], &frame->planes[CALO_CHANNEL_MASK],
                                                 linear, BLACK_CODE, WHITE_CODE);
    quality->white = (double)extremes.white / (double)covered;
    quality->black = (double)extremes.black / (double)covered;
    if (quality->white >= uniform_share)
        quality->flags |= BIT(CALO_QUALITY_ALL_WHITE);
    if (quality->black >= uniform_share)
        quality->flags |= BIT(CALO_QUALITY_ALL_BLACK);
}

calo_view_quality calo_view_measure(const calo_frame *frame, uint32_t written, bool has_colors, bool linear)
{
    calo_mask_counts counts = calo_mask_count(&frame->planes[CALO_CHANNEL_MASK]);
    calo_view_quality quality = {
        .coverage = (double)counts.covered / ((double)frame->width * frame->height),
        .border = (double)counts.border_covered / (double)counts.border,
        .white = NAN,
        .black = NAN,
    };
    if (counts.covered == 0)
        quality.flags |= BIT(CALO_QUALITY_BLANK);
    else if (quality.coverage < tiny_coverage)
        quality.flags |= BIT(CALO_QUALITY_TINY);
    if (counts.border_covered > 0)
        quality.flags |= BIT(CALO_QUALITY_CLIPPED);
    if (has_colors && counts.covered > 0)
        measure_colors(&quality, frame, linear, counts.covered);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        if (written >> c & 1 && !calo_image_is_finite(&frame->planes[c]))
            quality.flags |= BIT(CALO_QUALITY_NAN);
    return quality;
}

/* ---- objects ---- */

static uint32_t judge_box(const double low[3], const double high[3])
{
    double longest = 0, farthest = 0;
    uint32_t flags = 0;
    int thin = 0;
    for (int i = 0; i < 3; i++) {
        longest = fmax(longest, high[i] - low[i]);
        farthest = fmax(farthest, fmax(fabs(low[i]), fabs(high[i])));
    }
    for (int i = 0; i < 3; i++)
        thin += high[i] - low[i] <= thin_side * longest;
    if (thin >= 2)
        flags |= BIT(CALO_QUALITY_DEGENERATE_BOX);
    if (thin == 1)
        flags |= BIT(CALO_QUALITY_FLAT_BOX);
    if (longest > huge_metres)
        flags |= BIT(CALO_QUALITY_HUGE_BOX);
    if (longest > 0 && farthest > far_sizes * longest)
        flags |= BIT(CALO_QUALITY_FAR_BOX);
    return flags;
}

calo_status calo_object_measure(const calo_scene *scene, const calo_scene_statistics *statistics,
                                calo_object_quality *quality, calo_error *err)
{
    *quality = (calo_object_quality){.missing_textures = statistics->missing_texture_count,
                                     .flags = judge_box(statistics->bounds_min, statistics->bounds_max)};
    if (quality->missing_textures > 0)
        quality->flags |= BIT(CALO_QUALITY_MISSING_TEXTURE);
    calo_status status = calo_scene_flipped_share(scene, &quality->flipped_normals, err);
    if (quality->flipped_normals > flipped_share)
        quality->flags |= BIT(CALO_QUALITY_FLIPPED_NORMALS);
    return status;
}

void calo_object_add_views(calo_object_quality *quality, const calo_view_quality *views, size_t count)
{
    double sum = 0;
    quality->view_count = count;
    for (size_t v = 0; v < count; v++) {
        double coverage = views[v].coverage;
        quality->flags |= views[v].flags;
        for (int f = 0; f < CALO_QUALITY_COUNT; f++)
            quality->views_with[f] += views[v].flags >> f & 1;
        quality->coverage_least = v == 0 ? coverage : fmin(quality->coverage_least, coverage);
        quality->coverage_most = v == 0 ? coverage : fmax(quality->coverage_most, coverage);
        sum += coverage;
    }
    quality->coverage_mean = count > 0 ? sum / (double)count : 0;
}

/* ---- rejecting ---- */

static bool takes_share(calo_quality_flag flag)
{
    return calo_quality_flag_is_of_views(flag) || flag == CALO_QUALITY_FLIPPED_NORMALS;
}

static calo_status fail_flag(const char *word, size_t length, calo_error *err)
{
    char names[512] = "";
    for (int f = 0; f < CALO_QUALITY_COUNT; f++) {
        strcat(names, f ? ", " : "");
        strcat(names, calo_quality_flag_name((calo_quality_flag)f));
    }
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--reject: there is no flag \"%.*s\": choose from %s",
                     (int)(length < 64 ? length : 64), word, names);
}

static calo_status parse_share(calo_text *rest, calo_quality_flag flag, double *share, calo_error *err)
{
    const char *name = calo_quality_flag_name(flag);
    rest->at++;
    if (!takes_share(flag))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--reject %s is about the whole object: it has no share, so write it "
                         "without a colon", name);
    if (!calo_text_double(rest, share) || !(*share >= 0 && *share < 1))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--reject %s: a share is a number from 0 to less than 1, such as %s:0.5",
                         name, name);
    return CALO_OK;
}

static calo_status parse_flag(calo_text *rest, calo_reject *reject, calo_error *err)
{
    const char *word = rest->at;
    int flag = 0;
    while (rest->at < rest->end && *rest->at != ',' && *rest->at != ':')
        rest->at++;
    size_t length = (size_t)(rest->at - word);
    while (flag < CALO_QUALITY_COUNT && (strlen(calo_quality_flag_name((calo_quality_flag)flag)) != length ||
                                         memcmp(calo_quality_flag_name((calo_quality_flag)flag), word, length) != 0))
        flag++;
    if (flag == CALO_QUALITY_COUNT)
        return fail_flag(word, length, err);
    reject->flags |= BIT(flag);
    reject->shares[flag] = flag == CALO_QUALITY_FLIPPED_NORMALS ? flipped_share : 0;
    if (rest->at < rest->end && *rest->at == ':')
        return parse_share(rest, (calo_quality_flag)flag, &reject->shares[flag], err);
    return CALO_OK;
}

calo_status calo_reject_parse(const char *text, calo_reject *reject, calo_error *err)
{
    *reject = (calo_reject){0};
    if (!text)
        return CALO_OK;
    calo_text rest = {text, text + strlen(text)};
    for (;; rest.at++) {
        calo_status status = parse_flag(&rest, reject, err);
        if (status != CALO_OK || rest.at == rest.end)
            return status;
        if (*rest.at != ',')
            return calo_fail(err, CALO_ERROR_ARGUMENT, "--reject %s: put commas between flags, as in blank,clipped:0.5",
                             text);
    }
}

static calo_status reject_views(const calo_object_quality *quality, calo_quality_flag flag, double share, calo_error *err)
{
    static const char *const what[] = {
        [CALO_QUALITY_BLANK] = "show nothing of the object",
        [CALO_QUALITY_TINY] = "show the object on less than 1 % of their pixels",
        [CALO_QUALITY_CLIPPED] = "cut the object off at the border",
        [CALO_QUALITY_ALL_WHITE] = "show it all white",
        [CALO_QUALITY_ALL_BLACK] = "show it all black",
        [CALO_QUALITY_NAN] = "have numbers that are not finite",
    };
    unsigned long long with = quality->views_with[flag], all = quality->view_count;
    if (!((double)with > share * (double)all))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_REJECTED, "rejected as \"%s\": %llu of %llu views %s (--reject lets a share of %g pass)",
                     calo_quality_flag_name(flag), with, all, what[flag], share);
}

static calo_status reject_object(const calo_object_quality *quality, calo_quality_flag flag, double share, calo_error *err)
{
    static const char *const what[] = {
        [CALO_QUALITY_DEGENERATE_BOX] = "it is a point or a line",
        [CALO_QUALITY_FLAT_BOX] = "it is a flat sheet",
        [CALO_QUALITY_HUGE_BOX] = "it is longer than 100 km",
        [CALO_QUALITY_FAR_BOX] = "it is 10000 times its size away from its origin",
    };
    const char *name = calo_quality_flag_name(flag);
    if (flag == CALO_QUALITY_FLIPPED_NORMALS)
        return !(quality->flipped_normals > share)
                   ? CALO_OK
                   : calo_fail(err, CALO_ERROR_REJECTED, "rejected as \"%s\": a share of %.3g of its surface is turned the "
                               "wrong way (--reject lets %g pass)", name, quality->flipped_normals, share);
    if (!(quality->flags >> flag & 1))
        return CALO_OK;
    if (flag == CALO_QUALITY_MISSING_TEXTURE)
        return calo_fail(err, CALO_ERROR_REJECTED, "rejected as \"%s\": %u of its textures are not there or not readable",
                         name, quality->missing_textures);
    return calo_fail(err, CALO_ERROR_REJECTED, "rejected as \"%s\": %s", name, what[flag]);
}

calo_status calo_reject_check(const calo_reject *reject, const calo_object_quality *quality, calo_error *err)
{
    calo_status status = CALO_OK;
    for (int f = 0; f < CALO_QUALITY_COUNT && status == CALO_OK; f++) {
        calo_quality_flag flag = (calo_quality_flag)f;
        if (!(reject->flags >> f & 1))
            continue;
        status = calo_quality_flag_is_of_views(flag) ? reject_views(quality, flag, reject->shares[f], err)
                                                     : reject_object(quality, flag, reject->shares[f], err);
    }
    return status;
}
