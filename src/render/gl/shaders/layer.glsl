// Blended surfaces, a layer after the other: the nearest one behind the last one and in front of what is solid.
#ifdef OUT_KEY
uniform sampler2D solid_depth;
uniform usampler2D last_key;  // of the last layer; all ones: there was none
uniform uint first_order, element_count;
layout(location = OUT_KEY) out uvec2 out_key; // depth, then the order of drawing: no two surfaces share it

// False: not of this layer. Not thrown away at once: neighbours take derivatives from this pixel, too.
bool find_layer()
{
    ivec2 at = ivec2(gl_FragCoord.xy);
    uint order = first_order + uint(varying_copy) * element_count + uint(gl_PrimitiveID);
    out_key = uvec2(floatBitsToUint(gl_FragCoord.z), order);
    uvec2 last = texelFetch(last_key, at, 0).xy;
    bool behind_last = out_key.x < last.x || (out_key.x == last.x && order < last.y);
    return behind_last && gl_FragCoord.z > texelFetch(solid_depth, at, 0).x;
}
#endif
