/* What the fuzz targets share: bytes become a scene, and the scene is used as a program would. */
#ifndef CALO_FUZZ_H
#define CALO_FUZZ_H

#include <calotype/calotype.h>

#include "import/importer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small, so that no input takes long. */
calo_limits fuzz_limits(void);

/* Counts, poses, measures and draws a scene that was loaded, and destroys it. */
void fuzz_use_scene(calo_scene *scene);

/* Loads the bytes with one importer, whatever their first bytes say. */
void fuzz_importer(const calo_importer *importer, const uint8_t *data, size_t size);

/* Ends the process when a promise is broken. */
void fuzz_check(bool promise, const char *what);

#endif
