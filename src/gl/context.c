/* Contexts of every platform: who uses them, where they are current, where calls run.
 *
 * A context is bound to a thread while it is current there, or while it waits there, set aside by a call on another
 * one. It is the innermost of its thread when it is the current one. A bound context is not freed. */
#include <calotype/gl.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "gl/context.h"
#include "gl/executor.h"
#include "gl/inspect.h"
#include "gl/kinds.h"
#include "gl/process.h"
#include "gl/words.h"

struct calo_gl_context {
    calo_gl_context *next; /* of the process's list */
    const calo_gl_platform *platform;
    calo_gl_surface *surface;
    calo_gl_thread *thread; /* NULL: executor CALLER */
    calo_gl_info info;
    calo_gl_reset_status reset_status;
    pid_t process;
    /* Under the process's lock. */
    uint32_t references; /* 0: freed as soon as nobody is inside */
    uint32_t users;      /* calls under way, and 1 while bound */
    bool bound, lost;
    pthread_t bound_thread;
    /* Executor CALLER: one call at a time. */
    pthread_mutex_t call_lock;
    bool in_call; /* under the process's lock */
    pthread_t call_thread;
};

/* "Current" is a thread's own notion in every platform. It cannot dangle: what it points to is bound. */
static _Thread_local calo_gl_context *innermost;

/* ---- life ---- */

static bool is_alive(const calo_gl_process *process, const calo_gl_context *context)
{
    const calo_gl_context *at = process->contexts;
    while (at && at != context)
        at = at->next;
    return at != NULL && at->references > 0;
}

static calo_status check_usable(const calo_gl_process *process, const calo_gl_context *context, calo_error *err)
{
    if (!context || !is_alive(process, context))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "this OpenGL context has been destroyed or never was one: keep a "
                         "reference (calo_gl_context_retain) for as long as it is used");
    if (context->process != getpid())
        return calo_fail(err, CALO_ERROR_ARGUMENT, "this OpenGL context belongs to the process that this one was "
                         "forked from: make contexts after the fork, or start the process anew (spawn)");
    return CALO_OK;
}

static calo_status fail_lost(const calo_gl_context *context, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_BACKEND, "the %s context on \"%s\" was lost (the driver reset it), and all that "
                     "it held: destroy it, make a new one and upload everything again",
                     calo_gl_kind_name(context->info.kind), context->info.renderer);
}

static void unlink_context(calo_gl_process *process, const calo_gl_context *context)
{
    calo_gl_context **at = &process->contexts;
    while (*at && *at != context)
        at = &(*at)->next;
    if (*at)
        *at = context->next;
}

static calo_status destroy_on_thread(void *user, calo_error *err)
{
    calo_gl_context *context = user;
    calo_status status = context->platform->unbind(context->surface, err);
    context->platform->destroy(context->surface, false);
    return status;
}

/* Nobody refers to it, nobody is inside, and it is not in the process's list. */
static void free_context(calo_gl_context *context)
{
    bool inherited = context->process != getpid();
    if (context->surface && context->thread && !inherited)
        calo_gl_thread_run(context->thread, destroy_on_thread, context, (calo_idle){0}, NULL);
    else if (context->surface)
        context->platform->destroy(context->surface, inherited);
    calo_gl_thread_stop(context->thread);
    if (!inherited)
        pthread_mutex_destroy(&context->call_lock);
    free(context);
}

/* Ends a use; frees what nobody uses or refers to any more. */
static void leave(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool last = --context->users == 0 && context->references == 0;
    if (last)
        unlink_context(process, context);
    calo_gl_process_unlock(process);
    if (last)
        free_context(context);
}

/* Begins a use, which keeps it alive up to `leave`. */
static calo_status enter(calo_gl_context *context, calo_error *err)
{
    calo_gl_process *process = calo_gl_process_lock();
    calo_status status = check_usable(process, context, err);
    if (status == CALO_OK && context->lost)
        status = fail_lost(context, err);
    if (status == CALO_OK)
        context->users++;
    calo_gl_process_unlock(process);
    return status;
}

/* The same for one that is in use by this thread already. */
static void keep(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    context->users++;
    calo_gl_process_unlock(process);
}

/* ---- current ---- */

/* Binds the context to this thread, unless it is bound to another one; `had_it` says whether it was here already. */
static calo_status claim(calo_gl_context *context, bool *had_it, calo_error *err)
{
    if (innermost && innermost->process != getpid())
        return calo_fail(err, CALO_ERROR_ARGUMENT, "this process was forked while an OpenGL context was current on "
                         "the thread: release it before the fork, or start the process anew (spawn)");
    calo_gl_process *process = calo_gl_process_lock();
    bool elsewhere = context->bound && !pthread_equal(context->bound_thread, pthread_self());
    *had_it = context->bound && !elsewhere;
    if (!context->bound) {
        context->bound = true;
        context->bound_thread = pthread_self();
        context->users++;
    }
    calo_gl_process_unlock(process);
    return !elsewhere ? CALO_OK :
        calo_fail(err, CALO_ERROR_ARGUMENT, "this OpenGL context is current on another thread: release it there "
                  "(calo_gl_context_release), or use it through calo_gl_context_call only");
}

static void give_up_claim(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    context->bound = false;
    calo_gl_process_unlock(process);
    leave(context);
}

static calo_status release_here(calo_gl_context *context, calo_error *err)
{
    calo_status status = context->platform->unbind(context->surface, err);
    if (innermost == context)
        innermost = NULL;
    give_up_claim(context);
    return status;
}

static void mark_lost(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    context->lost = true;
    calo_gl_process_unlock(process);
}

static calo_status bind_platform(calo_gl_context *context, calo_error *err)
{
    bool lost = false;
    calo_status status = context->platform->bind(context->surface, &lost, err);
    if (!lost)
        return status;
    mark_lost(context);
    return fail_lost(context, err);
}

/* A call of this thread is inside it, so that it may be set aside but not released. */
static bool is_held(const calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool held = context->thread || context->in_call;
    calo_gl_process_unlock(process);
    return held;
}

static calo_status make_current_here(calo_gl_context *context, calo_error *err)
{
    bool had_it;
    calo_gl_context *previous = innermost;
    calo_status status = claim(context, &had_it, err);
    if (status != CALO_OK)
        return status;
    if (previous && previous != context) {
        if (is_held(previous))
            previous->platform->unbind(previous->surface, NULL);
        else
            release_here(previous, NULL);
    }
    status = bind_platform(context, err);
    if (status == CALO_OK)
        innermost = context;
    else if (innermost && innermost != context)
        bind_platform(innermost, NULL); /* the one that a call holds */
    if (status != CALO_OK && !had_it)
        give_up_claim(context);
    return status;
}

calo_status calo_gl_context_make_current(calo_gl_context *context, calo_error *err)
{
    calo_status status = enter(context, err);
    if (status != CALO_OK)
        return status;
    if (!context->thread)
        status = make_current_here(context, err);
    else if (!calo_gl_thread_is_here(context->thread))
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "this %s context is current on a thread of its own and on no "
                           "other: use calo_gl_context_call, or make it with CALO_GL_EXECUTOR_CALLER",
                           calo_gl_kind_name(context->info.kind));
    leave(context);
    return status;
}

/* Why the context cannot be released by this thread; under the lock. A destroyed one that is still current can. */
static calo_status check_release(const calo_gl_process *process, const calo_gl_context *context, calo_error *err)
{
    bool ours = context && context == innermost && context->process == getpid() && !context->thread;
    calo_status status = ours ? CALO_OK : check_usable(process, context, err);
    if (status != CALO_OK)
        return status;
    if (!context->thread && context->bound && !pthread_equal(context->bound_thread, pthread_self()))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "this OpenGL context is current on another thread: release it "
                         "there");
    if (context->thread || context->in_call || (context->bound && context != innermost))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "this OpenGL context is held by calo_gl_context_call: return from "
                         "the call instead of releasing it inside");
    return CALO_OK;
}

calo_status calo_gl_context_release(calo_gl_context *context, calo_error *err)
{
    calo_gl_process *process = calo_gl_process_lock();
    calo_status status = check_release(process, context, err);
    bool bound = status == CALO_OK && context->bound;
    calo_gl_process_unlock(process);
    return bound ? release_here(context, err) : status;
}

/* ---- references ---- */

void calo_gl_context_retain(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    if (is_alive(process, context))
        context->references++;
    calo_gl_process_unlock(process);
}

/* Destroyed, and nobody but this thread's having it current keeps it. */
static bool is_left_over(const calo_gl_context *context)
{
    return context->references == 0 && context == innermost && !context->thread && !context->in_call;
}

static void release_left_over(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool left_over = is_left_over(context);
    calo_gl_process_unlock(process);
    if (left_over)
        release_here(context, NULL);
}

void calo_gl_context_destroy(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool last = context && is_alive(process, context) && --context->references == 0;
    if (last && context->process != getpid()) {
        context->users = 0; /* those of the parent */
        innermost = innermost == context ? NULL : innermost;
    }
    bool unused = last && context->users == 0;
    bool left_over = last && !unused && is_left_over(context);
    if (unused)
        unlink_context(process, context);
    calo_gl_process_unlock(process);
    if (unused)
        free_context(context);
    else if (left_over)
        release_here(context, NULL);
}

/* ---- calls ---- */

typedef struct call_frame {
    calo_gl_context *context, *previous; /* previous: the innermost of the thread before; used for as long */
    bool had_it;                         /* the context was bound here before */
    bool had_foreign;                    /* a context of other code was current in its platform */
    calo_gl_binding foreign;
} call_frame;

/* What was current before: other code's, ours, or nothing. */
static calo_status put_back(const call_frame *frame, calo_error *err)
{
    const calo_gl_context *context = frame->context;
    if (frame->previous == context && !frame->had_foreign)
        return CALO_OK;
    calo_status status = context->platform->unbind(context->surface, err);
    if (status == CALO_OK && frame->had_foreign)
        status = context->platform->restore(context->surface, &frame->foreign, err);
    else if (status == CALO_OK && innermost)
        status = bind_platform(innermost, err);
    return status;
}

/* The function may have released what was current before. */
static bool is_bound_here(const calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool here = context->bound && pthread_equal(context->bound_thread, pthread_self());
    calo_gl_process_unlock(process);
    return here;
}

static calo_status end_frame(const call_frame *frame, calo_error *err)
{
    calo_gl_context *previous = frame->previous;
    if (innermost && innermost != frame->context && innermost != previous)
        release_here(innermost, NULL); /* made current inside, and left so */
    innermost = previous && is_bound_here(previous) ? previous : NULL;
    calo_status status = put_back(frame, err);
    if (!frame->had_it)
        give_up_claim(frame->context);
    if (previous) {
        release_left_over(previous);
        leave(previous);
    }
    return status;
}

static calo_status begin_frame(call_frame *frame, calo_gl_context *context, calo_error *err)
{
    *frame = (call_frame){.context = context, .previous = innermost};
    calo_status status = claim(context, &frame->had_it, err);
    if (status != CALO_OK)
        return status;
    if (frame->previous)
        keep(frame->previous);
    if (frame->previous && frame->previous != context)
        frame->previous->platform->unbind(frame->previous->surface, NULL);
    frame->had_foreign = context->platform->save &&
                         context->platform->save(context->surface, &frame->foreign);
    status = bind_platform(context, err);
    if (status == CALO_OK)
        innermost = context;
    else
        end_frame(frame, NULL);
    return status;
}

typedef struct call_job {
    calo_gl_context *context;
    calo_gl_function function;
    void *user;
} call_job;

/* Where the context may be made current. */
static calo_status run_in_frame(void *user, calo_error *err)
{
    call_job *job = user;
    calo_gl_context *context = job->context;
    call_frame frame;
    calo_status status = begin_frame(&frame, context, err);
    if (status != CALO_OK)
        return status;
    status = job->function(job->user, err);
    if (innermost == context && context->reset_status && context->reset_status() != 0) {
        mark_lost(context);
        status = fail_lost(context, err);
    }
    calo_status back = end_frame(&frame, status == CALO_OK ? err : NULL);
    return status == CALO_OK ? back : status;
}

static void set_call(calo_gl_context *context, bool in_call)
{
    calo_gl_process *process = calo_gl_process_lock();
    context->in_call = in_call;
    context->call_thread = pthread_self();
    calo_gl_process_unlock(process);
}

static bool is_in_call_here(const calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool here = context->in_call && pthread_equal(context->call_thread, pthread_self());
    calo_gl_process_unlock(process);
    return here;
}

static calo_status call_by_caller(call_job *job, calo_error *err)
{
    calo_gl_context *context = job->context;
    if (is_in_call_here(context))
        return run_in_frame(job, err);
    pthread_mutex_lock(&context->call_lock);
    set_call(context, true);
    calo_status status = run_in_frame(job, err);
    set_call(context, false);
    pthread_mutex_unlock(&context->call_lock);
    release_left_over(context);
    return status;
}

calo_status calo_gl_context_call_idly(calo_gl_context *context, calo_gl_function function, void *user, calo_idle idle,
                                      calo_error *err)
{
    calo_status status = enter(context, err);
    if (status != CALO_OK)
        return status;
    call_job job = {context, function, user};
    status = context->thread ? calo_gl_thread_run(context->thread, run_in_frame, &job, idle, err)
                             : call_by_caller(&job, err);
    leave(context);
    return status;
}

calo_status calo_gl_context_call(calo_gl_context *context, calo_gl_function function, void *user, calo_error *err)
{
    return calo_gl_context_call_idly(context, function, user, (calo_idle){0}, err);
}

/* ---- creation ---- */

/* Runs where the context is current: what it is, and whether it is as large as asked for. */
typedef struct first_look {
    calo_gl_context *context;
    const calo_gl_options *options;
} first_look;

static calo_status look_at(void *user, calo_error *err)
{
    const first_look *look = user;
    calo_gl_context *context = look->context;
    const calo_gl_options *options = look->options;
    calo_gl_info *info = &context->info;
    calo_status status = calo_gl_inspect(context->platform, context->surface, info, err);
    if (status != CALO_OK)
        return status;
    context->reset_status = calo_gl_find_reset_status(context->platform, context->surface, info);
    if (options->max_width > info->max_size || options->max_height > info->max_size)
        return calo_fail(err, CALO_ERROR_LIMIT, "a default framebuffer of %u x %u pixels is over the limit of %s on "
                         "\"%s\", which is %u: ask for a smaller one", options->max_width, options->max_height,
                         calo_gl_kind_name(info->kind), info->renderer, info->max_size);
    return context->platform->resize
        ? context->platform->resize(context->surface, options->max_width, options->max_height, err) : CALO_OK;
}

static calo_status create_surface(void *user, calo_error *err)
{
    const first_look *look = user;
    calo_gl_context *context = look->context;
    calo_status status = context->platform->create(look->options, &context->info, &context->surface, err);
    if (status == CALO_OK && context->thread) {
        context->bound = true; /* for good */
        context->bound_thread = pthread_self();
        innermost = context;
    }
    return status;
}

static calo_gl_context *new_context(const calo_gl_platform *platform, const calo_gl_options *options)
{
    calo_gl_context *context = calloc(1, sizeof *context);
    if (!context)
        return NULL;
    *context = (calo_gl_context){
        .platform = platform,
        .info = {.kind = platform->kind, .profile = options->profile, .egl_device = -1, .cuda_device = -1},
        .process = getpid(),
        .references = 1,
    };
    pthread_mutex_init(&context->call_lock, NULL);
    return context;
}

static void link_context(calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    context->next = process->contexts;
    process->contexts = context;
    calo_gl_process_unlock(process);
}

static void note_made(calo_gl_kind kind)
{
    calo_gl_process *process = calo_gl_process_lock();
    process->made |= 1u << kind;
    calo_gl_process_unlock(process);
}

static calo_status create_on(const calo_gl_platform *platform, const calo_gl_options *options, calo_gl_context **out,
                             calo_error *err)
{
    calo_gl_context *context = new_context(platform, options);
    if (!context)
        return calo_fail_memory(err, "an OpenGL context", sizeof *context);
    first_look look = {context, options};
    bool own_thread = options->executor == CALO_GL_EXECUTOR_THREAD ||
                      (options->executor == CALO_GL_EXECUTOR_DEFAULT && platform->own_thread);
    calo_status status = own_thread ? calo_gl_thread_start(&context->thread, err) : CALO_OK;
    if (status == CALO_OK)
        status = own_thread ? calo_gl_thread_run(context->thread, create_surface, &look, (calo_idle){0}, err)
                            : create_surface(&look, err);
    link_context(context);
    if (status == CALO_OK)
        status = calo_gl_context_call(context, look_at, &look, err);
    if (status == CALO_OK) {
        note_made(platform->kind);
        *out = context;
    } else
        calo_gl_context_destroy(context);
    return status;
}

static calo_status resolve(const calo_gl_options *options, calo_gl_options *resolved, calo_error *err)
{
    *resolved = options ? *options : (calo_gl_options){0};
    if ((unsigned)resolved->profile > CALO_GL_COMPATIBILITY || (unsigned)resolved->executor > CALO_GL_EXECUTOR_THREAD)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no OpenGL profile %d or executor %d: use the constants of "
                         "calotype/gl.h, or 0", (int)resolved->profile, (int)resolved->executor);
    bool names_device = resolved->device != 0 || resolved->cuda_device != 0;
    if (names_device && resolved->kind == CALO_GL_AUTO)
        resolved->kind = CALO_GL_EGL;
    if (names_device && resolved->kind != CALO_GL_EGL)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a device can be chosen with egl only, not with %s: leave `device` "
                         "and `cuda_device` at 0, or use CALO_GL_EGL", calo_gl_kind_name(resolved->kind));
    resolved->max_width = resolved->max_width ? resolved->max_width : 1;
    resolved->max_height = resolved->max_height ? resolved->max_height : 1;
    return CALO_OK;
}

/* The next kind may do where this one is missing; it does not where the request was wrong. */
static bool may_try_next(calo_status status)
{
    return status == CALO_ERROR_BACKEND;
}

calo_status calo_gl_context_create(const calo_gl_options *options, calo_gl_context **context, calo_error *err)
{
    *context = NULL;
    calo_gl_options resolved;
    calo_gl_choice choice;
    calo_error failure = {0};
    char reasons[sizeof failure.message] = "";
    calo_status status = resolve(options, &resolved, err);
    if (status == CALO_OK)
        status = calo_gl_choose(resolved.kind, &choice, err);
    if (status != CALO_OK)
        return status;
    for (int i = 0; i < choice.count; i++) {
        status = create_on(choice.platforms[i], &resolved, context, &failure);
        if (status == CALO_OK)
            calo_append_sentence((*context)->info.note, sizeof (*context)->info.note, reasons);
        if (!may_try_next(status))
            break;
        calo_append_sentence(reasons, sizeof reasons, failure.message);
    }
    if (status == CALO_ERROR_BACKEND && choice.count > 1)
        return calo_fail(err, status, "no OpenGL context can be made: %s", reasons);
    if (status != CALO_OK && err)
        *err = failure;
    return status;
}

/* ---- questions ---- */

void *calo_gl_context_proc(calo_gl_context *context, const char *name)
{
    if (enter(context, NULL) != CALO_OK)
        return NULL;
    void *address = context->platform->proc(context->surface, name);
    leave(context);
    return address;
}

static bool is_usable(const calo_gl_context *context)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool usable = check_usable(process, context, NULL) == CALO_OK;
    calo_gl_process_unlock(process);
    return usable;
}

const calo_gl_info *calo_gl_context_info(const calo_gl_context *context)
{
    return is_usable(context) ? &context->info : NULL;
}

const float *calo_gl_context_buffer(const calo_gl_context *context)
{
    return is_usable(context) && context->platform->buffer ? context->platform->buffer(context->surface) : NULL;
}
