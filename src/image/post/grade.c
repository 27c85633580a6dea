/* Tone curves and colour grading. The formulas are those of Unity's post-processing stack 2 (LDR), whose look-up table
 * of 32 steps is not needed here: every pixel is graded exactly. */
#include "base/scalar.h"
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

void calo_post_map_tones(calo_tone_mapping mapping, calo_post_canvas *canvas)
{
    for (int c = 0; c < 3 && mapping != CALO_TONE_NONE; c++)
        (mapping == CALO_TONE_NEUTRAL ? map_neutral : map_aces)(canvas->color[c], canvas->stride * canvas->height);
}

bool calo_post_grades(const calo_post_processing *post)
{
    return post->color_grading && (post->hue_shift_degrees != 0 || post->saturation != 0 || post->contrast != 0 ||
                                   post->brightness != 0 || post->temperature != 0 || post->tint != 0);
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

typedef struct grader {
    float gain, offset; /* brightness and contrast: value * gain + offset */
    float balance[3][3];
    float hue_sixths, saturation;
    bool balances, shifts_hue;
} grader;

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
    return made;
}

typedef float *restrict channel;

static void scale_tones(const grader *use, channel red, channel green, channel blue, uint32_t count)
{
    float gain = use->gain, offset = use->offset;
    for (uint32_t i = 0; i < count; i++) {
        red[i] = calo_clampf(red[i], 0, 1) * gain + offset;
        green[i] = calo_clampf(green[i], 0, 1) * gain + offset;
        blue[i] = calo_clampf(blue[i], 0, 1) * gain + offset;
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
static inline float lack_at(float k)
{
    k = k < 0 ? k + 6 : k;
    k = k >= 12 ? k - 12 : k;
    k = k >= 6 ? k - 6 : k;
    return calo_clampf(calo_minf(k, 4 - k), 0, 1);
}

static void shift_hue(const grader *use, channel red, channel green, channel blue, uint32_t count)
{
    float shift = use->hue_sixths;
    for (uint32_t i = 0; i < count; i++) {
        float r = calo_maxf(red[i], 0), g = calo_maxf(green[i], 0), b = calo_maxf(blue[i], 0);
        float most = calo_maxf(r, calo_maxf(g, b)), chroma = most - calo_minf(r, calo_minf(g, b));
        float difference = r == most ? g - b : (g == most ? b - r : r - g);
        float sector = r == most ? 0.0f : (g == most ? 2.0f : 4.0f);
        float hue = sector + shift + (chroma > 0 ? difference / chroma : 0.0f);
        red[i] = most - chroma * lack_at(hue + 5);
        green[i] = most - chroma * lack_at(hue + 3);
        blue[i] = most - chroma * lack_at(hue + 1);
    }
}

static void saturate(const grader *use, channel red, channel green, channel blue, uint32_t count)
{
    float saturation = use->saturation;
    for (uint32_t i = 0; i < count; i++) {
        float r = calo_maxf(red[i], 0), g = calo_maxf(green[i], 0), b = calo_maxf(blue[i], 0);
        float grey = 0.2126729f * r + 0.7151522f * g + 0.0721750f * b;
        red[i] = calo_clampf(grey + saturation * (r - grey), 0, 1);
        green[i] = calo_clampf(grey + saturation * (g - grey), 0, 1);
        blue[i] = calo_clampf(grey + saturation * (b - grey), 0, 1);
    }
}

void calo_post_grade(const calo_post_processing *post, calo_post_canvas *canvas)
{
    if (!calo_post_grades(post))
        return;
    grader use = make_grader(post);
    for (uint32_t y = 0; y < canvas->height; y++) {
        size_t at = y * canvas->stride;
        float *red = canvas->color[0] + at, *green = canvas->color[1] + at, *blue = canvas->color[2] + at;
        scale_tones(&use, red, green, blue, canvas->width);
        if (use.balances)
            balance_white(&use, red, green, blue, canvas->width);
        if (use.shifts_hue)
            shift_hue(&use, red, green, blue, canvas->width);
        saturate(&use, red, green, blue, canvas->width);
    }
}
