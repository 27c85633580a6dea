#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "job/item.h"

const char *calo_item_identifier(const char *path, const calo_item_options *options)
{
    return options->identifier ? options->identifier : path;
}

/* The last part of a path, without ending. */
static calo_status find_stem(const char *path, char **name, calo_error *err)
{
    const char *file = calo_path_name(path), *dot = strrchr(file, '.');
    size_t length = dot && dot != file ? (size_t)(dot - file) : strlen(file);
    if (length == 0 || strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "\"%s\" does not name a file", path);
    *name = strndup(file, length);
    return *name ? CALO_OK : calo_fail_memory(err, "a name", length);
}

calo_status calo_item_name(const char *path, const calo_item_options *options, char **name, calo_error *err)
{
    char uid[37];
    bool by_uid = options->naming == CALO_NAME_UID ||
                  (options->naming == CALO_NAME_DEFAULT && options->package != CALO_PACKAGE_FILES);
    const char *identifier = calo_item_identifier(path, options);
    *name = NULL;
    if (!options->object_name && !by_uid)
        return find_stem(identifier, name, err);
    if (!options->object_name)
        calo_uuid5_dns(identifier, uid);
    *name = strdup(options->object_name ? options->object_name : uid);
    return *name ? CALO_OK : calo_fail_memory(err, "a name", sizeof uid);
}
