/* Flags of views and objects, and what --reject makes of them. */
#ifndef CALO_JOB_QUALITY_H
#define CALO_JOB_QUALITY_H

#include <calotype/job.h>

/* Which flags make an object a failure: calo_item_options.reject, read. */
typedef struct calo_reject {
    uint32_t flags;
    double shares[CALO_QUALITY_FLAGS_MAX]; /* [flag]: rejected above this share of the views, or of the surface */
} calo_reject;

/* "blank,clipped:0.5"; NULL is nothing. */
calo_status calo_reject_parse(const char *text, calo_reject *reject, calo_error *err);
/* CALO_ERROR_REJECTED, with a sentence about the first flag that is too much. */
calo_status calo_reject_check(const calo_reject *reject, const calo_object_quality *quality, calo_error *err);

/* What a frame shows; the mask is in it. The picture in colours is judged where `has_colors`, and of the channels `written`
 * the floats. `linear`: what RGBA32F means. */
calo_view_quality calo_view_measure(const calo_frame *frame, uint32_t written, bool has_colors, bool linear);
/* The scene's own flags; `statistics` are its. */
calo_status calo_object_measure(const calo_scene *scene, const calo_scene_statistics *statistics,
                                calo_object_quality *quality, calo_error *err);
/* Adds up the views. */
void calo_object_add_views(calo_object_quality *quality, const calo_view_quality *views, size_t count);

#endif
