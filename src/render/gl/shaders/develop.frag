// From premultiplied linear light to what the picture holds: straight alpha, and for 8 bits the nearest sRGB codes.
uniform sampler2D colors;
uniform usamplerBuffer srgb_codes; // color.h's table

layout(location = 0) out vec4 out_color;

// As calo_srgb_from_linear.
float encode(float linear)
{
    if (!(linear >= SRGB_FIRST))
        return 0.0;
    uint bits = floatBitsToUint(min(linear, SRGB_LAST)), entry = texelFetch(srgb_codes, int(bits >> 16) - SRGB_BASE).x;
    uint code = (entry >> 17) + ((bits & 0xffffu) >= (entry & 0x1ffffu) ? 1u : 0u);
    return float(code) / 255.0;
}

void main()
{
    vec4 color = texelFetch(colors, ivec2(gl_FragCoord.xy), 0);
    if (color.w != 1.0)
        color.xyz = color.w > 0.0 ? color.xyz / color.w : vec3(0);
#ifdef WANTS_CODES
    color = vec4(encode(color.x), encode(color.y), encode(color.z),
                 floor(clamp(color.w, 0.0, 1.0) * 255.0 + 0.5) / 255.0);
#endif
    out_color = color;
}
