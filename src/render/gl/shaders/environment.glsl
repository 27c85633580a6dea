// Light from all around, filtered by the host: see environment.c.
layout(std140) uniform Light {
    vec4 uniform_radiance;
    vec4 rotation;  // sine and cosine; z: how many lamps
    vec4 scale;     // of the picture
    vec4 maps[9];   // in `light_maps`: column and row of the first texel, size; irradiance, then reflections
};

uniform sampler2D light_maps; // each map with a border of one texel, in which it goes on

vec3 rotate_into_picture(vec3 world)
{
    float s = rotation.x, c = rotation.y;
    return vec3(c * world.x + s * world.y, c * world.y - s * world.x, world.z);
}

#ifdef HAS_ENVIRONMENT_PICTURE
vec2 octahedral(vec3 direction)
{
    vec2 at = direction.xy / (abs(direction.x) + abs(direction.y) + abs(direction.z));
    if (direction.z < 0.0)
        at = (1.0 - abs(at.yx)) * vec2(at.x >= 0.0 ? 1 : -1, at.y >= 0.0 ? 1 : -1);
    return at * 0.5 + 0.5;
}

vec3 sample_map(int map, vec2 at)
{
    vec2 texel = at * maps[map].z - 0.5, first = floor(texel), part = texel - first;
    ivec2 place = ivec2(maps[map].xy + first);
    vec3 upper = mix(texelFetch(light_maps, place, 0).xyz, texelFetch(light_maps, place + ivec2(1, 0), 0).xyz, part.x);
    vec3 lower = mix(texelFetch(light_maps, place + ivec2(0, 1), 0).xyz,
                     texelFetch(light_maps, place + ivec2(1, 1), 0).xyz, part.x);
    return mix(upper, lower, part.y);
}

vec3 irradiance(vec3 normal)
{
    return sample_map(0, octahedral(rotate_into_picture(normal))) * scale.xyz;
}

vec3 reflection(vec3 direction, float roughness)
{
    vec2 at = octahedral(rotate_into_picture(direction));
    float level = roughness * 7.0;
    int low = min(int(level), 6);
    return mix(sample_map(1 + low, at), sample_map(2 + low, at), level - float(low)) * scale.xyz;
}
#else
vec3 irradiance(vec3 normal)
{
    return uniform_radiance.xyz;
}

vec3 reflection(vec3 direction, float roughness)
{
    return uniform_radiance.xyz;
}
#endif
