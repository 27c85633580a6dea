/* Kernels are built once for each instruction set, from one source; each build's functions get its name. */
#ifndef CALO_BASE_CPU_LEVEL_H
#define CALO_BASE_CPU_LEVEL_H

#include <calotype/status.h>

#ifndef CALO_CPU_LEVEL
#define CALO_CPU_LEVEL baseline
#endif

#define CALO_CPU_JOIN2(name, level) name##_##level
#define CALO_CPU_JOIN(name, level) CALO_CPU_JOIN2(name, level)
#define CALO_CPU_NAME(name) CALO_CPU_JOIN(name, CALO_CPU_LEVEL)

typedef enum calo_cpu_level { CALO_CPU_BASELINE = 0, CALO_CPU_AVX2, CALO_CPU_AVX512, CALO_CPU_LEVEL_COUNT } calo_cpu_level;

/* The best that this machine has, or what CALOTYPE_CPU names; one that is not there is an error, never another one
 * instead. */
calo_status calo_cpu_level_choose(calo_cpu_level *level, calo_error *err);

#endif
