// What fragments know of the copy that they belong to.
// Nine texels each: rows of object to clip x, y and depth; of object to world, from the camera; of normals to world,
// and in their w the lower and the upper half of the instance id, and -1 where the transform mirrors.
uniform samplerBuffer copies;
flat in int varying_copy;

vec4 normal_row(int row)
{
    return texelFetch(copies, 9 * varying_copy + 6 + row);
}
