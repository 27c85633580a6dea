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

static bool is_named_by_uid(const calo_item_options *options)
{
    return options->naming == CALO_NAME_UID ||
           (options->naming == CALO_NAME_DEFAULT && options->package != CALO_PACKAGE_FILES);
}

calo_status calo_item_name(const char *path, const calo_item_options *options, char **name, calo_error *err)
{
    char uid[37];
    const char *identifier = calo_item_identifier(path, options);
    *name = NULL;
    if (!options->object_name && !is_named_by_uid(options))
        return find_stem(identifier, name, err);
    if (!options->object_name)
        calo_uuid5_dns(identifier, uid);
    *name = strdup(options->object_name ? options->object_name : uid);
    return *name ? CALO_OK : calo_fail_memory(err, "a name", sizeof uid);
}

/* ---- scenes of several files ---- */

const char *calo_placed_object_identifier(const calo_placed_object *object)
{
    return object->file_identifier ? object->file_identifier : object->path;
}

calo_status calo_placed_identifier(const calo_placed_object *objects, size_t count, char **identifier, calo_error *err)
{
    calo_blob text = {0};
    calo_status status = CALO_OK;
    *identifier = NULL;
    if (count == 0 || count > CALO_PLACED_OBJECTS_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a scene of %zu objects: give 1 to %d", count, CALO_PLACED_OBJECTS_MAX);
    for (size_t i = 0; i < count && status == CALO_OK; i++) {
        const char *own = calo_placed_object_identifier(&objects[i]);
        if (!own)
            status = calo_fail(err, CALO_ERROR_ARGUMENT, "object %zu of the scene has neither a path nor an identifier", i);
        else
            status = calo_blob_print(&text, err, "%s%s", i > 0 ? ", " : "", own);
    }
    if (status == CALO_OK)
        status = calo_blob_append(&text, "", 1, err);
    if (status == CALO_OK)
        *identifier = (char *)text.bytes;
    else
        calo_blob_finish(&text);
    return status;
}

calo_status calo_item_placed_name(const calo_placed_object *objects, size_t count, const calo_item_options *options,
                                  char **name, calo_error *err)
{
    char *identifier = NULL, *stem = NULL;
    *name = NULL;
    calo_status status = calo_placed_identifier(objects, count, &identifier, err);
    if (status == CALO_OK && (options->object_name || options->identifier || is_named_by_uid(options)))
        status = calo_item_name(identifier, options, name, err);
    else if (status == CALO_OK)
        status = find_stem(calo_placed_object_identifier(&objects[0]), &stem, err);
    if (stem)
        *name = count > 1 ? calo_text_format("%s-and-%zu-more", stem, count - 1) : strdup(stem);
    if (stem && !*name)
        status = calo_fail_memory(err, "a name", strlen(stem));
    free(stem);
    free(identifier);
    return status;
}
