// pyrender's reflection model: the cpu backend's pyrender.c.
#ifdef IS_PYRENDER
vec3 pyrender_lamp(Surface surface, vec3 to_viewer, vec3 position, int lamp)
{
    vec3 l;
    float strength = lamp_at(lamp, position, l);
    if (!(strength > 0.0))
        return vec3(0);
    strength *= visibility(lamp, position, surface.geometric_normal);
    // Half way h = (l + v) / |l + v|, where |l + v|^2 = 2 + 2 l.v. Light from behind counts as if it grazed the surface.
    float n_cosine = dot(surface.normal, l), v_cosine = dot(surface.normal, to_viewer);
    float length2 = max(2.0 + 2.0 * dot(l, to_viewer), 1e-12), inverse_length = inversesqrt(length2);
    float n_dot_l = clamp(n_cosine, 0.001, 1.0), n_dot_v = clamp(abs(v_cosine), 0.001, 1.0);
    float n_dot_h = clamp((n_cosine + v_cosine) * inverse_length, 0.0, 1.0);
    float v_dot_h = min(0.5 * length2 * inverse_length, 1.0);
    float roughness = max(surface.roughness, 0.04), alpha = roughness * roughness, a2 = alpha * alpha;
    float k = (roughness + 1.0) * (roughness + 1.0) * 0.125, both = n_dot_l * n_dot_v;
    float parts = (n_dot_v * (1.0 - k) + k) * (n_dot_l * (1.0 - k) + k), d_root = n_dot_h * n_dot_h * (a2 - 1.0) + 1.0;
    float mirrored = a2 * both / (PI * d_root * d_root * parts * (4.0 * both + 0.001));
    float grazing = 1.0 - v_dot_h, grazing2 = grazing * grazing;
    vec3 fresnel = surface.f0 + (1.0 - surface.f0) * (grazing2 * grazing2 * grazing);
    vec3 radiant = texelFetch(lamps, lamp + 2).xyz;
    return radiant * (strength * n_dot_l) * ((1.0 - fresnel) * surface.diffuse / PI + mirrored * fresnel);
}

// As displayed.
vec3 shade_pyrender(Surface surface, vec3 position)
{
#if defined(IS_FLAT)
    return clamp(surface.shown, 0.0, 1.0);
#elif defined(IS_UNLIT)
    return encode_srgb(surface.base_color.xyz);
#else
    vec3 to_viewer = viewer_direction(surface, position);
    vec3 light = surface.bare_color * uniform_radiance.xyz; // the ambient light stands there
    for (int i = 0; i < int(rotation.z); i++)
        light += pyrender_lamp(surface, to_viewer, position, LAMP_TEXELS * i);
#ifdef USES_OCCLUSION
    light *= surface.occlusion;
#endif
    return pow(clamp((light + surface.emissive) * surface.tint, 0.0, 1.0), vec3(1.0 / 2.2));
#endif
}
#endif
