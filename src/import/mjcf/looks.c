/* From geoms, sites and tendons to meshes of the scene. */
#include "import/mjcf/looks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scene/build.h"

/* Sizes and lengths in metres that leave room for arithmetic in single precision. */
#define LEAST_SIZE 1e-12
#define MOST_SIZE 1e12

/* The parts of tendons, among mjtGeom's numbers. */
enum { PART_ROD = 1000, PART_BALL };

/* Everything that a shape's vertices depend on. */
typedef struct shape_key {
    int32_t type, data;
    double size[3];
    calo_mjcf_mapping mapping;
} shape_key;

typedef struct mesh_key {
    int32_t shape, material, textured;
    float rgba[4];
} mesh_key;

/* What a geom, a site or a tendon asks for. */
typedef struct drawn {
    const char *kind, *name; /* for messages: "geom", "site", "tendon" */
    int32_t type, data, material;
    const double *size;
    float rgba[4];
} drawn;

calo_status calo_mjcf_looks_create(calo_mjcf_builder *builder, calo_error *err)
{
    struct calo_mjcf_looks *looks = calloc(1, sizeof *looks);
    size_t texture_count = (size_t)builder->arrays->ntex;
    if (looks)
        looks->textures = calloc(texture_count + 1, sizeof *looks->textures);
    if (!looks || !looks->textures) {
        free(looks);
        return calo_fail_memory(err, "a model's looks", texture_count * sizeof *looks->textures);
    }
    for (size_t t = 0; t < texture_count; t++)
        for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++)
            looks->textures[t].textures[f] = -1;
    looks->materials.key_bytes = calo_mjcf_material_key_bytes();
    looks->shapes.key_bytes = sizeof(shape_key);
    looks->meshes.key_bytes = sizeof(mesh_key);
    builder->looks = looks;
    return CALO_OK;
}

void calo_mjcf_looks_destroy(struct calo_mjcf_looks *looks)
{
    if (!looks)
        return;
    calo_mjcf_table_finish(&looks->materials);
    calo_mjcf_table_finish(&looks->shapes);
    calo_mjcf_table_finish(&looks->meshes);
    free(looks->textures);
    free(looks->kept_shapes);
    free(looks);
}

/* ---- shapes ---- */

static bool is_mesh(int type) { return type == CALO_MJCF_MESH || type == CALO_MJCF_SDF; }

/* How far a plane without an end reaches: to where MuJoCo's cameras see nothing any more, from wherever they are likely
 * to stand. */
static double endless_reach(const calo_mujoco_visual *visual)
{
    double far = (double)visual->map_zfar * visual->stat_extent;
    return 3 * (far > 1 ? fmin(far, MOST_SIZE) : 1);
}

static calo_status make_shape(const calo_mjcf_builder *builder, const shape_key *key, calo_mjcf_shape *shape,
                              calo_error *err)
{
    switch (key->type) {
    case CALO_MJCF_PLANE: return calo_mjcf_make_plane(key->size, endless_reach(&builder->arrays->visual), shape, err);
    case CALO_MJCF_HFIELD: return calo_mjcf_make_heightfield(builder, (uint32_t)key->data, shape, err);
    case CALO_MJCF_MESH: return calo_mjcf_make_mesh(builder, (uint32_t)key->data, shape, err);
    case PART_ROD: return calo_mjcf_make_rod(shape, err);
    case PART_BALL: return calo_mjcf_make_ball(shape, err);
    }
    /* What a picture of the whole model could show only in 50,000 pixels. */
    double extent = builder->arrays->visual.stat_extent;
    double tolerance_metres = extent > 0 && isfinite(extent) ? 2e-5 * extent : 0;
    return calo_mjcf_make_solid(key->type, key->size, tolerance_metres, shape, err);
}

static calo_status keep_cube(calo_mjcf_builder *builder, const calo_mjcf_mapping *mapping, const calo_mjcf_shape *shape,
                             calo_mjcf_kept_shape *kept, calo_error *err)
{
    calo_mjcf_shape parts[CALO_MJCF_CUBE_FACES] = {0};
    calo_status status = calo_mjcf_cut_cube(mapping, shape, parts, err);
    for (int f = 0; f < CALO_MJCF_CUBE_FACES && status == CALO_OK; f++)
        if (parts[f].index_count > 0) {
            calo_mjcf_part *part = &kept->parts[kept->part_count++];
            part->face = f;
            status = calo_mjcf_keep_shape(builder, &parts[f], &part->primitive, err);
        }
    for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++)
        calo_mjcf_shape_finish(&parts[f]);
    return status;
}

static calo_status keep_new(calo_mjcf_builder *builder, const shape_key *key, calo_mjcf_kept_shape *kept,
                            calo_error *err)
{
    calo_mjcf_shape shape = {0};
    calo_status status = make_shape(builder, key, &shape, err);
    if (status == CALO_OK && key->mapping.kind == CALO_MJCF_MAPPED_CUBE) {
        status = keep_cube(builder, &key->mapping, &shape, kept, err);
    } else if (status == CALO_OK && shape.index_count > 0) {
        calo_mjcf_map(&key->mapping, &shape);
        kept->part_count = 1;
        status = calo_mjcf_keep_shape(builder, &shape, &kept->parts[0].primitive, err);
    }
    calo_mjcf_shape_finish(&shape);
    return status;
}

/* Its number, or -1 with `err` filled. */
static int32_t shape_number(calo_mjcf_builder *builder, const shape_key *key, calo_error *err)
{
    struct calo_mjcf_looks *looks = builder->looks;
    uint32_t count = looks->shapes.count;
    int32_t *number = calo_mjcf_table_find(&looks->shapes, key, err);
    if (!number || *number >= 0)
        return number ? *number : -1;
    if (count == looks->shape_capacity) {
        uint64_t capacity = count ? (uint64_t)count * 2 : 16;
        calo_mjcf_kept_shape *grown = realloc(looks->kept_shapes, capacity * sizeof *grown);
        if (!grown) {
            calo_fail_memory(err, "a model's looks", capacity * sizeof *grown);
            return -1;
        }
        looks->kept_shapes = grown;
        looks->shape_capacity = capacity;
    }
    looks->kept_shapes[count] = (calo_mjcf_kept_shape){0};
    if (keep_new(builder, key, &looks->kept_shapes[count], err) != CALO_OK)
        return -1;
    return *number = (int32_t)count;
}

/* ---- meshes ---- */

static int32_t add_mesh(calo_mjcf_builder *builder, const mesh_key *key, const char *name, calo_error *err)
{
    const calo_mjcf_kept_shape *shape = &builder->looks->kept_shapes[key->shape];
    calo_primitive *primitives =
        CALO_ARENA_TAKE(calo_scene_arena(builder->scene), calo_primitive, shape->part_count, "meshes", err);
    calo_mesh mesh = {.name = calo_scene_text(builder->scene, name, err),
                      .primitive_count = shape->part_count,
                      .primitives = primitives};
    if (!primitives || !mesh.name)
        return -1;
    for (uint32_t p = 0; p < shape->part_count; p++) {
        primitives[p] = shape->parts[p].primitive;
        primitives[p].material =
            calo_mjcf_material(builder, key->material, key->rgba, key->textured ? shape->parts[p].face : -1, err);
        if (primitives[p].material < 0)
            return -1;
    }
    return calo_scene_add_mesh(builder->scene, &mesh, err);
}

/* The mesh of a shape in its material and colour; `mesh` stays for a shape without triangles. */
static calo_status find_mesh(calo_mjcf_builder *builder, const shape_key *shape, const drawn *what, bool textured,
                             int32_t *mesh, calo_error *err)
{
    mesh_key key = {.shape = shape_number(builder, shape, err), .material = what->material, .textured = textured};
    memcpy(key.rgba, what->rgba, sizeof key.rgba);
    if (key.shape < 0)
        return calo_failed(err);
    if (builder->looks->kept_shapes[key.shape].part_count == 0)
        return CALO_OK;
    int32_t *found = calo_mjcf_table_find(&builder->looks->meshes, &key, err);
    if (found && *found < 0)
        *found = add_mesh(builder, &key, what->name, err);
    if (!found || *found < 0)
        return calo_failed(err);
    *mesh = *found;
    return CALO_OK;
}

/* The same mesh once more, whose materials nothing else uses. */
static calo_status copy_mesh(calo_mjcf_builder *builder, const char *name, int32_t *mesh, calo_error *err)
{
    calo_mesh copy = builder->scene->meshes[*mesh];
    calo_primitive *primitives =
        CALO_ARENA_TAKE(calo_scene_arena(builder->scene), calo_primitive, copy.primitive_count, "meshes", err);
    copy.primitives = primitives;
    copy.name = calo_scene_text(builder->scene, name, err);
    if (!primitives || !copy.name)
        return calo_failed(err);
    for (uint32_t p = 0; p < copy.primitive_count; p++) {
        const calo_mesh *shared = &builder->scene->meshes[*mesh];
        calo_material material = builder->scene->materials[shared->primitives[p].material];
        primitives[p] = shared->primitives[p];
        primitives[p].material = calo_scene_add_material(builder->scene, &material, err);
        if (primitives[p].material < 0)
            return calo_failed(err);
    }
    *mesh = calo_scene_add_mesh(builder->scene, &copy, err);
    return *mesh < 0 ? calo_failed(err) : CALO_OK;
}

/* ---- geoms and sites ---- */

/* As MuJoCo's renderer has it; false where the shape has no usable size. */
static bool take_size(int type, const double from[3], double size[3])
{
    static const int sizes[][3] = {
        [CALO_MJCF_SPHERE] = {0, 0, 0},   [CALO_MJCF_CAPSULE] = {0, 0, 1}, [CALO_MJCF_ELLIPSOID] = {0, 1, 2},
        [CALO_MJCF_CYLINDER] = {0, 0, 1}, [CALO_MJCF_BOX] = {0, 1, 2},
    };
    bool solid = type >= CALO_MJCF_SPHERE && type <= CALO_MJCF_BOX, ok = true;
    for (int k = 0; k < 3; k++) {
        size[k] = from[solid ? sizes[type][k] : k];
        bool given = size[k] >= LEAST_SIZE && size[k] <= MOST_SIZE;
        if (solid || (type == CALO_MJCF_PLANE && k < 2 && size[k] > 0))
            ok = ok && given;
        if (!given)
            size[k] = 0;
    }
    return ok;
}

/* What make_solid takes for a size that the renderer has as x, y, z. */
static void own_size(int type, const double size[3], double own[3])
{
    bool turned = type == CALO_MJCF_CAPSULE || type == CALO_MJCF_CYLINDER;
    own[0] = size[0];
    own[1] = turned ? size[2] : type == CALO_MJCF_SPHERE ? 0 : size[1];
    own[2] = turned || type == CALO_MJCF_SPHERE || type == CALO_MJCF_PLANE ? 0 : size[2];
}

static calo_status draw(calo_mjcf_builder *builder, const drawn *what, int32_t *mesh, calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    bool from_data = is_mesh(what->type) || what->type == CALO_MJCF_HFIELD;
    *mesh = -1;
    if ((what->rgba[3] <= 0 && !builder->own_materials) || (from_data && what->data < 0))
        return CALO_OK;
    calo_mjcf_wearer wearer = {.type = is_mesh(what->type) ? CALO_MJCF_MESH : what->type};
    if (!take_size(what->type, what->size, wearer.size)) {
        calo_scene_warn(builder->scene, "unusable-size",
                        "the %s \"%s\" has the size (%g, %g, %g), which cannot be drawn: it is left out", what->kind,
                        what->name, what->size[0], what->size[1], what->size[2]);
        return CALO_OK;
    }
    wearer.from_data = from_data || what->type == CALO_MJCF_PLANE || what->data >= 0;
    wearer.has_texcoords = is_mesh(what->type) && a->mesh_texcoordadr[what->data] >= 0;
    shape_key key = {.type = wearer.type, .data = from_data ? what->data : -1};
    if (!from_data)
        own_size(what->type, wearer.size, key.size);
    key.mapping = calo_mjcf_mapping_of(builder, what->material, &wearer);
    bool textured = calo_mjcf_takes_texture(builder, what->material, &wearer, what->kind, what->name);
    calo_status status = find_mesh(builder, &key, what, textured, mesh, err);
    if (status == CALO_OK && builder->own_materials && *mesh >= 0)
        status = copy_mesh(builder, what->name, mesh, err);
    return status;
}

calo_status calo_mjcf_geom_mesh(calo_mjcf_builder *builder, uint32_t geom, int32_t *mesh, calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    drawn what = {.kind = "geom",
                  .name = calo_mjcf_name(builder, a->name_geomadr, geom),
                  .type = a->geom_type[geom],
                  .data = a->geom_dataid[geom],
                  .material = a->geom_matid[geom],
                  .size = a->geom_size + 3 * (size_t)geom};
    calo_mjcf_color(builder, what.material, a->geom_rgba + 4 * (size_t)geom, what.rgba);
    return draw(builder, &what, mesh, err);
}

calo_status calo_mjcf_site_mesh(calo_mjcf_builder *builder, uint32_t site, int32_t *mesh, calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    drawn what = {.kind = "site",
                  .name = calo_mjcf_name(builder, a->name_siteadr, site),
                  .type = a->site_type[site],
                  .data = a->site_dataid ? a->site_dataid[site] : -1,
                  .material = a->site_matid[site],
                  .size = a->site_size + 3 * (size_t)site};
    calo_mjcf_color(builder, what.material, a->site_rgba + 4 * (size_t)site, what.rgba);
    return draw(builder, &what, mesh, err);
}

/* ---- tendons ---- */

calo_status calo_mjcf_tendon_mesh(calo_mjcf_builder *builder, uint32_t tendon, int32_t *rod, int32_t *ball,
                                  calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    const calo_mjcf_wearer wearer = {.type = CALO_MJCF_CAPSULE, .size = {1, 1, 1}};
    drawn what = {.kind = "tendon",
                  .name = calo_mjcf_name(builder, a->name_tendonadr, tendon),
                  .material = a->tendon_matid[tendon]};
    *rod = *ball = -1;
    calo_mjcf_color(builder, what.material, a->tendon_rgba + 4 * (size_t)tendon, what.rgba);
    if (what.rgba[3] <= 0 || !(a->tendon_width[tendon] > 0))
        return CALO_OK;
    bool textured = calo_mjcf_takes_texture(builder, what.material, &wearer, what.kind, what.name);
    shape_key key = {.type = PART_ROD, .data = -1, .mapping = calo_mjcf_mapping_of(builder, what.material, &wearer)};
    calo_status status = find_mesh(builder, &key, &what, textured, rod, err);
    key.type = PART_BALL;
    return status == CALO_OK ? find_mesh(builder, &key, &what, textured, ball, err) : status;
}
