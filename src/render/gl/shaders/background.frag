// The environment's picture behind everything: cpu/background.c's look-up.
uniform sampler2D picture; // equirectangular

layout(location = 0) out vec4 out_color;

const float PI = 3.14159265;

vec3 sample_picture(vec3 direction)
{
    ivec2 size = textureSize(picture, 0);
    float u = 0.5 - atan(direction.y, direction.x) / (2.0 * PI);
    float v = 0.5 - atan(direction.z, length(direction.xy)) / PI;
    vec2 at = vec2(u, v) * vec2(size) - 0.5, first = floor(at), part = at - first;
    int left = (int(first.x) + size.x) % size.x, right = (int(first.x) + 1) % size.x;
    int top = max(int(first.y), 0), bottom = min(int(first.y) + 1, size.y - 1);
    vec3 upper = mix(texelFetch(picture, ivec2(left, top), 0).xyz,
                     texelFetch(picture, ivec2(right, top), 0).xyz, part.x);
    vec3 lower = mix(texelFetch(picture, ivec2(left, bottom), 0).xyz,
                     texelFetch(picture, ivec2(right, bottom), 0).xyz, part.x);
    return mix(upper, lower, part.y);
}

void main()
{
    vec3 pixel = vec3(gl_FragCoord.xy - view.tile.xy, 1);
    vec3 direction = vec3(dot(view.ray[0].xyz, pixel), dot(view.ray[1].xyz, pixel), dot(view.ray[2].xyz, pixel));
    vec3 rgb = sample_picture(rotate_into_picture(normalize(direction)));
    for (int i = 0; i < 3; i++)
        rgb[i] = rgb[i] > 0.0 && rgb[i] < 3.4e38 ? rgb[i] * scale[i] : 0.0;
#ifdef IS_DISPLAYED
    rgb = encode_srgb(rgb);
#endif
    out_color = vec4(rgb, 1);
}
