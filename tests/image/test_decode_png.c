/* PNG of every kind, made by spng's encoder, to RGBA8; damaged and lying ones to a sentence. */
#include <spng.h>
#include <zlib.h>

#include "decode_check.h"

enum { WIDTH = 11, HEIGHT = 9 };

typedef struct png_kind {
    uint8_t color_type, bit_depth, channels;
    bool has_trns;
} png_kind;

static const png_kind kinds[] = {
    {SPNG_COLOR_TYPE_GRAYSCALE, 1, 1, false},        {SPNG_COLOR_TYPE_GRAYSCALE, 2, 1, false},
    {SPNG_COLOR_TYPE_GRAYSCALE, 4, 1, false},        {SPNG_COLOR_TYPE_GRAYSCALE, 8, 1, false},
    {SPNG_COLOR_TYPE_GRAYSCALE, 16, 1, false},       {SPNG_COLOR_TYPE_GRAYSCALE, 8, 1, true},
    {SPNG_COLOR_TYPE_TRUECOLOR, 8, 3, false},        {SPNG_COLOR_TYPE_TRUECOLOR, 16, 3, false},
    {SPNG_COLOR_TYPE_TRUECOLOR, 8, 3, true},         {SPNG_COLOR_TYPE_INDEXED, 1, 1, false},
    {SPNG_COLOR_TYPE_INDEXED, 2, 1, false},          {SPNG_COLOR_TYPE_INDEXED, 4, 1, true},
    {SPNG_COLOR_TYPE_INDEXED, 8, 1, true},           {SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, 8, 2, false},
    {SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, 16, 2, false}, {SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, 8, 4, false},
    {SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, 16, 4, false},
};

/* Some value that differs by pixel and channel and fits the depth. */
static uint32_t sample_at(const png_kind *kind, uint32_t x, uint32_t y, uint32_t channel)
{
    uint32_t mixed = (x * 7919 + y * 104729 + channel * 1299709) * 2654435761u;
    return mixed >> (32 - kind->bit_depth);
}

static size_t row_bytes_of(const png_kind *kind)
{
    return ((size_t)WIDTH * kind->channels * kind->bit_depth + 7) / 8;
}

/* Rows as the file has them: 16-bit samples are handed to spng in the machine's order. */
static uint8_t *make_rows(const png_kind *kind)
{
    size_t row_bytes = row_bytes_of(kind);
    uint8_t *rows = calloc(HEIGHT, row_bytes);
    assert_non_null(rows);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t i = 0; i < WIDTH * kind->channels; i++) {
            uint32_t value = sample_at(kind, i / kind->channels, y, i % kind->channels);
            uint8_t *row = rows + y * row_bytes;
            if (kind->bit_depth == 16)
                ((uint16_t *)(void *)row)[i] = (uint16_t)value;
            else
                row[i * kind->bit_depth / 8] |=
                    (uint8_t)(value << (8 - kind->bit_depth - i * kind->bit_depth % 8));
        }
    return rows;
}

static void palette_entry(uint32_t index, bool has_trns, uint8_t rgba[4])
{
    rgba[0] = (uint8_t)(index * 3);
    rgba[1] = (uint8_t)(255 - index);
    rgba[2] = (uint8_t)(index * 91);
    rgba[3] = has_trns && index < 10 ? (uint8_t)(index * 20) : 255;
}

static void add_palette(spng_ctx *context, const png_kind *kind)
{
    struct spng_plte palette = {.n_entries = 1u << kind->bit_depth};
    struct spng_trns alphas = {.n_type3_entries = 10};
    for (uint32_t i = 0; i < palette.n_entries; i++) {
        uint8_t rgba[4];
        palette_entry(i, kind->has_trns, rgba);
        palette.entries[i] = (struct spng_plte_entry){rgba[0], rgba[1], rgba[2], 0};
        if (i < 10)
            alphas.type3_alpha[i] = rgba[3];
    }
    assert_int_equal(spng_set_plte(context, &palette), 0);
    if (kind->has_trns)
        assert_int_equal(spng_set_trns(context, &alphas), 0);
}

static sample_file make_png(const png_kind *kind, bool interlaced)
{
    spng_ctx *context = spng_ctx_new(SPNG_CTX_ENCODER);
    struct spng_ihdr header = {WIDTH, HEIGHT, kind->bit_depth, kind->color_type, 0, 0, interlaced};
    uint8_t *rows = make_rows(kind);
    int code = 0;
    size_t size = 0;
    assert_int_equal(spng_set_ihdr(context, &header), 0);
    assert_int_equal(spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1), 0);
    if (kind->color_type == SPNG_COLOR_TYPE_INDEXED)
        add_palette(context, kind);
    /* The first pixel's colour is the transparent one. */
    struct spng_trns key = {.gray = (uint16_t)sample_at(kind, 0, 0, 0), .red = (uint16_t)sample_at(kind, 0, 0, 0),
                            .green = (uint16_t)sample_at(kind, 0, 0, 1), .blue = (uint16_t)sample_at(kind, 0, 0, 2)};
    if (kind->has_trns && kind->color_type != SPNG_COLOR_TYPE_INDEXED)
        assert_int_equal(spng_set_trns(context, &key), 0);
    assert_int_equal(spng_encode_image(context, rows, row_bytes_of(kind) * HEIGHT, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE),
                     0);
    uint8_t *bytes = spng_get_png_buffer(context, &size, &code);
    assert_int_equal(code, 0);
    spng_ctx_free(context);
    free(rows);
    return (sample_file){bytes, size};
}

/* To 8 bits: small depths are stretched, 16 bits lose their low byte. */
static uint8_t expected_sample(const png_kind *kind, uint32_t x, uint32_t y, uint32_t channel)
{
    uint32_t value = sample_at(kind, x, y, channel);
    return (uint8_t)(kind->bit_depth == 16 ? value >> 8 : value * 255 / ((1u << kind->bit_depth) - 1));
}

static void expected_pixel(const png_kind *kind, uint32_t x, uint32_t y, uint8_t rgba[4])
{
    if (kind->color_type == SPNG_COLOR_TYPE_INDEXED) {
        palette_entry(sample_at(kind, x, y, 0), kind->has_trns, rgba);
        return;
    }
    bool is_grey = kind->channels < 3, is_key = kind->has_trns;
    for (uint32_t c = 0; c < 3; c++) {
        rgba[c] = expected_sample(kind, x, y, is_grey ? 0 : c);
        is_key = is_key && sample_at(kind, x, y, is_grey ? 0 : c) == sample_at(kind, 0, 0, is_grey ? 0 : c);
    }
    rgba[3] = kind->channels % 2 == 0 ? expected_sample(kind, x, y, kind->channels - 1) : 255;
    rgba[3] = is_key ? 0 : rgba[3];
}

static void every_kind_is_read(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            sample_file file = make_png(&kinds[k], interlaced != 0);
            calo_image image = decode_ok(file.bytes, file.size);
            assert_int_equal(image.format, CALO_PIXEL_RGBA8);
            assert_int_equal(image.width, WIDTH);
            assert_int_equal(image.height, HEIGHT);
            for (uint32_t y = 0; y < HEIGHT; y++)
                for (uint32_t x = 0; x < WIDTH; x++) {
                    uint8_t expected[4];
                    expected_pixel(&kinds[k], x, y, expected);
                    const uint8_t *got = (const uint8_t *)image.data + y * image.row_bytes + 4 * x;
                    if (memcmp(got, expected, 4) != 0)
                        fail_msg("kind %zu, interlaced %d, pixel %u %u: %u %u %u %u, not %u %u %u %u", k, interlaced,
                                 x, y, got[0], got[1], got[2], got[3], expected[0], expected[1], expected[2],
                                 expected[3]);
                }
            calo_image_finish(&image);
            free(file.bytes);
        }
}

static void truncated_files_fail(void **state)
{
    (void)state;
    static const size_t some[] = {0, 8, 11, 12, 16};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        sample_file file = make_png(&kinds[some[i]], i % 2 == 1);
        /* What follows the last row does not matter. */
        assert_survives_truncation(file.bytes, file.size, true, true);
        free(file.bytes);
    }
}

static void damaged_files_fail(void **state)
{
    (void)state;
    sample_file file = make_png(&kinds[12], false);
    assert_survives_damage(file.bytes, file.size);
    /* A byte of the picture data: the checksum tells. */
    uint8_t *data = memmem(file.bytes, file.size, "IDAT", 4);
    assert_non_null(data);
    data[20] ^= 1;
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_FORMAT, "damaged PNG");
    free(file.bytes);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void claim_size(sample_file *file, uint32_t width, uint32_t height)
{
    put_u32(file->bytes + 16, width);
    put_u32(file->bytes + 20, height);
    put_u32(file->bytes + 29, (uint32_t)crc32(0, file->bytes + 12, 17));
}

static void claims_are_checked(void **state)
{
    (void)state;
    sample_file file = make_png(&kinds[6], false);
    claim_size(&file, 60000, 60000);
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_LIMIT, "memory limit");
    claim_size(&file, 30000, 30000);
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_FORMAT, "30000 x 30000");
    claim_size(&file, 70000, 2);
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_LIMIT, "65535 a side");
    claim_size(&file, 4097, 2);
    assert_decode_fails(file.bytes, file.size, &(calo_limits){.max_texture_pixels = 1024}, CALO_ERROR_LIMIT,
                        "4096 a side");
    claim_size(&file, 0, 2);
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_FORMAT, "damaged PNG");
    claim_size(&file, WIDTH, HEIGHT);
    assert_decode_fails(file.bytes, file.size, &(calo_limits){.max_memory_bytes = 4 * WIDTH * HEIGHT - 1},
                        CALO_ERROR_LIMIT, "memory limit");
    free(file.bytes);
}

static void other_files_are_named(void **state)
{
    (void)state;
    assert_decode_fails("", 0, NULL, CALO_ERROR_FORMAT, "empty");
    assert_decode_fails("hello, world", 12, NULL, CALO_ERROR_FORMAT, "not a picture");
    assert_decode_fails("\x89PN", 3, NULL, CALO_ERROR_FORMAT, "not a picture");
    assert_decode_fails("GIF89a..", 8, NULL, CALO_ERROR_UNSUPPORTED, "GIF");
    assert_decode_fails("II*\0....", 8, NULL, CALO_ERROR_UNSUPPORTED, "TIFF");
    assert_decode_fails("MM\0*....", 8, NULL, CALO_ERROR_UNSUPPORTED, "TIFF");
    assert_decode_fails("\0\0\0\x1c" "ftypavif", 12, NULL, CALO_ERROR_UNSUPPORTED, "AVIF");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(truncated_files_fail),
        cmocka_unit_test(damaged_files_fail),
        cmocka_unit_test(claims_are_checked),
        cmocka_unit_test(other_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
