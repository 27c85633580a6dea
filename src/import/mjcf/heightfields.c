/* Height fields: a grid of triangles that each have their own normal, walls down to the base, and a bottom. */
#include <math.h>

#include "base/error.h"
#include "import/mjcf/looks.h"

typedef struct field {
    uint32_t rows, columns;
    const float *heights; /* row 0 at -y */
    double size[4];       /* half x, half y, height of 1, depth of the base */
    calo_mjcf_shape *shape;
} field;

static uint32_t add_point(const field *f, uint32_t row, uint32_t column, bool base)
{
    double u = (double)column / (f->columns - 1), v = (double)row / (f->rows - 1);
    double height = base ? -f->size[3] : f->size[2] * (double)f->heights[(size_t)row * f->columns + column];
    calo_mjcf_vertex vertex = {
        .position = {(float)(f->size[0] * (2 * u - 1)), (float)(f->size[1] * (2 * v - 1)), (float)height},
        .uv = {(float)u, (float)(1 - v)},
    };
    for (int k = 0; k < 3; k++)
        vertex.object[k] = vertex.position[k];
    return calo_mjcf_shape_vertex(f->shape, &vertex);
}

/* MuJoCo cuts its quads from the corner at (x, y) to the one at (x + 1, y + 1). */
static void add_top(const field *f)
{
    for (uint32_t r = 0; r < f->rows; r++)
        for (uint32_t c = 0; c < f->columns; c++)
            add_point(f, r, c, false);
    for (uint32_t r = 0; r + 1 < f->rows; r++)
        for (uint32_t c = 0; c + 1 < f->columns; c++) {
            uint32_t near = r * f->columns + c, far = near + f->columns;
            calo_mjcf_shape_triangle(f->shape, near, far + 1, far);
            calo_mjcf_shape_triangle(f->shape, near, near + 1, far + 1);
        }
}

/* From one corner of the grid to the next, counter-clockwise seen from above. Top points are the grid's own. */
static void add_wall(const field *f, uint32_t row, uint32_t column, int row_step, int column_step)
{
    uint32_t steps = (row_step ? f->rows : f->columns) - 1, base = 0, top = 0;
    for (uint32_t i = 0; i <= steps; i++) {
        uint32_t next_base = add_point(f, row, column, true), next_top = row * f->columns + column;
        if (i > 0) {
            calo_mjcf_shape_triangle(f->shape, base, next_base, next_top);
            calo_mjcf_shape_triangle(f->shape, base, next_top, top);
        }
        base = next_base;
        top = next_top;
        row += (uint32_t)row_step;
        column += (uint32_t)column_step;
    }
}

static void add_bottom(const field *f)
{
    uint32_t a = add_point(f, 0, 0, true), b = add_point(f, 0, f->columns - 1, true);
    uint32_t c = add_point(f, f->rows - 1, f->columns - 1, true), d = add_point(f, f->rows - 1, 0, true);
    calo_mjcf_shape_triangle(f->shape, a, c, b);
    calo_mjcf_shape_triangle(f->shape, a, d, c);
}

calo_status calo_mjcf_make_heightfield(const calo_mjcf_builder *builder, uint32_t heightfield, calo_mjcf_shape *shape,
                                       calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    field f = {.rows = (uint32_t)a->hfield_nrow[heightfield],
               .columns = (uint32_t)a->hfield_ncol[heightfield],
               .heights = a->hfield_data + a->hfield_adr[heightfield],
               .shape = shape};
    for (int k = 0; k < 4; k++)
        f.size[k] = a->hfield_size[4 * (size_t)heightfield + (size_t)k];
    uint64_t cells = (uint64_t)(f.rows - 1) * (f.columns - 1), around = 2 * ((uint64_t)f.rows + f.columns);
    calo_status status =
        calo_mjcf_shape_reserve(shape, (uint64_t)f.rows * f.columns + around + 4, 2 * cells + 2 * around + 2, err);
    if (status != CALO_OK)
        return status;
    shape->faceted = true;
    add_top(&f);
    add_wall(&f, 0, 0, 0, 1);
    add_wall(&f, 0, f.columns - 1, 1, 0);
    add_wall(&f, f.rows - 1, f.columns - 1, 0, -1);
    add_wall(&f, f.rows - 1, 0, -1, 0);
    add_bottom(&f);
    return CALO_OK;
}
