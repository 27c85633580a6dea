/* Forked children: an error where they must not go on, and contexts of their own where they may. */
#include "gl_sample.h"

#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_SECONDS = 60 };

static calo_status clear(void *user, calo_error *err)
{
    (void)err;
    calo_gl_context *context = user;
    float color[4] = {0};
    GL_FUNCTION(context, PFNGLCLEARCOLORPROC, glClearColor);
    GL_FUNCTION(context, PFNGLCLEARPROC, glClear);
    GL_FUNCTION(context, PFNGLREADPIXELSPROC, glReadPixels);
    glClearColor(0, 1, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glReadPixels(0, 0, 1, 1, GL_RGBA, GL_FLOAT, color);
    return color[0] == 0 && color[1] == 1 ? CALO_OK : CALO_ERROR_FORMAT;
}

static bool says(const calo_error *err, const char *part)
{
    if (strstr(err->message, part))
        return true;
    fprintf(stderr, "\"%s\" does not say \"%s\"\n", err->message, part);
    return false;
}

/* What a child tries: with its parent's context, and with options of its own. */
typedef struct attempt {
    calo_gl_context *context;
    calo_gl_options options;
} attempt;

/* Runs the function in a child and sees that it ends well. */
static void check_in_child(bool (*function)(const attempt *), const attempt *argument)
{
    int state = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(CHILD_SECONDS);
        _exit(function(argument) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &state, 0), child);
    assert_true(WIFEXITED(state));
    assert_int_equal(WEXITSTATUS(state), 0);
}

/* The parent's context is not for the child, nor is the parent's driver. */
static bool is_refused(const attempt *child)
{
    calo_error err = {0};
    calo_gl_context *context = child->context, *own = NULL;
    bool refused = calo_gl_context_call(context, clear, context, &err) == CALO_ERROR_ARGUMENT && says(&err, "fork");
    calo_gl_context_destroy(context);
    calo_gl_context_destroy(context);
    refused = refused && calo_gl_context_call(context, clear, context, &err) == CALO_ERROR_ARGUMENT &&
              says(&err, "destroyed");
    refused = refused && calo_gl_context_create(&child->options, &own, &err) == CALO_ERROR_BACKEND &&
              says(&err, "forked");
    return refused && !own;
}

static bool draws(const attempt *child)
{
    calo_gl_context *own = NULL;
    calo_error err = {0};
    if (calo_gl_context_create(&child->options, &own, &err) != CALO_OK)
        return says(&err, "a context");
    bool works = calo_gl_context_call(own, clear, own, NULL) == CALO_OK;
    calo_gl_context_destroy(own);
    return works;
}

static void check_kind(calo_gl_kind kind, calo_gl_executor executor)
{
    attempt trial = {.options = {.kind = kind, .executor = executor}};
    trial.context = make_context(&trial.options);
    trial.options.device = calo_gl_context_info(trial.context)->egl_device + 1; /* the parent's own */
    check_in_child(is_refused, &trial);
    assert_int_equal(calo_gl_context_call(trial.context, clear, trial.context, NULL), CALO_OK);
    if (executor == CALO_GL_EXECUTOR_CALLER) {
        assert_int_equal(calo_gl_context_make_current(trial.context, NULL), CALO_OK);
        check_in_child(is_refused, &trial);
        assert_int_equal(calo_gl_context_call(trial.context, clear, trial.context, NULL), CALO_OK);
    }
    calo_gl_context_destroy(trial.context);
}

static void test_egl(void **state)
{
    (void)state;
    const attempt fresh = {.options = {.kind = CALO_GL_EGL}};
    need_kind(CALO_GL_EGL);
    check_in_child(draws, &fresh);
    check_kind(CALO_GL_EGL, CALO_GL_EXECUTOR_CALLER);
    check_kind(CALO_GL_EGL, CALO_GL_EXECUTOR_THREAD);
    check_in_child(draws, &fresh); /* the display is closed again */
}

static void test_osmesa(void **state)
{
    (void)state;
    const attempt fresh = {.options = {.kind = CALO_GL_OSMESA}};
    need_kind(CALO_GL_OSMESA); /* asks in a child, so that this process has not used it */
    check_in_child(draws, &fresh);
    check_kind(CALO_GL_OSMESA, CALO_GL_EXECUTOR_CALLER);
    check_kind(CALO_GL_OSMESA, CALO_GL_EXECUTOR_THREAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_egl),
        cmocka_unit_test(test_osmesa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
