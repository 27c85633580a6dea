/* A file's format, told by its first bytes and then by its name. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <calotype/mujoco.h>

#include "base/error.h"
#include "base/file.h"
#include "import/importer.h"
#include "scene/build.h"

static const calo_importer *const importers[] = {
    &calo_importer_glb, &calo_importer_gltf, &calo_importer_mjcf,
    &calo_importer_ply, &calo_importer_stl,  &calo_importer_obj,
};
enum { IMPORTER_COUNT = sizeof importers / sizeof importers[0] };

const char *const *calo_import_formats(void)
{
    static const char *const all[] = {"gltf", "glb", "obj", "stl", "ply", "mjcf", NULL};
    static const char *const without_mujoco[] = {"gltf", "glb", "obj", "stl", "ply", NULL};
    return calo_mujoco_available() ? all : without_mujoco;
}

/* A known extension of the path, or "" and NULL. */
static const calo_importer *importer_of_extension(const char *path, const char **extension)
{
    const char *dot = strrchr(calo_path_name(path), '.');
    *extension = dot ? dot : "";
    for (size_t i = 0; dot && i < IMPORTER_COUNT; i++)
        for (const char *const *known = importers[i]->extensions; *known; known++)
            if (strcasecmp(*known, dot) == 0)
                return importers[i];
    return NULL;
}

static bool begins_with(const calo_import_source *source, const char *bytes, size_t count)
{
    return source->size >= count && memcmp(source->bytes, bytes, count) == 0;
}

/* What the bytes are when calotype cannot read them, to say so by name; NULL when unknown. */
static const char *foreign_format(const calo_import_source *source)
{
    if (begins_with(source, "Kaydara FBX Binary", 18))
        return "an FBX file";
    if (begins_with(source, "BLENDER", 7))
        return "a Blender file";
    if (begins_with(source, "PXR-USDC", 8) || begins_with(source, "#usda", 5))
        return "a USD file";
    if (begins_with(source, "PK\3\4", 4))
        return "a zip archive (also USDZ and 3MF)";
    if (begins_with(source, "\x1f\x8b", 2))
        return "a gzip archive";
    if (begins_with(source, "version https://git-lfs", 23))
        return "a Git LFS pointer, not the file itself";
    if (begins_with(source, "\x89PNG", 4) || begins_with(source, "\xff\xd8\xff", 3))
        return "a picture";
    if (begins_with(source, "<!DOCTYPE html", 14) || begins_with(source, "<html", 5))
        return "a web page";
    return NULL;
}

static calo_status fail_unknown(const calo_import_source *source, const char *extension, calo_error *err)
{
    const char *what = foreign_format(source);
    if (what)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%s: this is %s; calotype reads glTF, GLB, OBJ, STL, PLY and MJCF: convert it first", source->path,
                         what);
    return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                     "%s: neither its first bytes nor its extension \"%s\" tell a format that calotype reads (glTF, "
                     "GLB, OBJ, STL, PLY, MJCF)",
                     source->path, extension);
}

/* The surest probe wins; where bytes only allow a format, its extension must agree, or be unknown
 * with no other format possible. */
static calo_status choose(const calo_import_source *source, const calo_importer **chosen, calo_error *err)
{
    const char *extension;
    const calo_importer *named = importer_of_extension(source->path, &extension), *possible = NULL;
    size_t possible_count = 0;
    *chosen = NULL;
    for (size_t i = 0; i < IMPORTER_COUNT; i++) {
        int sureness = importers[i]->probe(source->bytes, source->size);
        if (sureness >= 2) {
            *chosen = importers[i];
            return CALO_OK;
        }
        if (sureness == 1) {
            possible = importers[i];
            possible_count++;
        }
    }
    if (foreign_format(source))
        return fail_unknown(source, extension, err);
    /* A name that the bytes do not bear out still chooses: its importer says what is wrong with them. */
    *chosen = named ? named : possible_count == 1 ? possible : NULL;
    return *chosen ? CALO_OK : fail_unknown(source, extension, err);
}

bool calo_import_recognizes(const char *path)
{
    const calo_importer *importer = NULL;
    calo_file file;
    if (calo_file_read(path, calo_limits_resolve(NULL).max_file_bytes, &file, NULL) != CALO_OK)
        return false;
    const calo_import_source source = {.path = path, .bytes = file.bytes, .size = file.size};
    calo_status status = choose(&source, &importer, NULL);
    calo_file_finish(&file);
    return status == CALO_OK;
}

static calo_status load(const calo_import_source *source, calo_scene **scene, calo_error *err)
{
    const calo_importer *importer = NULL;
    if (source->size == 0)
        return calo_fail(err, CALO_ERROR_EMPTY, "%s: the file is empty (0 bytes)", source->path);
    calo_status status = choose(source, &importer, err);
    if (status == CALO_OK)
        status = importer->load(source, scene, err);
    if (status == CALO_OK)
        status = calo_scene_check_drawable(*scene, err);
    if (status == CALO_OK) {
        (*scene)->file_bytes = source->size;
    } else {
        calo_scene_destroy(*scene);
        *scene = NULL;
    }
    return status;
}

calo_status calo_scene_load_memory(const void *bytes, size_t size, const char *path,
                                   const calo_import_options *options, calo_scene **scene, calo_error *err)
{
    *scene = NULL;
    calo_import_source source = {
        .path = path ? path : "(memory)",
        .has_folder = path != NULL,
        .bytes = bytes,
        .size = size,
        .limits = calo_limits_resolve(options ? &options->limits : NULL),
        .threads = options ? options->threads : 0,
        .cache = options ? options->cache : NULL,
    };
    if (size > source.limits.max_file_bytes)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has %zu bytes, more than the limit of %llu", source.path, size,
                         (unsigned long long)source.limits.max_file_bytes);
    return load(&source, scene, err);
}

calo_status calo_scene_load(const char *path, const calo_import_options *options, calo_scene **scene, calo_error *err)
{
    *scene = NULL;
    calo_limits limits = calo_limits_resolve(options ? &options->limits : NULL);
    calo_file file = {0};
    calo_status status = calo_file_read(path, limits.max_file_bytes, &file, err);
    if (status == CALO_OK)
        status = calo_scene_load_memory(file.bytes, file.size, path, options, scene, err);
    calo_file_finish(&file);
    return status;
}
