// Points, lines and the edges of triangles to flat boxes on the screen: the cpu backend's lines.c.
uniform float half_pixels; // of a point's side, or of a line's width
uniform float front_side;  // the sign of front faces' areas here, where rows go down
uniform bool only_front;

#ifdef IS_TRIANGLES
const int CORNERS = 3;
layout(triangles) in;
layout(triangle_strip, max_vertices = 12) out;
#else
#ifdef IS_POINTS
const int CORNERS = 1;
layout(points) in;
#else
const int CORNERS = 2;
layout(lines) in;
#endif
layout(triangle_strip, max_vertices = 4) out;
#endif

CENTROID in vec4 corner_place[];
CENTROID out vec4 varying_place;
#ifdef HAS_NORMALS
CENTROID in vec3 corner_normal[];
CENTROID out vec3 varying_normal;
#endif
#ifdef USES_TANGENTS
CENTROID in vec4 corner_tangent[];
CENTROID out vec4 varying_tangent;
#endif
#ifdef USES_UV_0
CENTROID in vec2 corner_uv_0[];
CENTROID out vec2 varying_uv_0;
flat out vec4 varying_planes_0; // how u / w changes a pixel right and down, then v / w
vec4 planes_0;
#endif
#ifdef USES_UV_1
CENTROID in vec2 corner_uv_1[];
CENTROID out vec2 varying_uv_1;
flat out vec4 varying_planes_1;
vec4 planes_1;
#endif
#ifdef HAS_COLORS
CENTROID in vec4 corner_color[];
CENTROID out vec4 varying_color;
#endif
flat in int corner_copy[];
flat out int varying_copy;
flat out vec2 varying_w_plane; // how 1 / w changes
vec2 w_plane;
out float varying_w;
flat out int varying_front; // 0: the back is seen
int front;

// A point of the element: weights of its corners, clip space, and depth.
struct Place {
    vec3 weights;
    vec4 position;
    float depth;
};

Place corner_at(int i)
{
    return Place(vec3(i == 0, i == 1, i == 2), gl_in[i].gl_Position, corner_place[i].w);
}

Place mix_places(Place a, Place b, float t)
{
    return Place(mix(a.weights, b.weights, t), mix(a.position, b.position, t), mix(a.depth, b.depth, t));
}

// Normalized device coordinates a pixel.
vec2 pixel_size()
{
    return 2.0 / view.tile.zw;
}

vec2 to_pixels(vec4 position)
{
    return (position.xy / position.w + 1.0) / pixel_size();
}

// As the cpu's fixed point.
vec2 snap(vec2 pixels)
{
    return floor(pixels * 256.0 + 0.5) / 256.0;
}

const int SECOND = CORNERS > 1 ? 1 : 0, THIRD = CORNERS > 2 ? 2 : 0;
#define MIX(values) (values[0] * at.weights.x + values[SECOND] * at.weights.y + values[THIRD] * at.weights.z)

// What lies at that place of the element, at the pixel.
void emit(Place at, vec2 pixels)
{
    gl_Position = vec4((snap(pixels) * pixel_size() - 1.0) * at.position.w, at.position.zw);
#ifdef HAS_FAR
    gl_ClipDistance[0] = view.depth_scale.z - at.depth;
#endif
    gl_PrimitiveID = gl_PrimitiveIDIn;
    varying_copy = corner_copy[0];
    varying_place = vec4(MIX(corner_place).xyz, at.depth);
    varying_w = at.position.w;
    varying_w_plane = w_plane;
    varying_front = front;
#ifdef HAS_NORMALS
    varying_normal = MIX(corner_normal);
#endif
#ifdef USES_TANGENTS
    varying_tangent = MIX(corner_tangent);
#endif
#ifdef USES_UV_0
    varying_uv_0 = MIX(corner_uv_0);
    varying_planes_0 = planes_0;
#endif
#ifdef USES_UV_1
    varying_uv_1 = MIX(corner_uv_1);
    varying_planes_1 = planes_1;
#endif
#ifdef HAS_COLORS
    varying_color = MIX(corner_color);
#endif
    EmitVertex();
}

#ifdef IS_POINTS
void emit_point(Place at)
{
    vec2 middle = to_pixels(at.position);
    if (at.depth < view.back.w)
        return;
    emit(at, middle + vec2(-half_pixels, -half_pixels));
    emit(at, middle + vec2(half_pixels, -half_pixels));
    emit(at, middle + vec2(-half_pixels, half_pixels));
    emit(at, middle + vec2(half_pixels, half_pixels));
    EndPrimitive();
}
#else
// Positive in front of the near plane, and within reach of the picture's sides.
float inside(int plane, Place at)
{
    vec2 reach = (half_pixels + 2.0) * pixel_size() * at.position.w;
    switch (plane) {
    case 0: return at.depth - view.back.w;
    case 1: return at.position.w + at.position.x + reach.x;
    case 2: return at.position.w - at.position.x + reach.x;
    case 3: return at.position.w + at.position.y + reach.y;
    default: return at.position.w - at.position.y + reach.y;
    }
}

// What is behind the camera or far aside must not spoil the arithmetic.
bool cut_line(inout Place a, inout Place b)
{
    for (int plane = 0; plane < 5; plane++) {
        float at_a = inside(plane, a), at_b = inside(plane, b);
        if (at_a < 0.0 && at_b < 0.0)
            return false;
        if (at_a < 0.0)
            a = mix_places(b, a, at_b / (at_b - at_a));
        else if (at_b < 0.0)
            b = mix_places(a, b, at_a / (at_a - at_b));
    }
    return true;
}

void emit_line(Place a, Place b)
{
    if (!cut_line(a, b))
        return;
    vec2 from = to_pixels(a.position), to = to_pixels(b.position);
    // Whichever way it runs, it is the same box: of two triangles with one edge the first is seen all along it.
    if (to.x < from.x || (to.x == from.x && to.y < from.y)) {
        Place other = a;
        vec2 other_pixels = from;
        a = b;
        b = other;
        from = to;
        to = other_pixels;
    }
    vec2 along = to - from;
    float size = length(along);
    if (!(size > 0.0))
        return;
    vec2 aside = vec2(-along.y, along.x) / size * half_pixels;
    emit(a, from + aside);
    emit(a, from - aside);
    emit(b, to + aside);
    emit(b, to - aside);
    EndPrimitive();
}
#endif

#ifdef IS_TRIANGLES
// The sign of the triangle's area, of what of it is in front of the camera.
float find_side()
{
    vec4 a = gl_in[0].gl_Position, b = gl_in[1].gl_Position, c = gl_in[2].gl_Position;
    float near = view.back.w;
    if (min(corner_place[0].w, min(corner_place[1].w, corner_place[2].w)) < near)
        return sign(determinant(mat3(a.xyw, b.xyw, c.xyw)));
    vec2 first = snap(to_pixels(a)), ab = snap(to_pixels(b)) - first, ac = snap(to_pixels(c)) - first;
    return sign(ab.x * ac.y - ab.y * ac.x);
}

// Textures change from pixel to pixel as on the surface. Planes over the screen, by homogeneous coordinates.
void find_planes()
{
    mat3 corners;
    for (int i = 0; i < 3; i++) {
        vec4 clip = gl_in[i].gl_Position;
        corners[i] = vec3((clip.xy + clip.w) / pixel_size(), clip.w);
    }
    mat3 to_weights = inverse(corners);
    w_plane = (vec3(1) * to_weights).xy;
#ifdef USES_UV_0
    planes_0.xy = (vec3(corner_uv_0[0].x, corner_uv_0[1].x, corner_uv_0[2].x) * to_weights).xy;
    planes_0.zw = (vec3(corner_uv_0[0].y, corner_uv_0[1].y, corner_uv_0[2].y) * to_weights).xy;
#endif
#ifdef USES_UV_1
    planes_1.xy = (vec3(corner_uv_1[0].x, corner_uv_1[1].x, corner_uv_1[2].x) * to_weights).xy;
    planes_1.zw = (vec3(corner_uv_1[0].y, corner_uv_1[1].y, corner_uv_1[2].y) * to_weights).xy;
#endif
}
#endif

void main()
{
    w_plane = vec2(0);
    front = 1;
#ifdef USES_UV_0
    planes_0 = vec4(0);
#endif
#ifdef USES_UV_1
    planes_1 = vec4(0);
#endif
#ifdef IS_TRIANGLES
    float side = find_side();
    front = int(side == front_side);
    if (side == 0.0 || (only_front && front == 0))
        return;
    find_planes();
    for (int i = 0; i < 3; i++)
        emit_line(corner_at(i), corner_at((i + 1) % 3));
#else
#ifdef IS_POINTS
    emit_point(corner_at(0));
#else
    emit_line(corner_at(0), corner_at(1));
#endif
#endif
}
