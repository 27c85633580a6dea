/* libmujoco: the one file that sees it. Its errors end the process unless somebody catches them, so every call that may
 * raise one runs in a guard. */
#include "import/mjcf/library.h"

#include <mujoco/mujoco.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "import/mjcf/mujoco_has.h"

/* ---- the guard ---- */

typedef void (*handler)(const char *message);

/* Where this thread's guard begins; NULL outside of one. */
static _Thread_local jmp_buf *guard_return;
static _Thread_local char *guard_message; /* CALO_MJCF_COMPLAINT_BYTES */
/* The handlers are libmujoco's own globals: a guard at a time, and who came before gets them back. */
static pthread_mutex_t guard_lock = PTHREAD_MUTEX_INITIALIZER;
static handler error_before, warning_before;

static void catch_error(const char *message)
{
    if (guard_return) {
        snprintf(guard_message, CALO_MJCF_COMPLAINT_BYTES, "%s", message);
        longjmp(*guard_return, 1);
    }
    /* Another thread's MuJoCo, not calotype's: what would have happened without the guard. */
    if (error_before)
        error_before(message);
    fprintf(stderr, "ERROR: %s\n", message);
    exit(EXIT_FAILURE);
}

static void catch_warning(const char *message)
{
    if (!guard_return && warning_before)
        warning_before(message);
}

/* Runs the work; false, with MuJoCo's sentence in `message`, when MuJoCo gave up. */
static bool guarded(void (*work)(void *user), void *user, char message[CALO_MJCF_COMPLAINT_BYTES])
{
    jmp_buf here;
    volatile bool whole = false;
    pthread_mutex_lock(&guard_lock);
    error_before = mju_user_error;
    warning_before = mju_user_warning;
    mju_user_error = catch_error;
    mju_user_warning = catch_warning;
    guard_message = message;
    guard_return = &here;
    if (setjmp(here) == 0) {
        work(user);
        whole = true;
    }
    guard_return = NULL;
    mju_user_error = error_before;
    mju_user_warning = warning_before;
    pthread_mutex_unlock(&guard_lock);
    return whole;
}

/* ---- compiling ---- */

typedef struct pooled_data {
    mjData *data;
    struct pooled_data *next;
} pooled_data;

struct calo_mjcf_library {
    mjModel *model;
    bool has_paths; /* a tendon that goes from place to place */
    bool tracks;    /* a camera or a light that looks at something, or follows it */
    pthread_mutex_t lock;
    pooled_data *free; /* under the lock */
};

typedef struct compiling {
    const char *xml;
    size_t size;
    mjVFS *files;
    mjModel *model;
    char *complaint;
    bool full; /* no room for the text */
} compiling;

/* The text's name in libmujoco's file system: no asset's, they have absolute paths. */
#define TEXT_NAME "calotype-model.xml"

static bool add_text(mjVFS *files, const char *text, size_t size)
{
#if CALO_MUJOCO_HAS_mj_addBufferVFS
    return mj_addBufferVFS(files, TEXT_NAME, text, (int)size) == 0;
#else
    if (mj_makeEmptyFileVFS(files, TEXT_NAME, (int)size) != 0)
        return false;
    memcpy(files->filedata[mj_findFileVFS(files, TEXT_NAME)], text, size);
    return true;
#endif
}

static void compile(void *user)
{
    compiling *c = user;
    mj_defaultVFS(c->files);
    c->full = !add_text(c->files, c->xml, c->size);
    if (!c->full)
        c->model = mj_loadXML(TEXT_NAME, c->files, c->complaint, CALO_MJCF_COMPLAINT_BYTES);
    mj_deleteVFS(c->files);
}

static void free_model(void *user) { mj_deleteModel(user); }

static void look_at_model(calo_mjcf_library *library)
{
    const mjModel *m = library->model;
    for (int64_t i = 0; i < m->ncam; i++)
        library->tracks |= m->cam_mode[i] != mjCAMLIGHT_FIXED;
    for (int64_t i = 0; i < m->nlight; i++)
        library->tracks |= m->light_mode[i] != mjCAMLIGHT_FIXED;
    for (int64_t i = 0; i < m->nwrap; i++)
        library->has_paths |= m->wrap_type[i] != mjWRAP_JOINT;
}

static void strip_line_ends(char *text)
{
    for (char *at = text; *at; at++)
        *at = *at == '\n' || *at == '\t' ? ' ' : *at;
    for (size_t length = strlen(text); length && text[length - 1] == ' '; length--)
        text[length - 1] = 0;
}

calo_status calo_mjcf_library_compile(const char *xml, size_t size, const char *name, calo_mjcf_library **library,
                                      char complaint[CALO_MJCF_COMPLAINT_BYTES], calo_error *err)
{
    compiling c = {.xml = xml, .size = size, .files = calloc(1, sizeof *c.files), .complaint = complaint};
    complaint[0] = 0;
    *library = calloc(1, sizeof **library);
    if (!c.files || !*library) {
        free(c.files);
        free(*library);
        *library = NULL;
        return calo_fail_memory(err, "a model", sizeof *c.files);
    }
    bool whole = size < INT32_MAX && guarded(compile, &c, complaint);
    free(c.files);
    strip_line_ends(complaint);
    (*library)->model = c.model;
    if (whole && c.model) {
        pthread_mutex_init(&(*library)->lock, NULL);
        look_at_model(*library);
        return CALO_OK;
    }
    free(*library);
    *library = NULL;
    if (c.full || size >= INT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: %zu bytes of XML are more than MuJoCo can read", name, size);
    return calo_fail(err, CALO_ERROR_FORMAT, "%s: MuJoCo %s refuses the model: %s", name, mj_versionString(),
                     complaint);
}

static void free_data(void *user) { mj_deleteData(user); }

void calo_mjcf_library_destroy(calo_mjcf_library *library)
{
    char message[CALO_MJCF_COMPLAINT_BYTES];
    if (!library)
        return;
    for (pooled_data *item = library->free, *next; item; item = next) {
        next = item->next;
        guarded(free_data, item->data, message);
        free(item);
    }
    guarded(free_model, library->model, message);
    pthread_mutex_destroy(&library->lock);
    free(library);
}

/* ---- arrays ---- */

static void copy_visual(const mjModel *m, calo_mujoco_visual *to)
{
    const mjVisual *from = &m->vis;
    *to = (calo_mujoco_visual){
        .global_fovy = from->global.fovy,
        .global_azimuth = from->global.azimuth,
        .global_elevation = from->global.elevation,
        .global_offwidth = from->global.offwidth,
        .global_offheight = from->global.offheight,
        .headlight_active = from->headlight.active,
        .map_alpha = from->map.alpha,
        .map_fogstart = from->map.fogstart,
        .map_fogend = from->map.fogend,
        .map_znear = from->map.znear,
        .map_zfar = from->map.zfar,
        .map_haze = from->map.haze,
        .map_shadowclip = from->map.shadowclip,
        .map_shadowscale = from->map.shadowscale,
        .stat_extent = m->stat.extent,
        .stat_center = {m->stat.center[0], m->stat.center[1], m->stat.center[2]},
    };
#if CALO_MUJOCO_HAS_global_orthographic
    to->global_orthographic = from->global.orthographic;
#endif
    memcpy(to->headlight_ambient, from->headlight.ambient, sizeof to->headlight_ambient);
    memcpy(to->headlight_diffuse, from->headlight.diffuse, sizeof to->headlight_diffuse);
    memcpy(to->headlight_specular, from->headlight.specular, sizeof to->headlight_specular);
    memcpy(to->rgba_fog, from->rgba.fog, sizeof to->rgba_fog);
    memcpy(to->rgba_haze, from->rgba.haze, sizeof to->rgba_haze);
}

#define SAME(name) a->name = m->name
#define BYTES(name) a->name = (const uint8_t *)m->name

static void copy_tree(const mjModel *m, calo_mujoco_arrays *a)
{
    SAME(nq), SAME(nbody), SAME(njnt), SAME(ngeom), SAME(nsite), SAME(ncam), SAME(nlight), SAME(nnames);
    SAME(qpos0), SAME(body_parentid), SAME(body_pos), SAME(body_quat);
    SAME(jnt_type), SAME(jnt_qposadr), SAME(jnt_bodyid), BYTES(jnt_limited), SAME(jnt_range);
    SAME(geom_type), SAME(geom_bodyid), SAME(geom_dataid), SAME(geom_matid), SAME(geom_group), SAME(geom_size);
    SAME(geom_pos), SAME(geom_quat), SAME(geom_rgba);
    SAME(site_type), SAME(site_bodyid), SAME(site_matid), SAME(site_group), SAME(site_size), SAME(site_pos);
    SAME(site_quat), SAME(site_rgba);
    SAME(cam_mode), SAME(cam_bodyid), SAME(cam_pos), SAME(cam_quat), SAME(cam_fovy);
    SAME(light_mode), SAME(light_bodyid), BYTES(light_castshadow), BYTES(light_active), SAME(light_pos);
    SAME(light_dir), SAME(light_attenuation), SAME(light_cutoff), SAME(light_exponent), SAME(light_ambient);
    SAME(light_diffuse), SAME(light_specular);
    SAME(name_bodyadr), SAME(name_jntadr), SAME(name_geomadr), SAME(name_siteadr), SAME(name_camadr);
    SAME(name_lightadr), SAME(name_meshadr), SAME(name_skinadr), SAME(name_hfieldadr), SAME(name_texadr);
    SAME(name_matadr), SAME(name_tendonadr), SAME(names);
#if CALO_MUJOCO_HAS_nflex
    SAME(nflex);
#endif
#if CALO_MUJOCO_HAS_site_dataid
    SAME(site_dataid);
#endif
#if CALO_MUJOCO_HAS_cam_projection
    SAME(cam_projection);
#elif CALO_MUJOCO_HAS_cam_orthographic
    a->cam_projection = m->cam_orthographic;
#endif
#if CALO_MUJOCO_HAS_cam_intrinsic
    SAME(cam_resolution), SAME(cam_sensorsize), SAME(cam_intrinsic);
#endif
}

static void copy_shapes(const mjModel *m, calo_mujoco_arrays *a)
{
    SAME(nmesh), SAME(nmeshvert), SAME(nmeshface), SAME(mesh_vertadr), SAME(mesh_vertnum), SAME(mesh_faceadr);
    SAME(mesh_facenum), SAME(mesh_texcoordadr), SAME(mesh_vert), SAME(mesh_normal), SAME(mesh_texcoord);
    SAME(mesh_face);
    SAME(nskin), SAME(nskinvert), SAME(nskintexvert), SAME(nskinface), SAME(nskinbone), SAME(nskinbonevert);
    SAME(skin_matid), SAME(skin_rgba), SAME(skin_inflate), SAME(skin_vertadr), SAME(skin_vertnum);
    SAME(skin_texcoordadr), SAME(skin_faceadr), SAME(skin_facenum), SAME(skin_boneadr), SAME(skin_bonenum);
    SAME(skin_vert), SAME(skin_texcoord), SAME(skin_face), SAME(skin_bonevertadr), SAME(skin_bonevertnum);
    SAME(skin_bonebindpos), SAME(skin_bonebindquat), SAME(skin_bonebodyid), SAME(skin_bonevertid);
    SAME(skin_bonevertweight);
    SAME(nhfield), SAME(nhfielddata), SAME(hfield_size), SAME(hfield_nrow), SAME(hfield_ncol), SAME(hfield_adr);
    SAME(hfield_data);
    SAME(ntendon), SAME(nwrap), SAME(tendon_adr), SAME(tendon_num), SAME(tendon_matid), SAME(tendon_group);
    SAME(tendon_width), SAME(tendon_rgba), SAME(wrap_type);
#if CALO_MUJOCO_HAS_nmeshtexcoord
    SAME(nmeshtexcoord);
#else
    a->nmeshtexcoord = m->nmeshtexvert;
#endif
#if CALO_MUJOCO_HAS_mesh_facenormal
    SAME(nmeshnormal), SAME(mesh_normaladr), SAME(mesh_normalnum), SAME(mesh_texcoordnum), SAME(mesh_facenormal);
    SAME(mesh_facetexcoord);
#endif
#if CALO_MUJOCO_HAS_skin_group
    SAME(skin_group);
#endif
}

static void copy_looks(const mjModel *m, calo_mujoco_arrays *a)
{
    SAME(ntex), SAME(ntexdata), SAME(tex_type), SAME(tex_height), SAME(tex_width);
    SAME(nmat), SAME(mat_texid), BYTES(mat_texuniform), SAME(mat_texrepeat), SAME(mat_emission), SAME(mat_specular);
    SAME(mat_shininess), SAME(mat_reflectance), SAME(mat_rgba);
#if CALO_MUJOCO_HAS_tex_data
    SAME(tex_data), SAME(tex_nchannel);
#else
    a->tex_data = m->tex_rgb;
#endif
#if CALO_MUJOCO_HAS_tex_colorspace
    SAME(tex_colorspace);
#endif
#if CALO_MUJOCO_HAS_mjNTEXROLE
    a->ntexrole = mjNTEXROLE;
#endif
#if CALO_MUJOCO_HAS_mat_metallic
    SAME(mat_metallic), SAME(mat_roughness);
#endif
}

/* Arrays whose numbers have another size in some versions. */
static calo_status convert(const mjModel *m, calo_arena *arena, calo_mujoco_arrays *a, calo_error *err)
{
    int64_t *addresses = CALO_ARENA_TAKE(arena, int64_t, (uint64_t)m->ntex, "textures", err);
    int32_t *types = CALO_ARENA_TAKE(arena, int32_t, (uint64_t)m->nlight, "lights", err);
    if (!addresses || !types)
        return calo_failed(err);
    for (int64_t i = 0; i < m->ntex; i++)
        addresses[i] = m->tex_adr[i];
    for (int64_t i = 0; i < m->nlight; i++)
#if CALO_MUJOCO_HAS_light_type
        types[i] = m->light_type[i];
#else
        types[i] = m->light_directional[i] ? CALO_MJCF_DIRECTIONAL : CALO_MJCF_SPOT;
#endif
    a->tex_adr = addresses;
    a->light_type = types;
    return CALO_OK;
}

calo_status calo_mjcf_library_arrays(const calo_mjcf_library *library, calo_arena *arena, calo_mujoco_arrays *arrays,
                                     calo_error *err)
{
    const mjModel *m = library->model;
    *arrays = (calo_mujoco_arrays){.version = mj_version()};
    copy_visual(m, &arrays->visual);
    copy_tree(m, arrays);
    copy_shapes(m, arrays);
    copy_looks(m, arrays);
    return convert(m, arena, arrays, err);
}

/* ---- kinematics ---- */

static void move(const calo_mjcf_library *library, mjData *d, const double *qpos)
{
    const mjModel *m = library->model;
    if (m->nq)
        memcpy(d->qpos, qpos, (size_t)m->nq * sizeof *d->qpos);
    mj_kinematics(m, d);
    if (library->tracks) {
        mj_comPos(m, d);
        mj_camlight(m, d);
    }
    if (library->has_paths)
        mj_tendon(m, d);
}

typedef struct first_move {
    const calo_mjcf_library *library;
    mjData *data;
    const double *qpos;
} first_move;

/* The first move is made in the guard: what it takes of the data's stack is what every later one takes. */
static void make_data(void *user)
{
    first_move *first = user;
    first->data = mj_makeData(first->library->model);
    if (first->data)
        move(first->library, first->data, first->qpos);
}

static calo_status take_data(calo_mjcf_library *library, const double *qpos, pooled_data **taken, calo_error *err)
{
    char message[CALO_MJCF_COMPLAINT_BYTES];
    first_move first = {.library = library, .qpos = qpos};
    pthread_mutex_lock(&library->lock);
    *taken = library->free;
    if (*taken)
        library->free = (*taken)->next;
    pthread_mutex_unlock(&library->lock);
    if (*taken)
        return CALO_OK;
    *taken = calloc(1, sizeof **taken);
    if (!*taken)
        return calo_fail_memory(err, "a pose", sizeof **taken);
    bool whole = guarded(make_data, &first, message);
    if (whole && first.data) {
        (*taken)->data = first.data;
        return CALO_OK;
    }
    if (first.data)
        guarded(free_data, first.data, (char[CALO_MJCF_COMPLAINT_BYTES]){0});
    free(*taken);
    *taken = NULL;
    return whole ? calo_fail(err, CALO_ERROR_MEMORY, "there is no memory for a state of the model")
                 : calo_fail(err, CALO_ERROR_UNSUPPORTED, "MuJoCo cannot compute where the model stands: %s", message);
}

calo_status calo_mjcf_library_move(calo_mjcf_library *library, const double *qpos, calo_mujoco_state *state,
                                   void **data, calo_error *err)
{
    pooled_data *taken;
    *data = NULL;
    calo_status status = take_data(library, qpos, &taken, err);
    if (status != CALO_OK)
        return status;
    const mjData *d = taken->data;
    move(library, taken->data, qpos);
    *data = taken;
    *state = (calo_mujoco_state){.xpos = d->xpos, .xquat = d->xquat};
    if (library->tracks) {
        state->cam_xpos = d->cam_xpos;
        state->cam_xmat = d->cam_xmat;
        state->light_xpos = d->light_xpos;
        state->light_xdir = d->light_xdir;
    }
    if (library->has_paths) {
        state->ten_wrapadr = d->ten_wrapadr;
        state->ten_wrapnum = d->ten_wrapnum;
        state->wrap_obj = d->wrap_obj;
        state->wrap_xpos = d->wrap_xpos;
    }
    return CALO_OK;
}

void calo_mjcf_library_done(calo_mjcf_library *library, void *data)
{
    pooled_data *item = data;
    if (!item)
        return;
    pthread_mutex_lock(&library->lock);
    item->next = library->free;
    library->free = item;
    pthread_mutex_unlock(&library->lock);
}
