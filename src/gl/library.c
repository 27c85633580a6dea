#include "gl/library.h"

#include <dlfcn.h>
#include <stdio.h>
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

void calo_library_keep(const char *const *names)
{
    for (; *names; names++)
        dlopen(*names, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}
