/* Models as randomizers see them. */
#include <string.h>

#include "base/error.h"
#include "import/mjcf/model.h"

/* Triangles of a mesh that ORRB draws as one thing with one material. */
enum { FACES_A_PART = 65535 / 3 };

static bool is_mesh(int32_t type)
{
    return type == CALO_MJCF_MESH || type == CALO_MJCF_SDF;
}

/* A capsule is a cylinder and two spheres in ORRB, each with a material. */
static uint32_t parts_of(const calo_mujoco_arrays *a, int32_t type, int32_t data)
{
    if (type == CALO_MJCF_CAPSULE)
        return 3;
    return is_mesh(type) && data >= 0 ? (uint32_t)(a->mesh_facenum[data] + FACES_A_PART - 1) / FACES_A_PART : 1;
}

static void describe(calo_mujoco_model *model, const calo_mujoco_arrays *a)
{
    calo_subject_node *geoms = model->subject_nodes + model->things[CALO_MUJOCO_GEOM].first_node;
    calo_subject_node *sites = model->subject_nodes + model->things[CALO_MUJOCO_SITE].first_node;
    for (uint32_t i = 0; i < model->scene->node_count; i++)
        model->subject_nodes[i].kind = i < model->things[CALO_MUJOCO_BODY].count ? CALO_SUBJECT_BODY : CALO_SUBJECT_OTHER;
    for (uint32_t i = 0; i < model->things[CALO_MUJOCO_GEOM].count; i++) {
        int32_t data = a->geom_dataid[i];
        geoms[i] = (calo_subject_node){.kind = CALO_SUBJECT_GEOM, .part_count = parts_of(a, a->geom_type[i], data)};
        if (is_mesh(a->geom_type[i]) && data >= 0)
            geoms[i].alias = model->mesh_names[data];
    }
    for (uint32_t i = 0; i < model->things[CALO_MUJOCO_SITE].count; i++)
        sites[i] = (calo_subject_node){.kind = CALO_SUBJECT_SITE, .part_count = parts_of(a, a->site_type[i], -1)};
}

static calo_status keep_mesh_names(calo_mujoco_model *model, const calo_mujoco_arrays *a, calo_error *err)
{
    model->mesh_names = CALO_ARENA_TAKE(&model->arena, const char *, (uint64_t)a->nmesh, "names of meshes", err);
    if (!model->mesh_names)
        return calo_failed(err);
    for (uint32_t i = 0; i < a->nmesh; i++) {
        const char *name = a->nnames > 0 ? a->names + a->name_meshadr[i] : "";
        model->mesh_names[i] = calo_arena_text(&model->arena, name, strlen(name), err);
        if (!model->mesh_names[i])
            return calo_failed(err);
    }
    return CALO_OK;
}

calo_status calo_mjcf_keep_subject(calo_mujoco_model *model, const calo_mujoco_arrays *arrays, calo_error *err)
{
    calo_status status = keep_mesh_names(model, arrays, err);
    if (status)
        return status;
    model->subject_nodes = CALO_ARENA_TAKE(&model->arena, calo_subject_node, model->scene->node_count,
                                           "a model's nodes", err);
    if (!model->subject_nodes)
        return calo_failed(err);
    describe(model, arrays);
    return CALO_OK;
}

calo_randomize_subject calo_mujoco_subject(const calo_mujoco_model *model)
{
    calo_randomize_subject subject = {.scene = model->scene, .nodes = model->subject_nodes};
    subject.joints = calo_mujoco_joints(model, &subject.joint_count);
    calo_mujoco_rest(model, &subject.qpos_count);
    return subject;
}
