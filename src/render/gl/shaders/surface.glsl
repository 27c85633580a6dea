// What is seen at a pixel: the cpu backend's surface.c.
CENTROID in vec4 varying_place;
#ifdef HAS_NORMALS
CENTROID in vec3 varying_normal;
#endif
#ifdef USES_TANGENTS
CENTROID in vec4 varying_tangent;
#endif
#ifdef HAS_COLORS
CENTROID in vec4 varying_color;
#endif
#ifdef IS_WIDE
flat in int varying_front;
#define FRONT_FACING (varying_front != 0)
#else
#define FRONT_FACING gl_FrontFacing
#endif

struct Surface {
    vec3 to_viewer, geometric_normal, normal; // world
    vec4 base_color; // linear
    vec3 f0, diffuse, emissive;
    float f90, metallic, roughness, occlusion;
#ifdef IS_DISPLAYED
    // pyrender's: base colour without vertex colours, and these. MuJoCo's: base colour with them, as displayed, and the
    // texture's codes.
    vec3 bare_color, tint;
    vec3 shown; // pyrender's, of flat surfaces
#endif
};

bool is_sound(vec3 direction)
{
    float length2 = dot(direction, direction);
    return length2 > 7.5e-37 && length2 < 1.3e36;
}

#if defined(USES_FACES) || defined(HAS_ODD_FACES)
// A triangle's own normal on the side that is seen, from octahedral coordinates of 16 bits; of degenerate triangles (0)
// the way to the viewer.
vec3 decode_face(uint code, vec3 to_viewer)
{
    vec2 at = (vec2(code & 0xffffu, code >> 16) - 32768.0) / 32767.0;
    vec3 object = vec3(at, 1.0 - abs(at.x) - abs(at.y)), world;
    if (object.z < 0.0)
        object.xy = (1.0 - abs(at.yx)) * vec2(at.x >= 0.0 ? 1 : -1, at.y >= 0.0 ? 1 : -1);
    for (int i = 0; i < 3; i++)
        world[i] = dot(normal_row(i).xyz, object);
    float size = length(world);
    if (code != 0u && size > 0.0)
        return FRONT_FACING ? world / size : -world / size;
    return to_viewer;
}
#endif

#ifdef USES_FACES
uniform usamplerBuffer faces; // by triangle
#endif
#ifdef HAS_ODD_FACES
flat in uint varying_face; // 0: an ordinary triangle
#endif

// The triangle's own normal on the side that is seen; of lines and points the way to the viewer. Where it serves to tell
// sides only, the vertex normals of ordinary triangles do: they lie on the side of the front.
vec3 find_geometric_normal(vec3 to_viewer)
{
#if defined(USES_FACES)
    return decode_face(texelFetch(faces, gl_PrimitiveID).x, to_viewer);
#elif defined(IS_TRIANGLES)
#ifdef HAS_ODD_FACES
    if (varying_face != 0u)
        return decode_face(varying_face, to_viewer);
#endif
    return FRONT_FACING ? varying_normal : -varying_normal;
#else
    return to_viewer;
#endif
}

#ifdef HAS_NORMAL_MAP
// The frame that the map's x and y stand in: from vertex tangents, else from how the triangle's UVs run.
bool find_tangents(vec3 normal, out vec3 tangent, out vec3 bitangent)
{
    float turn;
#ifdef USES_TANGENTS
    tangent = varying_tangent.xyz;
    turn = varying_tangent.w < 0.0 ? -1.0 : 1.0;
    turn *= normal_row(2).w;
#else
    vec3 right = dFdx(varying_place.xyz), down = dFdy(varying_place.xyz);
#ifdef NORMAL_MAP_UV_1
    vec2 uv_right = dFdx(varying_uv_1), uv_down = dFdy(varying_uv_1);
#else
    vec2 uv_right = dFdx(varying_uv_0), uv_down = dFdy(varying_uv_0);
#endif
    float area = uv_right.x * uv_down.y - uv_down.x * uv_right.y, side = area < 0.0 ? -1.0 : 1.0;
    tangent = (right * uv_down.y - down * uv_right.y) * side;
    vec3 along_v = (down * uv_right.x - right * uv_down.x) * side, front = FRONT_FACING ? normal : -normal;
    turn = dot(cross(front, tangent), along_v) > 0.0 ? -1.0 : 1.0;
#endif
    if (!is_sound(tangent))
        return false;
    tangent = normalize(tangent);
    tangent -= dot(tangent, normal) * normal;
    if (!is_sound(tangent))
        return false;
    tangent = normalize(tangent);
    bitangent = cross(normal, tangent) * turn;
    return true;
}

vec3 apply_normal_map(vec3 texel, vec3 normal)
{
    vec3 tangent, bitangent;
    if (!find_tangents(normal, tangent, bitangent))
        return normal;
    vec3 bent = 2.0 * texel - 1.0;
    bent.xy *= material.normal_scale;
    vec3 mapped = bent.x * tangent + bent.y * bitangent + bent.z * normal;
    return is_sound(mapped) ? normalize(mapped) : normal;
}
#endif

// Interpolated, mapped, and then turned to the side that is seen.
void find_normals(vec4 texels[8], inout Surface surface)
{
    surface.geometric_normal = find_geometric_normal(surface.to_viewer);
    surface.normal = surface.geometric_normal;
#ifdef HAS_NORMALS
    if (is_sound(varying_normal))
        surface.normal = normalize(varying_normal);
#endif
    bool turned = dot(surface.normal, surface.geometric_normal) < 0.0;
#ifdef HAS_NORMAL_MAP
    surface.normal = apply_normal_map(texels[SLOT_NORMAL].xyz, surface.normal);
#endif
    if (turned)
        surface.normal = -surface.normal;
}

void find_base_color(vec4 texels[8], inout Surface surface)
{
    vec4 texel = texels[SLOT_BASE_COLOR], tint = vec4(1);
#ifdef HAS_COLORS
    tint = max(varying_color, 0.0);
#endif
#ifdef IS_PYRENDER
    surface.shown = material.base_color.xyz * texel.xyz * tint.xyz;
    texel.xyz = decode_srgb(texel.xyz);
    surface.bare_color = material.base_color.xyz * texel.xyz;
    surface.tint = tint.xyz;
#endif
#ifdef IS_MUJOCO
    surface.tint = texel.xyz;
    surface.bare_color = material.phong_color.xyz;
#ifdef HAS_COLORS
    surface.bare_color = encode_srgb(material.base_color.xyz * tint.xyz);
#endif
    texel.xyz = decode_srgb(texel.xyz);
#endif
    surface.base_color = material.base_color * texel * tint;
#ifdef IS_OPAQUE
    surface.base_color.w = 1.0;
#endif
    surface.base_color.w = clamp(surface.base_color.w, 0.0, 1.0);
}

void find_material(vec4 texels[8], inout Surface surface)
{
    vec3 base = surface.base_color.xyz, glow = texels[SLOT_EMISSIVE].xyz;
#ifdef IS_PYRENDER
    base = surface.bare_color;
    glow = decode_srgb(glow) * material.emissive.xyz; // there, the factor counts twice
#endif
#ifdef IS_SPECULAR_GLOSSINESS
    vec4 texel = texels[SLOT_SPECULAR_GLOSSINESS];
#ifdef IS_PYRENDER
    texel.xyz = decode_srgb(texel.xyz);
#endif
    surface.roughness = 1.0 - (1.0 - material.roughness) * texel.w;
    surface.f0 = material.specular_color.xyz * texel.xyz;
    surface.f90 = 1.0;
    surface.metallic = 0.0;
    surface.diffuse = base * (1.0 - min(max(surface.f0.x, max(surface.f0.y, surface.f0.z)), 1.0));
#else
    surface.roughness = material.roughness * texels[SLOT_METALLIC_ROUGHNESS].y;
    surface.metallic = clamp(material.metallic * texels[SLOT_METALLIC_ROUGHNESS].z, 0.0, 1.0);
#ifdef IS_PYRENDER
    surface.f0 = 0.04 + surface.metallic * (base - 0.04);
    surface.diffuse = base * (0.96 * (1.0 - surface.metallic));
    surface.f90 = 1.0;
#else
    float specular = material.specular_color.w * texels[SLOT_SPECULAR].w;
    // KHR_materials_specular: the dielectric's reflectance, tinted and weighted.
    vec3 tint = texels[SLOT_SPECULAR_COLOR].xyz * (material.reflectance * material.specular_color.xyz);
    vec3 dielectric = min(tint, 1.0) * specular;
    surface.f0 = dielectric + surface.metallic * (base - dielectric);
    surface.diffuse = base * (1.0 - surface.metallic);
    surface.f90 = specular + surface.metallic * (1.0 - specular);
#endif
#endif
    surface.roughness = clamp(surface.roughness, 0.0, 1.0);
    surface.occlusion = 1.0 + material.occlusion_strength * (texels[SLOT_OCCLUSION].x - 1.0);
    surface.emissive = material.emissive.xyz * glow;
}

// The way from the place that is seen, or for flat boxes from the pixel, to the viewer.
vec3 find_to_viewer()
{
    if (view.position.w > 0.0)
        return view.back.xyz;
#ifdef IS_WIDE
    vec2 shift = view.shift.xy * view.tile.zw * 0.5;
    vec3 pixel = vec3(gl_FragCoord.xy - view.tile.xy - shift, 1);
    return -normalize(vec3(dot(view.ray[0].xyz, pixel), dot(view.ray[1].xyz, pixel), dot(view.ray[2].xyz, pixel)));
#else
    return normalize(-varying_place.xyz);
#endif
}

Surface find_surface()
{
    Surface surface;
    vec4 texels[8];
    sample_slots(texels);
    surface.to_viewer = find_to_viewer();
    find_base_color(texels, surface);
    find_normals(texels, surface);
    find_material(texels, surface);
    return surface;
}
