/* The GL backends: one renderer, in contexts of three kinds. */
#include <stdio.h>

#include "base/error.h"
#include "render/gl/worker.h"

static bool probe(calo_gl_kind kind, char *detail, size_t detail_bytes)
{
    calo_gl_info info;
    char reason[256];
    if (!calo_gl_probe(kind, &info, reason, sizeof reason)) {
        snprintf(detail, detail_bytes, "%s", reason);
        return false;
    }
    snprintf(detail, detail_bytes, "%s, %s, OpenGL %s (%s)", info.vendor, info.renderer, info.version,
             info.software ? "software" : "GPU");
    return true;
}

#define DEFINE_BACKEND(word, KIND)                                                                                 \
    static bool probe_##word(char *detail, size_t detail_bytes) { return probe(KIND, detail, detail_bytes); }      \
    static calo_status prepare_##word(const calo_pose *pose, const calo_prepare_options *prepare,                  \
                                      const calo_backend_options *options, void **scene, calo_error *err)          \
    {                                                                                                              \
        return calo_glr_scene_prepare(KIND, pose, prepare, options, scene, err);                                   \
    }                                                                                                              \
    static calo_status open_##word(void **worker, calo_error *err)                                                 \
    {                                                                                                              \
        return calo_glr_worker_open(KIND, worker, err);                                                            \
    }                                                                                                              \
    const calo_backend calo_backend_##word = {                                                                     \
        .name = #word,                                                                                             \
        .probe = probe_##word,                                                                                     \
        .prepare = prepare_##word,                                                                                 \
        .release = calo_glr_scene_release,                                                                         \
        .open_worker = open_##word,                                                                                \
        .close_worker = calo_glr_worker_close,                                                                     \
        .draw_batch = calo_glr_draw_batch,                                                                         \
    }
DEFINE_BACKEND(egl, CALO_GL_EGL);
DEFINE_BACKEND(osmesa, CALO_GL_OSMESA);
DEFINE_BACKEND(glfw, CALO_GL_GLFW);
