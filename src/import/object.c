#include "import/object.h"

#include "base/error.h"
#include "scene/build.h"

calo_status calo_import_add_object(calo_scene *scene, const char *name, const calo_primitive *primitive,
                                   calo_error *err)
{
    calo_primitive *kept = CALO_ARENA_TAKE(calo_scene_arena(scene), calo_primitive, 1, "a mesh", err);
    const char *kept_name = calo_scene_text(scene, name, err);
    if (!kept || !kept_name)
        return calo_failed(err);
    *kept = *primitive;
    calo_mesh mesh = {.name = kept_name, .primitive_count = 1, .primitives = kept};
    calo_node node = calo_node_default();
    node.name = kept_name;
    node.mesh = calo_scene_add_mesh(scene, &mesh, err);
    if (node.mesh < 0 || calo_scene_add_node(scene, &node, err) < 0)
        return calo_failed(err);
    return CALO_OK;
}
