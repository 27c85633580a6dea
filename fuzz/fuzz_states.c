#include <math.h>

#include "fuzz.h"
#include "job/state_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calo_error err = {0};
    calo_state_rows rows;
    calo_status status = calo_state_rows_parse((const char *)data, size, "fuzz", &rows, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    fuzz_check(status != CALO_OK || (rows.count && rows.columns), "there is a state");
    for (size_t i = 0; status == CALO_OK && i < rows.count * rows.columns; i++)
        fuzz_check(isfinite(rows.values[i]), "values are finite");
    calo_state_rows_finish(&rows);
    return 0;
}
