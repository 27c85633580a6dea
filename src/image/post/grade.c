/* Tone curves and colour grading. The formulas are those of Unity's post-processing stack 2 (LDR), whose look-up table
 * of 32 steps is not needed here: every pixel is graded exactly. */
#include <math.h>

#include "base/exact_math.h"
#include "base/lanes.h"
#include "image/post/steps.h"

/* Hable's curve (x (a x + c b) + d e) / (x (a x + b) + d f) - e / f. */
static inline float neutral_curve(float x)
{
    const float a = 0.2f, b = 0.29f, c = 0.24f, d = 0.272f, e = 0.02f, f = 0.3f;
    return (x * (a * x + c * b) + d * e) / (x * (a * x + b) + d * f) - e / f;
}

static void map_neutral(float *restrict values, size_t count)
{
    float scale = 1 / neutral_curve(5.3f);
    for (size_t i = 0; i < count; i++)
        values[i] = neutral_curve(values[i] * scale) * scale;
}

/* K. Narkowicz, "ACES filmic tone mapping curve", 2015. */
static void map_aces(float *restrict values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float x = values[i];
        values[i] = x * (2.51f * x + 0.03f) / (x * (2.43f * x + 0.59f) + 0.14f);
    }
}

calo_status calo_post_map_tones(calo_post_processor *processor, const calo_post_source *source,
                                const calo_post_processing *post, calo_post_canvas *canvas, calo_error *err)
{
    (void)source;
    (void)processor, (void)err;
    for (int c = 0; c < 3; c++)
        (post->tone_mapping == CALO_TONE_NEUTRAL ? map_neutral : map_aces)(canvas->color[c],
                                                                           canvas->stride * canvas->height);
    return CALO_OK;
}

/* CAT02 responses to light of the chromaticity x, y. */
static void find_cone_responses(float x, float y, float lms[3])
{
    float light[3] = {x / y, 1, (1 - x - y) / y};
    static const float cat02[3][3] = {
        {0.7328f, 0.4296f, -0.1624f}, {-0.7036f, 1.6975f, 0.0061f}, {0.0030f, 0.0136f, 0.9834f}};
    for (int i = 0; i < 3; i++)
        lms[i] = cat02[i][0] * light[0] + cat02[i][1] * light[1] + cat02[i][2] * light[2];
}

/* Linear colours to cone responses, these times white over the balanced white, and back, as one matrix. */
static void make_balance(const calo_post_processing *post, float matrix[3][3])
{
    static const float to_lms[3][3] = {
        {0.390405f, 0.549941f, 0.00892632f}, {0.0708416f, 0.963172f, 0.00135775f}, {0.0231082f, 0.128021f, 0.936245f}};
    static const float from_lms[3][3] = {
        {2.85847f, -1.62879f, -0.0248910f}, {-0.210182f, 1.15820f, 0.000324281f}, {-0.0418120f, -0.118169f, 1.06867f}};
    static const float daylight[3] = {0.949237f, 1.03542f, 1.08728f};
    /* Judd's daylight locus, moved to go through D65. */
    float warmth = post->temperature / 60, x = 0.31271f - warmth * (warmth < 0 ? 0.1f : 0.05f), white[3];
    float y = 2.87f * x - 3 * x * x - 0.27509507f + post->tint / 60 * 0.05f;
    find_cone_responses(x, y, white);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            matrix[i][k] = 0;
            for (int j = 0; j < 3; j++)
                matrix[i][k] += from_lms[i][j] * (daylight[j] / white[j]) * to_lms[j][k];
        }
}

/* Steps of a curve over the square root of light, which is about how much of it is seen. */
enum { CURVE_STEPS = 1024 };

typedef struct grader {
    float gain, offset; /* brightness and contrast: value * gain + offset */
    bool curved;        /* or by the curve */
    float curve[CURVE_STEPS + 2];
    float balance[3][3];
    float hue_sixths, saturation;
    bool balances, shifts_hue;
} grader;

/* 0.18 (light / 0.18)^contrast, times the brightness. */
static void make_curve(const calo_post_processing *post, grader *made)
{
    const float middle_grey = 0.18f;
    float contrast = post->contrast / 100 + 1, brightness = post->brightness / 100 + 1;
    for (int i = 0; i < CURVE_STEPS + 2; i++) {
        float root = (float)i / CURVE_STEPS;
        made->curve[i] = brightness * middle_grey * calo_powf(root * root / middle_grey, contrast);
    }
    made->curved = true;
}

static grader make_grader(const calo_post_processing *post)
{
    const float middle_grey = 0.217637641f; /* 0.5^2.2 */
    float contrast = post->contrast / 100 + 1;
    grader made = {
        .gain = (post->brightness / 100 + 1) * contrast,
        .offset = middle_grey - middle_grey * contrast,
        .hue_sixths = post->hue_shift_degrees / 60,
        .saturation = post->saturation / 100 + 1,
        .balances = post->temperature != 0 || post->tint != 0,
        .shifts_hue = post->hue_shift_degrees != 0,
    };
    make_balance(post, made.balance);
    if (post->logarithmic_contrast)
        make_curve(post, &made);
    return made;
}

typedef float *restrict channel;

static void scale_tones(const grader *use, channel red, channel green, channel blue, uint32_t count)
{
    float gain = use->gain, offset = use->offset;
    for (uint32_t i = 0; i < count; i++) {
        red[i] = calo_post_clamp(red[i], 0, 1) * gain + offset;
        green[i] = calo_post_clamp(green[i], 0, 1) * gain + offset;
        blue[i] = calo_post_clamp(blue[i], 0, 1) * gain + offset;
    }
}

static void bend_tones(const grader *use, float *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        float at = sqrtf(calo_post_clamp(values[i], 0, 1)) * CURVE_STEPS;
        int step = (int)at;
        values[i] = use->curve[step] + (use->curve[step + 1] - use->curve[step]) * (at - (float)step);
    }
}

static void balance_white(const grader *use, channel red, channel green, channel blue, uint32_t count)
{
    const float(*m)[3] = use->balance;
    for (uint32_t i = 0; i < count; i++) {
        float r = red[i], g = green[i], b = blue[i];
        red[i] = m[0][0] * r + m[0][1] * g + m[0][2] * b;
        green[i] = m[1][0] * r + m[1][1] * g + m[1][2] * b;
        blue[i] = m[2][0] * r + m[2][1] * g + m[2][2] * b;
    }
}

/* How much of the chroma a channel lacks at a hue of `k` sixths from where it is lowest; k from -6 to 18. */
LANES_INLINE lanes_f lack_at(lanes_f k)
{
    k = k + lanes_pick(lanes_less(k, lanes_float(0)), lanes_float(6), lanes_float(0));
    k = k - lanes_pick(lanes_less(k, lanes_float(12)), lanes_float(0), lanes_float(12));
    k = k - lanes_pick(lanes_less(k, lanes_float(6)), lanes_float(0), lanes_float(6));
    return lanes_clamp(lanes_min(k, 4.0f - k), 0, 1);
}

static void shift_hue(const grader *use, channel red, channel green, channel blue, uint32_t count)
{
    lanes_f shift = lanes_float(use->hue_sixths), zero = lanes_float(0);
    for (uint32_t i = 0; i < count; i += LANES) {
        lanes_f r = lanes_max(lanes_load(red + i), zero), g = lanes_max(lanes_load(green + i), zero);
        lanes_f b = lanes_max(lanes_load(blue + i), zero);
        lanes_f most = lanes_max(r, lanes_max(g, b)), chroma = most - lanes_min(r, lanes_min(g, b));
        lanes_m is_red = lanes_equal(r, most), is_green = lanes_equal(g, most);
        lanes_f difference = lanes_pick(is_red, g - b, lanes_pick(is_green, b - r, r - g));
        lanes_f sector = lanes_pick(is_red, zero, lanes_pick(is_green, lanes_float(2), lanes_float(4)));
        /* Greys have no hue and need none. */
        lanes_f hue = sector + shift + difference / lanes_max(chroma, lanes_float(1e-30f));
        lanes_store(red + i, most - chroma * lack_at(hue + 5.0f));
        lanes_store(green + i, most - chroma * lack_at(hue + 3.0f));
        lanes_store(blue + i, most - chroma * lack_at(hue + 1.0f));
    }
}

static void saturate(const grader *use, channel red, channel green, channel blue, uint32_t count)
{
    float saturation = use->saturation;
    for (uint32_t i = 0; i < count; i++) {
        float r = calo_maxf(red[i], 0), g = calo_maxf(green[i], 0), b = calo_maxf(blue[i], 0);
        float grey = 0.2126729f * r + 0.7151522f * g + 0.0721750f * b;
        red[i] = calo_post_clamp(grey + saturation * (r - grey), 0, 1);
        green[i] = calo_post_clamp(grey + saturation * (g - grey), 0, 1);
        blue[i] = calo_post_clamp(grey + saturation * (b - grey), 0, 1);
    }
}

calo_status calo_post_grade(calo_post_processor *processor, const calo_post_source *source,
                            const calo_post_processing *post, calo_post_canvas *canvas, calo_error *err)
{
    (void)source;
    (void)processor, (void)err;
    grader use = make_grader(post);
    for (uint32_t y = 0; y < canvas->height; y++) {
        size_t at = y * canvas->stride;
        float *red = canvas->color[0] + at, *green = canvas->color[1] + at, *blue = canvas->color[2] + at;
        if (use.curved)
            for (int c = 0; c < 3; c++)
                bend_tones(&use, canvas->color[c] + at, canvas->width);
        else
            scale_tones(&use, red, green, blue, canvas->width);
        if (use.balances)
            balance_white(&use, red, green, blue, canvas->width);
        if (use.shifts_hue)
            shift_hue(&use, red, green, blue, canvas->width);
        saturate(&use, red, green, blue, canvas->width);
    }
    return CALO_OK;
}
