/* Files to scenes. */
#ifndef CALOTYPE_IMPORT_H
#define CALOTYPE_IMPORT_H

#include <calotype/cache.h>
#include <calotype/scene.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct calo_import_options {
    calo_limits limits;
    uint32_t threads; /* that decode textures; 0: one a core that this process may use */
    calo_cache *cache; /* keeps decoded textures; outlives the scene; NULL: none */
} calo_import_options;

/* Loads a file: glTF, GLB, OBJ, STL, PLY, MJCF. The format is recognized by the first bytes, then
 * by the name. On success the caller destroys the scene. Thread-safe. `options` may be NULL. */
CALO_API calo_status calo_scene_load(const char *path, const calo_import_options *options,
                                     calo_scene **scene, calo_error *err);

/* The same from memory, which may be freed after the call. `path` names the file in messages
 * and its folder is where linked files are looked for; NULL: linked files are refused. */
CALO_API calo_status calo_scene_load_memory(const void *bytes, size_t size, const char *path,
                                            const calo_import_options *options, calo_scene **scene,
                                            calo_error *err);

/* Names of the formats that this build reads, NULL-terminated. */
CALO_API const char *const *calo_import_formats(void);

#ifdef __cplusplus
}
#endif
#endif
