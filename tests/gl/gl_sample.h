/* What the tests of OpenGL contexts share. */
#ifndef TEST_GL_SAMPLE_H
#define TEST_GL_SAMPLE_H

#include <calotype/gl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <GL/glcorearb.h>

/* A GL function of the context, as a pointer of its own type. */
#define GL_FUNCTION(context, type, name) \
    type name = NULL;                    \
    memcpy(&name, &(void *){calo_gl_context_proc((context), #name)}, sizeof name); \
    assert_non_null(name)

/* Skips the test, with a word, where the machine has no such context. */
static inline void need_kind(calo_gl_kind kind)
{
    char detail[512];
    if (!calo_gl_probe(kind, NULL, detail, sizeof detail)) {
        print_message("skipped: %s\n", detail);
        skip();
    }
}

static inline calo_gl_context *make_context(const calo_gl_options *options)
{
    calo_gl_context *context = NULL;
    calo_error err = {0};
    if (calo_gl_context_create(options, &context, &err) != CALO_OK)
        fail_msg("%s", err.message);
    assert_non_null(context);
    return context;
}

#define assert_fails(call, expected_status, part)                      \
    do {                                                               \
        calo_error err = {0};                                          \
        assert_int_equal((call), (expected_status));                   \
        assert_int_equal(err.status, (expected_status));               \
        if (!strstr(err.message, (part)))                              \
            fail_msg("\"%s\" does not say \"%s\"", err.message, part); \
    } while (0)

#endif
