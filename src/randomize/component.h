/* Inside randomizers: components, what they are made of, and what they may do.
 *
 * A component is a row in components.c: its name, a table of its parameters, and functions. Parameters live in a
 * struct of the component's own, which the table fills and checks; functions never see JSON or protocol.
 *
 *   bind   looks up what the parameters name. In the config's order, and again after an update of its parameters.
 *   link   after all are bound, and after each update: what depends on other components (who is hidden), streams.
 *   draw   one state: once for each component, in the config's order. Allocates nothing.
 *   track  when the pose is known. */
#ifndef CALO_RANDOMIZE_COMPONENT_H
#define CALO_RANDOMIZE_COMPONENT_H

#include <calotype/randomize.h>

#include "base/random.h"
#include "randomize/config.h"
#include "randomize/subject.h"
#include "randomize/unity_random.h"

/* How a parameter is kept in the component's struct: INT int32_t, FLOAT float, BOOL bool, STRING char * (never NULL,
 * malloc'ed), ENUM int32_t (the word's index), VECTOR2, VECTOR3, QUATERNION (xyzw), COLOR (rgba) float[]. */
typedef struct calo_parameter {
    const char *name;
    calo_property_kind kind;
    size_t offset;
    double low, high;   /* every number is within; 0, 0: any finite one */
    double numbers[4];  /* default */
    const char *text;   /* STRING: default, NULL is ""; ENUM: words, "Jitter|Orbit|Both", the first is default */
    bool files;         /* STRING: paths of files; updates, which may come from afar, do not change them */
} calo_parameter;

/* Rows of a table, for fields of a struct `parameters` that are named like their parameters. */
#define CALO_PARAMETER(field, its_kind) .name = #field, .kind = (its_kind), .offset = offsetof(parameters, field)
#define CALO_NUMBER(field, lowest, highest, value) \
    {CALO_PARAMETER(field, CALO_PROPERTY_FLOAT), .low = (lowest), .high = (highest), .numbers = {value}}
#define CALO_INTEGER(field, lowest, highest, value) \
    {CALO_PARAMETER(field, CALO_PROPERTY_INT), .low = (lowest), .high = (highest), .numbers = {value}}
#define CALO_FLAG(field, value) {CALO_PARAMETER(field, CALO_PROPERTY_BOOL), .numbers = {value}}
#define CALO_STRING(field, value) {CALO_PARAMETER(field, CALO_PROPERTY_STRING), .text = (value)}
#define CALO_FILES(field) {CALO_PARAMETER(field, CALO_PROPERTY_STRING), .files = true}
#define CALO_WORD(field, words) {CALO_PARAMETER(field, CALO_PROPERTY_ENUM), .text = (words)}
#define CALO_VECTOR(field, its_kind, ...) {CALO_PARAMETER(field, its_kind), .numbers = {__VA_ARGS__}}

typedef struct calo_component calo_component;
typedef struct calo_draw calo_draw;
typedef struct calo_linker calo_linker;

typedef struct calo_component_type {
    const char *name;
    const calo_parameter *parameters;
    size_t parameter_count, parameter_bytes;
    /* Adds to the scene what looks of it need, before anything looks at the scene; or NULL. */
    calo_status (*extend)(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                          calo_error *err);
    calo_status (*bind)(calo_randomizer *randomizer, calo_component *component, calo_error *err); /* or NULL */
    calo_status (*link)(calo_linker *linker, calo_component *component, calo_error *err);         /* or NULL */
    void (*draw)(calo_draw *draw, const calo_component *component);                               /* or NULL */
    void (*track)(const calo_component *component, const calo_randomizer *randomizer, const calo_pose *pose,
                  const calo_view *views, calo_look *look);                                       /* or NULL */
    void (*release)(calo_component *component); /* frees what `bound` holds, and sets it to NULL; or NULL */
} calo_component_type;

struct calo_component {
    const calo_component_type *type;
    char *name;
    uint32_t index;       /* in the config */
    int32_t node;         /* where its path leads; -1: the whole scene */
    void *parameters;
    void *bound;          /* what bind and link made */
    uint32_t first_value, value_count; /* its streams' values */
};

/* components.c: a form's types, and its list of them, NULL-terminated. */
const calo_component_type *const *calo_component_types(calo_config_form form);
const calo_component_type *calo_component_find(calo_config_form form, const char *type);

/* parameters.c */

/* The defaults. The caller frees with calo_parameters_free. */
calo_status calo_parameters_create(const calo_component_type *type, void **parameters, calo_error *err);
calo_status calo_parameters_copy(const calo_component_type *type, const void *parameters, void **copy, calo_error *err);
void calo_parameters_free(const calo_component_type *type, void *parameters);
/* Sets one from a property; a failure names it. */
calo_status calo_parameters_set(const calo_component_type *type, void *parameters, const calo_property *property,
                                calo_config_form form, calo_error *err);
/* Whether the parameter of that name, if there is one, is paths of files. */
bool calo_parameters_name_files(const calo_component_type *type, const char *name);
/* Every pair "..min_x", "..max_x" in order. */
calo_status calo_parameters_check(const calo_component_type *type, const void *parameters, calo_error *err);

/* Whether `name` begins with one of the words of a comma-separated list. */
bool calo_has_prefix(const char *name, const char *list);
/* Whether it is one of the words. */
bool calo_is_listed(const char *name, const char *list);

/* ---- a randomizer ---- */

/* ORRB's lights stand for spots that a LightingRig made. */
typedef struct calo_rig_light {
    double position[3], target[3]; /* world */
    float color[3];                /* as displayed */
    float intensity, spot_angle_degrees, range_metres;
} calo_rig_light;

struct calo_randomizer {
    char *name; /* of the config, for messages */
    bool lenient;
    calo_config_form form;
    char *folder; /* or NULL */
    calo_limits limits;
    const calo_scene *scene;
    calo_joint *joints;
    uint32_t joint_count, qpos_count;
    calo_subject subject;
    bool *hidden; /* node_count: by Hide */
    bool broken;  /* an update failed half-way for want of memory */
    calo_component *components;
    uint32_t component_count;
    /* What link made. */
    calo_stream *streams;
    size_t stream_count;
    uint32_t value_count;
    int32_t *slots; /* node_count: the node's override in looks, or -1 */
    uint32_t slot_count;
    uint32_t *slot_nodes;
    calo_material *materials; /* what looks' materials begin with, the scene's count; NULL: looks have none */
    uint32_t light_count;
    uint32_t builds;      /* rigs built so far: their order among lights */
    calo_warning *warnings;
    size_t warning_count;
};

/* Whether looks show the node: components may hide it, and ORRB shows all geoms and sites. */
bool calo_randomizer_shows(const calo_randomizer *randomizer, uint32_t node);

/* A warning of a stable id; lost when there is no memory. */
void calo_randomizer_warn(calo_randomizer *randomizer, const char *id, const char *format, ...) CALO_PRINTF(3, 4);

enum { CALO_COMPONENT_NAME_BYTES = 200 };

/* The name that updates and streams use: the given one, or the type with a number. */
void calo_component_name(const calo_component_type *type, const char *given, uint32_t index, char *name, size_t bytes);

/* ---- linking ---- */

/* Says that looks need an override for the node. */
void calo_link_node(calo_linker *linker, uint32_t node);
/* Says that looks need materials of their own. */
calo_status calo_link_materials(calo_linker *linker, calo_error *err);
/* Room for so many lights in looks; returns the first one's index. */
uint32_t calo_link_lights(calo_linker *linker, uint32_t count);
/* The randomizer whose components are linked. */
calo_randomizer *calo_link_owner(calo_linker *linker);
/* Adds a stream of numbers that are drawn, "component/..."; their values follow those that the component declared
 * before. */
calo_status calo_link_stream(calo_linker *linker, calo_component *component, calo_stream_kind kind, uint32_t count,
                             calo_error *err, const char *format, ...) CALO_PRINTF(6, 7);
/* The same of output that is always wanted, whose name is all of `format`. */
calo_status calo_link_output(calo_linker *linker, calo_component *component, calo_stream_kind kind, uint32_t count,
                             calo_error *err, const char *format, ...) CALO_PRINTF(6, 7);

/* ---- drawing ---- */

struct calo_draw {
    const calo_randomizer *randomizer;
    calo_look *look;
    double *qpos; /* or NULL */
    uint32_t seed;
    calo_unity_random unity; /* ORRB's: one after the other for all components */
    calo_random own;         /* calotype's: each component has its own, by seed and name */
    double *value, *value_end; /* where the component's next stream value goes */
};

/* A component's own numbers, which do not depend on what other components there are. */
calo_random calo_own_random(uint32_t seed, const char *name);

/* The component's next value of its streams, in the order in which they were declared. */
static inline void calo_draw_value(calo_draw *draw, double value)
{
    if (draw->value < draw->value_end)
        *draw->value++ = value;
}

/* Where a linked node stands in its parent by now, and where it shall stand. */
calo_mat4 calo_draw_local(const calo_draw *draw, uint32_t node);
void calo_draw_place(calo_draw *draw, uint32_t node, const calo_mat4 *local);

struct calo_look_private {
    uint32_t slot_capacity, value_capacity, light_capacity;
    calo_scene_light *lights;   /* the randomizer's light_count; look.lighting.lights */
    calo_rig_light *rig_lights; /* as many: what ORRB's components make, before it becomes light */
    calo_material *materials;   /* look.materials, when the randomizer has some */
};

#endif
