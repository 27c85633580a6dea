/* Simple shapes within the unit ball, hidden in a scene until a look shows them. */
#include <calotype/build.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "randomize/own_common.h"
#include "randomize/own_extend.h"

enum { SEGMENTS = 24, RINGS = 12 };

/* Vertices and triangles while they are made. */
typedef struct outline {
    float *positions, *normals;
    uint32_t *indices;
    uint32_t vertex_count, index_count;
} outline;

/* A ring of a surface of revolution about z: its radius and height, and the normal's share of each. */
typedef struct ring {
    double radius, height, outward, upward;
} ring;

static void add_vertex(outline *to, double x, double y, double z, double nx, double ny, double nz)
{
    const double position[3] = {x, y, z}, normal[3] = {nx, ny, nz};
    for (int i = 0; i < 3; i++) {
        to->positions[3 * to->vertex_count + (uint32_t)i] = (float)position[i];
        to->normals[3 * to->vertex_count + (uint32_t)i] = (float)normal[i];
    }
    to->vertex_count++;
}

static void add_triangle(outline *to, uint32_t a, uint32_t b, uint32_t c)
{
    const uint32_t corners[3] = {a, b, c};
    memcpy(to->indices + to->index_count, corners, sizeof corners);
    to->index_count += 3;
}

/* The surface between two rings, the second above the first. */
static void add_band(outline *to, const ring *low, const ring *high)
{
    uint32_t first = to->vertex_count;
    for (uint32_t i = 0; i <= SEGMENTS; i++) {
        double sine, cosine;
        calo_sincos(2 * CALO_PI * (i % SEGMENTS) / SEGMENTS, &sine, &cosine);
        add_vertex(to, low->radius * cosine, low->radius * sine, low->height, low->outward * cosine,
                   low->outward * sine, low->upward);
        add_vertex(to, high->radius * cosine, high->radius * sine, high->height, high->outward * cosine,
                   high->outward * sine, high->upward);
    }
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        uint32_t at = first + 2 * i;
        if (low->radius > 0)
            add_triangle(to, at, at + 2, at + 3);
        if (high->radius > 0)
            add_triangle(to, at, at + 3, at + 1);
    }
}

static void add_sphere(outline *to)
{
    ring low = {0, -1, 0, -1};
    for (int i = 1; i <= RINGS; i++) {
        double sine, cosine;
        calo_sincos(CALO_PI * i / RINGS, &sine, &cosine);
        ring high = {i < RINGS ? sine : 0, -cosine, sine, -cosine};
        add_band(to, &low, &high);
        low = high;
    }
}

static void add_cylinder(outline *to)
{
    const double side = 0.70710678118654752;
    add_band(to, &(ring){0, -side, 0, -1}, &(ring){side, -side, 0, -1});
    add_band(to, &(ring){side, -side, 1, 0}, &(ring){side, side, 1, 0});
    add_band(to, &(ring){side, side, 0, 1}, &(ring){0, side, 0, 1});
}

/* Its base lies at half the ball's radius; the side's normals lean as the side does. */
static void add_cone(outline *to)
{
    const double radius = 0.86602540378443865, slant = 1.7320508075688772;
    add_band(to, &(ring){0, -0.5, 0, -1}, &(ring){radius, -0.5, 0, -1});
    add_band(to, &(ring){radius, -0.5, 1.5 / slant, radius / slant}, &(ring){0, 1, 1.5 / slant, radius / slant});
}

static void add_box(outline *to)
{
    const double side = 0.57735026918962576;
    for (int face = 0; face < 6; face++) {
        int axis = face / 2, right = (axis + 1) % 3, up = (axis + 2) % 3;
        double sign = face % 2 ? 1 : -1;
        uint32_t first = to->vertex_count;
        for (int i = 0; i < 4; i++) {
            double position[3], normal[3] = {0};
            position[axis] = sign * side;
            position[right] = (i == 1 || i == 2 ? side : -side) * sign;
            position[up] = i >= 2 ? side : -side;
            normal[axis] = sign;
            add_vertex(to, position[0], position[1], position[2], normal[0], normal[1], normal[2]);
        }
        add_triangle(to, first, first + 1, first + 2);
        add_triangle(to, first, first + 2, first + 3);
    }
}

static const struct {
    const char *name;
    void (*add)(outline *to);
    double bottom;
} shapes_known[] = {{"box", add_box, 0.57735026918962576},
                    {"sphere", add_sphere, 1},
                    {"cylinder", add_cylinder, 0.70710678118654752},
                    {"cone", add_cone, 0.5}};
enum {
    SHAPE_COUNT = sizeof shapes_known / sizeof *shapes_known,
    MAX_VERTICES = 2 * RINGS * (SEGMENTS + 1),
    MAX_WORDS = CALO_OWN_MAX_SHAPES
};

double calo_own_shape_bottom(const char *shape)
{
    for (int i = 0; i < SHAPE_COUNT; i++)
        if (strcmp(shapes_known[i].name, shape) == 0)
            return shapes_known[i].bottom;
    return 0;
}

static calo_status make_shape(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                              const char *name, calo_primitive *primitive, calo_error *err)
{
    int kind = 0;
    while (kind < SHAPE_COUNT && strcmp(shapes_known[kind].name, name) != 0)
        kind++;
    if (kind == SHAPE_COUNT)
        return calo_own_fail(randomizer, component, CALO_ERROR_FORMAT, err,
                             "there is no shape \"%s\"; there are box, sphere, cylinder and cone", name);
    outline made = {0};
    made.positions = calo_scene_allocate(scene, MAX_VERTICES, 3 * sizeof(float), err);
    made.normals = calo_scene_allocate(scene, MAX_VERTICES, 3 * sizeof(float), err);
    made.indices = calo_scene_allocate(scene, 2 * RINGS * SEGMENTS, 3 * sizeof(uint32_t), err);
    if (!made.positions || !made.normals || !made.indices)
        return calo_failed(err);
    shapes_known[kind].add(&made);
    *primitive = (calo_primitive){.vertex_count = made.vertex_count,
                                  .index_count = made.index_count,
                                  .indices = made.indices,
                                  .positions = made.positions,
                                  .normals = made.normals};
    return CALO_OK;
}

static const char *name_thing(calo_scene *scene, const calo_component *component, const char *what, uint32_t index,
                              calo_error *err)
{
    char name[256];
    calo_own_name(component, what, index, name, sizeof name);
    char *kept = calo_scene_allocate(scene, strlen(name) + 1, 1, err);
    return kept ? memcpy(kept, name, strlen(name) + 1) : NULL;
}

/* A mesh with the shape in that material, and a hidden node that shows it. */
static calo_status add_node(calo_scene *scene, const calo_component *component, const char *shape, uint32_t index,
                            const calo_primitive *primitive, int32_t material, calo_error *err)
{
    calo_primitive *own = calo_scene_allocate(scene, 1, sizeof *own, err);
    const char *name = own ? name_thing(scene, component, shape, index, err) : NULL;
    if (!name)
        return calo_failed(err);
    *own = *primitive;
    own->material = material;
    calo_node node = calo_node_default();
    node.name = name;
    node.visible = false;
    node.mesh = calo_scene_add_mesh(scene, &(calo_mesh){.name = name, .primitive_count = 1, .primitives = own}, err);
    return node.mesh >= 0 && calo_scene_add_node(scene, &node, err) >= 0 ? CALO_OK : calo_failed(err);
}

calo_status calo_own_add_shapes(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                                const char *shapes, uint32_t count, calo_error *err)
{
    calo_primitive primitives[MAX_WORDS];
    char names[MAX_WORDS][32];
    uint32_t shape_count = calo_own_line_count(shapes);
    if (shape_count == 0 || shape_count > MAX_WORDS)
        return calo_own_fail(randomizer, component, CALO_ERROR_FORMAT, err,
                             "\"shapes\" has %u words; 1 to %d are possible", shape_count, MAX_WORDS);
    calo_status status = CALO_OK;
    for (uint32_t s = 0; s < shape_count && status == CALO_OK; s++) {
        calo_own_line(shapes, s, names[s], sizeof names[s]);
        status = make_shape(scene, randomizer, component, names[s], &primitives[s], err);
    }
    for (uint32_t i = 0; i < count && status == CALO_OK; i++) {
        calo_material material = calo_material_default();
        material.name = name_thing(scene, component, "material", i, err);
        int32_t added = material.name ? calo_scene_add_material(scene, &material, err) : -1;
        if (added < 0)
            status = calo_failed(err);
        for (uint32_t s = 0; s < shape_count && status == CALO_OK; s++)
            status = add_node(scene, component, names[s], i, &primitives[s], added, err);
    }
    return status;
}
