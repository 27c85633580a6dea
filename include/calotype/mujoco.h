/* MuJoCo models as scenes, and their states as poses.
 *
 * A model comes from an MJCF file through libmujoco (calo_mujoco_load), or from the arrays of an mjModel that someone
 * else holds (calo_mujoco_create), whatever version of MuJoCo made it; then no libmujoco is needed. The scene has a
 * node a body, in MuJoCo's tree (node 0 is the world body), and under it a node a geom, site, camera and light, with
 * MuJoCo's names. Tendons and skins stand at the world body. The world is MuJoCo's: metres, z up.
 *
 * A model is immutable once made and may be shared by threads, poses included. Quaternions are wxyz here, as MuJoCo
 * has them. Text and arrays that functions return belong to the model. */
#ifndef CALOTYPE_MUJOCO_H
#define CALOTYPE_MUJOCO_H

#include <calotype/image.h>
#include <calotype/randomize.h>
#include <calotype/scene.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a model's arrays, by the names that they have in mjModel ---- */

/* Sizes: X(name). What a version of MuJoCo does not have is 0. Old names: nmeshtexvert is nmeshtexcoord. */
#define CALO_MUJOCO_SIZES(X) \
    X(nq) X(nbody) X(njnt) X(ngeom) X(nsite) X(ncam) X(nlight) X(nflex) \
    X(nmesh) X(nmeshvert) X(nmeshnormal) /* 0: nmeshvert */ X(nmeshtexcoord) X(nmeshface) \
    X(nskin) X(nskinvert) X(nskintexvert) X(nskinface) X(nskinbone) X(nskinbonevert) \
    X(nhfield) X(nhfielddata) X(ntex) X(ntexdata) X(nmat) \
    X(ntexrole) /* columns of mat_texid: 1 before MuJoCo 3.2 (and when 0), then mjNTEXROLE */ \
    X(ntendon) X(nwrap) X(nnames)

/* Arrays: X(type, name, rows, columns, needed). `rows` is one of the sizes; an array of no rows may be NULL. An array
 * that is not needed (0) may be NULL, too: some versions of MuJoCo do not have it. Columns of mat_texid: ntexrole. */
#define CALO_MUJOCO_ARRAYS(X) \
    X(double, qpos0, nq, 1, 1) \
    X(int32_t, body_parentid, nbody, 1, 1) \
    X(double, body_pos, nbody, 3, 1) \
    X(double, body_quat, nbody, 4, 1) \
    X(int32_t, jnt_type, njnt, 1, 1) \
    X(int32_t, jnt_qposadr, njnt, 1, 1) \
    X(int32_t, jnt_bodyid, njnt, 1, 1) \
    X(uint8_t, jnt_limited, njnt, 1, 1) \
    X(double, jnt_range, njnt, 2, 1) \
    X(int32_t, geom_type, ngeom, 1, 1) \
    X(int32_t, geom_bodyid, ngeom, 1, 1) \
    X(int32_t, geom_dataid, ngeom, 1, 1) \
    X(int32_t, geom_matid, ngeom, 1, 1) \
    X(int32_t, geom_group, ngeom, 1, 1) \
    X(double, geom_size, ngeom, 3, 1) \
    X(double, geom_pos, ngeom, 3, 1) \
    X(double, geom_quat, ngeom, 4, 1) \
    X(float, geom_rgba, ngeom, 4, 1) \
    X(int32_t, site_type, nsite, 1, 1) \
    X(int32_t, site_bodyid, nsite, 1, 1) \
    X(int32_t, site_dataid, nsite, 1, 0) \
    X(int32_t, site_matid, nsite, 1, 1) \
    X(int32_t, site_group, nsite, 1, 1) \
    X(double, site_size, nsite, 3, 1) \
    X(double, site_pos, nsite, 3, 1) \
    X(double, site_quat, nsite, 4, 1) \
    X(float, site_rgba, nsite, 4, 1) \
    X(int32_t, cam_mode, ncam, 1, 1) \
    X(int32_t, cam_bodyid, ncam, 1, 1) \
    X(double, cam_pos, ncam, 3, 1) \
    X(double, cam_quat, ncam, 4, 1) \
    X(int32_t, cam_projection, ncam, 1, 0) /* 1: orthographic; 3.1 to 3.3 call it cam_orthographic */ \
    X(double, cam_fovy, ncam, 1, 1) /* degrees; orthographic: metres */ \
    X(int32_t, cam_resolution, ncam, 2, 0) \
    X(float, cam_sensorsize, ncam, 2, 0) \
    X(float, cam_intrinsic, ncam, 4, 0) \
    X(int32_t, light_mode, nlight, 1, 1) \
    X(int32_t, light_bodyid, nlight, 1, 1) \
    X(int32_t, light_type, nlight, 1, 1) /* mjtLightType; where only light_directional is there, that */ \
    X(uint8_t, light_castshadow, nlight, 1, 1) \
    X(uint8_t, light_active, nlight, 1, 1) \
    X(double, light_pos, nlight, 3, 1) \
    X(double, light_dir, nlight, 3, 1) \
    X(float, light_attenuation, nlight, 3, 1) \
    X(float, light_cutoff, nlight, 1, 1) \
    X(float, light_exponent, nlight, 1, 1) \
    X(float, light_ambient, nlight, 3, 1) \
    X(float, light_diffuse, nlight, 3, 1) \
    X(float, light_specular, nlight, 3, 1) \
    X(int32_t, mesh_vertadr, nmesh, 1, 1) \
    X(int32_t, mesh_vertnum, nmesh, 1, 1) \
    X(int32_t, mesh_faceadr, nmesh, 1, 1) \
    X(int32_t, mesh_facenum, nmesh, 1, 1) \
    X(int32_t, mesh_normaladr, nmesh, 1, 0) /* NULL: mesh_vertadr */ \
    X(int32_t, mesh_normalnum, nmesh, 1, 0) /* NULL: mesh_vertnum */ \
    X(int32_t, mesh_texcoordadr, nmesh, 1, 1) /* -1: none */ \
    X(int32_t, mesh_texcoordnum, nmesh, 1, 0) /* NULL: mesh_vertnum */ \
    X(float, mesh_vert, nmeshvert, 3, 1) \
    X(float, mesh_normal, nmeshnormal, 3, 1) \
    X(float, mesh_texcoord, nmeshtexcoord, 2, 1) \
    X(int32_t, mesh_face, nmeshface, 3, 1) \
    X(int32_t, mesh_facenormal, nmeshface, 3, 0) /* NULL: mesh_face */ \
    X(int32_t, mesh_facetexcoord, nmeshface, 3, 0) /* NULL: mesh_face */ \
    X(int32_t, skin_matid, nskin, 1, 1) \
    X(int32_t, skin_group, nskin, 1, 0) /* NULL: all 0 */ \
    X(float, skin_rgba, nskin, 4, 1) \
    X(float, skin_inflate, nskin, 1, 1) \
    X(int32_t, skin_vertadr, nskin, 1, 1) \
    X(int32_t, skin_vertnum, nskin, 1, 1) \
    X(int32_t, skin_texcoordadr, nskin, 1, 1) \
    X(int32_t, skin_faceadr, nskin, 1, 1) \
    X(int32_t, skin_facenum, nskin, 1, 1) \
    X(int32_t, skin_boneadr, nskin, 1, 1) \
    X(int32_t, skin_bonenum, nskin, 1, 1) \
    X(float, skin_vert, nskinvert, 3, 1) \
    X(float, skin_texcoord, nskintexvert, 2, 1) \
    X(int32_t, skin_face, nskinface, 3, 1) \
    X(int32_t, skin_bonevertadr, nskinbone, 1, 1) \
    X(int32_t, skin_bonevertnum, nskinbone, 1, 1) \
    X(float, skin_bonebindpos, nskinbone, 3, 1) \
    X(float, skin_bonebindquat, nskinbone, 4, 1) \
    X(int32_t, skin_bonebodyid, nskinbone, 1, 1) \
    X(int32_t, skin_bonevertid, nskinbonevert, 1, 1) \
    X(float, skin_bonevertweight, nskinbonevert, 1, 1) \
    X(double, hfield_size, nhfield, 4, 1) \
    X(int32_t, hfield_nrow, nhfield, 1, 1) \
    X(int32_t, hfield_ncol, nhfield, 1, 1) \
    X(int32_t, hfield_adr, nhfield, 1, 1) \
    X(float, hfield_data, nhfielddata, 1, 1) \
    X(int32_t, tex_type, ntex, 1, 1) \
    X(int32_t, tex_colorspace, ntex, 1, 0) \
    X(int32_t, tex_height, ntex, 1, 1) \
    X(int32_t, tex_width, ntex, 1, 1) \
    X(int32_t, tex_nchannel, ntex, 1, 0) /* NULL: all 3 */ \
    X(int64_t, tex_adr, ntex, 1, 1) /* int32_t before MuJoCo 4: convert */ \
    X(uint8_t, tex_data, ntexdata, 1, 1) /* tex_rgb before MuJoCo 3.2 */ \
    X(int32_t, mat_texid, nmat, 0, 1) \
    X(uint8_t, mat_texuniform, nmat, 1, 1) \
    X(float, mat_texrepeat, nmat, 2, 1) \
    X(float, mat_emission, nmat, 1, 1) \
    X(float, mat_specular, nmat, 1, 1) \
    X(float, mat_shininess, nmat, 1, 1) \
    X(float, mat_reflectance, nmat, 1, 1) \
    X(float, mat_metallic, nmat, 1, 0) \
    X(float, mat_roughness, nmat, 1, 0) \
    X(float, mat_rgba, nmat, 4, 1) \
    X(int32_t, tendon_adr, ntendon, 1, 1) \
    X(int32_t, tendon_num, ntendon, 1, 1) \
    X(int32_t, tendon_matid, ntendon, 1, 1) \
    X(int32_t, tendon_group, ntendon, 1, 1) \
    X(double, tendon_width, ntendon, 1, 1) \
    X(float, tendon_rgba, ntendon, 4, 1) \
    X(int32_t, wrap_type, nwrap, 1, 1) \
    X(int32_t, name_bodyadr, nbody, 1, 1) \
    X(int32_t, name_jntadr, njnt, 1, 1) \
    X(int32_t, name_geomadr, ngeom, 1, 1) \
    X(int32_t, name_siteadr, nsite, 1, 1) \
    X(int32_t, name_camadr, ncam, 1, 1) \
    X(int32_t, name_lightadr, nlight, 1, 1) \
    X(int32_t, name_meshadr, nmesh, 1, 1) \
    X(int32_t, name_skinadr, nskin, 1, 1) \
    X(int32_t, name_hfieldadr, nhfield, 1, 0) \
    X(int32_t, name_texadr, ntex, 1, 1) \
    X(int32_t, name_matadr, nmat, 1, 1) \
    X(int32_t, name_tendonadr, ntendon, 1, 1) \
    X(char, names, nnames, 1, 1)

/* mjModel's vis and stat, as far as pictures need them. */
typedef struct calo_mujoco_visual {
    float global_fovy, global_azimuth, global_elevation; /* of the free camera, degrees (orthographic: metres) */
    int32_t global_orthographic;                         /* 0 before MuJoCo 3.1 */
    int32_t global_offwidth, global_offheight;
    float headlight_ambient[3], headlight_diffuse[3], headlight_specular[3];
    int32_t headlight_active;
    float map_alpha, map_fogstart, map_fogend, map_znear, map_zfar, map_haze; /* the lengths: times stat_extent */
    float map_shadowclip, map_shadowscale;
    float rgba_fog[4], rgba_haze[4];
    double stat_extent, stat_center[3]; /* metres */
} calo_mujoco_visual;

typedef struct calo_mujoco_arrays {
#define CALO_MUJOCO_SIZE_MEMBER(name) int64_t name;
    CALO_MUJOCO_SIZES(CALO_MUJOCO_SIZE_MEMBER)
#undef CALO_MUJOCO_SIZE_MEMBER
#define CALO_MUJOCO_ARRAY_MEMBER(type, name, rows, columns, needed) const type *name;
    CALO_MUJOCO_ARRAYS(CALO_MUJOCO_ARRAY_MEMBER)
#undef CALO_MUJOCO_ARRAY_MEMBER
    calo_mujoco_visual visual;
    /* mj_version() of the MuJoCo whose pictures are meant, 0: the newest. Before 3.12 (3012000) 2d textures lie on
     * shapes otherwise. */
    int32_t version;
} calo_mujoco_arrays;

/* ---- models ---- */

/* What a node, or a name, stands for. The numbers are mjtObj's of MuJoCo 3 and later (2.x: skins 10, tendons 17). */
typedef enum calo_mujoco_kind {
    CALO_MUJOCO_NONE = 0,
    CALO_MUJOCO_BODY = 1,
    CALO_MUJOCO_JOINT = 3, /* has no node */
    CALO_MUJOCO_GEOM = 5,
    CALO_MUJOCO_SITE = 6,
    CALO_MUJOCO_CAMERA = 7,
    CALO_MUJOCO_LIGHT = 8,
    CALO_MUJOCO_SKIN = 11,
    CALO_MUJOCO_TENDON = 18,
} calo_mujoco_kind;

/* Bit g: things of group g (0 to 5) are visible. */
#define CALO_MUJOCO_DEFAULT_GROUPS 0x7u /* 0, 1 and 2, as MuJoCo's viewers begin with */
#define CALO_MUJOCO_NO_GROUPS 0x80000000u

typedef struct calo_mujoco_options {
    /* 0: CALO_MUJOCO_DEFAULT_GROUPS. Nodes of other groups are there, but not visible. */
    uint32_t geom_groups, site_groups, tendon_groups, skin_groups;
    /* For randomizers: every geom and site has materials that nothing else uses, beside the model's own, and a mesh also
     * when its colour is all transparent (its node is then not visible). */
    bool own_materials;
} calo_mujoco_options;

typedef struct calo_mujoco_model calo_mujoco_model;

/* True when a path ends as MJCF files do: .xml or .mjcf, in either case. */
CALO_API bool calo_mujoco_is_file_name(const char *path);

/* True when this build can load MJCF files and compute poses from joint positions. */
CALO_API bool calo_mujoco_available(void);

/* A model from arrays, which may be freed after the call: what it needs is copied and checked. `name` stands for the
 * file in messages. `options` and `limits` may be NULL. The caller destroys the model. */
CALO_API calo_status calo_mujoco_create(const calo_mujoco_arrays *arrays, const char *name,
                                        const calo_mujoco_options *options, const calo_limits *limits,
                                        calo_mujoco_model **model, calo_error *err);

/* A model from an MJCF file. What MuJoCo would refuse but does not matter for pictures is mended on the way in, with
 * a warning each (docs/mujoco.md). CALO_ERROR_UNSUPPORTED in a build without libmujoco. */
CALO_API calo_status calo_mujoco_load(const char *path, const calo_mujoco_options *options, const calo_limits *limits,
                                      calo_mujoco_model **model, calo_error *err);

/* NULL is allowed. Its poses must be gone. */
CALO_API void calo_mujoco_destroy(calo_mujoco_model *model);

/* Lives as long as the model. */
CALO_API const calo_scene *calo_mujoco_scene(const calo_mujoco_model *model);
/* The same while nobody uses it yet, for calo_randomize_subject.additions; what is added is none of MuJoCo's objects. */
CALO_API calo_scene *calo_mujoco_additions(calo_mujoco_model *model);
CALO_API const calo_mujoco_visual *calo_mujoco_visual_of(const calo_mujoco_model *model);

/* The skybox as an environment: RGBA32F equirectangular (calo_lighting.environment), linear; NULL: there is none. */
CALO_API const calo_image *calo_mujoco_sky(const calo_mujoco_model *model);

/* ---- names, nodes, joints ---- */

/* The id of the thing of that name, or -1. */
CALO_API int32_t calo_mujoco_find(const calo_mujoco_model *model, calo_mujoco_kind kind, const char *name);
/* The name, "" for a thing without one, NULL when there is no such thing. */
CALO_API const char *calo_mujoco_name(const calo_mujoco_model *model, calo_mujoco_kind kind, int32_t id);
/* The node that stands for it (the first one of a tendon, whose others follow), or -1. */
CALO_API int32_t calo_mujoco_node(const calo_mujoco_model *model, calo_mujoco_kind kind, int32_t id);
/* The other way round: every node stands for something. False, NONE and -1 where there is no such node. */
CALO_API bool calo_mujoco_object(const calo_mujoco_model *model, uint32_t node, calo_mujoco_kind *kind, int32_t *id);

/* By id; for calo_randomize_subject, too. */
CALO_API const calo_joint *calo_mujoco_joints(const calo_mujoco_model *model, uint32_t *count);

/* The model as randomizers see it. What it points to belongs to the model. */
CALO_API calo_randomize_subject calo_mujoco_subject(const calo_mujoco_model *model);

/* qpos0: the joint positions of the rest pose. */
CALO_API const double *calo_mujoco_rest(const calo_mujoco_model *model, uint32_t *count);

/* ---- poses ---- */

/* Where the joint positions `qpos` (`count` is nq) put everything: MuJoCo's kinematics, no dynamics. Quaternions need
 * not have unit length. The options' overrides count more than the joints. CALO_ERROR_UNSUPPORTED for a model from
 * arrays. Thread-safe. The model must outlive the pose; the caller destroys it. */
CALO_API calo_status calo_mujoco_pose(const calo_mujoco_model *model, const double *qpos, size_t count,
                                      const calo_pose_options *options, calo_pose **pose, calo_error *err);

/* Arrays of an mjData of this model, by its names, after mj_forward or mj_kinematics and what follows it. What is NULL
 * stays where the rest pose has it; of the last four all are given, or none. */
typedef struct calo_mujoco_state {
    const double *xpos;  /* nbody x 3; needed, as xquat */
    const double *xquat; /* nbody x 4 */
    const double *cam_xpos, *cam_xmat;   /* ncam x 3, x 9 */
    const double *light_xpos, *light_xdir; /* nlight x 3 each */
    const int32_t *ten_wrapadr, *ten_wrapnum; /* ntendon */
    const int32_t *wrap_obj; /* 2 nwrap points */
    const double *wrap_xpos; /* 2 nwrap x 3 */
} calo_mujoco_state;

CALO_API calo_status calo_mujoco_state_pose(const calo_mujoco_model *model, const calo_mujoco_state *state,
                                            const calo_pose_options *options, calo_pose **pose, calo_error *err);

/* ---- ORRB's mapping files: which values of a state's row are which joint's ---- */

typedef struct calo_mujoco_mapping calo_mujoco_mapping;

/* "joint name, index" a line: the joint's values begin at that index of a row. A joint that the model does not have is
 * an error; joints that the file does not name keep qpos0. The model must outlive the mapping, which is immutable. */
CALO_API calo_status calo_mujoco_mapping_load(const calo_mujoco_model *model, const char *path,
                                              const calo_limits *limits, calo_mujoco_mapping **mapping,
                                              calo_error *err);
CALO_API void calo_mujoco_mapping_destroy(calo_mujoco_mapping *mapping);

/* Turns a row into nq joint positions. Values that no joint reads are ignored; a row that is too short is an error. */
CALO_API calo_status calo_mujoco_mapping_apply(const calo_mujoco_mapping *mapping, const double *row, size_t count,
                                               double *qpos, calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
