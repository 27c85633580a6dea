/* What looks do to colour pictures after they are rendered. */
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "job/states.h"

/* One thread's at a time; kept from picture to picture. */
typedef struct post_bench {
    struct post_bench *next;
    calo_post_processor *processor;
    calo_image picture; /* RGBA8 */
} post_bench;

struct calo_state_post {
    pthread_mutex_t lock;
    post_bench *idle;
};

calo_status calo_state_post_create(calo_state_post **out, calo_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return calo_fail_memory(err, "post-processing", sizeof **out);
    pthread_mutex_init(&(*out)->lock, NULL);
    return CALO_OK;
}

static void destroy_bench(post_bench *bench)
{
    calo_post_processor_destroy(bench->processor);
    calo_image_finish(&bench->picture);
    free(bench);
}

void calo_state_post_destroy(calo_state_post *post)
{
    if (!post)
        return;
    while (post->idle) {
        post_bench *bench = post->idle;
        post->idle = bench->next;
        destroy_bench(bench);
    }
    pthread_mutex_destroy(&post->lock);
    free(post);
}

static calo_status take_bench(calo_state_post *post, post_bench **out, calo_error *err)
{
    pthread_mutex_lock(&post->lock);
    post_bench *bench = post->idle;
    if (bench)
        post->idle = bench->next;
    pthread_mutex_unlock(&post->lock);
    *out = bench;
    if (bench)
        return CALO_OK;
    bench = calloc(1, sizeof *bench);
    if (!bench)
        return calo_fail_memory(err, "post-processing", sizeof *bench);
    calo_status status = calo_post_processor_create(&bench->processor, err);
    *out = status == CALO_OK ? bench : NULL;
    if (status != CALO_OK)
        free(bench);
    return status;
}

static void give_bench(calo_state_post *post, post_bench *bench)
{
    pthread_mutex_lock(&post->lock);
    bench->next = post->idle;
    post->idle = bench;
    pthread_mutex_unlock(&post->lock);
}

static calo_status fit_picture(calo_image *picture, uint32_t width, uint32_t height, calo_error *err)
{
    if (picture->width == width && picture->height == height)
        return CALO_OK;
    calo_image_finish(picture);
    return calo_image_init(picture, width, height, CALO_PIXEL_RGBA8, err);
}

calo_status calo_state_post_run(calo_state_post *post, const calo_post_processing *processing, bool display_referred,
                                const calo_view *view, const calo_frame *frame, calo_state_post_use use, void *user,
                                calo_error *err)
{
    post_bench *bench;
    calo_status status = take_bench(post, &bench, err);
    if (status != CALO_OK)
        return status;
    const calo_post_source source = {
        .frame = frame, .display_referred = display_referred, .orthographic = view->orthographic,
        .focal_x = view->focal_x, .focal_y = view->focal_y, .center_x = view->center_x, .center_y = view->center_y,
    };
    status = fit_picture(&bench->picture, frame->width, frame->height, err);
    if (status == CALO_OK)
        status = calo_post_process(bench->processor, &source, processing, &bench->picture, err);
    if (status == CALO_OK)
        use(user, &bench->picture);
    give_bench(post, bench);
    return status;
}
