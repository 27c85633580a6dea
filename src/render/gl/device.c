#include "render/gl/device.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "gl/context.h"
#include "image/color.h"
#include "render/ggx_table.h"
#include "render/gl/programs.h"

/* A device as the table below keeps it. */
typedef struct calo_glr_slot {
    calo_glr_device device;
    calo_gl_kind kind;
    uint32_t references;
    pid_t process;
    atomic_bool lost; /* by the driver: nobody new gets it */
} calo_glr_slot;

/* OpenGL forces it: contexts are costly, and what is uploaded can be seen by contexts of one share group only. */
static struct {
    pthread_mutex_t lock;
    pid_t process;
    calo_glr_slot *slots[CALO_GL_KIND_COUNT];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void lock_table(void)
{
    pid_t here = getpid();
    /* Another thread of the parent may have held the lock when this child was forked; nobody here ever
     * gives it back. */
    if (table.process && table.process != here)
        pthread_mutex_init(&table.lock, NULL);
    pthread_mutex_lock(&table.lock);
    table.process = here;
}

/* ---- a device ---- */

void calo_glr_make_buffer_texture(const calo_glr_device *device, GLenum format, const void *data, size_t bytes,
                                  GLuint *buffer, GLuint *texture)
{
    const calo_glr_functions *gl = &device->gl;
    gl->GenBuffers(1, buffer);
    gl->BindBuffer(GL_TEXTURE_BUFFER, *buffer);
    gl->BufferData(GL_TEXTURE_BUFFER, (GLsizeiptr)bytes, data, GL_STATIC_DRAW);
    gl->GenTextures(1, texture);
    gl->BindTexture(GL_TEXTURE_BUFFER, *texture);
    gl->TexBuffer(GL_TEXTURE_BUFFER, format, *buffer);
}

GLuint calo_glr_make_texture(const calo_glr_device *device, GLenum internal_format, uint32_t width, uint32_t height,
                             GLenum format, GLenum type, const void *texels)
{
    const calo_glr_functions *gl = &device->gl;
    GLuint texture;
    gl->GenTextures(1, &texture);
    gl->BindTexture(GL_TEXTURE_2D, texture);
    gl->TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
    gl->TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    gl->TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    gl->TexImage2D(GL_TEXTURE_2D, 0, (GLint)internal_format, (GLsizei)width, (GLsizei)height, 0, format, type, texels);
    return texture;
}

static void make_tables(calo_glr_device *device)
{
    uint32_t codes[CALO_SRGB_TABLE_SIZE];
    calo_srgb_make_table(codes);
    device->gl.GenVertexArrays(1, &device->empty_array);
    device->lobe_albedo = calo_glr_make_texture(device, GL_RG32F, CALO_GGX_TABLE_SIZE, CALO_GGX_TABLE_SIZE, GL_RG,
                                                GL_FLOAT, calo_ggx_table);
    calo_glr_make_buffer_texture(device, GL_R32UI, codes, sizeof codes, &device->srgb_buffer, &device->srgb_codes);
}

static calo_status set_up(calo_glr_device *device, void *user, calo_error *err)
{
    (void)user;
    const calo_glr_functions *gl = &device->gl;
    calo_status status = calo_glr_functions_load(device->context, &device->gl, err);
    if (status != CALO_OK)
        return status;
    gl->GetIntegerv(GL_MAX_TEXTURE_SIZE, &device->limits.texture_size);
    gl->GetIntegerv(GL_MAX_ARRAY_TEXTURE_LAYERS, &device->limits.texture_layers);
    gl->GetIntegerv(GL_MAX_TEXTURE_BUFFER_SIZE, &device->limits.buffer_texels);
    gl->GetIntegerv(GL_UNIFORM_BUFFER_OFFSET_ALIGNMENT, &device->limits.uniform_alignment);
    gl->GetIntegerv(GL_MAX_SAMPLES, &device->limits.samples);
    gl->PixelStorei(GL_PACK_ALIGNMENT, 1);
    gl->PixelStorei(GL_UNPACK_ALIGNMENT, 1);
    if (gl->ClipControl)
        gl->ClipControl(GL_LOWER_LEFT, GL_ZERO_TO_ONE);
    gl->DepthFunc(GL_GREATER);
    make_tables(device);
    return CALO_OK;
}

static calo_status open_device(calo_gl_kind kind, calo_glr_slot **out, calo_error *err)
{
    calo_glr_slot *slot = calloc(1, sizeof *slot);
    if (!slot)
        return calo_fail_memory(err, "a GL device", sizeof *slot);
    *slot = (calo_glr_slot){.kind = kind, .references = 1, .process = getpid()};
    slot->device.slot = slot;
    calo_gl_options options = {.kind = kind, .executor = CALO_GL_EXECUTOR_THREAD};
    calo_status status = calo_gl_context_create(&options, &slot->device.context, err);
    if (status == CALO_OK) {
        slot->device.info = calo_gl_context_info(slot->device.context);
        status = calo_glr_device_call(&slot->device, "setting the GL renderer up", set_up, NULL, err);
    }
    if (status != CALO_OK) {
        calo_gl_context_destroy(slot->device.context);
        free(slot);
        return status;
    }
    *out = slot;
    return CALO_OK;
}

/* The context takes its GL objects with it. */
static void close_device(calo_glr_slot *slot)
{
    calo_gl_context_destroy(slot->device.context);
    free(slot->device.programs);
    free(slot);
}

/* ---- who has it ---- */

calo_status calo_glr_device_acquire(calo_gl_kind kind, calo_glr_device **device, calo_error *err)
{
    calo_status status = CALO_OK;
    *device = NULL;
    lock_table();
    calo_glr_slot *slot = table.slots[kind];
    if (slot && slot->process == getpid() && !atomic_load(&slot->lost)) {
        slot->references++;
    } else {
        status = open_device(kind, &slot, err);
        if (status == CALO_OK)
            table.slots[kind] = slot;
    }
    if (status == CALO_OK)
        *device = &slot->device;
    pthread_mutex_unlock(&table.lock);
    return status;
}

void calo_glr_device_release(calo_glr_device *device)
{
    if (!device)
        return;
    lock_table();
    calo_glr_slot *slot = device->slot;
    bool last = --slot->references == 0;
    if (last && table.slots[slot->kind] == slot)
        table.slots[slot->kind] = NULL;
    /* Within the lock, so that the next one is opened after this one's end. */
    if (last)
        close_device(slot);
    pthread_mutex_unlock(&table.lock);
}

/* ---- calls ---- */

typedef struct device_call {
    calo_glr_device *device;
    const char *what;
    calo_glr_function function;
    void *user;
    bool ran;
} device_call;

static const char *error_name(GLenum code)
{
    switch (code) {
    case GL_INVALID_ENUM: return "GL_INVALID_ENUM";
    case GL_INVALID_VALUE: return "GL_INVALID_VALUE";
    case GL_INVALID_OPERATION: return "GL_INVALID_OPERATION";
    case GL_INVALID_FRAMEBUFFER_OPERATION: return "GL_INVALID_FRAMEBUFFER_OPERATION";
    default: return "an unknown error";
    }
}

/* Takes all of GL's errors and tells the first. */
static calo_status check(const device_call *call, calo_error *err)
{
    /* Bounded: a lost context may report errors for ever. */
    enum { ERRORS_MAX = 16 };
    GLenum first = call->device->gl.GetError();
    for (int i = 0; first != GL_NO_ERROR && i < ERRORS_MAX && call->device->gl.GetError() != GL_NO_ERROR; i++)
        continue;
    if (first == GL_NO_ERROR)
        return CALO_OK;
    if (first == GL_OUT_OF_MEMORY)
        return calo_fail(err, CALO_ERROR_MEMORY, "%s: %s is out of memory: render smaller pictures or a smaller scene, "
                         "or use --backend cpu", call->what, call->device->info->renderer);
    return calo_fail(err, CALO_ERROR_BACKEND, "%s: %s reports %s: this is a fault of the driver or of calotype; "
                     "--backend cpu draws the same pictures", call->what, call->device->info->renderer,
                     error_name(first));
}

static calo_status run(void *user, calo_error *err)
{
    device_call *call = user;
    call->ran = true;
    calo_status status = call->function(call->device, call->user, err);
    if (!call->device->gl.GetError)
        return status;
    calo_status fault = check(call, status == CALO_OK ? err : NULL);
    return status == CALO_OK ? fault : status;
}

calo_status calo_glr_device_call_idly(calo_glr_device *device, const char *what, calo_glr_function function, void *user,
                                      calo_idle idle, calo_error *err)
{
    device_call call = {.device = device, .what = what, .function = function, .user = user};
    if (device->slot->process != getpid())
        return calo_fail(err, CALO_ERROR_BACKEND, "%s: the renderer belongs to the process that this one was forked "
                         "from, and OpenGL stayed there: make renderers after the fork, start processes anew (spawn), or use "
                         "--backend cpu", what);
    calo_status status = calo_gl_context_call_idly(device->context, run, &call, idle, err);
    /* A context that does not take calls any more. */
    if (status == CALO_ERROR_BACKEND && !call.ran)
        atomic_store(&device->slot->lost, true);
    return status;
}

calo_status calo_glr_device_call(calo_glr_device *device, const char *what, calo_glr_function function, void *user,
                                 calo_error *err)
{
    return calo_glr_device_call_idly(device, what, function, user, (calo_idle){0}, err);
}
