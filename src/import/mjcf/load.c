/* MJCF files: mended, compiled by libmujoco, made into a model. And the importer of the format "mjcf". */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "import/mjcf/library.h"
#include "import/mjcf/load.h"
#include "import/mjcf/mend.h"
#include "scene/build.h"

bool calo_mujoco_available(void) { return true; }

/* Compiles what was mended, and again as long as what MuJoCo complains about can be mended. */
static calo_status compile(calo_mjcf_mended *mended, const char *name, calo_mjcf_library **library, calo_error *err)
{
    char complaint[CALO_MJCF_COMPLAINT_BYTES];
    calo_blob xml = {0};
    bool again;
    calo_status status, note;
    do {
        again = false;
        xml.size = 0;
        status = calo_mjcf_xml_write(mended->root, &xml, err);
        if (status != CALO_OK)
            break;
        status = calo_mjcf_library_compile((const char *)xml.bytes, xml.size, name, library, complaint, err);
        if (status != CALO_ERROR_FORMAT)
            break;
        note = calo_mjcf_mend_again(mended, complaint, &again, err);
        status = note == CALO_OK ? status : note;
    } while (again && note == CALO_OK);
    calo_blob_finish(&xml);
    if (status == CALO_OK && complaint[0])
        status = calo_mjcf_warn(mended, "mjcf-compile", err, "MuJoCo says: %s", complaint);
    if (status != CALO_OK) {
        calo_mjcf_library_destroy(*library);
        *library = NULL;
    }
    return status;
}

static void tell_notes(void *user, calo_scene *scene)
{
    const calo_mjcf_mended *mended = user;
    for (const calo_mjcf_note *note = mended->notes; note; note = note->next)
        calo_scene_warn(scene, note->id, "%s", note->text);
}

/* Textures have MuJoCo's ids in the order of their elements. */
static const bool *missing_textures(const calo_mjcf_mended *mended, const calo_mujoco_arrays *arrays)
{
    if (mended->texture_count != arrays->ntex)
        return NULL;
    for (uint32_t i = 0; i < mended->texture_count; i++)
        if (strcmp(mended->texture_names[i], arrays->names + arrays->name_texadr[i]) != 0)
            return NULL;
    return mended->texture_missing;
}

static calo_status make(const calo_import_source *source, const calo_mujoco_options *options, calo_mjcf_mended *mended,
                        calo_mjcf_library *library, calo_mujoco_model **model, calo_error *err)
{
    calo_mujoco_arrays arrays;
    calo_mujoco_state state;
    void *data = NULL;
    calo_status status = calo_mjcf_library_arrays(library, &mended->arena, &arrays, err);
    if (status == CALO_OK)
        status = calo_mjcf_library_move(library, arrays.qpos0, &state, &data, err);
    if (status == CALO_OK) {
        const calo_mjcf_extra extra = {
            .missing_textures = missing_textures(mended, &arrays),
            .state = &state,
            .warn = tell_notes,
            .user = mended,
        };
        status = calo_mjcf_make(&arrays, source->path, options, &source->limits, &extra, model, err);
    }
    calo_mjcf_library_done(library, data);
    for (uint32_t i = 0; i < mended->linked_count && status == CALO_OK; i++)
        status = calo_scene_add_linked_file((*model)->scene, mended->linked[i], err);
    return status;
}

calo_status calo_mjcf_load(const calo_import_source *source, const calo_mujoco_options *options,
                           calo_mujoco_model **model, calo_error *err)
{
    calo_mjcf_mended mended = {0};
    calo_mjcf_library *library = NULL;
    calo_error why = {0};
    *model = NULL;
    calo_status status = calo_mjcf_mend(source, &mended, &why);
    if (status == CALO_OK)
        status = compile(&mended, source->path, &library, &why);
    if (status == CALO_OK)
        status = make(source, options, &mended, library, model, &why);
    if (status == CALO_OK) {
        (*model)->library = library;
        (*model)->scene->file_bytes = source->size;
    } else {
        calo_mujoco_destroy(*model);
        calo_mjcf_library_destroy(library);
        *model = NULL;
        if (err)
            *err = why;
    }
    calo_mjcf_mended_finish(&mended);
    return status;
}
