/* Libraries that are loaded when they are asked for. */
#ifndef CALO_GL_LIBRARY_H
#define CALO_GL_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* A function's name and where its address goes in the table of functions. */
typedef struct calo_library_symbol {
    const char *name;
    size_t offset;
    bool optional; /* stays NULL where the library has none */
} calo_library_symbol;

/* Loads the first of `names` (ends with NULL) that is there, and fills `table`. On failure `reason` says which library
 * or function is missing, in the loader's words. A library that was loaded stays loaded. */
bool calo_library_load(const char *const *names, const calo_library_symbol *symbols, size_t symbol_count, void *table,
                       char *reason, size_t reason_size);

/* Keeps the OpenGL drivers that are loaded by now for as long as the process lives. EGL and GLFW unload them when their
 * displays close, and with them goes the only trace of what the drivers had allocated once for all. */
void calo_library_keep_drivers(void);

#endif
