/* The fast way through a PNG gives libspng's pixels, whatever the filters, and leaves what is odd to it. */
#include "decode_check.h"
#include "image/decode.h"
#include "png_sample.h"

typedef struct picture {
    png_sample sample;
    uint8_t *rows;
    uint8_t palette[3 * 256], alphas[256];
} picture;

static const struct {
    uint8_t color_type, bit_depth;
} kinds[] = {{0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
enum { KINDS = sizeof kinds / sizeof kinds[0], MIXED = 5 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Rows of random bytes under `filter`, or (MIXED) under a random one each. */
static picture *make_picture(size_t kind, uint32_t width, uint32_t height, uint32_t filter, uint32_t seed)
{
    picture *made = calloc(1, sizeof *made);
    assert_non_null(made);
    png_sample *sample = &made->sample;
    *sample = (png_sample){width, height, .bit_depth = kinds[kind].bit_depth, .color_type = kinds[kind].color_type};
    size_t row_bytes = png_sample_row_bytes(sample) + 1;
    sample->rows_size = row_bytes * height;
    sample->rows = made->rows = malloc(sample->rows_size);
    assert_non_null(made->rows);
    /* Small steps, too, where the filters' comparisons are close. */
    uint32_t mask = seed % 3 == 0 ? 0xff : seed % 3 == 1 ? 0x03 : 0x81;
    for (size_t i = 0; i < sample->rows_size; i++)
        made->rows[i] = (uint8_t)(next_random(&seed) & mask);
    for (uint32_t y = 0; y < height; y++)
        made->rows[y * row_bytes] = (uint8_t)(filter == MIXED ? next_random(&seed) % MIXED : filter);
    for (size_t i = 0; i < sizeof made->palette; i++)
        made->palette[i] = (uint8_t)next_random(&seed);
    for (size_t i = 0; i < sizeof made->alphas; i++)
        made->alphas[i] = (uint8_t)next_random(&seed);
    sample->palette = made->palette;
    sample->alphas = made->alphas;
    if (sample->color_type == 3) {
        sample->palette_count = 1 + next_random(&seed) % 256;
        sample->alpha_bytes = next_random(&seed) % (sample->palette_count + 1);
    }
    sample->stream_chunks = 1 + next_random(&seed) % 4;
    return made;
}

static void free_picture(picture *made)
{
    free(made->rows);
    free(made);
}

static void assert_same(const picture *made, const char *what)
{
    size_t size;
    uint8_t *file = png_sample_write(&made->sample, &size);
    assert_non_null(file);
    png_decoded decoded = png_sample_decode(file, size, NULL);
    if (!decoded.libspng || !decoded.fast)
        fail_msg("%s: %s does not read it", what, decoded.libspng ? "the fast way" : "libspng");
    for (size_t i = 0; i < 4 * (size_t)decoded.width * decoded.height; i++)
        if (decoded.fast[i] != decoded.libspng[i])
            fail_msg("%s: colour type %u, %u bits, %u x %u: byte %zu is %u instead of %u", what,
                     made->sample.color_type, made->sample.bit_depth, decoded.width, decoded.height, i, decoded.fast[i],
                     decoded.libspng[i]);
    free(decoded.fast);
    free(decoded.libspng);
    free(file);
}

static void every_filter_of_every_kind_is_undone(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "sub", "up", "average", "Paeth", "mixed"};
    for (size_t kind = 0; kind < KINDS; kind++)
        for (uint32_t filter = 0; filter <= MIXED; filter++)
            for (uint32_t seed = 0; seed < 6; seed++) {
                picture *made = make_picture(kind, 37, 23 + seed, filter, seed);
                assert_same(made, names[filter]);
                free_picture(made);
            }
}

/* Rows are undone eight at a time, each a pixel behind: every way to begin and to end. */
static void every_size_is_read(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++)
        for (uint32_t width = 1; width <= 18; width++)
            for (uint32_t height = 1; height <= 18; height++) {
                picture *made = make_picture(kind, width, height, MIXED, width * 100 + height);
                assert_same(made, "small");
                free_picture(made);
            }
}

static void a_large_picture_is_read(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        picture *made = make_picture(kind, 1021, 517, MIXED, (uint32_t)kind);
        made->sample.stream_chunks = 100;
        assert_same(made, "large");
        free_picture(made);
    }
}

/* libspng reads the file or refuses it; the fast way leaves it alone. */
static void assert_left(const uint8_t *file, size_t size, const calo_limits *limits, bool readable, const char *what)
{
    png_decoded decoded = png_sample_decode(file, size, limits);
    if (decoded.fast || !decoded.libspng == readable)
        fail_msg("%s: the fast way %s it, libspng %s it", what, decoded.fast ? "reads" : "leaves",
                 decoded.libspng ? "reads" : "refuses");
    free(decoded.libspng);
}

static void assert_sample_left(const png_sample *sample, bool readable, const char *what)
{
    size_t size;
    uint8_t *file = png_sample_write(sample, &size);
    assert_non_null(file);
    assert_left(file, size, NULL, readable, what);
    free(file);
}

static void odd_files_are_left(void **state)
{
    (void)state;
    picture *made = make_picture(2, 20, 10, 0, 1);
    png_sample sample = made->sample;
    sample.interlaced = true;
    assert_sample_left(&sample, false, "interlaced, but of other rows");
    sample = made->sample;
    sample.alpha_bytes = 6;
    assert_sample_left(&sample, true, "a transparent colour");
    sample = made->sample;
    sample.comment_bytes = 64 << 10;
    assert_sample_left(&sample, true, "a large chunk beside the picture");
    sample = made->sample;
    sample.palette_count = 257;
    assert_sample_left(&sample, false, "a palette of 257 colours");
    sample = made->sample;
    sample.rows_size--;
    assert_sample_left(&sample, false, "a row that ends early");
    sample = made->sample;
    sample.height--;
    assert_sample_left(&sample, true, "a row too many");
    made->rows[61] = 5;
    assert_sample_left(&made->sample, false, "a filter that is not there");
    free_picture(made);
    made = make_picture(4, 20, 10, 0, 1);
    sample = made->sample;
    sample.palette_count = sample.alpha_bytes = 0;
    assert_sample_left(&sample, false, "no palette");
    sample.bit_depth = 4;
    sample.palette_count = 16;
    sample.rows_size = 11 * 10;
    assert_sample_left(&sample, true, "4 bits");
    free_picture(made);
}

static void damage_is_left(void **state)
{
    (void)state;
    picture *made = make_picture(7, 16, 16, MIXED, 3);
    size_t size;
    made->sample.stream_chunks = 3;
    uint8_t *file = png_sample_write(&made->sample, &size);
    assert_non_null(file);
    assert_left(file, size, &(calo_limits){.max_memory_bytes = 16 * 16 * 4 + 1000}, true, "too little memory");
    uint8_t *second = memmem(file + 50, size - 50, "IDAT", 4);
    assert_non_null(second);
    assert_left(file, (size_t)(second - file) + 10, NULL, false, "cut short");
    second[5] ^= 1;
    assert_left(file, size, NULL, false, "a wrong checksum");
    png_sample_repair(file, size);
    png_decoded decoded = png_sample_decode(file, size, NULL);
    assert_null(decoded.fast); /* zlib's own checksum is wrong; libspng does not look that far */
    free(decoded.libspng);
    free(file);
    free_picture(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter_of_every_kind_is_undone),
        cmocka_unit_test(every_size_is_read),
        cmocka_unit_test(a_large_picture_is_read),
        cmocka_unit_test(odd_files_are_left),
        cmocka_unit_test(damage_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
