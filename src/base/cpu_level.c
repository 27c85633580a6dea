#include "base/cpu_level.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static bool has_level(calo_cpu_level level)
{
#ifdef CALO_CPU_X86
    if (level == CALO_CPU_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (level == CALO_CPU_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    return level == CALO_CPU_BASELINE;
}

#ifdef CALO_CPU_X86
static const char *const names[] = {"baseline", "avx2", "avx512"};
#else
static const char *const names[] = {"baseline"};
#endif
enum { NAME_COUNT = sizeof names / sizeof names[0] };

calo_status calo_cpu_level_choose(calo_cpu_level *level, calo_error *err)
{
    const char *wanted = getenv("CALOTYPE_CPU");
    bool automatic = !wanted || !wanted[0];
    for (int i = NAME_COUNT - 1; i >= 0; i--) {
        if (!automatic && strcmp(wanted, names[i]) != 0)
            continue;
        *level = (calo_cpu_level)i;
        if (has_level(*level))
            return CALO_OK;
        if (!automatic)
            return calo_fail(err, CALO_ERROR_BACKEND,
                             "CALOTYPE_CPU asks for %s, which this machine does not have: unset it", wanted);
    }
    return calo_fail(err, CALO_ERROR_BACKEND, "CALOTYPE_CPU is \"%s\": it can be baseline, avx2 or avx512 on x86-64, "
                     "baseline elsewhere", wanted);
}
