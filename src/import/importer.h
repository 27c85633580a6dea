/* The table that joins formats to their importers. One file a format. */
#ifndef CALO_IMPORT_IMPORTER_H
#define CALO_IMPORT_IMPORTER_H

#include <calotype/import.h>

/* What an importer is given. Bytes stay valid during the load only. */
typedef struct calo_import_source {
    const char *path; /* for messages, and for finding linked files; never NULL */
    bool has_folder;  /* false: loaded from memory without a path, linked files are refused */
    const uint8_t *bytes;
    size_t size;
    calo_limits limits; /* resolved */
    uint32_t threads;   /* 0: one a core */
    calo_cache *cache;  /* or NULL */
} calo_import_source;

typedef struct calo_importer {
    const char *name;
    const char *const *extensions; /* lower case with dot, NULL-terminated */
    /* How sure the first bytes make it: 0 no, 1 possible (then the extension decides), 2 certain. */
    int (*probe)(const uint8_t *bytes, size_t size);
    calo_status (*load)(const calo_import_source *source, calo_scene **scene, calo_error *err);
} calo_importer;

/* Whether the file, as far as it can be read, is of a format that is imported; else loading it is CALO_ERROR_UNSUPPORTED. */
bool calo_import_recognizes(const char *path);

extern const calo_importer calo_importer_gltf, calo_importer_glb, calo_importer_obj, calo_importer_stl,
    calo_importer_ply, calo_importer_mjcf;

#endif
