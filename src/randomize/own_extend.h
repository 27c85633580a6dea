/* What components add to a scene before it is used: textures, shapes. Names tell whose it is. */
#ifndef CALO_RANDOMIZE_OWN_EXTEND_H
#define CALO_RANDOMIZE_OWN_EXTEND_H

#include "randomize/component.h"

/* Words in a list of shapes. */
enum { CALO_OWN_MAX_SHAPES = 16 };

/* Things that components added are named "calotype:COMPONENT/...". */
bool calo_own_is_added(const char *name);
bool calo_own_is_added_by(const char *name, const calo_component *component);

void calo_own_name(const calo_component *component, const char *what, uint32_t index, char *name, size_t bytes);

/* A texture of a picture (its alpha and what is brighter than white are left out). */
calo_status calo_own_add_picture(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                                 const calo_image *image, calo_error *err);
/* A texture of a pattern, "checker", "noise" or "gradient", in random colours. */
calo_status calo_own_add_pattern(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                                 const char *pattern, uint32_t size, calo_random *random, calo_error *err);
/* How far below its middle a shape of the unit ball ends while it stands upright; 0: no such shape. */
double calo_own_shape_bottom(const char *shape);
/* `count` times a hidden node for each of the shapes (a line each), and a material of its own. */
calo_status calo_own_add_shapes(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                                const char *shapes, uint32_t count, calo_error *err);

/* Lets the components of a config of calotype's own form add what they need. What is wrong with the config is left for
 * calo_randomizer_create to say. */
calo_status calo_own_extend(calo_scene *scene, calo_randomizer *randomizer, const char *json, size_t size,
                            calo_error *err);

#endif
