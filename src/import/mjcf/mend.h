/* MJCF text on its way to libmujoco: files put together, paths checked, what does not matter for pictures mended. */
#ifndef CALO_IMPORT_MJCF_MEND_H
#define CALO_IMPORT_MJCF_MEND_H

#include "base/blob.h"
#include "import/importer.h"
#include "import/mjcf/xml.h"

/* Something for calo_scene_warn, kept until there is a scene. */
typedef struct calo_mjcf_note {
    const char *id, *text;
    struct calo_mjcf_note *next;
} calo_mjcf_note;

typedef struct calo_mjcf_mended {
    calo_arena arena;
    calo_mjcf_element *root, *compiler; /* `compiler` is ours: its settings count more than the file's */
    calo_mjcf_note *notes, **last_note;
    const char **linked; /* names of files that are read, as the file has them */
    uint32_t linked_count, linked_capacity;
    /* In the order of the texture elements: the name (or "") of each, and whether white stands in for its file. */
    const char **texture_names;
    bool *texture_missing;
    uint32_t texture_count;
    uint32_t dropped_attributes; /* kinds of them */
} calo_mjcf_mended;

/* Reads the source and the files that it includes. Every file name that remains is absolute and names a file that may
 * be read. `mended` is all-zero before and finished after, whatever comes back. */
calo_status calo_mjcf_mend(const calo_import_source *source, calo_mjcf_mended *mended, calo_error *err);
void calo_mjcf_mended_finish(calo_mjcf_mended *mended);

/* Notes a warning. */
calo_status calo_mjcf_warn(calo_mjcf_mended *mended, const char *id, calo_error *err, const char *format, ...)
    CALO_PRINTF(4, 5);

/* Mends what MuJoCo complains about, if that can be: masses and inertias are evened out, attributes that this version
 * does not know are dropped. `*changed`: it is worth another try. */
calo_status calo_mjcf_mend_again(calo_mjcf_mended *mended, const char *complaint, bool *changed, calo_error *err);

/* ---- steps of calo_mjcf_mend ---- */

typedef struct calo_mjcf_mender {
    const calo_import_source *source;
    calo_mjcf_mended *mended;
    const char *mesh_folder, *texture_folder; /* "" or with a slash at the end */
    bool strip_path;
    uint64_t texture_bytes; /* in all */
    calo_error *err;
} calo_mjcf_mender;

/* Puts the content of included files in place of the include elements (include.c). */
calo_status calo_mjcf_mend_includes(calo_mjcf_mender *mender);

/* The path of a file that an element names in one of the folders; NOT_FOUND, UNSUPPORTED (outside) or another
 * failure with a sentence. It is malloc'ed. */
calo_status calo_mjcf_mend_path(const calo_mjcf_mender *mender, const char *folder, const char *name, char **path,
                                calo_error *err);
/* Sets an attribute to the absolute form of such a path: libmujoco looks in no folder then. */
calo_status calo_mjcf_mend_set_path(const calo_mjcf_mender *mender, calo_mjcf_element *element, const char *attribute,
                                    const char *path);
calo_status calo_mjcf_mend_linked(calo_mjcf_mender *mender, const char *name);

/* Whether MuJoCo may read a file as a picture (mend_texture.c): a PNG must be one, of a size within the limits. The
 * sentence is in `why`, but of sizes (CALO_ERROR_LIMIT) in the mender's error. */
calo_status calo_mjcf_mend_picture(calo_mjcf_mender *mender, const calo_mjcf_element *element, const char *path,
                                   calo_error *why);

/* One texture element (mend_texture.c). */
calo_status calo_mjcf_mend_texture(calo_mjcf_mender *mender, calo_mjcf_element *element);

/* A whole number that an attribute holds; 0 when it holds none. */
int64_t calo_mjcf_xml_integer(const calo_mjcf_element *element, const char *name);

#endif
