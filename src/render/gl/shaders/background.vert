// The tile of each view.
flat out int varying_view;

void main()
{
    varying_view = gl_InstanceID;
    vec4 sides = views[varying_view].sides;
    gl_Position = vec4((gl_VertexID & 1) == 0 ? sides.x : sides.z, (gl_VertexID & 2) == 0 ? sides.y : sides.w, 0.5, 1);
}
