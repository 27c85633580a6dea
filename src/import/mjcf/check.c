/* Arrays of somebody's mjModel are input like a file: everything that is later used as an index is checked here. */
#include <string.h>

#include "base/error.h"
#include "import/mjcf/model.h"

typedef struct checker {
    const char *name;
    calo_mujoco_arrays *arrays; /* the filled-in copy */
    calo_arena *arena;
    calo_error *err;
} checker;

/* ---- the table: what stands where, and how much of it ---- */

typedef struct array_entry {
    const char *name, *rows;
    size_t offset, rows_offset;
    bool needed;
} array_entry;

#define ARRAY_ENTRY(type, name, rows, columns, needed)                                                                 \
    {#name, #rows, offsetof(calo_mujoco_arrays, name), offsetof(calo_mujoco_arrays, rows), needed},
static const array_entry array_entries[] = {CALO_MUJOCO_ARRAYS(ARRAY_ENTRY)};
#undef ARRAY_ENTRY

typedef struct size_entry {
    const char *name;
    size_t offset;
} size_entry;

#define SIZE_ENTRY(name) {#name, offsetof(calo_mujoco_arrays, name)},
static const size_entry size_entries[] = {CALO_MUJOCO_SIZES(SIZE_ENTRY)};
#undef SIZE_ENTRY

static int64_t size_at(const checker *c, size_t offset)
{
    int64_t value;
    memcpy(&value, (const char *)c->arrays + offset, sizeof value);
    return value;
}

static calo_status check_sizes(const checker *c)
{
    for (size_t i = 0; i < sizeof size_entries / sizeof size_entries[0]; i++) {
        int64_t value = size_at(c, size_entries[i].offset);
        if (value < 0 || value > INT32_MAX)
            return calo_fail(c->err, CALO_ERROR_ARGUMENT, "%s: the size %s of a model is %lld: it must be from 0 to %d",
                             c->name, size_entries[i].name, (long long)value, INT32_MAX);
    }
    if (c->arrays->nbody < 1)
        return calo_fail(c->err, CALO_ERROR_ARGUMENT, "%s: a model has at least the world body, but nbody is 0",
                         c->name);
    return CALO_OK;
}

static calo_status check_presence(const checker *c)
{
    for (size_t i = 0; i < sizeof array_entries / sizeof array_entries[0]; i++) {
        const array_entry *entry = &array_entries[i];
        const void *array;
        memcpy(&array, (const char *)c->arrays + entry->offset, sizeof array);
        if (entry->needed && !array && size_at(c, entry->rows_offset))
            return calo_fail(c->err, CALO_ERROR_ARGUMENT, "%s: the array %s of a model is NULL, but %s is %lld",
                             c->name, entry->name, entry->rows, (long long)size_at(c, entry->rows_offset));
    }
    return CALO_OK;
}

/* ---- what older versions of MuJoCo do not have ---- */

static const int32_t *filled(const checker *c, int64_t count, int32_t value)
{
    int32_t *values = CALO_ARENA_TAKE(c->arena, int32_t, (uint64_t)count, "a model's arrays", c->err);
    for (int64_t i = 0; values && i < count; i++)
        values[i] = value;
    return values;
}

static calo_status fill_in(const checker *c)
{
    calo_mujoco_arrays *a = c->arrays;
    a->nmeshnormal = a->nmeshnormal ? a->nmeshnormal : a->nmeshvert;
    a->ntexrole = a->ntexrole ? a->ntexrole : 1;
    a->mesh_normaladr = a->mesh_normaladr ? a->mesh_normaladr : a->mesh_vertadr;
    a->mesh_normalnum = a->mesh_normalnum ? a->mesh_normalnum : a->mesh_vertnum;
    a->mesh_texcoordnum = a->mesh_texcoordnum ? a->mesh_texcoordnum : a->mesh_vertnum;
    a->mesh_facenormal = a->mesh_facenormal ? a->mesh_facenormal : a->mesh_face;
    a->mesh_facetexcoord = a->mesh_facetexcoord ? a->mesh_facetexcoord : a->mesh_face;
    if (!a->skin_group && !(a->skin_group = filled(c, a->nskin, 0)))
        return calo_failed(c->err);
    if (!a->tex_nchannel && !(a->tex_nchannel = filled(c, a->ntex, 3)))
        return calo_failed(c->err);
    return CALO_OK;
}

/* ---- indices ---- */

/* Every value is at least `low` and below `end`. */
static calo_status check_range(const checker *c, const char *array, const int32_t *values, int64_t count, int64_t low,
                               int64_t end)
{
    for (int64_t i = 0; i < count; i++)
        if (values[i] < low || values[i] >= end)
            return calo_fail(c->err, CALO_ERROR_ARGUMENT,
                             "%s: %s[%lld] of a model is %d: it must be at least %lld and below %lld", c->name, array,
                             (long long)i, values[i], (long long)low, (long long)end);
    return CALO_OK;
}

/* address[i] + number[i] stay within `total`. */
static calo_status check_run(const checker *c, const char *array, int64_t index, int64_t address, int64_t number,
                             int64_t total)
{
    if (address < 0 || number < 0 || number > total || address > total - number)
        return calo_fail(c->err, CALO_ERROR_ARGUMENT,
                         "%s: %s[%lld] of a model is %lld with %lld items behind it, but there are %lld in all",
                         c->name, array, (long long)index, (long long)address, (long long)number, (long long)total);
    return CALO_OK;
}

static calo_status check_runs(const checker *c, const char *array, const int32_t *addresses, const int32_t *numbers,
                              int64_t count, int64_t total)
{
    calo_status status = CALO_OK;
    for (int64_t i = 0; i < count && status == CALO_OK; i++)
        status = check_run(c, array, i, addresses[i], numbers[i], total);
    return status;
}

/* Stops at the first failure: a list of checks reads as a list. */
#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        calo_status check_status = (call);                                                                             \
        if (check_status != CALO_OK)                                                                                   \
            return check_status;                                                                                       \
    } while (0)

static calo_status check_tree(const checker *c)
{
    const calo_mujoco_arrays *a = c->arrays;
    static const uint8_t values_of_type[] = {7, 4, 1, 1};
    for (int64_t i = 0; i < a->nbody; i++)
        CHECK(check_range(c, "body_parentid", a->body_parentid + i, 1, 0, i ? i : 1));
    CHECK(check_range(c, "jnt_type", a->jnt_type, a->njnt, CALO_JOINT_FREE, CALO_JOINT_HINGE + 1));
    CHECK(check_range(c, "jnt_bodyid", a->jnt_bodyid, a->njnt, 0, a->nbody));
    for (int64_t i = 0; i < a->njnt; i++)
        CHECK(check_run(c, "jnt_qposadr", i, a->jnt_qposadr[i], values_of_type[a->jnt_type[i]], a->nq));
    return CALO_OK;
}

static calo_status check_shape(const checker *c, const char *array, int32_t type, const int32_t *data)
{
    const calo_mujoco_arrays *a = c->arrays;
    static const int32_t none = -1;
    if (type == CALO_MJCF_MESH || type == CALO_MJCF_SDF)
        return check_range(c, array, data ? data : &none, 1, 0, a->nmesh);
    return type == CALO_MJCF_HFIELD ? check_range(c, array, data ? data : &none, 1, 0, a->nhfield) : CALO_OK;
}

static calo_status check_things(const checker *c)
{
    const calo_mujoco_arrays *a = c->arrays;
    CHECK(check_range(c, "geom_type", a->geom_type, a->ngeom, CALO_MJCF_PLANE, CALO_MJCF_SDF + 1));
    CHECK(check_range(c, "geom_bodyid", a->geom_bodyid, a->ngeom, 0, a->nbody));
    CHECK(check_range(c, "geom_matid", a->geom_matid, a->ngeom, -1, a->nmat));
    for (int64_t i = 0; i < a->ngeom; i++)
        CHECK(check_shape(c, "geom_dataid", a->geom_type[i], a->geom_dataid + i));
    CHECK(check_range(c, "site_type", a->site_type, a->nsite, CALO_MJCF_PLANE, CALO_MJCF_SDF + 1));
    CHECK(check_range(c, "site_bodyid", a->site_bodyid, a->nsite, 0, a->nbody));
    CHECK(check_range(c, "site_matid", a->site_matid, a->nsite, -1, a->nmat));
    for (int64_t i = 0; i < a->nsite; i++)
        CHECK(check_shape(c, "site_dataid", a->site_type[i], a->site_dataid ? a->site_dataid + i : NULL));
    CHECK(check_range(c, "cam_bodyid", a->cam_bodyid, a->ncam, 0, a->nbody));
    CHECK(check_range(c, "light_bodyid", a->light_bodyid, a->nlight, 0, a->nbody));
    CHECK(check_range(c, "light_type", a->light_type, a->nlight, CALO_MJCF_SPOT, CALO_MJCF_IMAGE + 1));
    CHECK(check_range(c, "tendon_matid", a->tendon_matid, a->ntendon, -1, a->nmat));
    return check_runs(c, "tendon_adr", a->tendon_adr, a->tendon_num, a->ntendon, a->nwrap);
}

static calo_status check_meshes(const checker *c)
{
    const calo_mujoco_arrays *a = c->arrays;
    CHECK(check_runs(c, "mesh_vertadr", a->mesh_vertadr, a->mesh_vertnum, a->nmesh, a->nmeshvert));
    CHECK(check_runs(c, "mesh_faceadr", a->mesh_faceadr, a->mesh_facenum, a->nmesh, a->nmeshface));
    CHECK(check_runs(c, "mesh_normaladr", a->mesh_normaladr, a->mesh_normalnum, a->nmesh, a->nmeshnormal));
    for (int64_t i = 0; i < a->nmesh; i++) {
        int64_t first = 3 * (int64_t)a->mesh_faceadr[i], corners = 3 * (int64_t)a->mesh_facenum[i];
        CHECK(check_range(c, "mesh_face", a->mesh_face + first, corners, 0, a->mesh_vertnum[i]));
        CHECK(check_range(c, "mesh_facenormal", a->mesh_facenormal + first, corners, 0, a->mesh_normalnum[i]));
        if (a->mesh_texcoordadr[i] < 0)
            continue;
        CHECK(check_run(c, "mesh_texcoordadr", i, a->mesh_texcoordadr[i], a->mesh_texcoordnum[i], a->nmeshtexcoord));
        CHECK(check_range(c, "mesh_facetexcoord", a->mesh_facetexcoord + first, corners, 0, a->mesh_texcoordnum[i]));
    }
    return CALO_OK;
}

static calo_status check_skins(const checker *c)
{
    const calo_mujoco_arrays *a = c->arrays;
    CHECK(check_range(c, "skin_matid", a->skin_matid, a->nskin, -1, a->nmat));
    CHECK(check_runs(c, "skin_vertadr", a->skin_vertadr, a->skin_vertnum, a->nskin, a->nskinvert));
    CHECK(check_runs(c, "skin_faceadr", a->skin_faceadr, a->skin_facenum, a->nskin, a->nskinface));
    CHECK(check_runs(c, "skin_boneadr", a->skin_boneadr, a->skin_bonenum, a->nskin, a->nskinbone));
    CHECK(check_runs(c, "skin_bonevertadr", a->skin_bonevertadr, a->skin_bonevertnum, a->nskinbone, a->nskinbonevert));
    CHECK(check_range(c, "skin_bonebodyid", a->skin_bonebodyid, a->nskinbone, 0, a->nbody));
    for (int64_t i = 0; i < a->nskin; i++) {
        int64_t first = 3 * (int64_t)a->skin_faceadr[i], corners = 3 * (int64_t)a->skin_facenum[i];
        CHECK(check_range(c, "skin_face", a->skin_face + first, corners, 0, a->skin_vertnum[i]));
        if (a->skin_texcoordadr[i] >= 0)
            CHECK(check_run(c, "skin_texcoordadr", i, a->skin_texcoordadr[i], a->skin_vertnum[i], a->nskintexvert));
        for (int64_t b = a->skin_boneadr[i]; b < (int64_t)a->skin_boneadr[i] + a->skin_bonenum[i]; b++)
            CHECK(check_range(c, "skin_bonevertid", a->skin_bonevertid + a->skin_bonevertadr[b], a->skin_bonevertnum[b],
                              0, a->skin_vertnum[i]));
    }
    return CALO_OK;
}

static calo_status check_fields(const checker *c)
{
    const calo_mujoco_arrays *a = c->arrays;
    CHECK(check_range(c, "hfield_nrow", a->hfield_nrow, a->nhfield, 2, INT32_MAX));
    CHECK(check_range(c, "hfield_ncol", a->hfield_ncol, a->nhfield, 2, INT32_MAX));
    for (int64_t i = 0; i < a->nhfield; i++)
        CHECK(check_run(c, "hfield_adr", i, a->hfield_adr[i], (int64_t)a->hfield_nrow[i] * a->hfield_ncol[i],
                        a->nhfielddata));
    return CALO_OK;
}

static calo_status check_textures(const checker *c)
{
    const calo_mujoco_arrays *a = c->arrays;
    CHECK(check_range(c, "tex_type", a->tex_type, a->ntex, CALO_MJCF_TEXTURE_2D, CALO_MJCF_TEXTURE_SKYBOX + 1));
    CHECK(check_range(c, "tex_width", a->tex_width, a->ntex, 1, INT32_MAX));
    CHECK(check_range(c, "tex_nchannel", a->tex_nchannel, a->ntex, 1, 5));
    for (int64_t i = 0; i < a->ntex; i++) {
        int64_t width = a->tex_width[i], cube = 6 * width, texels;
        bool is_cube = a->tex_type[i] != CALO_MJCF_TEXTURE_2D;
        bool one_for_all = is_cube && a->tex_height[i] == width;
        if (!one_for_all)
            CHECK(check_range(c, "tex_height", a->tex_height + i, 1, is_cube ? cube : 1, is_cube ? cube + 1 : INT32_MAX));
        texels = width * a->tex_height[i];
        if (texels > a->ntexdata)
            texels = a->ntexdata + 1; /* too many; times the channels there would be an overflow */
        CHECK(check_run(c, "tex_adr", i, a->tex_adr[i], texels * a->tex_nchannel[i], a->ntexdata));
    }
    return check_range(c, "mat_texid", a->mat_texid, a->nmat * a->ntexrole, -1, a->ntex);
}

static calo_status check_names(const checker *c)
{
    const calo_mujoco_arrays *a = c->arrays;
    const struct {
        const char *array;
        const int32_t *addresses;
        int64_t count;
    } kinds[] = {
        {"name_bodyadr", a->name_bodyadr, a->nbody},
        {"name_jntadr", a->name_jntadr, a->njnt},
        {"name_geomadr", a->name_geomadr, a->ngeom},
        {"name_siteadr", a->name_siteadr, a->nsite},
        {"name_camadr", a->name_camadr, a->ncam},
        {"name_lightadr", a->name_lightadr, a->nlight},
        {"name_meshadr", a->name_meshadr, a->nmesh},
        {"name_skinadr", a->name_skinadr, a->nskin},
        {"name_texadr", a->name_texadr, a->ntex},
        {"name_matadr", a->name_matadr, a->nmat},
        {"name_tendonadr", a->name_tendonadr, a->ntendon},
        {"name_hfieldadr", a->name_hfieldadr, a->name_hfieldadr ? a->nhfield : 0},
    };
    if (a->nnames == 0 || a->names[a->nnames - 1] != 0)
        return calo_fail(c->err, CALO_ERROR_ARGUMENT, "%s: the names of a model do not end with a zero byte", c->name);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        CHECK(check_range(c, kinds[i].array, kinds[i].addresses, kinds[i].count, 0, a->nnames));
    return CALO_OK;
}

calo_status calo_mjcf_check(const calo_mujoco_arrays *arrays, const char *name, calo_arena *arena,
                            calo_mujoco_arrays *checked, calo_error *err)
{
    checker c = {name, checked, arena, err};
    *checked = *arrays;
    CHECK(check_sizes(&c));
    CHECK(check_presence(&c));
    CHECK(fill_in(&c));
    CHECK(check_names(&c));
    CHECK(check_tree(&c));
    CHECK(check_things(&c));
    CHECK(check_meshes(&c));
    CHECK(check_skins(&c));
    CHECK(check_fields(&c));
    return check_textures(&c);
}
