/* Tracker: where things are in cameras' pictures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "randomize/orrb_components.h"

typedef struct parameters {
    char *camera_names, *tracked_object_names, *tracked_object_aliases;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(camera_names, ""),
    CALO_STRING(tracked_object_names, ""),
    CALO_STRING(tracked_object_aliases, ""),
};

/* A box in a node's own space. */
typedef struct mesh_box {
    uint32_t node;
    double low[3], high[3];
} mesh_box;

typedef struct tracked {
    uint32_t node, first_box, box_count; /* its boxes: meshes that are drawn, at it or below */
} tracked;

typedef struct bound {
    uint32_t *cameras; /* of the look */
    tracked *objects;
    mesh_box *boxes;
    uint32_t camera_count, object_count, box_count;
} bound;

enum { MAX_BOXES = 1 << 20 };

static void release(calo_component *component)
{
    bound *b = component->bound;
    if (!b)
        return;
    free(b->cameras);
    free(b->objects);
    free(b->boxes);
    free(b);
    component->bound = NULL;
}

/* A geom's or site's drawing is an object of its own in ORRB, "cube:middle(primitive)". */
static bool is_tracked(const calo_subject *subject, uint32_t node, const char *list)
{
    static const char *const ends[] = {"", "(primitive)", "(cylinder)"};
    char name[512];
    bool drawn = subject->kinds[node] == CALO_SUBJECT_GEOM || subject->kinds[node] == CALO_SUBJECT_SITE;
    if (calo_is_listed(subject->scene->nodes[node].name, list))
        return true;
    for (size_t i = 0; drawn && i < sizeof ends / sizeof *ends; i++)
        if (snprintf(name, sizeof name, "%s%s", subject->aliases[node], ends[i]) < (int)sizeof name &&
            calo_is_listed(name, list))
            return true;
    return false;
}

static void add_point(mesh_box *box, const float point[3])
{
    for (int i = 0; i < 3; i++) {
        box->low[i] = fmin(box->low[i], point[i]);
        box->high[i] = fmax(box->high[i], point[i]);
    }
}

static mesh_box box_of(const calo_scene *scene, uint32_t node)
{
    mesh_box box = {.node = node, .low = {INFINITY, INFINITY, INFINITY}, .high = {-INFINITY, -INFINITY, -INFINITY}};
    const calo_mesh *mesh = &scene->meshes[scene->nodes[node].mesh];
    for (uint32_t p = 0; p < mesh->primitive_count; p++)
        for (uint32_t i = 0; i < mesh->primitives[p].index_count; i++)
            add_point(&box, mesh->primitives[p].positions + 3 * (size_t)mesh->primitives[p].indices[i]);
    return box;
}

/* The subtree of an object is a run in ORRB's order. */
static calo_status add_object(const calo_randomizer *randomizer, bound *b, uint32_t node, calo_error *err)
{
    const calo_subject *subject = &randomizer->subject;
    tracked *object = &b->objects[b->object_count++];
    *object = (tracked){.node = node, .first_box = b->box_count};
    uint32_t most = subject->last[node] - subject->place[node];
    if (most > MAX_BOXES - b->box_count)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: tracked objects have more than %d parts", randomizer->name,
                         MAX_BOXES);
    mesh_box *boxes = realloc(b->boxes, ((size_t)b->box_count + most + 1) * sizeof *boxes);
    if (!boxes)
        return calo_fail_memory(err, "tracked objects", most * sizeof *boxes);
    b->boxes = boxes;
    for (uint32_t i = subject->place[node]; i < subject->last[node]; i++) {
        uint32_t at = subject->order[i];
        if (subject->scene->nodes[at].mesh < 0 || !calo_randomizer_shows(randomizer, at))
            continue;
        mesh_box box = box_of(subject->scene, at);
        if (box.low[0] <= box.high[0])
            b->boxes[b->box_count++] = box;
    }
    object->box_count = b->box_count - object->first_box;
    return CALO_OK;
}

static calo_status list_objects(const calo_randomizer *randomizer, const calo_component *component, calo_error *err)
{
    bound *b = component->bound;
    const parameters *p = component->parameters;
    const calo_subject *subject = &randomizer->subject;
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < subject->scene->node_count && status == CALO_OK; i++) {
        uint32_t node = subject->order[i];
        if (calo_subject_contains(subject, component->node, node) &&
            is_tracked(subject, node, p->tracked_object_names))
            status = add_object(randomizer, b, node, err);
    }
    return status;
}

/* Names that nothing has are odd: ORRB leaves them out, too. */
static void warn_missing(calo_randomizer *randomizer, const calo_component *component, const char *what, bool missing)
{
    if (missing)
        calo_randomizer_warn(randomizer, "randomizer-tracker", "%s: component \"%s\": nothing in the scene is among its %s",
                             randomizer->name, component->name, what);
}

/* The name of object `index` in streams: its alias, if there are as many. */
static void object_name(const calo_subject *subject, const parameters *p, const bound *b, uint32_t index, char name[256])
{
    const char *at = p->tracked_object_aliases + strspn(p->tracked_object_aliases, ",");
    for (uint32_t i = 0; i < index && *at; i++) {
        at += strcspn(at, ",");
        at += strspn(at, ",");
    }
    if (*at)
        snprintf(name, 256, "%.*s", (int)fmin((double)strcspn(at, ","), 255), at);
    else
        snprintf(name, 256, "%s", subject->aliases[b->objects[index].node]);
}

static calo_status link_streams(calo_linker *linker, calo_component *component, calo_error *err)
{
    const calo_subject *subject = &calo_link_owner(linker)->subject;
    const bound *b = component->bound;
    calo_status status = CALO_OK;
    for (uint32_t c = 0; c < b->camera_count; c++)
        for (uint32_t i = 0; i < b->object_count && status == CALO_OK; i++) {
            char name[256];
            const char *camera = subject->scene->nodes[subject->cameras[b->cameras[c]]].name;
            object_name(subject, component->parameters, b, i, name);
            status = calo_link_output(linker, component, CALO_STREAM_FLOAT, 2, err, "tracker_%s_X_%s", name, camera);
            if (status == CALO_OK)
                status = calo_link_output(linker, component, CALO_STREAM_FLOAT, 4, err, "tracker_%s_X_%s_bbox", name,
                                          camera);
        }
    return status;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    calo_randomizer *randomizer = calo_link_owner(linker);
    const calo_subject *subject = &randomizer->subject;
    const parameters *p = component->parameters;
    release(component);
    bound *b = component->bound = calloc(1, sizeof *b);
    if (!b)
        return calo_fail_memory(err, "a tracker", sizeof *b);
    b->cameras = malloc(((size_t)subject->camera_count + 1) * sizeof *b->cameras);
    b->objects = malloc(((size_t)subject->scene->node_count + 1) * sizeof *b->objects);
    if (!b->cameras || !b->objects)
        return calo_fail_memory(err, "a tracker", subject->scene->node_count * sizeof *b->objects);
    for (uint32_t i = 0; i < subject->camera_count; i++)
        if (calo_subject_contains(subject, component->node, subject->cameras[i]) &&
            calo_is_listed(subject->scene->nodes[subject->cameras[i]].name, p->camera_names))
            b->cameras[b->camera_count++] = i;
    calo_status status = list_objects(randomizer, component, err);
    if (status)
        return status;
    warn_missing(randomizer, component, "camera_names", !b->camera_count && p->camera_names[0]);
    warn_missing(randomizer, component, "tracked_object_names", !b->object_count && p->tracked_object_names[0]);
    return link_streams(linker, component, err);
}

/* To the picture's width and height from its bottom left corner; what is behind the camera is mirrored, as a
 * perspective division has it. */
static void project(const calo_view *view, const calo_mat4 *from_world, const double point[3], double out[2])
{
    double seen[3];
    calo_mat4_point(from_world, point, seen);
    double depth = view->orthographic ? 1 : -seen[2];
    if (fabs(depth) < 1e-7)
        depth = 1e-7;
    out[0] = (view->center_x + view->focal_x * seen[0] / depth) / view->width;
    out[1] = 1 - (view->center_y - view->focal_y * seen[1] / depth) / view->height;
}

/* Corners of the box around a mesh's box in the world. */
static void widen(const calo_view *view, const calo_mat4 *from_world, const calo_mat4 *to_world, const mesh_box *box,
                  double bounds[4])
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY}, at[3], seen[2];
    for (int corner = 0; corner < 8; corner++) {
        const double local[3] = {corner & 1 ? box->high[0] : box->low[0], corner & 2 ? box->high[1] : box->low[1],
                                 corner & 4 ? box->high[2] : box->low[2]};
        calo_mat4_point(to_world, local, at);
        for (int i = 0; i < 3; i++) {
            low[i] = fmin(low[i], at[i]);
            high[i] = fmax(high[i], at[i]);
        }
    }
    for (int corner = 0; corner < 8; corner++) {
        const double world[3] = {corner & 1 ? high[0] : low[0], corner & 2 ? high[1] : low[1],
                                 corner & 4 ? high[2] : low[2]};
        project(view, from_world, world, seen);
        for (int i = 0; i < 2; i++) {
            bounds[2 * i] = fmin(bounds[2 * i], seen[i]);
            bounds[2 * i + 1] = fmax(bounds[2 * i + 1], seen[i]);
        }
    }
}

static void track_object(const bound *b, const tracked *object, const calo_pose *pose, const calo_view *view,
                         const calo_mat4 *from_world, double values[6])
{
    const calo_mat4 *to_world = &pose->node_to_world[object->node];
    const double origin[3] = {to_world->m[0][3], to_world->m[1][3], to_world->m[2][3]};
    double bounds[4] = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    project(view, from_world, origin, values);
    for (uint32_t i = 0; i < object->box_count; i++) {
        const mesh_box *box = &b->boxes[object->first_box + i];
        widen(view, from_world, &pose->node_to_world[box->node], box, bounds);
    }
    for (int i = 0; i < 4; i++)
        values[2 + i] = object->box_count ? bounds[i] : values[i / 2];
}

static void track(const calo_component *component, const calo_randomizer *randomizer, const calo_pose *pose,
                  const calo_view *views, calo_look *look)
{
    (void)randomizer;
    const bound *b = component->bound;
    double *values = look->values + component->first_value;
    for (uint32_t c = 0; c < b->camera_count; c++) {
        const calo_view *view = &views[b->cameras[c]];
        calo_mat4 from_world;
        calo_mat4_invert_affine(&view->camera_to_world, &from_world);
        for (uint32_t i = 0; i < b->object_count; i++, values += 6)
            track_object(b, &b->objects[i], pose, view, &from_world, values);
    }
}

const calo_component_type calo_orrb_tracker = {
    .name = "Tracker",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .link = link,
    .track = track,
    .release = release,
};
