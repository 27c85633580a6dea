/* Normals as lines: what VERTEX_NORMALS and FACE_NORMALS draw. */
#ifndef CALO_RENDER_NORMAL_LINES_H
#define CALO_RENDER_NORMAL_LINES_H

#include "render/draw_list.h"

/* The lines of one kind for a draw of triangles: a primitive, where it stands, and how many elements it has (0: there
 * is nothing to show). The rest of `lines` is left alone. They begin at the used vertices or at the middles of the
 * triangles, stand as the normals do in the world, and are `length` metres long there; 0: 5 % of the diagonal of the
 * primitive's box, times the mean scale of the draw's transform. */
calo_status calo_normal_lines_make(const calo_draw *draw, calo_normal_lines kind, float length, calo_arena *arena,
                                   calo_draw *lines, calo_error *err);

#endif
