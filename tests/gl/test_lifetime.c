/* Contexts come and go a thousand times, and nothing is left. */
#include "gl_sample.h"
#include "../resident.h"

#include <dirent.h>

enum { ROUNDS = TEST_SANITIZED ? 100 : 1000 };
enum { WARM_UP = 50, GROWTH_KIB = 2048 };
/* Windows are slow, and Mesa 22.3 keeps 10 KiB of each that is opened by plain GLFW, too. */
enum { WINDOW_ROUNDS = 100, WINDOW_GROWTH_KIB = GROWTH_KIB + WINDOW_ROUNDS * 20 };

static int entries_of(const char *folder)
{
    int count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    while (readdir(listing))
        count++;
    closedir(listing);
    return count;
}

static calo_status clear(void *user, calo_error *err)
{
    (void)err;
    calo_gl_context *context = user;
    GL_FUNCTION(context, PFNGLCLEARPROC, glClear);
    GL_FUNCTION(context, PFNGLFINISHPROC, glFinish);
    glClear(GL_COLOR_BUFFER_BIT);
    glFinish();
    return CALO_OK;
}

static void come_and_go(const calo_gl_options *options, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        calo_gl_context *context = make_context(options);
        assert_int_equal(calo_gl_context_call(context, clear, context, NULL), CALO_OK);
        calo_gl_context_destroy(context);
    }
}

static void check_kind(calo_gl_kind kind, calo_gl_executor executor)
{
    const int rounds = kind == CALO_GL_GLFW ? WINDOW_ROUNDS : ROUNDS;
    const long allowed_kib = kind == CALO_GL_GLFW ? WINDOW_GROWTH_KIB : GROWTH_KIB;
    need_kind(kind);
    calo_gl_options options = {.kind = kind, .executor = executor, .max_width = 64, .max_height = 64};
    come_and_go(&options, WARM_UP);
    long before = test_resident_kib();
    int threads_before = entries_of("/proc/self/task"), files_before = entries_of("/proc/self/fd");
    come_and_go(&options, rounds);
    long growth = test_resident_kib() - before;
    if (!TEST_SANITIZED && growth > allowed_kib)
        fail_msg("%d %s contexts left %ld KiB", rounds, calo_gl_kind_name(kind), growth);
    assert_int_equal(entries_of("/proc/self/task"), threads_before);
    assert_int_equal(entries_of("/proc/self/fd"), files_before);
}

static void test_egl(void **state)
{
    (void)state;
    check_kind(CALO_GL_EGL, CALO_GL_EXECUTOR_DEFAULT);
}

static void test_egl_on_own_thread(void **state)
{
    (void)state;
    check_kind(CALO_GL_EGL, CALO_GL_EXECUTOR_THREAD);
}

static void test_osmesa(void **state)
{
    (void)state;
    check_kind(CALO_GL_OSMESA, CALO_GL_EXECUTOR_DEFAULT);
}

/* The display stays open, and is shared, while one context lives. */
static void test_egl_beside_another(void **state)
{
    (void)state;
    need_kind(CALO_GL_EGL);
    calo_gl_context *context = make_context(&(calo_gl_options){.kind = CALO_GL_EGL});
    check_kind(CALO_GL_EGL, CALO_GL_EXECUTOR_DEFAULT);
    assert_int_equal(calo_gl_context_call(context, clear, context, NULL), CALO_OK);
    calo_gl_context_destroy(context);
}

static void test_glfw(void **state)
{
    (void)state;
    check_kind(CALO_GL_GLFW, CALO_GL_EXECUTOR_DEFAULT);
}

/* test_lifetime [glfw]: with it, windows, which need a display. */
int main(int argc, char **argv)
{
    const struct CMUnitTest windows[] = {cmocka_unit_test(test_glfw)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_egl),
        cmocka_unit_test(test_egl_on_own_thread),
        cmocka_unit_test(test_egl_beside_another),
        cmocka_unit_test(test_osmesa),
    };
    if (argc > 1 && strcmp(argv[1], "glfw") == 0)
        return cmocka_run_group_tests(windows, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
