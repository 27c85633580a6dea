/* Do a peer and calotype draw the same thing? */
#ifndef BENCH_AGREEMENT_H
#define BENCH_AGREEMENT_H

#include "peer.h"

/* Sums over pictures; see agreement_add. */
typedef struct bench_agreement {
    uint64_t both, either, same_id;
    double color, depth, normal_degrees; /* sums of differences where both have a surface of the same id */
} bench_agreement;

void agreement_add(bench_agreement *sum, const calo_frame *frame, const bench_picture *picture);

/* Writes both colour pictures, side by side, as PNG. */
calo_status agreement_save(const char *path, const calo_frame *frame, const bench_picture *picture, calo_error *err);

#endif
