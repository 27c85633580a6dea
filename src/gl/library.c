#include "gl/library.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *open_first(const char *const *names, char *reason, size_t reason_size)
{
    size_t used = 0;
    for (; *names; names++) {
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
        if (library)
            return library;
        int written = snprintf(reason + used, reason_size - used, "%s%s", used ? "; " : "", dlerror());
        if (written > 0)
            used = used + (size_t)written < reason_size ? used + (size_t)written : reason_size - 1;
    }
    return NULL;
}

bool calo_library_load(const char *const *names, const calo_library_symbol *symbols, size_t symbol_count, void *table,
                       char *reason, size_t reason_size)
{
    void *library = open_first(names, reason, reason_size);
    if (!library)
        return false;
    for (size_t i = 0; i < symbol_count; i++) {
        void *address = dlsym(library, symbols[i].name);
        if (!address && !symbols[i].optional) {
            snprintf(reason, reason_size, "%s has no function %s", names[0], symbols[i].name);
            return false;
        }
        memcpy((char *)table + symbols[i].offset, &address, sizeof address);
    }
    return true;
}

/* How the files of drivers are called: by Mesa, and by libglvnd's vendors. */
static bool is_driver(const char *path)
{
    static const char *const parts[] = {"_dri.so", "libgallium", "libEGL_", "libGLX_", "libGLX.so", "libGL.so"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(path, parts[i]))
            return true;
    return false;
}

enum { DRIVERS_MAX = 16 };

typedef struct driver_list {
    char paths[DRIVERS_MAX][PATH_MAX];
    int count;
} driver_list;

static int note_driver(struct dl_phdr_info *library, size_t size, void *user)
{
    (void)size;
    driver_list *list = user;
    if (list->count < DRIVERS_MAX && strlen(library->dlpi_name) < PATH_MAX && is_driver(library->dlpi_name))
        strcpy(list->paths[list->count++], library->dlpi_name);
    return 0;
}

void calo_library_keep_drivers(void)
{
    /* Listed first, because the loader holds its lock while it lists. */
    driver_list *list = calloc(1, sizeof *list);
    if (!list)
        return; /* unloading them costs a little memory, no more */
    dl_iterate_phdr(note_driver, list);
    for (int i = 0; i < list->count; i++)
        dlopen(list->paths[i], RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    free(list);
}
