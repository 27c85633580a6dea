/* The GLSL of the llvmpipe peer: calotype's reflection model (GGX over Lambert, split sum for the
 * white environment with Karis' polynomial for the table), one program for each set of flags. */
#ifndef BENCH_PEER_OSMESA_SHADER_H
#define BENCH_PEER_OSMESA_SHADER_H

enum {
    SHADER_BASE_COLOR_MAP = 1,
    SHADER_METALLIC_ROUGHNESS_MAP = 2,
    SHADER_NORMAL_MAP = 4,
    SHADER_OCCLUSION_MAP = 8,
    SHADER_EMISSIVE_MAP = 16,
    SHADER_ALPHA_TEST = 32,
    SHADER_DOUBLE_SIDED = 64,
    SHADER_FLAG_COUNT = 7
};
#define SHADER_FLAG_NAMES \
    {"BASE_COLOR_MAP", "METALLIC_ROUGHNESS_MAP", "NORMAL_MAP", "OCCLUSION_MAP", "EMISSIVE_MAP", "ALPHA_TEST", \
     "DOUBLE_SIDED"}
#define SHADER_SAMPLERS \
    {[CALO_SLOT_BASE_COLOR] = "base_color_map", [CALO_SLOT_METALLIC_ROUGHNESS] = "metallic_roughness_map", \
     [CALO_SLOT_NORMAL] = "normal_map", [CALO_SLOT_OCCLUSION] = "occlusion_map", \
     [CALO_SLOT_EMISSIVE] = "emissive_map"}

static const char osmesa_vertex_shader[] =
    "layout(location=0) in vec3 position; layout(location=1) in vec3 normal; layout(location=2) in vec2 uv;\n"
    "layout(location=3) in vec4 tangent; uniform mat4 to_clip, to_camera; out vec3 n; out vec2 t;\n"
    "#ifdef NORMAL_MAP\n"
    "out vec4 along;\n"
    "#endif\n"
    "void main() {\n"
    "  gl_Position = to_clip * vec4(position, 1); n = mat3(to_camera) * normal; t = uv;\n"
    "#ifdef NORMAL_MAP\n"
    "  along = vec4(mat3(to_camera) * tangent.xyz, tangent.w);\n"
    "#endif\n"
    "}\n";

/* surface: metallic, roughness, occlusion strength, normal scale; emissive.w: the environment's strength. */
static const char osmesa_fragment_shader[] =
    "in vec3 n; in vec2 t; in vec4 along; uniform sampler2D base_color_map, metallic_roughness_map, normal_map;\n"
    "uniform sampler2D occlusion_map, emissive_map; uniform vec4 base_color, surface, emissive, view_ray, sun;\n"
    "uniform uint instance; uniform float cutoff;\n"
    "layout(location=0) out vec4 color; layout(location=1) out vec4 normal_depth; layout(location=2) out uint id;\n"
    "vec3 find_normal() {\n"
    "  vec3 m = normalize(n);\n"
    "#ifdef NORMAL_MAP\n"
    "  vec3 map = (2 * texture(normal_map, t).rgb - 1) * vec3(surface.ww, 1);\n"
    "  vec3 a = normalize(along.xyz - dot(along.xyz, m) * m), b = cross(m, a) * sign(along.w);\n"
    "  m = normalize(map.x * a + map.y * b + map.z * m);\n"
    "#endif\n"
    "#ifdef DOUBLE_SIDED\n"
    "  if (!gl_FrontFacing) m = -m;\n"
    "#endif\n"
    "  return m;\n"
    "}\n"
    "void main() {\n"
    "  vec4 base = base_color; vec3 glow = emissive.rgb;\n"
    "  float metallic = surface.x, roughness = surface.y, occlusion = 1;\n"
    "#ifdef BASE_COLOR_MAP\n"
    "  base *= texture(base_color_map, t);\n"
    "#endif\n"
    "#ifdef ALPHA_TEST\n"
    "  if (base.a < cutoff) discard;\n"
    "#endif\n"
    "#ifdef METALLIC_ROUGHNESS_MAP\n"
    "  vec2 mr = texture(metallic_roughness_map, t).bg; metallic *= mr.x; roughness *= mr.y;\n"
    "#endif\n"
    "#ifdef OCCLUSION_MAP\n"
    "  occlusion += surface.z * (texture(occlusion_map, t).r - 1);\n"
    "#endif\n"
    "#ifdef EMISSIVE_MAP\n"
    "  glow *= texture(emissive_map, t).rgb;\n"
    "#endif\n"
    "  vec3 m = find_normal(), v = normalize(vec3(-(gl_FragCoord.xy * view_ray.xy + view_ray.zw), 1));\n"
    "  vec3 f0 = mix(vec3(0.04), base.rgb, metallic), diffuse = base.rgb * (1 - metallic);\n"
    "  vec3 f90 = f0 + (1 - f0) * sqrt(0.5 + 0.5 * metallic);\n"
    "  float nv = clamp(dot(m, v), 1e-4, 1.0), alpha = max(roughness * roughness, 1e-3), a2 = alpha * alpha;\n"
    "  vec4 r = roughness * vec4(-1, -0.0275, -0.572, 0.022) + vec4(1, 0.0425, 1.04, -0.04);\n"
    "  float k = min(r.x * r.x, exp2(-9.28 * nv)) * r.x + r.y; vec2 split = vec2(-1.04, 1.04) * k + r.zw;\n"
    "  vec3 light = glow + occlusion * emissive.w * (f0 * split.x + f90 * split.y + diffuse);\n"
    "  float nl = dot(m, sun.xyz);\n"
    "  if (nl > 0) {\n"
    "    vec3 h = normalize(sun.xyz + v); float nh = clamp(dot(m, h), 0.0, 1.0), vh = clamp(dot(v, h), 0.0, 1.0);\n"
    "    float d = nh * nh * (a2 - 1) + 1, distribution = a2 / (3.14159265 * d * d);\n"
    "    float visibility = 0.5 / (nl * sqrt(nv * nv * (1 - a2) + a2) + nv * sqrt(nl * nl * (1 - a2) + a2));\n"
    "    float g = 1 - vh, g2 = g * g; vec3 fresnel = f0 + (f90 - f0) * (g2 * g2 * g);\n"
    "    light += sun.w * nl * (diffuse / 3.14159265 + distribution * visibility * fresnel);\n"
    "  }\n"
    "  color = vec4(light, 1); normal_depth = vec4(m, 1 / gl_FragCoord.w); id = instance;\n"
    "}\n";

#endif
