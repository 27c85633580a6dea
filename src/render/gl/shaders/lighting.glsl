// The reflection model: the cpu backend's lighting.c.
uniform sampler2D lobe_albedo; // of a GGX lobe: scale and bias by cosine and roughness

const float PI = 3.14159265;

struct Lobe {
    float cosine, n_dot_v, alpha;
    vec3 f0, f90;
    vec3 single;   // directional albedo of the first bounce
    vec3 multiple; // and of the further ones
    vec3 base;     // diffuse colour times what the top layer lets through
};

vec2 find_albedo(float roughness, float cosine)
{
    vec2 at = vec2(cosine, roughness) * 31.0;
    ivec2 low = ivec2(min(at, 30.0));
    vec2 part = at - vec2(low);
    vec2 smoother = mix(texelFetch(lobe_albedo, low, 0).xy, texelFetch(lobe_albedo, low + ivec2(1, 0), 0).xy, part.x);
    vec2 rougher = mix(texelFetch(lobe_albedo, low + ivec2(0, 1), 0).xy,
                       texelFetch(lobe_albedo, low + ivec2(1, 1), 0).xy, part.x);
    return mix(smoother, rougher, part.y);
}

Lobe find_lobe(Surface surface)
{
    Lobe lobe;
    lobe.cosine = dot(surface.normal, surface.to_viewer);
    lobe.n_dot_v = clamp(lobe.cosine, 1e-4, 1.0);
    lobe.alpha = max(surface.roughness * surface.roughness, 1e-3);
    vec2 albedo = find_albedo(surface.roughness, lobe.n_dot_v);
    lobe.f0 = surface.f0;
    lobe.base = surface.diffuse;
    lobe.multiple = vec3(0);
#ifdef IS_COMPENSATED
    float lost = 1.0 - (albedo.x + albedo.y);
    lobe.f90 = vec3(surface.f90);
    lobe.single = albedo.x * lobe.f0 + albedo.y * lobe.f90;
    vec3 mean = lobe.f0 + (lobe.f90 - lobe.f0) * (1.0 / 21.0);
    lobe.multiple = lost * lobe.single * mean / (1.0 - mean * lost);
    vec3 total = lobe.single + lobe.multiple;
    lobe.base *= 1.0 - min(max(total.x, max(total.y, total.z)), 1.0);
#else
    // EEVEE dims the Fresnel edge of weak reflectors.
    float edge = sqrt(min(0.5 * surface.f90 + 0.5 * surface.metallic, 1.0));
    lobe.f90 = lobe.f0 + (1.0 - lobe.f0) * edge;
    lobe.single = albedo.x * lobe.f0 + albedo.y * lobe.f90;
#endif
    return lobe;
}

vec3 environment_light(Surface surface, Lobe lobe)
{
    vec3 mirrored = 2.0 * lobe.cosine * surface.normal - surface.to_viewer;
    vec3 light = lobe.single * reflection(mirrored, surface.roughness);
    return surface.occlusion * (light + (lobe.base + lobe.multiple) * irradiance(surface.normal));
}

// The viewer is where the camera stands, in orthographic views, too: as OpenGL's shadings have it.
vec3 viewer_direction(Surface surface, vec3 position)
{
    return view.position.w > 0.0 ? normalize(view.position.xyz - position) : surface.to_viewer;
}

// Direction to a directional lamp.
vec3 parallel_light(int lamp)
{
    return texelFetch(lamps, lamp + 3).z > 0.0 ? view.headlight.xyz : -texelFetch(lamps, lamp + 1).xyz;
}

// Direction to a lamp; returns its strength on a plane that faces it, 0 where it does not reach.
float lamp_at(int lamp, vec3 position, out vec3 to_lamp)
{
    vec4 place = texelFetch(lamps, lamp), axis = texelFetch(lamps, lamp + 1);
    to_lamp = parallel_light(lamp);
    if (place.w == LAMP_DIRECTIONAL)
        return 1.0;
    to_lamp = place.xyz - position;
    float distance2 = dot(to_lamp, to_lamp), range = sqrt(distance2), strength = 1.0 / distance2;
    to_lamp /= range;
    if (axis.w > 0.0) {
        // KHR_lights_punctual's window.
        float ratio2 = distance2 / (axis.w * axis.w);
        strength *= clamp(1.0 - ratio2 * ratio2, 0.0, 1.0);
    }
    if (place.w == LAMP_SPOT) {
        float cone_scale = texelFetch(lamps, lamp + 2).w, cone_offset = texelFetch(lamps, lamp + 3).x;
        float cone = clamp(cone_offset - dot(to_lamp, axis.xyz) * cone_scale, 0.0, 1.0);
        strength *= cone * cone;
    }
    return range > 0.0 ? strength : 0.0;
}

vec3 lamp_light(Surface surface, Lobe lobe, vec3 position, int lamp)
{
    vec3 l;
    float strength = lamp_at(lamp, position, l), n_dot_l = dot(surface.normal, l);
    if (!(strength > 0.0 && n_dot_l > 0.0))
        return vec3(0);
    strength *= visibility(lamp, position, surface.geometric_normal);
    // Half way h = (l + v) / |l + v|, where |l + v|^2 = 2 + 2 l.v.
    float length2 = max(2.0 + 2.0 * dot(l, surface.to_viewer), 1e-12), inverse = inversesqrt(length2);
    float n_dot_h = clamp((n_dot_l + lobe.cosine) * inverse, 0.0, 1.0), v_dot_h = min(0.5 * length2 * inverse, 1.0);
    float a2 = lobe.alpha * lobe.alpha, d_root = n_dot_h * n_dot_h * (a2 - 1.0) + 1.0, n_dot_v = lobe.n_dot_v;
    float smith = n_dot_l * sqrt(n_dot_v * n_dot_v * (1.0 - a2) + a2) +
                  n_dot_v * sqrt(n_dot_l * n_dot_l * (1.0 - a2) + a2);
    float mirrored = 0.5 * a2 / (PI * d_root * d_root * smith);
    float grazing = 1.0 - v_dot_h, grazing2 = grazing * grazing;
    vec3 fresnel = lobe.f0 + (lobe.f90 - lobe.f0) * (grazing2 * grazing2 * grazing);
#ifdef IS_COMPENSATED
    // The further bounces keep the lobe's shape: scaled by what they add to the first.
    for (int i = 0; i < 3; i++)
        fresnel[i] *= lobe.single[i] > 0.0 ? 1.0 + lobe.multiple[i] / lobe.single[i] : 1.0;
#endif
    vec3 radiant = texelFetch(lamps, lamp + 2).xyz;
    return radiant * (strength * n_dot_l) * (lobe.base * (1.0 / PI) + mirrored * fresnel);
}

vec3 shade(Surface surface, vec3 position)
{
#ifdef IS_UNLIT
    return surface.base_color.xyz;
#else
#ifndef USES_OCCLUSION
    surface.occlusion = 1.0;
#endif
    vec3 light = surface.emissive;
    Lobe lobe = find_lobe(surface);
#ifdef HAS_ENVIRONMENT
    light += environment_light(surface, lobe);
#endif
    for (int i = 0; i < int(rotation.z); i++)
        light += lamp_light(surface, lobe, position, LAMP_TEXELS * i);
    return light;
#endif
}
