/* ORRB's mapping files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "import/mjcf/model.h"

typedef struct mapped_joint {
    uint32_t from, to, count; /* in the row, in qpos */
} mapped_joint;

struct calo_mujoco_mapping {
    const calo_mujoco_model *model;
    mapped_joint *joints;
    size_t count, capacity;
    size_t row_count; /* values that a row needs */
};

static uint32_t value_count(calo_joint_kind kind)
{
    return kind == CALO_JOINT_FREE ? 7 : kind == CALO_JOINT_BALL ? 4 : 1;
}

static calo_status add_joint(calo_mujoco_mapping *mapping, uint32_t joint, int64_t from, calo_error *err)
{
    const calo_joint *found = &mapping->model->joints[joint];
    mapped_joint made = {(uint32_t)from, found->qpos_address, value_count(found->kind)};
    if (mapping->count == mapping->capacity) {
        size_t capacity = mapping->capacity ? 2 * mapping->capacity : 64;
        mapped_joint *grown = realloc(mapping->joints, capacity * sizeof *grown);
        if (!grown)
            return calo_fail_memory(err, "a mapping", capacity * sizeof *grown);
        mapping->joints = grown;
        mapping->capacity = capacity;
    }
    mapping->joints[mapping->count++] = made;
    if (mapping->row_count < (size_t)made.from + made.count)
        mapping->row_count = (size_t)made.from + made.count;
    return CALO_OK;
}

static const char *skip_back(const char *begin, const char *end)
{
    while (end > begin && strchr(" \t", end[-1]))
        end--;
    return end;
}

/* "name, index"; names may hold anything but a line end, so that the last comma counts. */
static calo_status read_line(calo_mujoco_mapping *mapping, calo_text line, const char *path, size_t number,
                             calo_error *err)
{
    enum { LARGEST_INDEX = 1 << 24 };
    char name[1024];
    int64_t index = -1;
    calo_text_skip_blanks(&line);
    if (line.at == line.end)
        return CALO_OK;
    const char *comma = memrchr(line.at, ',', (size_t)(line.end - line.at));
    calo_text rest = {comma ? comma + 1 : line.end, line.end};
    calo_text_skip_blanks(&rest);
    bool has_index = calo_text_integer(&rest, &index);
    calo_text_skip_blanks(&rest);
    if (!comma || !has_index || rest.at != rest.end || index < 0 || index > LARGEST_INDEX)
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: line %zu: a mapping has a joint's name, a comma and the index of its first value a line",
                         path, number);
    size_t length = (size_t)(skip_back(line.at, comma) - line.at);
    length = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, line.at, length);
    name[length] = 0;
    int32_t joint = calo_mujoco_find(mapping->model, CALO_MUJOCO_JOINT, name);
    if (joint < 0)
        return calo_fail(err, CALO_ERROR_NOT_FOUND, "%s: line %zu: %s has no joint \"%s\"", path, number,
                         mapping->model->scene->path, name);
    return add_joint(mapping, (uint32_t)joint, index, err);
}

calo_status calo_mujoco_mapping_load(const calo_mujoco_model *model, const char *path, const calo_limits *limits,
                                     calo_mujoco_mapping **mapping, calo_error *err)
{
    calo_limits resolved = calo_limits_resolve(limits);
    calo_file file = {0};
    *mapping = NULL;
    calo_status status = calo_file_read(path, resolved.max_file_bytes, &file, err);
    if (status != CALO_OK)
        return status;
    calo_text text = {(const char *)file.bytes, (const char *)file.bytes + file.size}, line;
    calo_mujoco_mapping *made = calloc(1, sizeof *made);
    if (!made)
        status = calo_fail_memory(err, "a mapping", sizeof *made);
    else
        made->model = model;
    for (size_t number = 1; status == CALO_OK && calo_text_line(&text, &line); number++)
        status = read_line(made, line, path, number, err);
    calo_file_finish(&file);
    if (status == CALO_OK)
        *mapping = made;
    else
        calo_mujoco_mapping_destroy(made);
    return status;
}

void calo_mujoco_mapping_destroy(calo_mujoco_mapping *mapping)
{
    if (!mapping)
        return;
    free(mapping->joints);
    free(mapping);
}

calo_status calo_mujoco_mapping_apply(const calo_mujoco_mapping *mapping, const double *row, size_t count, double *qpos,
                                      calo_error *err)
{
    const calo_mujoco_model *model = mapping->model;
    if (count < mapping->row_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a state has %zu values, but the mapping reads %zu", count,
                         mapping->row_count);
    if (model->rest_count)
        memcpy(qpos, model->rest, model->rest_count * sizeof *qpos);
    for (size_t i = 0; i < mapping->count; i++)
        memcpy(qpos + mapping->joints[i].to, row + mapping->joints[i].from, mapping->joints[i].count * sizeof *qpos);
    return CALO_OK;
}
