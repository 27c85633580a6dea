/* Which category and which of MuJoCo's objects each instance id belongs to. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "job/states.h"
#include "scene/instances.h"

/* A category is a name up to its first ':'; a name without one has none. */
static size_t category_length(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? (size_t)(colon - name) : 0;
}

/* The length of a node's category, 0: it has none. As in ORRB a model's sites have none, and its geoms have theirs even
 * where nothing of them is drawn. */
static size_t node_category(const calo_states_subject *subject, const calo_scene *scene, uint32_t node)
{
    calo_mujoco_kind kind = CALO_MUJOCO_NONE;
    int32_t id;
    if (subject->model && calo_mujoco_object(subject->model, node, &kind, &id) && kind == CALO_MUJOCO_SITE)
        return 0;
    return scene->nodes[node].mesh >= 0 || kind == CALO_MUJOCO_GEOM ? category_length(scene->nodes[node].name) : 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All categories' names, sorted, each once. */
static calo_status list_categories(calo_state_labels *labels, const calo_states_subject *subject,
                                   const calo_scene *scene, calo_error *err)
{
    size_t count = 0, kept = 0;
    labels->names = calloc(scene->node_count + (size_t)1, sizeof *labels->names);
    if (!labels->names)
        return calo_fail_memory(err, "categories", scene->node_count * sizeof *labels->names);
    for (uint32_t n = 0; n < scene->node_count; n++) {
        size_t length = node_category(subject, scene, n);
        if (!length)
            continue;
        labels->names[count] = strndup(scene->nodes[n].name, length);
        labels->category_count = count + 1;
        if (!labels->names[count++])
            return calo_fail_memory(err, "categories", length);
    }
    qsort(labels->names, count, sizeof *labels->names, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (kept && strcmp(labels->names[kept - 1], labels->names[i]) == 0)
            free((char *)labels->names[i]);
        else
            labels->names[kept++] = labels->names[i];
    }
    labels->category_count = kept;
    return CALO_OK;
}

/* Its number from 1 on, 0 for length 0. */
static uint32_t find_category(const calo_state_labels *labels, const char *name, size_t length)
{
    size_t low = 0, high = length ? labels->category_count : 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strncmp(labels->names[middle], name, length);
        if (order == 0 && labels->names[middle][length] == '\0')
            return (uint32_t)middle + 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

calo_status calo_state_labels_init(calo_state_labels *labels, const calo_states_subject *subject, const calo_scene *scene,
                                   calo_error *err)
{
    *labels = (calo_state_labels){0};
    calo_status status = list_categories(labels, subject, scene, err);
    if (status != CALO_OK)
        return status;
    calo_instance_ids ids = calo_instance_ids_start(scene);
    uint64_t count = calo_instance_ids_end(scene);
    labels->id_count = (uint32_t)count;
    labels->categories = calloc(count, sizeof *labels->categories);
    labels->objects = subject->model ? malloc(count * sizeof *labels->objects) : NULL;
    if (!labels->categories || (subject->model && !labels->objects))
        return calo_fail_memory(err, "labels", count * sizeof *labels->categories);
    for (uint64_t i = 0; subject->model && i < count; i++)
        labels->objects[i][0] = labels->objects[i][1] = -1;
    for (uint32_t n = 0; n < scene->node_count; n++) {
        uint64_t id = calo_instance_ids_take(&ids, &scene->nodes[n]), end = id + calo_node_id_count(&scene->nodes[n]);
        uint32_t category = find_category(labels, scene->nodes[n].name, node_category(subject, scene, n));
        calo_mujoco_kind kind = CALO_MUJOCO_NONE;
        int32_t object = -1;
        bool known = subject->model && calo_mujoco_object(subject->model, n, &kind, &object);
        for (; id < end; id++) {
            labels->categories[id] = category;
            if (known) {
                labels->objects[id][0] = object;
                labels->objects[id][1] = (int32_t)kind;
            }
        }
    }
    return CALO_OK;
}

void calo_state_labels_finish(calo_state_labels *labels)
{
    for (size_t i = 0; i < labels->category_count; i++)
        free((char *)labels->names[i]);
    free(labels->names);
    free(labels->categories);
    free(labels->objects);
    *labels = (calo_state_labels){0};
}
