#include "import/gltf.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "scene/build.h"

enum { MAX_SETS = 4 };

typedef struct influence_set {
    calo_gltf_accessor joints, weights;
} influence_set;

/* JOINTS_n and WEIGHTS_n for n = 0, 1, ... as far as both are there. */
static calo_status find_sets(const calo_gltf_record *primitive, const calo_gltf_draco *draco, uint32_t vertex_count,
                             influence_set sets[MAX_SETS], uint32_t *set_count)
{
    calo_gltf *gltf = primitive->gltf;
    calo_gltf_record attributes = calo_gltf_enter(primitive, "attributes");
    for (*set_count = 0; *set_count < MAX_SETS; ++*set_count) {
        char joints_name[16], weights_name[16];
        bool has_joints, has_weights;
        influence_set *set = &sets[*set_count];
        snprintf(joints_name, sizeof joints_name, "JOINTS_%u", *set_count);
        snprintf(weights_name, sizeof weights_name, "WEIGHTS_%u", *set_count);
        if (calo_gltf_attribute(primitive, &attributes, draco, joints_name, vertex_count, 4, 4, &set->joints,
                                &has_joints) != CALO_OK ||
            calo_gltf_attribute(primitive, &attributes, draco, weights_name, vertex_count, 4, 4, &set->weights,
                                &has_weights) != CALO_OK)
            return gltf->status;
        if (!has_joints || !has_weights)
            return CALO_OK;
        if (set->joints.component_type != CALO_GLTF_UNSIGNED_BYTE &&
            set->joints.component_type != CALO_GLTF_UNSIGNED_SHORT)
            return calo_gltf_fail(&attributes, CALO_ERROR_FORMAT, "%s must be unsigned bytes or shorts", joints_name);
    }
    return CALO_OK;
}

/* Sum 1; joints without weight become joint 0, since files leave rubbish there. Returns how many
 * vertices had no weight at all; they follow their first joint. */
static uint32_t normalize_weights(uint16_t *joints, float *weights, uint32_t vertex_count, uint32_t influences)
{
    uint32_t bad = 0;
    for (uint32_t v = 0; v < vertex_count; v++, joints += influences, weights += influences) {
        double sum = 0;
        for (uint32_t i = 0; i < influences; i++) {
            if (!(weights[i] > 0) || !isfinite(weights[i]))
                weights[i] = 0;
            sum += weights[i];
        }
        if (!(sum > 0)) {
            weights[0] = 1;
            sum = 1;
            bad++;
        }
        for (uint32_t i = 0; i < influences; i++) {
            weights[i] = (float)(weights[i] / sum);
            if (weights[i] == 0)
                joints[i] = 0;
        }
    }
    return bad;
}

calo_status calo_gltf_load_influences(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                      calo_primitive *out)
{
    calo_gltf *gltf = primitive->gltf;
    influence_set sets[MAX_SETS];
    uint32_t set_count;
    if (find_sets(primitive, draco, out->vertex_count, sets, &set_count) != CALO_OK || set_count == 0)
        return gltf->status;
    uint32_t influences = 4 * set_count;
    uint16_t *joints = calo_gltf_take(primitive, out->vertex_count, influences * sizeof *joints, "joints");
    float *weights = joints ? calo_gltf_take(primitive, out->vertex_count, influences * sizeof *weights, "weights")
                            : NULL;
    if (!weights)
        return gltf->status;
    for (uint32_t s = 0; s < set_count; s++) {
        calo_gltf_copy_u16(&sets[s].joints, joints + 4 * s, influences);
        calo_gltf_copy_floats(&sets[s].weights, weights + 4 * s, influences);
    }
    uint32_t bad = normalize_weights(joints, weights, out->vertex_count, influences);
    if (bad > 0) {
        char place[CALO_GLTF_PLACE_BYTES];
        calo_gltf_place(primitive, place, sizeof place);
        calo_scene_warn(gltf->scene, "bad-weights", "%s: %u of %u vertices have no joint weights: each follows its "
                        "first joint", place, bad, out->vertex_count);
    }
    out->influences = influences;
    out->joints = joints;
    out->weights = weights;
    return CALO_OK;
}

static calo_status read_deltas(const calo_gltf_record *target, const char *name, uint32_t vertex_count,
                               const float **deltas)
{
    calo_gltf_accessor accessor;
    calo_gltf_floats floats;
    bool found;
    calo_status status = calo_gltf_attribute(target, target, NULL, name, vertex_count, 3, 3, &accessor, &found);
    /* All zeros move nothing. */
    if (status != CALO_OK || !found || (!accessor.bytes && accessor.sparse_count == 0))
        return status;
    status = calo_gltf_read_floats(target, &accessor, CALO_GLTF_FINITE, &floats);
    if (status == CALO_OK && floats.bad_count > 0)
        calo_scene_warn(target->gltf->scene, "bad-morph-target", "accessors[%d]: %u of %u deltas are not finite: 0 is "
                        "used", accessor.index, floats.bad_count, floats.count);
    if (status == CALO_OK)
        *deltas = floats.values;
    return status;
}

calo_status calo_gltf_load_morph_targets(const calo_gltf_record *primitive, uint32_t target_count,
                                         calo_primitive *out)
{
    calo_gltf *gltf = primitive->gltf;
    size_t count;
    json_t *list = calo_gltf_list(primitive, "targets", &count);
    if (gltf->status != CALO_OK || target_count == 0)
        return gltf->status;
    calo_morph_target *targets = calo_gltf_take(primitive, target_count, sizeof *targets, "morph targets");
    for (size_t i = 0; targets && i < count; i++) {
        calo_gltf_record target = calo_gltf_list_item(primitive, "targets", list, i);
        if (read_deltas(&target, "POSITION", out->vertex_count, &targets[i].positions) != CALO_OK)
            return gltf->status;
        if (out->normals)
            read_deltas(&target, "NORMAL", out->vertex_count, &targets[i].normals);
        if (out->tangents)
            read_deltas(&target, "TANGENT", out->vertex_count, &targets[i].tangents);
    }
    out->morph_target_count = target_count;
    out->morph_targets = targets;
    return gltf->status;
}
