// The material, and its textures at a pixel. sample_slots() is made for the material's textures by programs.c.
struct Slot {
    vec4 u, v;   // rows of (u, v, 1) to the texture's own coordinates; u.w: the UV set
    vec4 size; // width, height, last level
};

layout(std140) uniform Material {
    vec4 base_color;
    vec4 emissive;       // w: alpha cutoff
    vec4 specular_color; // w: specular
    float metallic, roughness;
    float reflectance;   // of the dielectric, ((ior - 1) / (ior + 1))^2
    float normal_scale;
    float occlusion_strength;
    vec4 phong_color; // MuJoCo's shading: as displayed; w: emission
    vec4 phong;       // specular, exponent
    Slot slots[8];
} material;

uniform sampler2D textures[8];

#ifdef USES_UV_0
CENTROID in vec2 varying_uv_0;
#endif
#ifdef USES_UV_1
CENTROID in vec2 varying_uv_1;
#endif
#ifdef IS_WIDE
// See wide.geom.
#ifdef USES_UV_0
flat in vec4 varying_planes_0;
#endif
#ifdef USES_UV_1
flat in vec4 varying_planes_1;
#endif
flat in vec2 varying_w_plane;
in float varying_w;
#endif

// Coordinates in a texture's space.
vec2 find_uv(int slot)
{
    vec2 first = vec2(0), second = vec2(0);
#ifdef USES_UV_0
    first = varying_uv_0;
#endif
#ifdef USES_UV_1
    second = varying_uv_1;
#endif
    vec3 place = vec3(material.slots[slot].u.w > 0.0 ? second : first, 1);
    return vec2(dot(material.slots[slot].u.xyz, place), dot(material.slots[slot].v.xyz, place));
}

// How these change a pixel right and down. On a box that stands for an edge it is as on the triangle; nothing
// changes on lines and points.
vec4 find_change(int slot, vec2 uv)
{
#ifdef IS_WIDE
    vec4 planes = vec4(0);
    vec2 at = vec2(0);
#ifdef USES_UV_0
    planes = varying_planes_0;
    at = varying_uv_0;
#endif
#ifdef USES_UV_1
    if (material.slots[slot].u.w > 0.0) {
        planes = varying_planes_1;
        at = varying_uv_1;
    }
#endif
    vec2 right = (planes.xz - at * varying_w_plane.x) * varying_w;
    vec2 down = (planes.yw - at * varying_w_plane.y) * varying_w;
    vec2 u = material.slots[slot].u.xy, v = material.slots[slot].v.xy;
    return vec4(dot(u, right), dot(v, right), dot(u, down), dot(v, down));
#else
    return vec4(dFdx(uv), dFdy(uv));
#endif
}

// Where a texture is looked up: between the level `low` and the one above.
struct Footprint {
    vec2 uv;
    float low, share;
    float minified; // a level a hair above 0 asks for the minification filter
};

// The value at the quad's first pixel: llvmpipe looks all four up at that one's level.
float first_of_quad(float value)
{
    ivec2 odd = ivec2(gl_FragCoord.xy) & 1;
    value -= float(odd.x) * dFdx(value);
    return value - float(odd.y) * dFdy(value);
}

// log2 of the mean side of the pixel's footprint in texels: see the cpu backend's texels.c for the rule.
Footprint find_footprint(int slot)
{
    Footprint at;
    at.uv = find_uv(slot);
    vec4 change = find_change(slot, at.uv);
    vec2 size = material.slots[slot].size.xy, dx = change.xy * size, dy = change.zw * size;
    float x2 = dot(dx, dx), y2 = dot(dy, dy), last = material.slots[slot].size.z;
    float longer2 = clamp(max(x2, y2), 1e-16, 1e16), shorter2 = max(min(x2, y2), longer2 * (1.0 / 256.0));
#ifdef IS_DISPLAYED
    shorter2 = longer2;
#endif
    float level = 0.25 * log2(longer2 * min(shorter2, longer2));
    at.minified = level > 0.0 ? 1.0 / 1024.0 : 0.0;
    level = clamp(level, 0.0, last);
    at.low = floor(clamp(first_of_quad(level), 0.0, last));
    at.share = clamp(level - at.low, 0.0, 1.0);
    return at;
}

// Both levels are looked up alone: drivers differ in how they mix them.
vec4 sample_texture(sampler2D image, Footprint at)
{
    vec4 low = textureLod(image, at.uv, at.low + at.minified);
    return mix(low, textureLod(image, at.uv, at.low + 1.0), at.share);
}
