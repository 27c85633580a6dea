/* Where objects stand in one scene: drawn by a seed, none in another one. */
#ifndef CALO_JOB_ARRANGE_H
#define CALO_JOB_ARRANGE_H

#include <calotype/job.h>

typedef struct calo_arranged {
    double low[3], high[3]; /* in: the box of all it draws, in its own world with z up */
    calo_mat4 place;        /* out: from there into the scene */
} calo_arranged;

/* Fills in defaults and refuses what makes no sense. */
calo_status calo_placement_resolve(const calo_placement *placement, calo_placement *resolved, calo_error *err);

/* `placement` is resolved. The boxes, as they are turned, keep a distance of a fiftieth of size_max. */
calo_status calo_arrange(const calo_placement *placement, uint64_t seed, calo_arranged *objects, size_t count,
                         calo_error *err);

/* The square on the ground under the objects: its middle and half its side. */
void calo_arranged_ground(const calo_arranged *objects, size_t count, double middle[2], double *half_side);

#endif
