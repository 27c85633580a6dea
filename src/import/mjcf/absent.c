/* In place of library.c and load.c in a build without libmujoco. */
#include "base/error.h"
#include "import/mjcf/library.h"
#include "import/mjcf/load.h"

bool calo_mujoco_available(void) { return false; }

calo_status calo_mjcf_load(const calo_import_source *source, const calo_mujoco_options *options,
                           calo_mujoco_model **model, calo_error *err)
{
    (void)options;
    *model = NULL;
    return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                     "%s: MuJoCo models are read by libmujoco, which this build of calotype is without: install "
                     "libmujoco-dev and libexpat1-dev and build again with -Dmujoco=enabled",
                     source->path);
}

/* No model has a library. */
void calo_mjcf_library_destroy(calo_mjcf_library *library) { (void)library; }

calo_status calo_mjcf_library_move(calo_mjcf_library *library, const double *qpos, calo_mujoco_state *state,
                                   void **data, calo_error *err)
{
    (void)library, (void)qpos, (void)state;
    *data = NULL;
    return calo_fail(err, CALO_ERROR_UNSUPPORTED, "this build of calotype is without libmujoco");
}

void calo_mjcf_library_done(calo_mjcf_library *library, void *data) { (void)library, (void)data; }
