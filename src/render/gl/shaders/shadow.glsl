// How much of a lamp's light reaches a surface, from the lamp's maps: the cpu backend's shadow_look_up.c.
// LAMP_TEXELS each: position, kind; direction, range; radiant, cone scale; cone offset, form of shadow, 1 for headlights;
// then the shadow's origin, focal; right, near; up, slack; forward, first map; then what mujoco.glsl says.
uniform samplerBuffer lamps;

#ifdef HAS_SHADOWS
uniform sampler2DArray shadow_maps; // planar depths, infinite where nothing stands

// A point as a map sees it: metres to the right and up, and along its axis.
struct MapPoint {
    vec2 place;
    float depth;
    float across; // |normal . right| + |normal . up|: how steeply the surface lies in the map
    float map;
};

MapPoint see_from_cube(vec3 offset, vec3 normal, float first_map)
{
    MapPoint point;
    vec3 size = abs(offset), n = abs(normal);
    int axis = size.x >= size.y && size.x >= size.z ? 0 : size.y >= size.z ? 1 : 2;
    float next = offset[(axis + 1) % 3];
    bool positive = offset[axis] > 0.0;
    point.place = vec2(positive ? -next : next, offset[(axis + 2) % 3]);
    point.depth = size[axis];
    point.across = n.x + n.y + n.z - min(n.x, min(n.y, n.z));
    point.map = first_map + float(2 * axis) + (positive ? 1.0 : 0.0);
    return point;
}

MapPoint see(int lamp, vec3 offset, vec3 normal)
{
    vec4 forward = texelFetch(lamps, lamp + 7);
    if (texelFetch(lamps, lamp + 3).y == SHADOW_CUBE)
        return see_from_cube(offset, normal, forward.w);
    vec3 right = texelFetch(lamps, lamp + 5).xyz, up = texelFetch(lamps, lamp + 6).xyz;
    MapPoint point;
    point.place = vec2(dot(right, offset), dot(up, offset));
    point.depth = dot(forward.xyz, offset);
    point.across = abs(dot(right, normal)) + abs(dot(up, normal));
    point.map = forward.w;
    return point;
}

// Of 4 x 4 texels from `first` on, the share in which nothing lies before `depth`.
float filter_map(ivec3 first, vec2 part, float depth)
{
    float rows[4];
    for (int y = 0; y < 4; y++) {
        float lit[4];
        for (int x = 0; x < 4; x++)
            lit[x] = texelFetch(shadow_maps, first + ivec3(x, y, 0), 0).x < depth ? 0.0 : 1.0;
        rows[y] = lit[0] + lit[1] + lit[2] + part.x * (lit[3] - lit[0]);
    }
    return (rows[0] + rows[1] + rows[2] + part.y * (rows[3] - rows[0])) / 9.0;
}

float visibility(int lamp, vec3 position, vec3 normal)
{
    vec4 origin = texelFetch(lamps, lamp + 4);
    float form = texelFetch(lamps, lamp + 3).y, nearest = texelFetch(lamps, lamp + 5).w;
    float slack = texelFetch(lamps, lamp + 6).w, size = float(textureSize(shadow_maps, 0).x);
    if (form == SHADOW_NONE)
        return 1.0;
    vec3 offset = position - origin.xyz;
    MapPoint point = see(lamp, offset, normal);
    float texel = (form == SHADOW_PARALLEL ? 1.0 : point.depth) / origin.w;
    offset += (texel * (point.across * SHADOW_FILTER_REACH + SHADOW_OFFSET_TEXELS) + slack) * normal;
    point = see(lamp, offset, normal);
    float scale = form == SHADOW_PARALLEL ? origin.w : origin.w / point.depth, last = size - 3.0;
    vec2 at = 0.5 * size - 0.5 + vec2(point.place.x, -point.place.y) * scale;
    // Lit outside the map and before its near plane.
    if (!(at.x >= 1.0 && at.x <= last && at.y >= 1.0 && at.y <= last && point.depth >= nearest))
        return 1.0;
    vec2 low = floor(at);
    return filter_map(ivec3(ivec2(low) - 1, int(point.map)), at - low, point.depth);
}
#else
float visibility(int lamp, vec3 position, vec3 normal)
{
    return 1.0;
}
#endif
