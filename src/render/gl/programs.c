#include "render/gl/programs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/color.h"
#include "render/shadow.h"
#include "render/gl/shaders.h"

/* A process that draws all kinds of files must not collect programs for ever. */
enum { PROGRAMS_MAX = 512 };

static const char *const feature_names[CALO_GLR_FEATURE_COUNT] = {
    [CALO_GLR_IS_TRIANGLES] = "IS_TRIANGLES",
    [CALO_GLR_USES_FACES] = "USES_FACES",
    [CALO_GLR_HAS_ODD_FACES] = "HAS_ODD_FACES",
    [CALO_GLR_IS_POINTS] = "IS_POINTS",
    [CALO_GLR_IS_WIDE] = "IS_WIDE",
    [CALO_GLR_HAS_NORMALS] = "HAS_NORMALS",
    [CALO_GLR_USES_TANGENTS] = "USES_TANGENTS",
    [CALO_GLR_USES_UV_0] = "USES_UV_0",
    [CALO_GLR_USES_UV_1] = "USES_UV_1",
    [CALO_GLR_HAS_COLORS] = "HAS_COLORS",
    [CALO_GLR_HAS_NORMAL_MAP] = "HAS_NORMAL_MAP",
    [CALO_GLR_NORMAL_MAP_UV_1] = "NORMAL_MAP_UV_1",
    [CALO_GLR_IS_OPAQUE] = "IS_OPAQUE",
    [CALO_GLR_HAS_CUTOFF] = "HAS_CUTOFF",
    [CALO_GLR_IS_MULTISAMPLED] = "IS_MULTISAMPLED",
    [CALO_GLR_HAS_LAYERS] = "HAS_LAYERS",
    [CALO_GLR_IS_UNLIT] = "IS_UNLIT",
    [CALO_GLR_IS_SPECULAR_GLOSSINESS] = "IS_SPECULAR_GLOSSINESS",
    [CALO_GLR_IS_COMPENSATED] = "IS_COMPENSATED",
    [CALO_GLR_USES_OCCLUSION] = "USES_OCCLUSION",
    [CALO_GLR_HAS_ENVIRONMENT] = "HAS_ENVIRONMENT",
    [CALO_GLR_HAS_ENVIRONMENT_PICTURE] = "HAS_ENVIRONMENT_PICTURE",
    [CALO_GLR_WANTS_NORMAL] = "WANTS_NORMAL",
    [CALO_GLR_WORLD_SPACE_NORMALS] = "WORLD_SPACE_NORMALS",
    [CALO_GLR_RAY_DEPTH] = "RAY_DEPTH",
    [CALO_GLR_WANTS_CODES] = "WANTS_CODES",
    [CALO_GLR_HAS_SHADOWS] = "HAS_SHADOWS",
    [CALO_GLR_IS_PYRENDER] = "IS_PYRENDER",
    [CALO_GLR_IS_MUJOCO] = "IS_MUJOCO",
    [CALO_GLR_IS_FLAT] = "IS_FLAT",
    [CALO_GLR_HAS_FAR] = "HAS_FAR",
    [CALO_GLR_KEEPS_COLORS] = "KEEPS_COLORS",
};

static const char *const output_names[CALO_GLR_OUTPUT_COUNT] = {
    [CALO_GLR_OUT_COLOR] = "OUT_COLOR",
    [CALO_GLR_OUT_PLACE] = "OUT_PLACE",
    [CALO_GLR_OUT_IDS] = "OUT_IDS",
    [CALO_GLR_OUT_GEOMETRIC_NORMAL] = "OUT_GEOMETRIC_NORMAL",
    [CALO_GLR_OUT_POSITION] = "OUT_POSITION",
    [CALO_GLR_OUT_ALBEDO] = "OUT_ALBEDO",
    [CALO_GLR_OUT_MATERIAL] = "OUT_MATERIAL",
    [CALO_GLR_OUT_KEY] = "OUT_KEY",
};

static const char *const slot_names[CALO_SLOT_COUNT] = {
    [CALO_SLOT_BASE_COLOR] = "SLOT_BASE_COLOR",
    [CALO_SLOT_METALLIC_ROUGHNESS] = "SLOT_METALLIC_ROUGHNESS",
    [CALO_SLOT_SPECULAR_GLOSSINESS] = "SLOT_SPECULAR_GLOSSINESS",
    [CALO_SLOT_NORMAL] = "SLOT_NORMAL",
    [CALO_SLOT_OCCLUSION] = "SLOT_OCCLUSION",
    [CALO_SLOT_EMISSIVE] = "SLOT_EMISSIVE",
    [CALO_SLOT_SPECULAR] = "SLOT_SPECULAR",
    [CALO_SLOT_SPECULAR_COLOR] = "SLOT_SPECULAR_COLOR",
};

/* What a stage's shaders are made of, one behind the other; each ends with NULL, and begins behind the defines. */
enum { PARTS_MAX = 14 };
static const char *const vertex_parts[][4] = {
    [CALO_GLR_SURFACE] = {calo_glr_views_glsl, calo_glr_wide_names_glsl, calo_glr_surface_vert},
    [CALO_GLR_BACKGROUND] = {calo_glr_fill_vert},
    [CALO_GLR_MIX] = {calo_glr_fill_vert},
    [CALO_GLR_DEVELOP] = {calo_glr_fill_vert},
};
static const char *const wide_parts[] = {calo_glr_views_glsl, calo_glr_wide_geom, NULL};
static const char *const fragment_parts[][PARTS_MAX] = {
    [CALO_GLR_SURFACE] = {calo_glr_views_glsl, calo_glr_copies_glsl, calo_glr_environment_glsl, calo_glr_curves_glsl,
                          calo_glr_material_glsl,
                          "", /* sample_slots() */ calo_glr_surface_glsl, calo_glr_shadow_glsl, calo_glr_lighting_glsl,
                          calo_glr_pyrender_glsl, calo_glr_mujoco_glsl, calo_glr_layer_glsl, calo_glr_surface_frag},
    [CALO_GLR_BACKGROUND] = {calo_glr_views_glsl, calo_glr_environment_glsl, calo_glr_curves_glsl,
                             calo_glr_background_frag},
    [CALO_GLR_MIX] = {calo_glr_mix_frag},
    [CALO_GLR_DEVELOP] = {calo_glr_develop_frag},
};

/* ---- sources ---- */

/* Text with room for all that is ever written here. */
typedef struct preamble {
    char text[8192];
    size_t length;
} preamble;

static void __attribute__((format(printf, 2, 3))) add(preamble *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(to->text + to->length, sizeof to->text - to->length, format, arguments);
    va_end(arguments);
    to->length += (size_t)length < sizeof to->text - to->length ? (size_t)length : sizeof to->text - to->length - 1;
}

static void add_defines(const calo_glr_key *key, preamble *to)
{
    add(to, "#version 330 core\n");
    add(to, "#define LAMP_DIRECTIONAL %d.0\n#define LAMP_SPOT %d.0\n", CALO_LIGHT_DIRECTIONAL, CALO_LIGHT_SPOT);
    add(to, "#define LAMP_TEXELS %d\n", CALO_GLR_LAMP_TEXELS);
    add(to, "#define SHADOW_NONE %d.0\n#define SHADOW_PARALLEL %d.0\n#define SHADOW_CUBE %d.0\n", CALO_GLR_NO_SHADOW,
        CALO_SHADOW_PARALLEL, CALO_SHADOW_CUBE);
    add(to, "#define SHADOW_FILTER_REACH %.9e\n#define SHADOW_OFFSET_TEXELS %.9e\n", (double)CALO_SHADOW_FILTER_REACH,
        (double)CALO_SHADOW_OFFSET_TEXELS);
    add(to, "#define SRGB_FIRST %.9e\n#define SRGB_LAST %.9e\n#define SRGB_BASE %d\n", CALO_SRGB_TABLE_FIRST,
        (double)CALO_SRGB_TABLE_LAST, CALO_SRGB_TABLE_BASE);
    /* An attribute is taken within the surface where the pixel's centre is not. */
    add(to, "#define CENTROID %s\n", key->features & CALO_GLR_BIT(IS_MULTISAMPLED) ? "centroid" : "");
    for (int i = 0; i < CALO_GLR_FEATURE_COUNT; i++)
        if (key->features >> i & 1)
            add(to, "#define %s\n", feature_names[i]);
    if (key->features & (CALO_GLR_BIT(IS_PYRENDER) | CALO_GLR_BIT(IS_MUJOCO)))
        add(to, "#define IS_DISPLAYED\n");
    const uint32_t plane = CALO_GLR_BIT(HAS_SHADOWS) | CALO_GLR_BIT(IS_MULTISAMPLED) | CALO_GLR_BIT(IS_TRIANGLES);
    if ((key->features & (plane | CALO_GLR_BIT(IS_WIDE))) == plane)
        add(to, "#define FINDS_PLANE\n");
    for (int i = 0, location = 0; i < CALO_GLR_OUTPUT_COUNT; i++)
        if (key->outputs >> i & 1)
            add(to, "#define %s %d\n", output_names[i], location++);
    for (int i = 0; i < CALO_SLOT_COUNT; i++)
        add(to, "#define %s %d\n", slot_names[i], i);
}

/* The look-ups of a material's textures: what several share is found once. */
static void add_slots(const calo_glr_key *key, preamble *to)
{
    add(to, "void sample_slots(out vec4 texels[8])\n{\n");
    for (int i = 0; i < CALO_SLOT_COUNT; i++) {
        int texel = key->texel_of[i] - 1, footprint = key->footprint_of[i];
        if (texel == i && footprint == i)
            add(to, "    Footprint at_%d = find_footprint(%d);\n", i, i);
        if (texel < 0)
            add(to, "    texels[%d] = vec4(1);\n", i);
        else if (texel == i)
            add(to, "    texels[%d] = sample_texture(textures[%d], at_%d);\n", i, i, footprint);
        else
            add(to, "    texels[%d] = texels[%d];\n", i, texel);
    }
    add(to, "}\n");
}

/* ---- compiling ---- */

static calo_status fail_compile(const calo_glr_device *device, const char *what, const char *log, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_BACKEND, "%s (%s) does not %s calotype's shaders: %.300s; update the driver or "
                     "use --backend cpu", device->info->renderer, device->info->version, what,
                     log[0] ? log : "it does not say why");
}

static calo_status compile(const calo_glr_device *device, GLenum kind, const char *const *parts, GLsizei count,
                           GLuint *shader, calo_error *err)
{
    const calo_glr_functions *gl = &device->gl;
    GLint done = GL_FALSE;
    char log[512] = "";
    *shader = gl->CreateShader(kind);
    gl->ShaderSource(*shader, count, parts, NULL);
    gl->CompileShader(*shader);
    gl->GetShaderiv(*shader, GL_COMPILE_STATUS, &done);
    if (done)
        return CALO_OK;
    gl->GetShaderInfoLog(*shader, sizeof log, NULL, log);
    return fail_compile(device, "compile", log, err);
}

/* Vertices, boxes from them (or not, then 0), fragments. */
enum { STAGES = 3 };

static calo_status link_shaders(const calo_glr_device *device, const GLuint shaders[STAGES], GLuint *name,
                                calo_error *err)
{
    const calo_glr_functions *gl = &device->gl;
    GLint done = GL_FALSE;
    char log[512] = "";
    *name = gl->CreateProgram();
    for (int i = 0; i < STAGES; i++)
        if (shaders[i])
            gl->AttachShader(*name, shaders[i]);
    gl->LinkProgram(*name);
    gl->GetProgramiv(*name, GL_LINK_STATUS, &done);
    if (done)
        return CALO_OK;
    gl->GetProgramInfoLog(*name, sizeof log, NULL, log);
    return fail_compile(device, "link", log, err);
}

static calo_status build(const calo_glr_device *device, const calo_glr_key *key, GLuint *name, calo_error *err)
{
    static const GLenum kinds[STAGES] = {GL_VERTEX_SHADER, GL_GEOMETRY_SHADER, GL_FRAGMENT_SHADER};
    bool wide = key->features & CALO_GLR_BIT(IS_WIDE);
    const char *const *const lists[STAGES] = {vertex_parts[key->stage], wide ? wide_parts : NULL,
                                              fragment_parts[key->stage]};
    preamble defines = {.length = 0}, slots = {.length = 0};
    GLuint shaders[STAGES] = {0};
    calo_status status = CALO_OK;
    add_defines(key, &defines);
    add_slots(key, &slots);
    for (int i = 0; status == CALO_OK && i < STAGES; i++) {
        const char *parts[PARTS_MAX] = {defines.text};
        GLsizei count = 1;
        for (const char *const *part = lists[i]; part && *part; part++)
            parts[count++] = (*part)[0] ? *part : slots.text;
        if (lists[i])
            status = compile(device, kinds[i], parts, count, &shaders[i], err);
    }
    if (status == CALO_OK)
        status = link_shaders(device, shaders, name, err);
    for (int i = 0; i < STAGES; i++)
        device->gl.DeleteShader(shaders[i]);
    return status;
}

/* Names to units and blocks. */
static void bind_names(const calo_glr_device *device, calo_glr_program *program)
{
    static const struct {
        const char *name;
        GLint unit;
    } units[] = {
        {"copies", CALO_GLR_UNIT_COPIES}, {"faces", CALO_GLR_UNIT_FACES},
        {"light_maps", CALO_GLR_UNIT_LIGHT_MAPS}, {"lobe_albedo", CALO_GLR_UNIT_LOBE_ALBEDO},
        {"lamps", CALO_GLR_UNIT_LAMPS}, {"picture", CALO_GLR_UNIT_PICTURE}, {"colors", CALO_GLR_UNIT_COLORS},
        {"srgb_codes", CALO_GLR_UNIT_SRGB_CODES}, {"layers", CALO_GLR_UNIT_LAYERS},
        {"solid_depth", CALO_GLR_UNIT_SOLID_DEPTH}, {"last_key", CALO_GLR_UNIT_LAST_KEY},
        {"shadow_maps", CALO_GLR_UNIT_SHADOW_MAPS},
    };
    static const char *const blocks[] = {
        [CALO_GLR_BLOCK_VIEW] = "View", [CALO_GLR_BLOCK_LIGHT] = "Light", [CALO_GLR_BLOCK_MATERIAL] = "Material",
    };
    const calo_glr_functions *gl = &device->gl;
    gl->UseProgram(program->name);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        gl->Uniform1i(gl->GetUniformLocation(program->name, units[i].name), units[i].unit);
    for (int i = 0; i < CALO_SLOT_COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "textures[%d]", i);
        gl->Uniform1i(gl->GetUniformLocation(program->name, name), CALO_GLR_UNIT_MATERIAL + i);
    }
    for (GLuint i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        GLuint index = gl->GetUniformBlockIndex(program->name, blocks[i]);
        if (index != GL_INVALID_INDEX)
            gl->UniformBlockBinding(program->name, index, i);
    }
    program->first_copy = gl->GetUniformLocation(program->name, "first_copy");
    program->first_order = gl->GetUniformLocation(program->name, "first_order");
    program->element_count = gl->GetUniformLocation(program->name, "element_count");
    program->weight = gl->GetUniformLocation(program->name, "weight");
    program->material_id = gl->GetUniformLocation(program->name, "material_id");
    program->half_pixels = gl->GetUniformLocation(program->name, "half_pixels");
    program->front_side = gl->GetUniformLocation(program->name, "front_side");
    program->only_front = gl->GetUniformLocation(program->name, "only_front");
}

/* ---- the device's programs ---- */

static calo_status reserve(calo_glr_device *device, calo_error *err)
{
    if (device->program_count < device->program_capacity)
        return CALO_OK;
    size_t capacity = device->program_capacity ? 2 * device->program_capacity : 16;
    calo_glr_program *larger = realloc(device->programs, capacity * sizeof *larger);
    if (!larger)
        return calo_fail_memory(err, "the list of shader programs", capacity * sizeof *larger);
    device->programs = larger;
    device->program_capacity = capacity;
    return CALO_OK;
}

calo_status calo_glr_program_use(calo_glr_device *device, const calo_glr_key *key, const calo_glr_program **program,
                                 calo_error *err)
{
    for (size_t i = 0; i < device->program_count; i++) {
        *program = &device->programs[i];
        if (memcmp(&(*program)->key, key, sizeof *key) != 0)
            continue;
        device->gl.UseProgram((*program)->name);
        return CALO_OK;
    }
    calo_glr_program made = {.key = *key};
    calo_status status = reserve(device, err);
    if (status == CALO_OK)
        status = build(device, key, &made.name, err);
    if (status != CALO_OK) {
        device->gl.DeleteProgram(made.name);
        return status;
    }
    bind_names(device, &made);
    device->programs[device->program_count] = made;
    *program = &device->programs[device->program_count++];
    return CALO_OK;
}

void calo_glr_programs_trim(calo_glr_device *device)
{
    if (device->program_count <= PROGRAMS_MAX)
        return;
    device->gl.UseProgram(0);
    for (size_t i = 0; i < device->program_count; i++)
        device->gl.DeleteProgram(device->programs[i].name);
    device->program_count = 0;
}
