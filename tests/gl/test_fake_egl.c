/* What no machine at hand has: several GPUs, drivers that fail, limit, lose contexts, crash. On a libEGL of the tests'
 * own (fake/), which LD_LIBRARY_PATH puts before the system's. It is read once a process: one scenario a run. */
#include "gl_sample.h"

#include <dlfcn.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>

#include "fake/fake_egl.h"

static fake_egl_state *fake;

static calo_status do_nothing(void *user, calo_error *err)
{
    (void)user;
    (void)err;
    return CALO_OK;
}

static void *egl_function(const char *name)
{
    return dlsym(dlopen("libEGL.so.1", RTLD_NOW), name);
}

static calo_gl_info info_of(const calo_gl_options *options)
{
    calo_gl_context *context = make_context(options);
    calo_gl_info info = *calo_gl_context_info(context);
    calo_gl_context_destroy(context);
    return info;
}

static void set_devices(void)
{
    /* Not in CUDA's order, and a software device first. */
    fake->device_count = 4;
    fake->devices[0] = (fake_device){.software = true, .cuda_device = -1};
    fake->devices[1] = (fake_device){.cuda_device = 2};
    fake->devices[2] = (fake_device){.cuda_device = 0};
    fake->devices[3] = (fake_device){.cuda_device = 1};
}

static void check_nothing_left(void)
{
    assert_int_equal(fake->contexts, 0);
    assert_int_equal(fake->surfaces, 0);
    for (int i = 0; i < fake->device_count; i++)
        assert_int_equal(fake->devices[i].initialized, 0);
}

static void test_devices(void **state)
{
    (void)state;
    set_devices();
    calo_gl_device devices[4];
    assert_int_equal(calo_gl_device_list(devices, 4), 4);
    assert_true(devices[0].software);
    assert_int_equal(devices[0].cuda_device, -1);
    assert_false(devices[3].software);
    assert_int_equal(devices[3].cuda_device, 1);
    calo_gl_info info = info_of(&(calo_gl_options){.kind = CALO_GL_EGL});
    assert_int_equal(info.egl_device, 1); /* a GPU before software */
    assert_int_equal(info.cuda_device, 2);
    assert_false(info.software);
    assert_string_equal(info.renderer, "Fake GPU");
    assert_int_equal(info_of(&(calo_gl_options){.cuda_device = 1}).egl_device, 2);
    assert_int_equal(info_of(&(calo_gl_options){.cuda_device = 2}).egl_device, 3);
    assert_int_equal(info_of(&(calo_gl_options){.device = 1}).egl_device, 0);
    assert_true(info_of(&(calo_gl_options){.device = 1}).software);
    setenv("CALOTYPE_EGL_DEVICE", "3", 1);
    assert_int_equal(info_of(&(calo_gl_options){.kind = CALO_GL_EGL}).egl_device, 3);
    assert_int_equal(info_of(&(calo_gl_options){.device = 2}).egl_device, 1);
    calo_gl_context *context;
    setenv("CALOTYPE_EGL_DEVICE", "4", 1);
    assert_fails(calo_gl_context_create(&(calo_gl_options){.kind = CALO_GL_EGL}, &context, &err), CALO_ERROR_ARGUMENT,
                 "asks for device 4, but EGL's devices are 0 to 3");
    check_nothing_left();
}

static void test_failing_device(void **state)
{
    (void)state;
    set_devices();
    fake->devices[1].fails = fake->devices[2].fails = true;
    calo_gl_info info = info_of(&(calo_gl_options){.kind = CALO_GL_EGL});
    assert_int_equal(info.egl_device, 3);
    assert_non_null(strstr(info.note, "device 1 cannot be opened (EGL_NOT_INITIALIZED)")); /* never silent */
    calo_gl_context *context;
    assert_fails(calo_gl_context_create(&(calo_gl_options){.device = 3}, &context, &err), CALO_ERROR_BACKEND,
                 "device 2");
    fake->devices[3].fails = fake->devices[0].fails = true;
    assert_fails(calo_gl_context_create(&(calo_gl_options){.kind = CALO_GL_EGL}, &context, &err), CALO_ERROR_BACKEND,
                 "no device gives an OpenGL context");
    check_nothing_left();
}

static void test_displays(void **state)
{
    (void)state;
    set_devices();
    calo_gl_options options = {.device = 2};
    calo_gl_context *first = make_context(&options), *second = make_context(&options);
    assert_int_equal(fake->devices[1].initialized, 1); /* shared */
    calo_gl_context_destroy(first);
    assert_int_equal(fake->devices[1].terminations, 0);
    calo_gl_context_destroy(second);
    assert_int_equal(fake->devices[1].terminations, 1);
    /* A display that somebody else has initialized is not ours to terminate. */
    EGLint major, minor;
    PFNEGLINITIALIZEPROC initialize = (PFNEGLINITIALIZEPROC)egl_function("eglInitialize");
    assert_true(initialize(&fake->devices[1], &major, &minor));
    calo_gl_context_destroy(make_context(&options));
    assert_int_equal(fake->devices[1].terminations, 1);
    assert_true(fake->devices[1].initialized > 0);
}

static void test_foreign_context(void **state)
{
    (void)state;
    set_devices();
    PFNEGLMAKECURRENTPROC make_current = (PFNEGLMAKECURRENTPROC)egl_function("eglMakeCurrent");
    PFNEGLGETCURRENTCONTEXTPROC current = (PFNEGLGETCURRENTCONTEXTPROC)egl_function("eglGetCurrentContext");
    PFNEGLQUERYAPIPROC query_api = (PFNEGLQUERYAPIPROC)egl_function("eglQueryAPI");
    int theirs, their_surface;
    make_current(&fake->devices[2], &their_surface, &their_surface, &theirs);
    calo_gl_context *context = make_context(&(calo_gl_options){.kind = CALO_GL_EGL});
    assert_ptr_equal(current(), &theirs);
    assert_int_equal(calo_gl_context_call(context, do_nothing, NULL, NULL), CALO_OK);
    assert_ptr_equal(current(), &theirs);
    assert_int_equal(query_api(), EGL_OPENGL_ES_API);
    calo_gl_context_destroy(context);
    assert_ptr_equal(current(), &theirs);
    make_current(EGL_NO_DISPLAY, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    check_nothing_left();
}

static void test_limits(void **state)
{
    (void)state;
    set_devices();
    calo_gl_context *context;
    calo_gl_options options = {.kind = CALO_GL_EGL, .max_width = 5000, .max_height = 10};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_LIMIT, "5000 x 10");
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_LIMIT, "4096 x 4096");
    fake->no_config = true; /* no pbuffer has its limit */
    assert_true(info_of(&options).surfaceless);
    fake->max_size = 2048;
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_LIMIT, "which is 2048");
    fake->no_reset_notification = true;
    options.max_width = 2048;
    assert_int_equal(info_of(&options).max_size, 2048);
    fake->version = "3.2 old";
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_BACKEND, "3.3 core is needed");
    options.profile = CALO_GL_COMPATIBILITY;
    assert_int_equal(info_of(&options).major_version, 3);
    check_nothing_left();
}

static calo_status reset_device(void *user, calo_error *err)
{
    (void)user;
    (void)err;
    fake->reset_status = GL_GUILTY_CONTEXT_RESET;
    return CALO_OK;
}

static void check_lost(calo_gl_context *context)
{
    assert_fails(calo_gl_context_call(context, do_nothing, NULL, &err), CALO_ERROR_BACKEND, "was lost");
    assert_fails(calo_gl_context_make_current(context, &err), CALO_ERROR_BACKEND, "was lost");
    calo_gl_context_destroy(context);
}

/* Told by the driver while drawing, and by eglMakeCurrent. */
static void test_lost(void **state)
{
    (void)state;
    set_devices();
    for (int executor = CALO_GL_EXECUTOR_CALLER; executor <= CALO_GL_EXECUTOR_THREAD; executor++) {
        calo_gl_options options = {.kind = CALO_GL_EGL, .executor = (calo_gl_executor)executor};
        calo_gl_context *context = make_context(&options);
        assert_fails(calo_gl_context_call(context, reset_device, NULL, &err), CALO_ERROR_BACKEND, "was lost");
        fake->reset_status = GL_NO_ERROR;
        check_lost(context); /* for good */
        context = make_context(&options);
        assert_int_equal(calo_gl_context_call(context, do_nothing, NULL, NULL), CALO_OK);
        calo_gl_context_destroy(context);
    }
    calo_gl_context *context = make_context(&(calo_gl_options){.kind = CALO_GL_EGL});
    fake->make_current_error = EGL_CONTEXT_LOST;
    check_lost(context);
    fake->make_current_error = 0;
    check_nothing_left();
}

static void test_not_made_current(void **state)
{
    (void)state;
    set_devices();
    calo_gl_context *context = make_context(&(calo_gl_options){.kind = CALO_GL_EGL});
    fake->make_current_error = EGL_BAD_ACCESS;
    assert_fails(calo_gl_context_make_current(context, &err), CALO_ERROR_BACKEND, "EGL_BAD_ACCESS");
    assert_fails(calo_gl_context_call(context, do_nothing, NULL, &err), CALO_ERROR_BACKEND, "release that first");
    fake->make_current_error = EGL_NOT_INITIALIZED;
    assert_fails(calo_gl_context_call(context, do_nothing, NULL, &err), CALO_ERROR_BACKEND, "terminated the display");
    fake->make_current_error = EGL_BAD_ALLOC;
    assert_fails(calo_gl_context_call(context, do_nothing, NULL, &err), CALO_ERROR_BACKEND, "EGL_BAD_ALLOC");
    fake->make_current_error = 0;
    assert_int_equal(calo_gl_context_call(context, do_nothing, NULL, NULL), CALO_OK);
    assert_int_equal(calo_gl_context_make_current(context, NULL), CALO_OK);
    calo_gl_context_destroy(context);
    check_nothing_left();
}

/* A probe outlives its driver. */
static void test_crash(void **state)
{
    (void)state;
    set_devices();
    char detail[512];
    fake->crashes = true;
    assert_false(calo_gl_probe(CALO_GL_EGL, NULL, detail, sizeof detail));
    assert_non_null(strstr(detail, "egl is not available: its driver crashed"));
    fake->crashes = false;
    assert_true(calo_gl_probe(CALO_GL_EGL, NULL, detail, sizeof detail));
    fake->hangs = true;
    assert_false(calo_gl_probe(CALO_GL_EGL, NULL, detail, sizeof detail));
    assert_non_null(strstr(detail, "no answer in 10 seconds"));
}

/* test_fake_egl SCENARIO */
int main(int argc, char **argv)
{
    const struct CMUnitTest scenarios[] = {
        {"devices", test_devices, NULL, NULL, NULL},
        {"failing_device", test_failing_device, NULL, NULL, NULL},
        {"displays", test_displays, NULL, NULL, NULL},
        {"foreign_context", test_foreign_context, NULL, NULL, NULL},
        {"limits", test_limits, NULL, NULL, NULL},
        {"lost", test_lost, NULL, NULL, NULL},
        {"not_made_current", test_not_made_current, NULL, NULL, NULL},
        {"crash", test_crash, NULL, NULL, NULL},
    };
    fake = egl_function("fake_egl");
    if (!fake) {
        fprintf(stderr, "LD_LIBRARY_PATH does not name the fake libEGL\n");
        return 2;
    }
    unsetenv("CALOTYPE_EGL_DEVICE");
    for (size_t i = 0; argc == 2 && i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct CMUnitTest chosen[] = {scenarios[i]};
        if (strcmp(argv[1], scenarios[i].name) == 0)
            return cmocka_run_group_tests(chosen, NULL, NULL);
    }
    fprintf(stderr, "usage: test_fake_egl SCENARIO\n");
    return 2;
}
