#include "scene/join.h"

#include "base/error.h"
#include "base/linear.h"
#include "scene/build.h"

static int32_t moved(int32_t index, uint32_t first) { return index < 0 ? index : index + (int32_t)first; }

/* ---- parts ---- */

static calo_status add_textures(calo_scene *target, const calo_join *join, calo_error *err)
{
    const calo_scene *source = join->source;
    for (uint32_t i = 0; i < source->image_count; i++)
        if (calo_scene_add_image(target, &source->images[i], err) < 0)
            return calo_failed(err);
    for (uint32_t i = 0; i < source->texture_count; i++) {
        calo_texture texture = source->textures[i];
        texture.image = moved(texture.image, join->first_image);
        if (calo_scene_add_texture(target, &texture, err) < 0)
            return calo_failed(err);
    }
    return CALO_OK;
}

static calo_status add_materials(calo_scene *target, const calo_join *join, calo_error *err)
{
    for (uint32_t i = 0; i < join->source->material_count; i++) {
        calo_material material = join->source->materials[i];
        for (int slot = 0; slot < CALO_SLOT_COUNT; slot++)
            material.slots[slot].texture = moved(material.slots[slot].texture, join->first_texture);
        if (calo_scene_add_material(target, &material, err) < 0)
            return calo_failed(err);
    }
    return CALO_OK;
}

static calo_status add_meshes(calo_scene *target, const calo_join *join, calo_error *err)
{
    for (uint32_t i = 0; i < join->source->mesh_count; i++) {
        calo_mesh mesh = join->source->meshes[i];
        calo_primitive *primitives = calo_scene_allocate(target, mesh.primitive_count, sizeof *primitives, err);
        if (!primitives)
            return calo_failed(err);
        for (uint32_t p = 0; p < mesh.primitive_count; p++) {
            primitives[p] = mesh.primitives[p];
            primitives[p].material = moved(primitives[p].material, join->first_material);
        }
        mesh.primitives = primitives;
        if (calo_scene_add_mesh(target, &mesh, err) < 0)
            return calo_failed(err);
    }
    return CALO_OK;
}

calo_status calo_scene_join_parts(calo_scene *target, const calo_scene *source, calo_join *join, calo_error *err)
{
    *join = (calo_join){source, target->mesh_count, target->material_count, target->texture_count, target->image_count};
    calo_status status = add_textures(target, join, err);
    if (status == CALO_OK)
        status = add_materials(target, join, err);
    return status == CALO_OK ? add_meshes(target, join, err) : status;
}

/* ---- nodes ---- */

static calo_status add_skins(calo_scene *target, const calo_scene *source, calo_error *err)
{
    uint32_t first_node = target->node_count;
    for (uint32_t i = 0; i < source->skin_count; i++) {
        calo_skin skin = source->skins[i];
        int32_t *joints = calo_scene_allocate(target, skin.joint_count, sizeof *joints, err);
        if (!joints)
            return calo_failed(err);
        for (uint32_t j = 0; j < skin.joint_count; j++)
            joints[j] = moved(skin.joints[j], first_node);
        skin.joints = joints;
        if (calo_scene_add_skin(target, &skin, err) < 0)
            return calo_failed(err);
    }
    return CALO_OK;
}

/* A node without a parent takes in where the whole source stands. */
static void place_root(calo_node *node, const calo_mat4 *to_target)
{
    calo_mat4 local = node->has_matrix ? node->matrix
                                       : calo_mat4_from_trs(node->translation, node->rotation, node->scale);
    node->matrix = calo_mat4_multiply(to_target, &local);
    node->has_matrix = true;
}

calo_status calo_scene_join_nodes(calo_scene *target, const calo_join *join, const calo_mat4 *place, uint32_t instance_id,
                                  calo_error *err)
{
    const calo_scene *source = join->source;
    uint32_t first_node = target->node_count, first_skin = target->skin_count;
    calo_mat4 to_target = calo_mat4_multiply(place, &source->source_to_world);
    calo_status status = add_skins(target, source, err);
    for (uint32_t n = 0; status == CALO_OK && n < source->node_count; n++) {
        calo_node node = source->nodes[n];
        if (node.parent < 0)
            place_root(&node, &to_target);
        node.parent = moved(node.parent, first_node);
        node.mesh = moved(node.mesh, join->first_mesh);
        node.skin = moved(node.skin, first_skin);
        node.camera = node.light = -1;
        node.instance_id = instance_id;
        if (calo_scene_add_node(target, &node, err) < 0)
            status = calo_failed(err);
    }
    return status;
}
