// MuJoCo's look, OpenGL's fixed-function lighting for each pixel: the cpu backend's mujoco.c.
#ifdef IS_MUJOCO
// Of a lamp's texels: attenuation, exponent; ambient, least cosine; specular. The diffuse colour is the radiant's.
vec3 mujoco_lamp(Surface surface, vec3 to_viewer, vec3 position, int lamp)
{
    vec4 place = texelFetch(lamps, lamp), fall = texelFetch(lamps, lamp + 8), ambient = texelFetch(lamps, lamp + 9);
    vec3 l = parallel_light(lamp), axis = texelFetch(lamps, lamp + 1).xyz;
    float strength = 1.0, shine = 0.0;
    if (place.w != LAMP_DIRECTIONAL) {
        l = place.xyz - position;
        float distance2 = dot(l, l), distance = sqrt(distance2);
        l /= max(distance, 1e-18);
        strength = 1.0 / max(fall.x + fall.y * distance + fall.z * distance2, 1e-18);
        float cosine = -dot(l, axis);
        if (place.w == LAMP_SPOT && ambient.w >= 0.0)
            strength *= cosine < ambient.w ? 0.0 : fall.w > 0.0 ? pow(clamp(cosine, 0.0, 1.0), fall.w) : 1.0;
    }
    float n_dot_l = dot(surface.normal, l);
    // Half way h = (l + v) / |l + v|, where |l + v|^2 = 2 + 2 l.v. No highlight where the light is behind.
    float length2 = max(2.0 + 2.0 * dot(l, to_viewer), 1e-12);
    float n_dot_h = clamp((n_dot_l + dot(surface.normal, to_viewer)) * inversesqrt(length2), 0.0, 1.0);
    if (n_dot_l > 0.0)
        shine = material.phong.x * pow(max(n_dot_h, 1e-12), material.phong.y);
    vec3 diffuse = texelFetch(lamps, lamp + 2).xyz, specular = texelFetch(lamps, lamp + 10).xyz;
    return strength * (surface.bare_color * (ambient.xyz + diffuse * max(n_dot_l, 0.0)) + specular * shine);
}

bool is_shadowed(int lamp)
{
#if defined(HAS_SHADOWS) && !defined(OUT_KEY)
    return texelFetch(lamps, lamp + 3).y != SHADOW_NONE;
#else
    return false; // surfaces that are seen through have no shadows
#endif
}

// As displayed.
vec3 shade_mujoco(Surface surface, vec3 position)
{
#ifdef IS_UNLIT
    return clamp(surface.bare_color * surface.tint, 0.0, 1.0);
#else
    vec3 to_viewer = viewer_direction(surface, position);
    vec3 light = surface.bare_color * (material.phong_color.w + uniform_radiance.xyz); // the ambient light stands there
    for (int i = 0; i < int(rotation.z); i++)
        if (!is_shadowed(LAMP_TEXELS * i))
            light += mujoco_lamp(surface, to_viewer, position, LAMP_TEXELS * i);
    light = clamp(light, 0.0, 1.0);
    for (int i = 0; i < int(rotation.z); i++)
        if (is_shadowed(LAMP_TEXELS * i))
            light += visibility(LAMP_TEXELS * i, position, surface.geometric_normal) *
                     clamp(mujoco_lamp(surface, to_viewer, position, LAMP_TEXELS * i), 0.0, 1.0);
    return clamp(light * surface.tint, 0.0, 1.0);
#endif
}
#endif
