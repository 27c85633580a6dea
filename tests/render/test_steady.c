/* A renderer that has drawn such views before draws more of them without an allocation and without a lock. This
 * program's own malloc and pthread_mutex_lock stand before the C library's and count. */
#include "every_path.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR 0 /* the sanitizers have theirs */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define OWN_ALLOCATOR 0
#endif
#endif
#ifndef OWN_ALLOCATOR
#define OWN_ALLOCATOR 1
#endif

#if OWN_ALLOCATOR && defined(__GLIBC__)

static atomic_uint allocations, locks;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *memory);

void *malloc(size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_memalign(alignment, bytes);
}

void free(void *memory)
{
    if (memory)
        atomic_fetch_add(&allocations, 1);
    __libc_free(memory);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*_Atomic next)(pthread_mutex_t *);
    if (!next)
        next = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
    atomic_fetch_add(&locks, 1);
    return next(mutex);
}

/* ---- */

enum { VIEWS = 6, CALLS_MAX = 200, CALLS_IN_A_ROW = 5 };

static atomic_uint frames_seen;

static calo_status count_frame(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)user;
    (void)index;
    (void)frame;
    (void)err;
    atomic_fetch_add(&frames_seen, 1);
    return CALO_OK;
}

/* Draws the views until there have been `CALLS_IN_A_ROW` calls without an allocation; false when that never
 * comes. A thread that draws some view for the first time may need more room than it had. */
static bool settles(uint32_t threads, uint32_t samples, const calo_pose *pose, const calo_view *views)
{
    calo_error err = {0};
    calo_lighting lighting = test_every_shadow();
    calo_prepare_options preparing = {.lighting = &lighting};
    calo_render_options options = {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = samples};
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    if (calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = threads}, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, &preparing, &prepared, &err) != CALO_OK)
        fail_msg("%s", err.message);
    int quiet = 0, calls = 0;
    for (; calls < CALLS_MAX && quiet < CALLS_IN_A_ROW; calls++) {
        frames_seen = 0;
        allocations = locks = 0;
        calo_status status = calo_renderer_render(renderer, prepared, &options, views, VIEWS, NULL, count_frame, NULL, &err);
        uint32_t allocated = allocations, locked = locks;
        assert_int_equal(status, CALO_OK);
        assert_int_equal(frames_seen, VIEWS);
        quiet = allocated == 0 ? quiet + 1 : 0;
        if (quiet)
            assert_int_equal(locked, 0);
        /* One thread has seen all there is after the first call. */
        if (threads == 1 && calls > 0)
            assert_int_equal(allocated, 0);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    return quiet == CALLS_IN_A_ROW;
}

static void drawing_settles_without_allocations_and_locks(void **state)
{
    (void)state;
    calo_scene *scene = test_every_path();
    calo_pose *pose = NULL;
    calo_view views[VIEWS];
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    for (int i = 0; i < VIEWS; i++)
        views[i] = test_view(160, 60, (double[3]){1.1 + 0.2 * i, -3 + 0.3 * i, 0.9}, (double[3]){0, 0, 0});
    for (uint32_t threads = 1; threads <= 3; threads++)
        for (uint32_t samples = 1; samples <= 16; samples *= 4)
            if (!settles(threads, samples, pose, views))
                fail_msg("%u threads with %u samples allocate on and on", threads, samples);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

/* The test would prove nothing if the counters were passed by. */
static void the_counters_count(void **state)
{
    (void)state;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    allocations = locks = 0;
    void *volatile memory = malloc(10);
    free(memory);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    assert_int_equal(allocations, 2);
    assert_int_equal(locks, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counters_count),
        cmocka_unit_test(drawing_settles_without_allocations_and_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    printf("no counting here: a sanitizer or another C library owns malloc\n");
    return 77; /* skipped */
}

#endif
