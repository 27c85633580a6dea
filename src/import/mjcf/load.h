/* MJCF bytes to models (load.c; absent.c in a build without libmujoco). */
#ifndef CALO_IMPORT_MJCF_LOAD_H
#define CALO_IMPORT_MJCF_LOAD_H

#include "import/importer.h"
#include "import/mjcf/model.h"

calo_status calo_mjcf_load(const calo_import_source *source, const calo_mujoco_options *options,
                           calo_mujoco_model **model, calo_error *err);

#endif
