#include "import/gltf.h"

#include "base/error.h"
#include "scene/build.h"

/* Primitives of one mesh often share their vertices and differ in indices and material only. */
static bool reuse_vertices(calo_gltf *gltf, json_t *attributes, json_t *targets, calo_primitive *out)
{
    if (!gltf->last_attributes || !json_equal(gltf->last_attributes, attributes))
        return false;
    if (targets != gltf->last_targets && !json_equal(gltf->last_targets, targets))
        return false;
    *out = gltf->last_primitive;
    return true;
}

static calo_status load_vertices(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                 uint32_t target_count, calo_primitive *out)
{
    calo_gltf *gltf = primitive->gltf;
    json_t *attributes = json_object_get(primitive->object, "attributes");
    json_t *targets = json_object_get(primitive->object, "targets");
    if (!draco->mesh && target_count == gltf->last_primitive.morph_target_count &&
        reuse_vertices(gltf, attributes, targets, out))
        return CALO_OK;
    if (calo_gltf_load_attributes(primitive, draco, out) != CALO_OK ||
        calo_gltf_load_morph_targets(primitive, target_count, out) != CALO_OK)
        return gltf->status;
    gltf->last_attributes = draco->mesh ? NULL : attributes;
    gltf->last_targets = targets;
    gltf->last_primitive = *out;
    return CALO_OK;
}

/* One primitive; index_count 0 when nothing of it can be drawn. */
static calo_status load_primitive(const calo_gltf_record *primitive, uint32_t target_count, calo_primitive *out)
{
    calo_gltf *gltf = primitive->gltf;
    char place[CALO_GLTF_PLACE_BYTES];
    calo_gltf_draco draco;
    calo_status status = calo_gltf_draco_open(primitive, &draco);
    if (status == CALO_OK)
        status = load_vertices(primitive, &draco, target_count, out);
    if (status == CALO_OK && out->vertex_count > 0)
        status = calo_gltf_load_topology(primitive, &draco, out);
    calo_gltf_draco_finish(&draco);
    if (status != CALO_OK)
        return status;
    if (out->index_count == 0) {
        calo_gltf_place(primitive, place, sizeof place);
        calo_scene_warn(gltf->scene, "empty-primitive", "%s has %s: it is left out", place,
                        out->vertex_count > 0 ? "no elements" : "no POSITION");
        return CALO_OK;
    }
    out->material = calo_gltf_index(primitive, "material", CALO_GLTF_MATERIALS);
    if (out->material >= 0)
        gltf->material_used[out->material] = true;
    if (calo_gltf_drop_unused_vertices(primitive, out) != CALO_OK)
        return gltf->status;
    return calo_gltf_repair_normals(primitive, out);
}

/* The largest number of morph targets; all primitives should have the same. */
static uint32_t count_targets(const calo_gltf_record *mesh, json_t *primitives, size_t primitive_count)
{
    size_t most = 0;
    for (size_t i = 0; i < primitive_count; i++) {
        size_t count = json_array_size(json_object_get(json_array_get(primitives, i), "targets"));
        if (i > 0 && count != most)
            calo_scene_warn(mesh->gltf->scene, "uneven-morph-targets",
                            "meshes[%lld]: its primitives have different numbers of morph targets: the missing ones "
                            "move nothing", (long long)mesh->index);
        most = count > most ? count : most;
    }
    return (uint32_t)most;
}

calo_status calo_gltf_load_weights(const calo_gltf_record *record, uint32_t target_count, const float **weights)
{
    calo_gltf *gltf = record->gltf;
    size_t count;
    json_t *list = calo_gltf_list(record, "weights", &count);
    if (count != target_count && list)
        calo_scene_warn(gltf->scene, "uneven-morph-targets", "%lld morph weights of %s[%lld] meet %u morph targets",
                        (long long)count, record->key, (long long)record->index, target_count);
    float *values = calo_gltf_take(record, target_count, sizeof *values, "morph weights");
    for (size_t i = 0; values && i < count && i < target_count; i++)
        values[i] = calo_gltf_to_float(json_number_value(json_array_get(list, i)));
    *weights = values;
    return gltf->status;
}

static calo_status load_mesh(calo_gltf *gltf, size_t index)
{
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_MESHES, index);
    calo_mesh mesh = {.name = calo_gltf_name(&record)};
    size_t count;
    json_t *list = calo_gltf_list(&record, "primitives", &count);
    calo_primitive *primitives = calo_gltf_take(&record, count, sizeof *primitives, "primitives");
    mesh.weight_count = count_targets(&record, list, count);
    for (size_t i = 0; primitives && i < count; i++) {
        calo_gltf_record primitive = calo_gltf_list_item(&record, "primitives", list, i);
        calo_primitive *out = &primitives[mesh.primitive_count];
        *out = (calo_primitive){.material = -1};
        if (gltf->status != CALO_OK || load_primitive(&primitive, mesh.weight_count, out) != CALO_OK)
            return gltf->status;
        mesh.primitive_count += out->index_count > 0;
    }
    mesh.primitives = primitives;
    if (gltf->status != CALO_OK || calo_gltf_load_weights(&record, mesh.weight_count, &mesh.weights) != CALO_OK)
        return gltf->status;
    return calo_scene_add_mesh(gltf->scene, &mesh, gltf->err) < 0 ? calo_gltf_broken(gltf) : CALO_OK;
}

calo_status calo_gltf_load_meshes(calo_gltf *gltf)
{
    for (size_t i = 0; i < gltf->counts[CALO_GLTF_MESHES]; i++)
        if (load_mesh(gltf, i) != CALO_OK)
            return gltf->status;
    return CALO_OK;
}
