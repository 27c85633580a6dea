// A model's vertices into a view, for every copy.
uniform int first_copy;

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 tangent;
layout(location = 3) in vec2 uv_0;
layout(location = 4) in vec2 uv_1;
layout(location = 5) in vec4 color;
// By copy: see copies.glsl.
layout(location = 6) in vec4 to_clip[3];
layout(location = 9) in vec4 to_world[3];
layout(location = 12) in vec4 normal_to_world[3];
layout(location = 15) in uint face;

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
#ifdef FINDS_PLANE
flat out vec3 varying_corner; // one of the triangle's, as varying_place
#endif
#ifdef HAS_ODD_FACES
flat out uint varying_face;
#endif
flat out int varying_copy;

void main()
{
    vec4 object = vec4(position, 1);
    float depth = dot(to_clip[2], object);
    gl_Position.x = dot(to_clip[0], object);
    gl_Position.y = dot(to_clip[1], object);
    gl_Position.z = view.depth_scale.x * depth + view.depth_scale.y;
    gl_Position.w = view.position.w > 0.0 ? 1.0 : depth;
    gl_Position.xy += view.shift.xy * gl_Position.w;
#if defined(HAS_FAR) && !defined(IS_WIDE)
    gl_ClipDistance[0] = view.depth_scale.z - depth;
#endif
    varying_place = vec4(dot(to_world[0], object), dot(to_world[1], object), dot(to_world[2], object), depth);
#ifdef FINDS_PLANE
    varying_corner = varying_place.xyz;
#endif
    varying_copy = first_copy + gl_InstanceID;
#ifdef HAS_ODD_FACES
    varying_face = face;
#endif
#ifdef HAS_NORMALS
    for (int i = 0; i < 3; i++)
        varying_normal[i] = dot(normal_to_world[i].xyz, normal);
#endif
#ifdef USES_TANGENTS
    for (int i = 0; i < 3; i++)
        varying_tangent[i] = dot(to_world[i].xyz, tangent.xyz);
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
