// Before a geometry stage: corners go to that one, which gives the fragments what they know by these names.
#ifdef IS_WIDE
#define varying_place corner_place
#define varying_normal corner_normal
#define varying_tangent corner_tangent
#define varying_uv_0 corner_uv_0
#define varying_uv_1 corner_uv_1
#define varying_color corner_color
#define varying_copy corner_copy
#endif
