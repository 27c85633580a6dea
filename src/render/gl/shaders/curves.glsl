// sRGB values, from 0 to 1, of linear light, and back.
#ifdef IS_DISPLAYED
vec3 encode_srgb(vec3 linear)
{
    vec3 x = clamp(linear, 0.0, 1.0), high = 1.055 * pow(x, vec3(1.0 / 2.4)) - 0.055;
    return mix(high, 12.92 * x, lessThanEqual(x, vec3(0.0031308)));
}

vec3 decode_srgb(vec3 codes)
{
    vec3 high = pow((codes + 0.055) / 1.055, vec3(2.4));
    return mix(high, codes / 12.92, lessThanEqual(codes, vec3(0.04045)));
}
#endif
