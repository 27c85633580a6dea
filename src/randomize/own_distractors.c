/* distractors: simple shapes that stand about the subject and never in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "randomize/own_common.h"
#include "randomize/own_extend.h"

enum { MAX_DISTRACTORS = 32, TRIES = 32, MAX_SHAPES = CALO_OWN_MAX_SHAPES };

typedef struct parameters {
    char *shapes;
    float count[2], size[2], distance[2], azimuth_degrees[2], elevation_degrees[2];
    float hue[2], saturation[2], value[2], metallic[2], roughness[2];
    bool on_floor;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(shapes, "box\nsphere\ncylinder\ncone"),
    CALO_OWN_RANGE(count, 0, MAX_DISTRACTORS, 1, 4),
    CALO_OWN_RANGE(size, 0.001, 100, 0.1, 0.3),
    CALO_OWN_RANGE(distance, 0, 1000, 0.5, 1.5),
    CALO_OWN_RANGE(azimuth_degrees, -3600, 3600, 0, 360),
    CALO_OWN_RANGE(elevation_degrees, -90, 90, -30, 60),
    CALO_OWN_RANGE(hue, -1, 2, 0, 1),
    CALO_OWN_RANGE(saturation, 0, 1, 0, 1),
    CALO_OWN_RANGE(value, 0, 1, 0.1, 1),
    CALO_OWN_RANGE(metallic, 0, 1, 0, 0),
    CALO_OWN_RANGE(roughness, 0, 1, 0.2, 1),
    CALO_FLAG(on_floor, 0),
};

/* Nodes (one a shape for each distractor) and materials that were added, and the box to keep clear of. */
typedef struct distractors {
    uint32_t count, shapes, first_node, first_material;
    double bottoms[MAX_SHAPES]; /* of the shapes in the unit ball, upright */
    calo_own_box box;
} distractors;

static void release(calo_component *component)
{
    free(component->bound);
    component->bound = NULL;
}

static calo_status extend(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                          calo_error *err)
{
    const parameters *p = component->parameters;
    return calo_own_add_shapes(scene, randomizer, component, p->shapes, (uint32_t)p->count[1], err);
}

/* Whether the scene has every shape of every distractor; how deep they reach. */
static bool find_shapes(const calo_scene *scene, const calo_component *component, distractors *bound)
{
    const parameters *p = component->parameters;
    if (bound->shapes == 0 || bound->shapes > MAX_SHAPES)
        return false;
    for (uint32_t i = 0; i < bound->count * bound->shapes; i++) {
        char shape[32], name[256];
        uint32_t node = bound->first_node + i, which = i % bound->shapes;
        calo_own_line(p->shapes, which, shape, sizeof shape);
        calo_own_name(component, shape, i / bound->shapes, name, sizeof name);
        bound->bottoms[which] = calo_own_shape_bottom(shape);
        if (node >= scene->node_count || strcmp(scene->nodes[node].name, name) != 0)
            return false;
    }
    return true;
}

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    const calo_scene *scene = randomizer->scene;
    release(component);
    distractors *bound = component->bound = calloc(1, sizeof *bound);
    if (!bound)
        return calo_fail_memory(err, "distractors", sizeof *bound);
    bound->count = (uint32_t)p->count[1];
    bound->shapes = calo_own_line_count(p->shapes);
    while (bound->first_node < scene->node_count &&
           !calo_own_is_added_by(scene->nodes[bound->first_node].name, component))
        bound->first_node++;
    while (bound->first_material < scene->material_count &&
           !calo_own_is_added_by(scene->materials[bound->first_material].name, component))
        bound->first_material++;
    calo_own_find_box(randomizer, &bound->box);
    if (!find_shapes(scene, component, bound))
        return calo_own_fail(
            randomizer, component, CALO_ERROR_UNSUPPORTED, err,
            "its shapes, or some of them, are not in the scene: Python's scenes take none (calotype render and serve "
            "do), C programs name the scene in the subject's `additions`, updates may not change \"shapes\" or raise "
            "\"count\"");
    return CALO_OK;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const distractors *bound = component->bound;
    calo_status status = calo_link_materials(linker, err);
    for (uint32_t i = 0; i < bound->count * bound->shapes; i++)
        calo_link_node(linker, bound->first_node + i);
    status = status ? status : calo_link_stream(linker, component, CALO_STREAM_INT, 1, err, "count");
    for (uint32_t i = 0; i < bound->count && status == CALO_OK; i++) {
        status = calo_link_stream(linker, component, CALO_STREAM_INT, 1, err, "%u/shape", i);
        status = status ? status : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 3, err, "%u/position", i);
        status = status ? status : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 1, err, "%u/radius", i);
        status = status ? status : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 3, err, "%u/color", i);
        status = status ? status
                        : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 2, err, "%u/metallic_roughness", i);
    }
    return status;
}

/* A ball that holds a shape. */
typedef struct ball {
    double middle[3], radius;
} ball;

static bool is_free(const ball *wanted, const calo_own_box *box, const ball *others, uint32_t count)
{
    double nearest = 0;
    for (int i = 0; i < 3; i++) {
        double outside = fmax(fmax(box->low[i] - wanted->middle[i], wanted->middle[i] - box->high[i]), 0);
        nearest += outside * outside;
    }
    bool is_free = nearest > wanted->radius * wanted->radius;
    for (uint32_t i = 0; i < count && is_free; i++) {
        double between[3], reach = wanted->radius + others[i].radius;
        for (int k = 0; k < 3; k++)
            between[k] = wanted->middle[k] - others[i].middle[k];
        is_free = calo_dot3(between, between) > reach * reach;
    }
    return is_free;
}

/* A place outside the subject's box and of the others; false after so many vain tries. Always as many numbers. */
static bool find_place(calo_draw *draw, const parameters *p, const calo_own_box *box, double bottom, const ball *others,
                       uint32_t count, ball *found)
{
    bool done = false;
    found->radius = calo_own_number(draw, p->size) * box->radius;
    for (int i = 0; i < TRIES; i++) {
        ball next = {.radius = found->radius};
        double away[3], azimuth = calo_own_number(draw, p->azimuth_degrees);
        calo_own_direction(azimuth, calo_own_number(draw, p->elevation_degrees), away);
        double distance = box->radius * (1 + calo_own_number(draw, p->distance));
        for (int k = 0; k < 3; k++)
            next.middle[k] = box->middle[k] + away[k] * distance;
        if (p->on_floor)
            next.middle[2] = box->low[2] + bottom * next.radius;
        if (!done && is_free(&next, box, others, count)) {
            *found = next;
            done = true;
        }
    }
    return done;
}

/* Shapes stand within the unit ball. */
static calo_mat4 draw_transform(calo_draw *draw, const ball *at, bool upright)
{
    double q[4], scale[3] = {at->radius, at->radius, at->radius};
    calo_random_turn(&draw->own, upright, q);
    return calo_mat4_from_trs(at->middle, q, scale);
}

static void show(calo_draw *draw, uint32_t node, const calo_mat4 *world)
{
    const calo_randomizer *randomizer = draw->randomizer;
    calo_mat4 local = calo_subject_local_from_world(&randomizer->subject, node, world);
    calo_draw_place(draw, node, &local);
    draw->look->overrides[randomizer->slots[node]].visibility = CALO_ON;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const distractors *bound = component->bound;
    ball placed[MAX_DISTRACTORS];
    uint32_t wanted = (uint32_t)calo_own_count(draw, p->count), count = 0;
    /* All are drawn, so that the numbers of one do not depend on how many there are. */
    for (uint32_t i = 0; i < bound->count; i++) {
        ball at = {.radius = 0};
        uint32_t shape = (uint32_t)(calo_random_unit(&draw->own) * bound->shapes);
        bool shown = find_place(draw, p, &bound->box, bound->bottoms[shape], placed, count, &at) && i < wanted;
        calo_mat4 world = draw_transform(draw, &at, p->on_floor);
        calo_draw_value(draw, shown ? (double)shape : -1);
        for (int k = 0; k < 3; k++)
            calo_draw_value(draw, at.middle[k]);
        calo_draw_value(draw, at.radius);
        calo_material *material = &draw->look->materials[bound->first_material + i];
        calo_own_color(draw, p->hue, p->saturation, p->value, material->base_color);
        material->metallic = (float)calo_own_value(draw, p->metallic);
        material->roughness = (float)calo_own_value(draw, p->roughness);
        if (!shown)
            continue;
        placed[count++] = at;
        show(draw, bound->first_node + i * bound->shapes + shape, &world);
    }
}

const calo_component_type calo_own_distractors = {.name = "distractors",
                                                  CALO_OWN_TABLE(table),
                                                  .extend = extend,
                                                  .bind = bind,
                                                  .link = link,
                                                  .draw = draw,
                                                  .release = release};
