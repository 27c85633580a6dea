/* A machine without EGL, OSMesa and GLFW: each is refused and says what to install; the cpu renderer works. */
#include "gl_sample.h"

#include <calotype/render.h>
#include <unistd.h>

static const char *const library_names[] = {"libEGL.so.1", "libOSMesa.so.8", "libOSMesa.so.6", "libglfw.so.3"};
enum { LIBRARY_COUNT = sizeof library_names / sizeof *library_names };

static void check_missing(calo_gl_kind kind, const char *library, const char *package)
{
    calo_gl_context *context;
    char detail[1024];
    calo_gl_options options = {.kind = kind};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_BACKEND, library);
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_BACKEND, package);
    assert_null(context);
    assert_false(calo_gl_probe(kind, NULL, detail, sizeof detail));
    assert_non_null(strstr(detail, package));
    setenv("CALOTYPE_GL", calo_gl_kind_name(kind), 1);
    assert_fails(calo_gl_context_create(NULL, &context, &err), CALO_ERROR_BACKEND, package);
    unsetenv("CALOTYPE_GL");
}

static void test_each(void **state)
{
    (void)state;
    check_missing(CALO_GL_EGL, "libEGL.so.1", "libegl1");
    check_missing(CALO_GL_OSMESA, "libOSMesa.so.8", "libosmesa6");
    check_missing(CALO_GL_GLFW, "libglfw.so.3", "libglfw3");
    assert_int_equal(calo_gl_device_list(NULL, 0), 0);
}

static void test_none_at_all(void **state)
{
    (void)state;
    calo_gl_context *context;
    const char *const packages[] = {"libglfw3", "libegl1", "libosmesa6"};
    for (int i = 0; i < 3; i++)
        assert_fails(calo_gl_context_create(NULL, &context, &err), CALO_ERROR_BACKEND, packages[i]);
}

static void test_cpu_renderer_works(void **state)
{
    (void)state;
    calo_renderer *renderer = NULL;
    calo_renderer_options options = {.backend = "cpu", .threads = 1};
    assert_int_equal(calo_renderer_create(&options, &renderer, NULL), CALO_OK);
    calo_renderer_destroy(renderer);
}

/* Starts anew with a folder of files that are no libraries in the loader's way. Does not return. */
static void start_without_libraries(char **argv, char *folder)
{
    char path[64];
    if (!mkdtemp(folder))
        _exit(1);
    for (int i = 0; i < LIBRARY_COUNT; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, library_names[i]);
        FILE *file = fopen(path, "w");
        if (!file || fclose(file) != 0)
            _exit(1);
    }
    setenv("LD_LIBRARY_PATH", folder, 1);
    setenv("TEST_MISSING_FOLDER", folder, 1);
    execv("/proc/self/exe", argv);
    _exit(1);
}

static void remove_folder(const char *folder)
{
    char path[64];
    for (int i = 0; i < LIBRARY_COUNT; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, library_names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *folder = getenv("TEST_MISSING_FOLDER");
    if (!folder)
        start_without_libraries(argv, (char[]){"/tmp/calotype-missing-XXXXXX"});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_none_at_all),
        cmocka_unit_test(test_cpu_renderer_works),
    };
    unsetenv("CALOTYPE_GL");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    return failed;
}
