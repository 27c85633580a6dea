// From premultiplied light to what the picture holds: straight alpha, and for 8 bits the nearest sRGB codes of what is
// linear, or the nearest codes of what is as displayed.
uniform sampler2D colors;
uniform usamplerBuffer srgb_codes; // color.h's table

layout(location = 0) out vec4 out_color;

float round_to_byte(float value)
{
    return floor(clamp(value, 0.0, 1.0) * 255.0 + 0.5) / 255.0;
}

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
#ifndef KEEPS_COLORS
    if (color.w != 1.0)
        color.xyz = color.w > 0.0 ? color.xyz / color.w : vec3(0);
#endif
#ifdef WANTS_CODES
    for (int i = 0; i < 3; i++)
#ifdef IS_DISPLAYED
        color[i] = round_to_byte(color[i]);
#else
        color[i] = encode(color[i]);
#endif
    color.w = round_to_byte(color.w);
#endif
    out_color = color;
}
