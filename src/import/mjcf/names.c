/* Names, joints and the rest pose's joint positions: what is asked for without drawing anything. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "import/mjcf/model.h"

bool calo_mujoco_is_file_name(const char *path)
{
    const char *ending = strrchr(path, '.');
    return ending && (strcasecmp(ending, ".xml") == 0 || strcasecmp(ending, ".mjcf") == 0);
}

/* ---- names ---- */

typedef struct named_id {
    const char *name;
    uint32_t id;
} named_id;

static int compare_names(const void *a, const void *b)
{
    const named_id *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : (left->id > right->id) - (left->id < right->id);
}

static calo_status sort_names(calo_mjcf_things *things, calo_arena *arena, calo_error *err)
{
    named_id *list = CALO_ARENA_TAKE(arena, named_id, things->count, "names", err);
    things->sorted = CALO_ARENA_TAKE(arena, uint32_t, things->count, "names", err);
    if (!list || !things->sorted)
        return calo_failed(err);
    for (uint32_t i = 0; i < things->count; i++)
        list[i] = (named_id){things->names[i], i};
    qsort(list, things->count, sizeof *list, compare_names);
    for (uint32_t i = 0; i < things->count; i++)
        things->sorted[i] = list[i].id;
    return CALO_OK;
}

static calo_status keep_things(calo_mujoco_model *model, calo_mujoco_kind kind, int64_t count, const int32_t *addresses,
                               const char *names, calo_error *err)
{
    calo_mjcf_things *things = &model->things[kind];
    things->count = (uint32_t)count;
    things->names = CALO_ARENA_TAKE(&model->arena, const char *, things->count, "names", err);
    if (!things->names)
        return calo_failed(err);
    for (uint32_t i = 0; i < things->count; i++)
        things->names[i] = names + addresses[i];
    return sort_names(things, &model->arena, err);
}

/* ---- joints ---- */

static calo_status keep_joints(calo_mujoco_model *model, const calo_mujoco_arrays *arrays, calo_error *err)
{
    uint32_t count = model->things[CALO_MUJOCO_JOINT].count;
    model->rest_count = (uint32_t)arrays->nq;
    model->joints = CALO_ARENA_TAKE(&model->arena, calo_joint, count, "joints", err);
    model->rest = CALO_ARENA_TAKE(&model->arena, double, model->rest_count, "joint positions", err);
    if (!model->joints || !model->rest)
        return calo_failed(err);
    if (model->rest_count)
        memcpy(model->rest, arrays->qpos0, model->rest_count * sizeof *model->rest);
    for (uint32_t i = 0; i < count; i++)
        model->joints[i] = (calo_joint){
            .name = model->things[CALO_MUJOCO_JOINT].names[i],
            .kind = (calo_joint_kind)arrays->jnt_type[i],
            .qpos_address = (uint32_t)arrays->jnt_qposadr[i],
            .limited = arrays->jnt_limited[i] != 0,
            .node = arrays->jnt_bodyid[i],
            .range = {arrays->jnt_range[2 * i], arrays->jnt_range[2 * i + 1]},
        };
    return CALO_OK;
}

calo_status calo_mjcf_keep_names(calo_mujoco_model *model, const calo_mujoco_arrays *arrays, calo_error *err)
{
    const struct {
        calo_mujoco_kind kind;
        int64_t count;
        const int32_t *addresses;
    } kinds[] = {
        {CALO_MUJOCO_BODY, arrays->nbody, arrays->name_bodyadr},
        {CALO_MUJOCO_JOINT, arrays->njnt, arrays->name_jntadr},
        {CALO_MUJOCO_GEOM, arrays->ngeom, arrays->name_geomadr},
        {CALO_MUJOCO_SITE, arrays->nsite, arrays->name_siteadr},
        {CALO_MUJOCO_CAMERA, arrays->ncam, arrays->name_camadr},
        {CALO_MUJOCO_LIGHT, arrays->nlight, arrays->name_lightadr},
        {CALO_MUJOCO_SKIN, arrays->nskin, arrays->name_skinadr},
        {CALO_MUJOCO_TENDON, arrays->ntendon, arrays->name_tendonadr},
    };
    char *names = CALO_ARENA_TAKE(&model->arena, char, (uint64_t)arrays->nnames, "names", err);
    if (!names)
        return calo_failed(err);
    memcpy(names, arrays->names, (size_t)arrays->nnames);
    calo_status status = CALO_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == CALO_OK; i++)
        status = keep_things(model, kinds[i].kind, kinds[i].count, kinds[i].addresses, names, err);
    return status == CALO_OK ? keep_joints(model, arrays, err) : status;
}

/* ---- what is asked ---- */

static const calo_mjcf_things *things_of(const calo_mujoco_model *model, calo_mujoco_kind kind)
{
    static const calo_mjcf_things none = {0};
    return (unsigned)kind < CALO_MJCF_KIND_COUNT ? &model->things[kind] : &none;
}

int32_t calo_mujoco_find(const calo_mujoco_model *model, calo_mujoco_kind kind, const char *name)
{
    const calo_mjcf_things *things = things_of(model, kind);
    uint32_t low = 0, high = things->count; /* the first that is not below `name` */
    if (!name)
        return -1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(things->names[things->sorted[middle]], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < things->count && strcmp(things->names[things->sorted[low]], name) == 0 ? (int32_t)things->sorted[low]
                                                                                        : -1;
}

const char *calo_mujoco_name(const calo_mujoco_model *model, calo_mujoco_kind kind, int32_t id)
{
    const calo_mjcf_things *things = things_of(model, kind);
    return id >= 0 && (uint32_t)id < things->count ? things->names[id] : NULL;
}

int32_t calo_mujoco_node(const calo_mujoco_model *model, calo_mujoco_kind kind, int32_t id)
{
    const calo_mjcf_things *things = things_of(model, kind);
    if (kind == CALO_MUJOCO_JOINT || id < 0 || (uint32_t)id >= things->count)
        return -1;
    if (kind != CALO_MUJOCO_TENDON)
        return (int32_t)(things->first_node + (uint32_t)id);
    return model->tendons[id].node_count ? (int32_t)model->tendons[id].first_node : -1;
}

/* The tendon whose nodes, which follow one another, hold this one. */
static int32_t tendon_of_node(const calo_mujoco_model *model, uint32_t node)
{
    uint32_t low = 0, high = model->things[CALO_MUJOCO_TENDON].count; /* the first that begins behind the node */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (model->tendons[middle].first_node <= node)
            low = middle + 1;
        else
            high = middle;
    }
    return low && node - model->tendons[low - 1].first_node < model->tendons[low - 1].node_count ? (int32_t)low - 1
                                                                                                 : -1;
}

bool calo_mujoco_object(const calo_mujoco_model *model, uint32_t node, calo_mujoco_kind *kind, int32_t *id)
{
    static const calo_mujoco_kind kinds[] = {CALO_MUJOCO_BODY,   CALO_MUJOCO_GEOM,  CALO_MUJOCO_SITE,
                                             CALO_MUJOCO_CAMERA, CALO_MUJOCO_LIGHT, CALO_MUJOCO_SKIN};
    *kind = CALO_MUJOCO_NONE;
    *id = -1;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const calo_mjcf_things *things = &model->things[kinds[i]];
        if (node >= things->first_node && node - things->first_node < things->count) {
            *kind = kinds[i];
            *id = (int32_t)(node - things->first_node);
            return true;
        }
    }
    *id = tendon_of_node(model, node);
    *kind = *id >= 0 ? CALO_MUJOCO_TENDON : CALO_MUJOCO_NONE;
    return *id >= 0;
}

const calo_joint *calo_mujoco_joints(const calo_mujoco_model *model, uint32_t *count)
{
    *count = model->things[CALO_MUJOCO_JOINT].count;
    return model->joints;
}

const double *calo_mujoco_rest(const calo_mujoco_model *model, uint32_t *count)
{
    *count = model->rest_count;
    return model->rest;
}
