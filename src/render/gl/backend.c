/* The GL backends: one renderer, in contexts of three kinds. */
#include <stdio.h>

#include "base/error.h"
#include "render/gl/worker.h"

static void probe(calo_gl_kind kind, calo_backend_info *info)
{
    calo_gl_info found;
    info->available = calo_gl_probe(kind, &found, info->detail, sizeof info->detail);
    if (!info->available)
        return;
    info->software = found.software;
    snprintf(info->vendor, sizeof info->vendor, "%s", found.vendor);
    snprintf(info->renderer, sizeof info->renderer, "%s", found.renderer);
    snprintf(info->version, sizeof info->version, "%s", found.version);
    snprintf(info->detail, sizeof info->detail, "OpenGL, drawn by %s%s%.200s", found.software ? "the CPU" : "a GPU",
             found.note[0] ? "; " : "", found.note);
}

#define DEFINE_BACKEND(word, KIND)                                                                                 \
    static void probe_##word(calo_backend_info *info) { probe(KIND, info); }                                       \
    static calo_status prepare_##word(const calo_pose *pose, const calo_prepare_options *prepare,                  \
                                      const calo_backend_options *options, const void *reused, void **scene,       \
                                      calo_error *err)                                                             \
    {                                                                                                              \
        return calo_glr_scene_prepare(KIND, pose, prepare, options, reused, scene, err);                           \
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
