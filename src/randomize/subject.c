#include "randomize/subject.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"

/* Children of each node in the order of ORRB's hierarchy, while it is made. */
typedef struct tree {
    const calo_subject *subject;
    uint32_t *first, *next; /* node_count (+ 1: the roots' list), UINT32_MAX: none */
} tree;

enum { NONE = UINT32_MAX };

/* Where among its siblings a node stands: geoms, cameras, sites, the rest, bodies. */
static int rank_of(const calo_subject *subject, uint32_t node)
{
    if (subject->scene->nodes[node].camera >= 0)
        return 1;
    switch (subject->kinds[node]) {
    case CALO_SUBJECT_GEOM:
        return 0;
    case CALO_SUBJECT_SITE:
        return 2;
    case CALO_SUBJECT_OTHER:
        return 3;
    default:
        return 4;
    }
}

/* Puts nodes before their parents' lists from the last rank and node on, so that the lists end up in order. */
static void fill_tree(tree *t)
{
    const calo_scene *scene = t->subject->scene;
    for (uint32_t i = 0; i <= scene->node_count; i++)
        t->first[i] = NONE;
    for (int rank = 4; rank >= 0; rank--)
        for (uint32_t node = scene->node_count; node-- > 0;) {
            if (rank_of(t->subject, node) != rank)
                continue;
            int32_t parent = scene->nodes[node].parent;
            uint32_t *list = &t->first[parent < 0 ? scene->node_count : (uint32_t)parent];
            t->next[node] = *list;
            *list = node;
        }
}

/* Depth first, without recursion: up is by parents. */
static void walk_tree(const tree *t, calo_subject *subject)
{
    const calo_scene *scene = subject->scene;
    uint32_t count = 0, node = t->first[scene->node_count];
    while (node != NONE) {
        subject->place[node] = count;
        subject->order[count++] = node;
        if (t->first[node] != NONE) {
            node = t->first[node];
            continue;
        }
        for (;;) {
            subject->last[node] = count;
            if (t->next[node] != NONE) {
                node = t->next[node];
                break;
            }
            if (scene->nodes[node].parent < 0)
                return;
            node = (uint32_t)scene->nodes[node].parent;
        }
    }
}

static void number_bodies(calo_subject *subject)
{
    uint32_t bodies = 0;
    for (uint32_t i = 0; i < subject->scene->node_count; i++) {
        subject->body_numbers[subject->order[i]] = bodies;
        bodies += subject->kinds[subject->order[i]] == CALO_SUBJECT_BODY;
    }
}

static calo_status order_nodes(calo_subject *subject, calo_error *err)
{
    size_t count = subject->scene->node_count;
    tree t = {.subject = subject};
    calo_status status = CALO_OK;
    t.first = malloc((count + 1) * sizeof *t.first);
    t.next = malloc((count + 1) * sizeof *t.next);
    if (!t.first || !t.next)
        status = calo_fail_memory(err, "a scene's hierarchy", count * sizeof *t.first);
    if (status == CALO_OK) {
        fill_tree(&t);
        walk_tree(&t, subject);
        number_bodies(subject);
    }
    free(t.first);
    free(t.next);
    return status;
}

static void take_kinds(calo_subject *subject, const calo_randomize_subject *given)
{
    const calo_scene *scene = subject->scene;
    for (uint32_t i = 0; i < scene->node_count; i++) {
        const calo_node *node = &scene->nodes[i];
        bool carries = node->camera >= 0 || node->light >= 0;
        subject->aliases[i] = node->name;
        if (!given->nodes)
            subject->kinds[i] = node->mesh >= 0 ? CALO_SUBJECT_GEOM : carries ? CALO_SUBJECT_OTHER : CALO_SUBJECT_BODY;
        else
            subject->kinds[i] = given->nodes[i].kind;
        if (given->nodes && given->nodes[i].alias)
            subject->aliases[i] = given->nodes[i].alias;
        if (node->camera >= 0)
            subject->cameras[subject->camera_count++] = i;
    }
}

/* Counts parts, and fills them in when there is room. */
static uint32_t take_parts(calo_subject *subject, const calo_randomize_subject *given, calo_subject_part *parts)
{
    const calo_scene *scene = subject->scene;
    uint32_t count = 0;
    for (uint32_t i = 0; i < scene->node_count; i++) {
        uint32_t node = subject->order[i];
        if (subject->kinds[node] != CALO_SUBJECT_GEOM && subject->kinds[node] != CALO_SUBJECT_SITE)
            continue;
        const calo_mesh nothing = {0};
        const calo_mesh *mesh = scene->nodes[node].mesh >= 0 ? &scene->meshes[scene->nodes[node].mesh] : &nothing;
        calo_subject_part part = {.node = node, .primitives = mesh->primitives,
                                  .primitive_count = mesh->primitive_count, .repeats = 1};
        uint32_t each = given->nodes || mesh->primitive_count == 0 ? 1 : mesh->primitive_count;
        if (given->nodes && given->nodes[node].part_count)
            part.repeats = given->nodes[node].part_count;
        else if (!given->nodes && mesh->primitive_count)
            part.primitive_count = 1;
        for (uint32_t p = 0; p < each; p++, count++, part.primitives += part.primitive_count)
            if (parts)
                parts[count] = part;
    }
    return count;
}

const calo_material *calo_subject_material(const calo_subject_part *part, const calo_scene *scene)
{
    for (uint32_t p = 0; p < part->primitive_count; p++)
        if (part->primitives[p].material >= 0)
            return &scene->materials[part->primitives[p].material];
    return NULL;
}

static calo_status take_joint_names(calo_subject *subject, const calo_randomize_subject *given, calo_error *err)
{
    subject->joint_names = calloc((size_t)given->joint_count + 1, sizeof *subject->joint_names);
    if (!subject->joint_names)
        return calo_fail_memory(err, "names of joints", given->joint_count * sizeof(char *));
    for (; subject->joint_count < given->joint_count; subject->joint_count++) {
        const char *name = given->joints[subject->joint_count].name;
        subject->joint_names[subject->joint_count] = strdup(name ? name : "");
        if (!subject->joint_names[subject->joint_count])
            return calo_fail_memory(err, "names of joints", sizeof(char *));
    }
    return CALO_OK;
}

calo_status calo_subject_init(calo_subject *subject, const calo_randomize_subject *given, calo_error *err)
{
    *subject = (calo_subject){.scene = given->scene};
    size_t count = (size_t)given->scene->node_count + 1;
    subject->kinds = calloc(count, sizeof *subject->kinds);
    subject->aliases = calloc(count, sizeof *subject->aliases);
    subject->order = calloc(count, sizeof *subject->order);
    subject->last = calloc(count, sizeof *subject->last);
    subject->place = calloc(count, sizeof *subject->place);
    subject->body_numbers = calloc(count, sizeof *subject->body_numbers);
    subject->cameras = calloc(count, sizeof *subject->cameras);
    if (!subject->kinds || !subject->aliases || !subject->order || !subject->last || !subject->place ||
        !subject->body_numbers || !subject->cameras)
        return calo_fail_memory(err, "a scene's hierarchy", count * sizeof *subject->order);
    take_kinds(subject, given);
    calo_status status = order_nodes(subject, err);
    if (status)
        return status;
    subject->part_count = take_parts(subject, given, NULL);
    subject->parts = calloc((size_t)subject->part_count + 1, sizeof *subject->parts);
    if (!subject->parts)
        return calo_fail_memory(err, "a scene's parts", subject->part_count * sizeof *subject->parts);
    take_parts(subject, given, subject->parts);
    status = take_joint_names(subject, given, err);
    return status ? status : calo_pose_create(given->scene, NULL, &subject->rest, err);
}

void calo_subject_finish(calo_subject *subject)
{
    for (uint32_t i = 0; i < subject->joint_count; i++)
        free(subject->joint_names[i]);
    free(subject->joint_names);
    free(subject->kinds);
    free(subject->aliases);
    free(subject->order);
    free(subject->last);
    free(subject->place);
    free(subject->body_numbers);
    free(subject->cameras);
    free(subject->parts);
    calo_pose_destroy(subject->rest);
    *subject = (calo_subject){0};
}

bool calo_subject_contains(const calo_subject *subject, int32_t root, uint32_t node)
{
    return root < 0 || (subject->place[node] >= subject->place[root] && subject->place[node] < subject->last[root]);
}

/* ---- paths ---- */

static bool same_word(const char *name, const char *word, size_t length)
{
    return strlen(name) == length && memcmp(name, word, length) == 0;
}

/* Bodies without a name are "part_3" by their number among bodies in ORRB's order. */
static bool is_numbered(const calo_subject *subject, uint32_t node, const char *word, size_t length)
{
    if (length < 6 || length > 14 || memcmp(word, "part_", 5) != 0)
        return false;
    uint32_t wanted = 0;
    for (size_t i = 5; i < length; i++) {
        if (word[i] < '0' || word[i] > '9')
            return false;
        wanted = wanted * 10 + (uint32_t)(word[i] - '0');
    }
    return subject->kinds[node] == CALO_SUBJECT_BODY && subject->body_numbers[node] == wanted;
}

/* MuJoCo calls its first body "world"; in ORRB that body has no name. */
static bool is_called(const calo_subject *subject, uint32_t node, const char *word, size_t length)
{
    const char *name = subject->scene->nodes[node].name;
    bool nameless = !name[0] || (subject->scene->nodes[node].parent < 0 && strcmp(name, "world") == 0);
    return same_word(subject->aliases[node], word, length) || same_word(name, word, length) ||
           (nameless && is_numbered(subject, node, word, length));
}

static int32_t child_called(const calo_subject *subject, int32_t parent, const char *word, size_t length)
{
    uint32_t from = parent < 0 ? 0 : subject->place[parent] + 1;
    uint32_t to = parent < 0 ? subject->scene->node_count : subject->last[parent];
    for (uint32_t i = from; i < to; i = subject->last[subject->order[i]])
        if (is_called(subject, subject->order[i], word, length))
            return (int32_t)subject->order[i];
    return -1;
}

/* Joints are objects of their own in ORRB, and stand in their body's node here; so do what geoms are drawn with. */
static bool stays(const calo_subject *subject, int32_t node, const char *word, size_t length)
{
    static const char *const ends[] = {"(primitive)", "(cylinder)", "(top_sphere)", "(bottom_sphere)"};
    for (uint32_t i = 0; i < subject->joint_count; i++)
        if (same_word(subject->joint_names[i], word, length))
            return node >= 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (node >= 0 && length > end && memcmp(word + length - end, ends[i], end) == 0)
            return same_word(subject->aliases[node], word, length - end);
    }
    return false;
}

static int32_t only_node_called(const calo_subject *subject, const char *name)
{
    int32_t found = -1;
    for (uint32_t i = 0; i < subject->scene->node_count; i++)
        if (strcmp(subject->scene->nodes[i].name, name) == 0) {
            if (found >= 0)
                return -1;
            found = (int32_t)i;
        }
    return found;
}

int32_t calo_subject_find(const calo_subject *subject, const char *path)
{
    int32_t node = -1;
    bool lost = false;
    const char *at = path + strspn(path, "/");
    size_t length = strcspn(at, "/");
    if (same_word("robot", at, length) && child_called(subject, -1, at, length) < 0)
        at += length + strspn(at + length, "/"); /* the object that ORRB puts all of the scene below */
    for (; *at && !lost; at += length, at += strspn(at, "/")) {
        length = strcspn(at, "/");
        int32_t child = child_called(subject, node, at, length);
        if (child >= 0)
            node = child;
        else
            lost = !stays(subject, node, at, length);
    }
    if (!lost && node < 0 && subject->scene->node_count)
        return (int32_t)subject->order[0]; /* "robot" alone */
    return lost ? only_node_called(subject, path) : node;
}

/* ---- transforms ---- */

calo_mat4 calo_subject_local(const calo_subject *subject, uint32_t node)
{
    const calo_node *at = &subject->scene->nodes[node];
    return at->has_matrix ? at->matrix : calo_mat4_from_trs(at->translation, at->rotation, at->scale);
}

calo_mat4 calo_subject_parent_to_world(const calo_subject *subject, uint32_t node)
{
    int32_t parent = subject->scene->nodes[node].parent;
    return parent < 0 ? subject->scene->source_to_world : subject->rest->node_to_world[parent];
}

calo_mat4 calo_subject_local_from_world(const calo_subject *subject, uint32_t node, const calo_mat4 *to_world)
{
    calo_mat4 parent = calo_subject_parent_to_world(subject, node), from_world;
    calo_mat4_invert_affine(&parent, &from_world);
    return calo_mat4_multiply(&from_world, to_world);
}
