// All channels of a surface at once. Only those that are wanted have an output.
uniform uint material_id;

#ifdef OUT_COLOR
layout(location = OUT_COLOR) out vec4 out_color; // premultiplied
#endif
#ifdef OUT_PLACE
layout(location = OUT_PLACE) out vec4 out_place; // depth, or normal and depth
#endif
#ifdef OUT_IDS
layout(location = OUT_IDS) out uvec2 out_ids;
#endif
#ifdef OUT_GEOMETRIC_NORMAL
layout(location = OUT_GEOMETRIC_NORMAL) out vec4 out_geometric_normal;
#endif
#ifdef OUT_POSITION
layout(location = OUT_POSITION) out vec4 out_position;
#endif
#ifdef OUT_ALBEDO
layout(location = OUT_ALBEDO) out vec4 out_albedo;
#endif
#ifdef OUT_MATERIAL
layout(location = OUT_MATERIAL) out vec4 out_material; // UV, metallic, roughness
#endif

#ifdef FINDS_PLANE
flat in vec3 varying_corner;
#endif

// As the options want normals.
vec3 seen_normal(vec3 world)
{
#ifdef WORLD_SPACE_NORMALS
    return world;
#else
    return vec3(dot(view.to_camera[0].xyz, world), dot(view.to_camera[1].xyz, world),
                dot(view.to_camera[2].xyz, world));
#endif
}

float seen_depth()
{
    float depth = clamp(varying_place.w, view.back.w, view.depth_scale.z);
#ifdef RAY_DEPTH
    if (!(view.position.w > 0.0))
        depth = length(varying_place.xyz);
#endif
    return depth;
}

uint instance_id()
{
    return uint(normal_row(1).w) << 16 | uint(normal_row(0).w);
}

void main()
{
    Surface surface = find_surface();
#ifdef HAS_CUTOFF
    if (surface.base_color.w < material.emissive.w)
        discard;
#endif
#ifdef OUT_KEY
    if (!find_layer() || surface.base_color.w <= 0.0)
        discard;
#endif
    vec3 place = varying_place.xyz;
#ifdef FINDS_PLANE
    // Some drivers (llvmpipe) find places beside the pixel's centre off the triangle, by more than shadows can bear.
    place -= dot(place - varying_corner, surface.geometric_normal) * surface.geometric_normal;
#endif
    vec3 position = view.position.xyz + place;
#ifdef OUT_COLOR
#ifdef IS_PYRENDER
    out_color = vec4(shade_pyrender(surface, position), 1);
#elif defined(IS_MUJOCO)
    out_color = vec4(shade_mujoco(surface, position), 1);
#else
    out_color = vec4(shade(surface, position), 1);
#endif
#ifdef OUT_KEY
    out_color *= surface.base_color.w;
#endif
#endif
#ifdef OUT_PLACE
#ifdef WANTS_NORMAL
    out_place = vec4(seen_normal(surface.normal), seen_depth());
#else
    out_place = vec4(seen_depth());
#endif
#endif
#ifdef OUT_IDS
    out_ids = uvec2(instance_id(), material_id);
#endif
#ifdef OUT_GEOMETRIC_NORMAL
    out_geometric_normal = vec4(seen_normal(surface.geometric_normal), 0);
#endif
#ifdef OUT_POSITION
    out_position = vec4(position, 0);
#endif
#ifdef OUT_ALBEDO
    out_albedo = vec4(surface.base_color.xyz, 0);
#endif
#ifdef OUT_MATERIAL
#ifdef USES_UV_0
    out_material = vec4(varying_uv_0, surface.metallic, surface.roughness);
#else
    out_material = vec4(0, 0, surface.metallic, surface.roughness);
#endif
#endif
}
