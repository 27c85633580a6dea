/* All that calotype asks of libmujoco. Without it (library_absent.c) the first three say so. */
#ifndef CALO_IMPORT_MJCF_LIBRARY_H
#define CALO_IMPORT_MJCF_LIBRARY_H

#include "import/mjcf/model.h"

/* Compiles XML text whose file names are absolute. What MuJoCo says against it is in `complaint`, "" otherwise or when
 * the failure is another one; a model may come with a complaint, too. `name` is for messages. */
enum { CALO_MJCF_COMPLAINT_BYTES = 1024 };
calo_status calo_mjcf_library_compile(const char *xml, size_t size, const char *name, calo_mjcf_library **library,
                                      char complaint[CALO_MJCF_COMPLAINT_BYTES], calo_error *err);
void calo_mjcf_library_destroy(calo_mjcf_library *library); /* NULL is allowed */

/* The model's arrays, which live as long as the library's model. `arena` keeps what had to be converted. */
calo_status calo_mjcf_library_arrays(const calo_mjcf_library *library, calo_arena *arena, calo_mujoco_arrays *arrays,
                                     calo_error *err);

/* Kinematics, and what cameras, lights and tendons need. The state's arrays are valid until `data` is handed back with
 * calo_mjcf_library_done (also after a failure; NULL is allowed). Thread-safe. */
calo_status calo_mjcf_library_move(calo_mjcf_library *library, const double *qpos, calo_mujoco_state *state,
                                   void **data, calo_error *err);
void calo_mjcf_library_done(calo_mjcf_library *library, void *data);

#endif
