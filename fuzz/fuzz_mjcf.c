#include "fuzz.h"

/* libmujoco compiles what is left of the text, so that its own faults are found, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_importer(&calo_importer_mjcf, data, size);
    return 0;
}
