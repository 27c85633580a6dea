// What every stage knows of the views of a batch.
struct View {
    vec4 position;     // of the camera in the world; w: 1 where it is orthographic
    vec4 back;         // unit, world; w: near plane in metres
    vec4 depth;        // z of the clip space = x * depth + y
    vec4 tile;         // first pixel in the atlas, then the size
    vec4 shift;        // xy: of everything, in normalized device coordinates, to bring a sample to the pixel's centre
    vec4 sides;        // left, top, right, bottom of the tile in normalized device coordinates
    vec4 ray[3];       // xyz . (pixel's x, y, 1): a component of its world direction
    vec4 to_camera[3]; // world directions to camera axes
};

layout(std140) uniform Views {
    View views[VIEW_MAX];
};

// Copies of models in views: five texels each, the rows of object to clip x, y, and depth; the object's origin from the
// camera in world axes, and the view; the copy.
uniform samplerBuffer pairs;
// Six texels each: the rows of object to world, then those of normals; w of the first two has the instance id.
uniform samplerBuffer copies;
