// The view that is drawn.
layout(std140) uniform View {
    vec4 position;     // of the camera in the world; w: 1 where it is orthographic
    vec4 back;         // unit, world; w: near plane in metres
    vec4 depth_scale;  // z of the clip space = x * depth + y; z: far plane in metres
    vec4 tile;         // first pixel in the atlas, then the size
    vec4 shift;        // xy: of everything, in normalized device coordinates, to bring a sample to the pixel's centre
    vec4 ray[3];       // xyz . (pixel's x, y, 1): a component of its world direction
    vec4 to_camera[3]; // world directions to camera axes
    vec4 headlight;    // world, unit: the way to headlights
} view;
