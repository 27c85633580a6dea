/* Contexts of one kind: what they are, where they are current, calls, threads, references, errors. */
#include "gl_sample.h"

#include <pthread.h>
#include <unistd.h>

enum { WIDTH = 37, HEIGHT = 21 };

static calo_gl_kind kind_of(void **state)
{
    calo_gl_kind kind = *(const calo_gl_kind *)*state;
    need_kind(kind);
    return kind;
}

static calo_gl_context *make_kind(void **state, calo_gl_executor executor)
{
    return make_context(&(calo_gl_options){.kind = kind_of(state), .executor = executor, .max_width = WIDTH,
                                           .max_height = HEIGHT});
}

static calo_status do_nothing(void *user, calo_error *err)
{
    (void)user;
    (void)err;
    return CALO_OK;
}

/* ---- what a context is ---- */

static void test_info(void **state)
{
    for (int profile = CALO_GL_CORE; profile <= CALO_GL_COMPATIBILITY; profile++) {
        calo_gl_options options = {.kind = kind_of(state), .profile = (calo_gl_profile)profile};
        calo_gl_context *context = make_context(&options);
        const calo_gl_info *info = calo_gl_context_info(context);
        assert_int_equal(info->kind, options.kind);
        assert_int_equal(info->profile, options.profile);
        assert_true(info->vendor[0] && info->renderer[0] && info->version[0]);
        if (profile == CALO_GL_CORE)
            assert_true(info->major_version * 10 + info->minor_version >= 33);
        assert_in_range(info->max_size, 1024, 1 << 20);
        if (strstr(info->renderer, "llvmpipe"))
            assert_true(info->software);
        if (options.kind == CALO_GL_OSMESA)
            assert_int_equal(info->egl_device, -1);
        calo_gl_context_destroy(context);
    }
}

static void test_probe_says_the_same(void **state)
{
    calo_gl_info probed;
    calo_gl_options options = {.kind = kind_of(state)};
    char detail[256];
    assert_true(calo_gl_probe(options.kind, &probed, detail, sizeof detail));
    assert_string_equal(detail, "");
    calo_gl_context *context = make_context(&options);
    assert_memory_equal(&probed, calo_gl_context_info(context), sizeof probed);
    /* Asked again while a context lives, it is asked in this process. */
    assert_true(calo_gl_probe(options.kind, &probed, NULL, 0));
    assert_memory_equal(&probed, calo_gl_context_info(context), sizeof probed);
    calo_gl_context_destroy(context);
}

static void test_devices(void **state)
{
    kind_of(state);
    calo_gl_device devices[32];
    size_t count = calo_gl_device_list(devices, 32);
    assert_in_range(count, 0, 32);
    assert_int_equal(calo_gl_device_list(NULL, 0), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(devices[i].index, i);
        calo_gl_context *context = NULL;
        calo_gl_options options = {.device = (int)i + 1};
        if (calo_gl_context_create(&options, &context, NULL) == CALO_OK) {
            assert_int_equal(calo_gl_context_info(context)->kind, CALO_GL_EGL);
            assert_int_equal(calo_gl_context_info(context)->egl_device, i);
            assert_int_equal(calo_gl_context_info(context)->cuda_device, devices[i].cuda_device);
        }
        calo_gl_context_destroy(context);
    }
}

/* ---- drawing ---- */

typedef struct clear_job {
    calo_gl_context *context;
    bool to_default; /* into the default framebuffer */
    float color[4];
    GLuint framebuffer, renderbuffer;
    uint8_t pixels[HEIGHT][WIDTH][4];
} clear_job;

static void bind_framebuffer(calo_gl_context *context, GLuint *framebuffer, GLuint *renderbuffer)
{
    GL_FUNCTION(context, PFNGLGENFRAMEBUFFERSPROC, glGenFramebuffers);
    GL_FUNCTION(context, PFNGLBINDFRAMEBUFFERPROC, glBindFramebuffer);
    GL_FUNCTION(context, PFNGLGENRENDERBUFFERSPROC, glGenRenderbuffers);
    GL_FUNCTION(context, PFNGLBINDRENDERBUFFERPROC, glBindRenderbuffer);
    GL_FUNCTION(context, PFNGLRENDERBUFFERSTORAGEPROC, glRenderbufferStorage);
    GL_FUNCTION(context, PFNGLFRAMEBUFFERRENDERBUFFERPROC, glFramebufferRenderbuffer);
    GL_FUNCTION(context, PFNGLCHECKFRAMEBUFFERSTATUSPROC, glCheckFramebufferStatus);
    glGenRenderbuffers(1, renderbuffer);
    glBindRenderbuffer(GL_RENDERBUFFER, *renderbuffer);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, WIDTH, HEIGHT);
    glGenFramebuffers(1, framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, *framebuffer);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, *renderbuffer);
    assert_int_equal(glCheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE);
}

static void delete_framebuffer(calo_gl_context *context, const GLuint *framebuffer, const GLuint *renderbuffer)
{
    GL_FUNCTION(context, PFNGLDELETEFRAMEBUFFERSPROC, glDeleteFramebuffers);
    GL_FUNCTION(context, PFNGLDELETERENDERBUFFERSPROC, glDeleteRenderbuffers);
    glDeleteFramebuffers(1, framebuffer);
    glDeleteRenderbuffers(1, renderbuffer);
}

static calo_status clear_and_read(void *user, calo_error *err)
{
    (void)err;
    clear_job *job = user;
    GL_FUNCTION(job->context, PFNGLVIEWPORTPROC, glViewport);
    GL_FUNCTION(job->context, PFNGLCLEARCOLORPROC, glClearColor);
    GL_FUNCTION(job->context, PFNGLCLEARPROC, glClear);
    GL_FUNCTION(job->context, PFNGLREADPIXELSPROC, glReadPixels);
    GL_FUNCTION(job->context, PFNGLGETERRORPROC, glGetError);
    GL_FUNCTION(job->context, PFNGLFINISHPROC, glFinish);
    if (!job->to_default)
        bind_framebuffer(job->context, &job->framebuffer, &job->renderbuffer);
    glViewport(0, 0, WIDTH, HEIGHT);
    glClearColor(job->color[0], job->color[1], job->color[2], job->color[3]);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
    glReadPixels(0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, job->pixels);
    glFinish();
    if (!job->to_default)
        delete_framebuffer(job->context, &job->framebuffer, &job->renderbuffer);
    assert_int_equal(glGetError(), GL_NO_ERROR);
    return CALO_OK;
}

/* Clears to some colour, and sees it in every pixel. */
static void check_clears(calo_gl_context *context, bool to_default, uint8_t red)
{
    clear_job job = {.context = context, .to_default = to_default, .color = {(float)red / 255, 0.2f, 0.4f, 1}};
    assert_int_equal(calo_gl_context_call(context, clear_and_read, &job, NULL), CALO_OK);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            assert_memory_equal(job.pixels[y][x], ((uint8_t[]){red, 51, 102, 255}), 4);
}

static void check_draws(calo_gl_context *context, uint8_t red)
{
    check_clears(context, false, red);
}

static void test_default_framebuffer(void **state)
{
    calo_gl_context *context = make_kind(state, CALO_GL_EXECUTOR_DEFAULT);
    if (calo_gl_context_info(context)->surfaceless || calo_gl_context_info(context)->kind == CALO_GL_GLFW) {
        calo_gl_context_destroy(context);
        skip();
    }
    check_clears(context, true, 153);
    const float *buffer = calo_gl_context_buffer(context);
    assert_int_equal(buffer != NULL, calo_gl_context_info(context)->kind == CALO_GL_OSMESA);
    for (int i = 0; buffer && i < WIDTH * HEIGHT; i++)
        assert_memory_equal(&buffer[4 * i], ((float[]){153.0f / 255, 0.2f, 0.4f, 1}), 4 * sizeof(float));
    calo_gl_context_destroy(context);
}

/* ---- where it is current ---- */

static calo_status note_thread(void *user, calo_error *err)
{
    (void)err;
    *(pthread_t *)user = pthread_self();
    return CALO_OK;
}

static void check_release_is_refused(calo_gl_context *context)
{
    assert_fails(calo_gl_context_release(context, &err), CALO_ERROR_ARGUMENT, "calo_gl_context_call");
}

static void test_executors(void **state)
{
    for (int executor = CALO_GL_EXECUTOR_DEFAULT; executor <= CALO_GL_EXECUTOR_THREAD; executor++) {
        calo_gl_context *context = make_kind(state, (calo_gl_executor)executor);
        bool own = executor == CALO_GL_EXECUTOR_THREAD ||
                   (executor == CALO_GL_EXECUTOR_DEFAULT && kind_of(state) == CALO_GL_OSMESA);
        pthread_t first, second;
        calo_gl_context_call(context, note_thread, &first, NULL);
        calo_gl_context_call(context, note_thread, &second, NULL);
        assert_true(pthread_equal(first, second));
        assert_int_equal(pthread_equal(first, pthread_self()) != 0, !own);
        check_draws(context, 7);
        if (own) {
            assert_fails(calo_gl_context_make_current(context, &err), CALO_ERROR_ARGUMENT, "thread of its own");
            check_release_is_refused(context);
        }
        calo_gl_context_destroy(context);
    }
}

typedef struct other_thread {
    calo_gl_context *context;
    calo_status make_current, call, release;
    calo_error err;
} other_thread;

static void *use_elsewhere(void *argument)
{
    other_thread *other = argument;
    other->make_current = calo_gl_context_make_current(other->context, &other->err);
    other->call = calo_gl_context_call(other->context, do_nothing, NULL, NULL);
    other->release = calo_gl_context_release(other->context, NULL);
    return NULL;
}

static other_thread use_on_thread(calo_gl_context *context)
{
    other_thread other = {.context = context};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, use_elsewhere, &other), 0);
    pthread_join(thread, NULL);
    return other;
}

static void test_current_elsewhere(void **state)
{
    calo_gl_context *context = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    assert_int_equal(calo_gl_context_release(context, NULL), CALO_OK); /* is current nowhere */
    assert_int_equal(calo_gl_context_make_current(context, NULL), CALO_OK);
    assert_int_equal(calo_gl_context_make_current(context, NULL), CALO_OK);
    other_thread other = use_on_thread(context);
    assert_int_equal(other.make_current, CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(other.err.message, "current on another thread"));
    assert_int_equal(other.call, CALO_ERROR_ARGUMENT);
    assert_int_equal(other.release, CALO_ERROR_ARGUMENT);
    check_draws(context, 20);
    assert_int_equal(calo_gl_context_release(context, NULL), CALO_OK);
    other = use_on_thread(context);
    assert_int_equal(other.make_current, CALO_OK);
    assert_int_equal(other.call, CALO_OK);
    assert_int_equal(other.release, CALO_OK);
    check_draws(context, 21);
    calo_gl_context_destroy(context);
}

/* Making another one current takes the first one away. */
static void test_another_made_current(void **state)
{
    calo_gl_context *first = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    calo_gl_context *second = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    assert_int_equal(calo_gl_context_make_current(first, NULL), CALO_OK);
    assert_int_equal(calo_gl_context_make_current(second, NULL), CALO_OK);
    other_thread other = use_on_thread(first);
    assert_int_equal(other.make_current, CALO_OK);
    assert_int_equal(use_on_thread(second).make_current, CALO_ERROR_ARGUMENT);
    calo_gl_context_destroy(first);
    calo_gl_context_destroy(second); /* current here: freed all the same */
}

/* ---- calls ---- */

static calo_status fail_on_purpose(void *user, calo_error *err)
{
    if (err)
        *err = (calo_error){.status = CALO_ERROR_CANCELLED, .message = "enough"};
    ++*(int *)user;
    return CALO_ERROR_CANCELLED;
}

static void test_errors_come_back(void **state)
{
    for (int executor = CALO_GL_EXECUTOR_CALLER; executor <= CALO_GL_EXECUTOR_THREAD; executor++) {
        int calls = 0;
        calo_gl_context *context = make_kind(state, (calo_gl_executor)executor);
        assert_fails(calo_gl_context_call(context, fail_on_purpose, &calls, &err), CALO_ERROR_CANCELLED, "enough");
        assert_int_equal(calo_gl_context_call(context, fail_on_purpose, &calls, NULL), CALO_ERROR_CANCELLED);
        assert_int_equal(calls, 2);
        check_draws(context, 3);
        calo_gl_context_destroy(context);
    }
}

typedef struct nesting {
    calo_gl_context *contexts[2];
    int depth;
} nesting;

/* Calls go in and out of two contexts, and each call draws in its own. */
static calo_status nest(void *user, calo_error *err)
{
    nesting *levels = user;
    if (levels->depth == 6)
        return CALO_OK;
    calo_gl_context *own = levels->contexts[levels->depth % 2], *next = levels->contexts[(levels->depth + 1) % 2];
    uint8_t shade = (uint8_t)levels->depth++;
    check_draws(own, shade);
    calo_status status = calo_gl_context_call(next, nest, levels, err);
    check_draws(own, (uint8_t)(100 + shade));
    return status;
}

static void test_nested_calls(void **state)
{
    calo_gl_context *first = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    calo_gl_context *second = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    nesting levels = {{first, second}, 0};
    assert_int_equal(calo_gl_context_call(first, nest, &levels, NULL), CALO_OK);
    levels = (nesting){{first, first}, 0};
    assert_int_equal(calo_gl_context_call(first, nest, &levels, NULL), CALO_OK);
    /* Neither is left current. */
    assert_int_equal(use_on_thread(first).make_current, CALO_OK);
    assert_int_equal(use_on_thread(second).make_current, CALO_OK);
    /* One that was current before is current again. */
    assert_int_equal(calo_gl_context_make_current(first, NULL), CALO_OK);
    check_draws(second, 9);
    assert_int_equal(use_on_thread(first).make_current, CALO_ERROR_ARGUMENT);
    check_draws(first, 10);
    calo_gl_context_destroy(second);
    calo_gl_context_destroy(first);
}

/* The same on one thread of its own. */
static void test_nested_on_own_thread(void **state)
{
    calo_gl_context *own = make_kind(state, CALO_GL_EXECUTOR_THREAD);
    calo_gl_context *direct = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    nesting levels = {{own, own}, 0};
    assert_int_equal(calo_gl_context_call(own, nest, &levels, NULL), CALO_OK);
    levels = (nesting){{own, direct}, 0};
    assert_int_equal(calo_gl_context_call(own, nest, &levels, NULL), CALO_OK);
    calo_gl_context_destroy(own);
    calo_gl_context_destroy(direct);
}

/* Contexts of different platforms on one thread. */
static void test_nested_kinds(void **state)
{
    calo_gl_kind other_kind = kind_of(state) == CALO_GL_OSMESA ? CALO_GL_EGL : CALO_GL_OSMESA;
    need_kind(other_kind);
    calo_gl_context *first = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    calo_gl_context *second = make_context(&(calo_gl_options){
        .kind = other_kind, .executor = CALO_GL_EXECUTOR_CALLER, .max_width = WIDTH, .max_height = HEIGHT});
    nesting levels = {{first, second}, 0};
    assert_int_equal(calo_gl_context_call(first, nest, &levels, NULL), CALO_OK);
    assert_int_equal(calo_gl_context_make_current(second, NULL), CALO_OK);
    levels = (nesting){{first, second}, 0};
    assert_int_equal(calo_gl_context_call(first, nest, &levels, NULL), CALO_OK);
    assert_int_equal(calo_gl_context_make_current(first, NULL), CALO_OK);
    check_draws(first, 4);
    assert_int_equal(use_on_thread(second).make_current, CALO_OK);
    calo_gl_context_destroy(first);
    calo_gl_context_destroy(second);
}

static calo_status meddle(void *user, calo_error *err)
{
    (void)err;
    nesting *two = user;
    check_release_is_refused(two->contexts[0]);
    assert_int_equal(calo_gl_context_make_current(two->contexts[0], NULL), CALO_OK);
    assert_int_equal(calo_gl_context_make_current(two->contexts[1], NULL), CALO_OK);
    calo_gl_context_destroy(two->contexts[0]); /* freed after the call */
    return CALO_OK;
}

/* A call that leaves another context current, and destroys its own. */
static void test_call_that_meddles(void **state)
{
    for (int executor = CALO_GL_EXECUTOR_CALLER; executor <= CALO_GL_EXECUTOR_THREAD; executor++) {
        nesting two = {{make_kind(state, (calo_gl_executor)executor), make_kind(state, CALO_GL_EXECUTOR_CALLER)}, 0};
        assert_int_equal(calo_gl_context_call(two.contexts[0], meddle, &two, NULL), CALO_OK);
        assert_fails(calo_gl_context_call(two.contexts[0], do_nothing, NULL, &err), CALO_ERROR_ARGUMENT, "destroyed");
        assert_int_equal(use_on_thread(two.contexts[1]).make_current, CALO_OK);
        check_draws(two.contexts[1], 5);
        calo_gl_context_destroy(two.contexts[1]);
    }
}

/* Releases and destroys, inside a call on another, what was current before. */
static calo_status end_previous(void *user, calo_error *err)
{
    (void)err;
    calo_gl_context *previous = user;
    assert_int_equal(calo_gl_context_make_current(previous, NULL), CALO_OK);
    assert_int_equal(calo_gl_context_release(previous, NULL), CALO_OK);
    calo_gl_context_destroy(previous);
    return CALO_OK;
}

static calo_status destroy_previous(void *user, calo_error *err)
{
    (void)err;
    calo_gl_context_destroy(user);
    return CALO_OK;
}

static void test_call_that_ends_the_previous(void **state)
{
    calo_gl_context *context = make_kind(state, CALO_GL_EXECUTOR_CALLER);
    const calo_gl_function ends[] = {end_previous, destroy_previous};
    for (int i = 0; i < 2; i++) {
        calo_gl_context *previous = make_kind(state, CALO_GL_EXECUTOR_CALLER);
        assert_int_equal(calo_gl_context_make_current(previous, NULL), CALO_OK);
        assert_int_equal(calo_gl_context_call(context, ends[i], previous, NULL), CALO_OK);
        assert_fails(calo_gl_context_release(previous, &err), CALO_ERROR_ARGUMENT, "destroyed");
        check_draws(context, 6);
        assert_int_equal(use_on_thread(context).make_current, CALO_OK);
    }
    calo_gl_context_destroy(context);
}

enum { THREADS = 4, ROUNDS = 50 };

static calo_status count_up(void *user, calo_error *err)
{
    (void)err;
    volatile int *counter = user;
    *counter = *counter + 1; /* not atomic: calls are serialized */
    return CALO_OK;
}

typedef struct counting {
    calo_gl_context *context;
    int count;
} counting;

static void *call_often(void *argument)
{
    counting *job = argument;
    for (int i = 0; i < ROUNDS; i++)
        if (calo_gl_context_call(job->context, count_up, &job->count, NULL) != CALO_OK)
            return job;
    return NULL;
}

static void test_calls_of_many_threads(void **state)
{
    for (int executor = CALO_GL_EXECUTOR_CALLER; executor <= CALO_GL_EXECUTOR_THREAD; executor++) {
        counting job = {make_kind(state, (calo_gl_executor)executor), 0};
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, call_often, &job), 0);
        for (int i = 0; i < THREADS; i++) {
            void *failed = NULL;
            pthread_join(threads[i], &failed);
            assert_null(failed);
        }
        assert_int_equal(job.count, THREADS * ROUNDS);
        calo_gl_context_destroy(job.context);
    }
}

/* ---- references ---- */

static void check_destroyed(calo_gl_context *context)
{
    assert_fails(calo_gl_context_make_current(context, &err), CALO_ERROR_ARGUMENT, "destroyed");
    assert_fails(calo_gl_context_release(context, &err), CALO_ERROR_ARGUMENT, "destroyed");
    assert_fails(calo_gl_context_call(context, do_nothing, NULL, &err), CALO_ERROR_ARGUMENT, "destroyed");
    assert_null(calo_gl_context_proc(context, "glClear"));
    assert_null(calo_gl_context_info(context));
    assert_null(calo_gl_context_buffer(context));
    calo_gl_context_retain(context);
    calo_gl_context_destroy(context);
}

static void test_references(void **state)
{
    calo_gl_context *context = make_kind(state, CALO_GL_EXECUTOR_DEFAULT);
    calo_gl_context_retain(context);
    calo_gl_context_destroy(context);
    check_draws(context, 30);
    calo_gl_context_destroy(context);
    check_destroyed(context);
    check_destroyed(NULL);
}

/* A context that is current on another thread lives until it is released there. */
typedef struct holding {
    calo_gl_context *context;
    pthread_barrier_t barrier;
} holding;

static void *hold_current(void *argument)
{
    holding *job = argument;
    calo_status status = calo_gl_context_make_current(job->context, NULL);
    GL_FUNCTION(job->context, PFNGLGETERRORPROC, glGetError);
    pthread_barrier_wait(&job->barrier);
    pthread_barrier_wait(&job->barrier); /* destroyed meanwhile */
    bool works = status == CALO_OK && glGetError() == GL_NO_ERROR &&
                 calo_gl_context_release(job->context, NULL) == CALO_OK;
    return works ? job : NULL;
}

static void test_destroyed_while_current_elsewhere(void **state)
{
    holding job = {.context = make_kind(state, CALO_GL_EXECUTOR_CALLER)};
    pthread_t thread;
    void *worked = NULL;
    pthread_barrier_init(&job.barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, hold_current, &job), 0);
    pthread_barrier_wait(&job.barrier);
    calo_gl_context_destroy(job.context);
    check_destroyed(job.context);
    pthread_barrier_wait(&job.barrier);
    pthread_join(thread, &worked);
    assert_ptr_equal(worked, &job);
    check_destroyed(job.context);
    pthread_barrier_destroy(&job.barrier);
}

/* ---- bad input ---- */

static void test_bad_options(void **state)
{
    (void)state;
    calo_gl_context *context;
    calo_gl_options options = {.kind = (calo_gl_kind)17};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_ARGUMENT, "kind 17");
    assert_null(context);
    options = (calo_gl_options){.kind = (calo_gl_kind)-1};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_ARGUMENT, "kind -1");
    options = (calo_gl_options){.profile = (calo_gl_profile)2};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_ARGUMENT, "profile 2");
    options = (calo_gl_options){.executor = (calo_gl_executor)3};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_ARGUMENT, "executor 3");
    options = (calo_gl_options){.kind = CALO_GL_OSMESA, .device = 1};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_ARGUMENT, "egl only, not with osmesa");
    calo_gl_kind kind;
    assert_fails(calo_gl_kind_from_name("directx", &kind, &err), CALO_ERROR_ARGUMENT, "directx");
    assert_fails(calo_gl_kind_from_name(NULL, &kind, &err), CALO_ERROR_ARGUMENT, "glfw, egl or osmesa");
    assert_int_equal(calo_gl_kind_from_name("osmesa", &kind, NULL), CALO_OK);
    assert_int_equal(kind, CALO_GL_OSMESA);
    assert_string_equal(calo_gl_kind_name(CALO_GL_EGL), "egl");
    assert_string_equal(calo_gl_kind_name((calo_gl_kind)99), "unknown");
}

static void test_too_large(void **state)
{
    calo_gl_context *context;
    char both[64];
    calo_gl_options options = {.kind = kind_of(state)};
    context = make_context(&options);
    uint32_t limit = calo_gl_context_info(context)->max_size;
    calo_gl_context_destroy(context);
    options.max_width = limit + 1;
    snprintf(both, sizeof both, "%u x 1 pixels is over", limit + 1);
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_LIMIT, both);
    if (options.kind != CALO_GL_EGL) { /* whose pbuffers have a limit of their own */
        snprintf(both, sizeof both, "which is %u", limit);
        assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_LIMIT, both);
    }
    options.max_width = options.max_height = UINT32_MAX;
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_LIMIT, "4294967295 x 4294967295");
    assert_null(context);
}

static void test_environment(void **state)
{
    calo_gl_context *context;
    calo_gl_kind kind = kind_of(state);
    setenv("CALOTYPE_GL", "off", 1);
    assert_fails(calo_gl_context_create(NULL, &context, &err), CALO_ERROR_BACKEND, "CALOTYPE_GL=off");
    char detail[256];
    assert_false(calo_gl_probe(CALO_GL_AUTO, NULL, detail, sizeof detail));
    assert_non_null(strstr(detail, "CALOTYPE_GL=off"));
    setenv("CALOTYPE_GL", "wgl", 1);
    assert_fails(calo_gl_context_create(NULL, &context, &err), CALO_ERROR_ARGUMENT, "\"wgl\"");
    setenv("CALOTYPE_GL", calo_gl_kind_name(kind), 1);
    context = make_context(NULL);
    assert_int_equal(calo_gl_context_info(context)->kind, kind);
    calo_gl_context_destroy(context);
    unsetenv("CALOTYPE_GL");
    context = make_context(NULL);
    calo_gl_context_destroy(context);
}

static void test_bad_egl_device(void **state)
{
    (void)state;
    need_kind(CALO_GL_EGL);
    calo_gl_context *context;
    calo_gl_options options = {.kind = CALO_GL_EGL};
    const char *const values[] = {"99", "-1", "first", "0x0", "99999999999999999999"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        setenv("CALOTYPE_EGL_DEVICE", values[i], 1);
        calo_error err = {0};
        assert_int_not_equal(calo_gl_context_create(&options, &context, &err), CALO_OK);
        assert_non_null(strstr(err.message, "CALOTYPE_EGL_DEVICE"));
        assert_non_null(strstr(err.message, values[i]));
    }
    unsetenv("CALOTYPE_EGL_DEVICE");
    options.device = 1000;
    assert_int_not_equal(calo_gl_context_create(&options, &context, NULL), CALO_OK);
    options.device = INT32_MIN;
    assert_int_not_equal(calo_gl_context_create(&options, &context, NULL), CALO_OK);
    options = (calo_gl_options){.cuda_device = 77};
    assert_fails(calo_gl_context_create(&options, &context, &err), CALO_ERROR_BACKEND, "CUDA device 76");
}

#define FOR_KIND(function) {#function, function, NULL, NULL, &kind}

/* test_context KIND */
int main(int argc, char **argv)
{
    static calo_gl_kind kind;
    calo_error err = {0};
    if (argc != 2 || calo_gl_kind_from_name(argv[1], &kind, &err) != CALO_OK) {
        fprintf(stderr, "usage: test_context glfw|egl|osmesa\n%s\n", err.message);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        FOR_KIND(test_info),
        FOR_KIND(test_probe_says_the_same),
        FOR_KIND(test_devices),
        FOR_KIND(test_default_framebuffer),
        FOR_KIND(test_executors),
        FOR_KIND(test_current_elsewhere),
        FOR_KIND(test_another_made_current),
        FOR_KIND(test_errors_come_back),
        FOR_KIND(test_nested_calls),
        FOR_KIND(test_nested_on_own_thread),
        FOR_KIND(test_nested_kinds),
        FOR_KIND(test_call_that_meddles),
        FOR_KIND(test_call_that_ends_the_previous),
        FOR_KIND(test_calls_of_many_threads),
        FOR_KIND(test_references),
        FOR_KIND(test_destroyed_while_current_elsewhere),
        FOR_KIND(test_bad_options),
        FOR_KIND(test_too_large),
        FOR_KIND(test_environment),
        FOR_KIND(test_bad_egl_device),
    };
    unsetenv("CALOTYPE_GL");
    unsetenv("CALOTYPE_EGL_DEVICE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
