/* What fuzzing found, made as small as it goes: loaded, measured and drawn as the fuzz targets do. */
#include "import_sample.h"

#include "../../fuzz/fuzz.h"

static void use(const calo_importer *importer, const char *text)
{
    fuzz_importer(importer, (const uint8_t *)text, strlen(text));
}

/* A vertex that no face uses is not in the bounds: its projection overflows to infinity. */
static void test_unused_vertex_far_away(void **state)
{
    (void)state;
    use(&calo_importer_ply, "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n"
                            "property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
                            "0 0 0\n1 0 0\n0 1 1\n0 3e38 0\n3 0 1 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unused_vertex_far_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
