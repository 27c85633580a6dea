// A model's vertices into the tiles of the atlas, for every view and every copy.
uniform int first_pair;

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 tangent;
layout(location = 3) in vec2 uv_0;
layout(location = 4) in vec2 uv_1;
layout(location = 5) in vec4 color;

CENTROID out vec4 varying_place; // from the camera, in world axes; w: depth
#ifdef HAS_NORMALS
CENTROID out vec3 varying_normal;
#endif
#ifdef USES_TANGENTS
CENTROID out vec4 varying_tangent;
#endif
#ifdef USES_UV_0
CENTROID out vec2 varying_uv_0;
#endif
#ifdef USES_UV_1
CENTROID out vec2 varying_uv_1;
#endif
#ifdef HAS_COLORS
CENTROID out vec4 varying_color;
#endif
flat out int varying_view;
flat out int varying_copy;

void main()
{
    int pair = (first_pair + gl_InstanceID) * 5;
    vec4 origin = texelFetch(pairs, pair + 3), object = vec4(position, 1);
    varying_view = int(origin.w);
    varying_copy = 6 * int(texelFetch(pairs, pair + 4).x);
    View view = views[varying_view];
    float depth = dot(texelFetch(pairs, pair + 2), object);
    gl_Position.x = dot(texelFetch(pairs, pair), object);
    gl_Position.y = dot(texelFetch(pairs, pair + 1), object);
    gl_Position.w = view.position.w > 0 ? 1 : depth;
    gl_Position.z = view.depth.x * depth + view.depth.y;
    gl_Position.xy += view.shift.xy * gl_Position.w;
#ifdef TILED
    gl_ClipDistance[0] = gl_Position.x - view.sides.x * gl_Position.w;
    gl_ClipDistance[1] = gl_Position.y - view.sides.y * gl_Position.w;
    gl_ClipDistance[2] = view.sides.z * gl_Position.w - gl_Position.x;
    gl_ClipDistance[3] = view.sides.w * gl_Position.w - gl_Position.y;
#endif
    vec3 rows[3];
    for (int i = 0; i < 3; i++)
        rows[i] = texelFetch(copies, varying_copy + i).xyz;
    varying_place = vec4(dot(rows[0], position), dot(rows[1], position), dot(rows[2], position), depth);
    varying_place.xyz += origin.xyz;
#ifdef HAS_NORMALS
    for (int i = 0; i < 3; i++)
        varying_normal[i] = dot(texelFetch(copies, varying_copy + 3 + i).xyz, normal);
#endif
#ifdef USES_TANGENTS
    for (int i = 0; i < 3; i++)
        varying_tangent[i] = dot(rows[i], tangent.xyz);
    varying_tangent.w = tangent.w;
#endif
#ifdef USES_UV_0
    varying_uv_0 = uv_0;
#endif
#ifdef USES_UV_1
    varying_uv_1 = uv_1;
#endif
#ifdef HAS_COLORS
    varying_color = color;
#endif
}
