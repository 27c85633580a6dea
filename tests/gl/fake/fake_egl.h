/* A libEGL that does what a test tells it: machines with GPUs, drivers that fail, lose contexts, crash. */
#ifndef TEST_FAKE_EGL_H
#define TEST_FAKE_EGL_H

#include <stdbool.h>

enum { FAKE_DEVICES = 4 };

typedef struct fake_device {
    bool software, fails;      /* fails: its display does not open */
    int cuda_device;           /* -1: none */
    int initialized;           /* by how many eglInitialize since the last eglTerminate */
    int terminations;
} fake_device;

/* The library exports one as `fake_egl`; the test sets it before it makes the first context. */
typedef struct fake_egl_state {
    int device_count;
    fake_device devices[FAKE_DEVICES];
    bool crashes, hangs;       /* in eglInitialize */
    bool no_config;            /* no pbuffers: contexts without a surface */
    bool no_reset_notification; /* attributes of robustness are refused */
    int max_pbuffer;
    const char *version;       /* GL_VERSION */
    int max_size;              /* GL_MAX_RENDERBUFFER_SIZE and the like */
    int make_current_error;    /* an EGL error code: eglMakeCurrent of a context fails */
    unsigned reset_status;     /* glGetGraphicsResetStatus */
    int contexts, surfaces;    /* that live */
} fake_egl_state;

#endif
