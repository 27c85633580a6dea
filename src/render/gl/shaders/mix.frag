// A share of a picture: layers over surfaces, or surfaces alone.
uniform sampler2D colors; // premultiplied
#ifdef HAS_LAYERS
uniform sampler2D layers; // premultiplied
#endif
uniform float weight;

layout(location = 0) out vec4 out_color;

void main()
{
    ivec2 at = ivec2(gl_FragCoord.xy);
    out_color = texelFetch(colors, at, 0);
#ifdef HAS_LAYERS
    vec4 layer = texelFetch(layers, at, 0);
    out_color = layer + (1.0 - layer.w) * out_color;
#endif
    out_color *= weight;
}
