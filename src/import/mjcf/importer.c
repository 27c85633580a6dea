/* The format "mjcf": what `calotype render` and `info` make of a model's file. */
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "import/importer.h"
#include "import/mjcf/load.h"

static const char *const extensions[] = {".xml", ".mjcf", NULL};

/* The root element follows comments and declarations, which may be long. */
static int probe(const uint8_t *bytes, size_t size)
{
    enum { PROBE_BYTES = 16384 };
    size_t at = 0, probed = size < PROBE_BYTES ? size : PROBE_BYTES;
    if (probed >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        at = 3; /* a byte order mark */
    while (at < probed && bytes[at] && strchr(" \t\r\n", bytes[at]))
        at++;
    if (at == probed || bytes[at] != '<')
        return 0;
    const uint8_t *root = memmem(bytes + at, probed - at, "<mujoco", 7);
    size_t end = root ? (size_t)(root - bytes) + 7 : 0;
    return root && end < size && strchr(" \t\r\n>/", bytes[end]) && bytes[end] ? 2 : 0;
}

static calo_status load(const calo_import_source *source, calo_scene **scene, calo_error *err)
{
    calo_mujoco_model *model;
    calo_status status = calo_mjcf_load(source, NULL, &model, err);
    *scene = NULL;
    if (status == CALO_OK)
        *scene = calo_mjcf_take_scene(model);
    calo_mujoco_destroy(model);
    return status;
}

const calo_importer calo_importer_mjcf = {"mjcf", extensions, probe, load};

calo_status calo_mujoco_load(const char *path, const calo_mujoco_options *options, const calo_limits *limits,
                             calo_mujoco_model **model, calo_error *err)
{
    calo_import_source source = {.path = path, .has_folder = true, .limits = calo_limits_resolve(limits)};
    calo_file file = {0};
    *model = NULL;
    calo_status status = calo_file_read(path, source.limits.max_file_bytes, &file, err);
    source.bytes = file.bytes;
    source.size = file.size;
    if (status == CALO_OK)
        status = calo_mjcf_load(&source, options, model, err);
    calo_file_finish(&file);
    return status;
}
