/* make_meshes FOLDER [large]: writes the benchmark's own objects as GLB files.
 * Closed, single-sided, each with a texture of 1024 x 1024: bumpy balls of 10k, 100k and 1M
 * triangles, a mug with a handle of 24k, the largest ball with its triangles in disorder, and a crowd: the
 * smallest ball a thousand times, most of them behind others. `large`: instead of these a ball of 10M
 * triangles, 300 MB. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "glb_writer.h"

static const double pi = 3.14159265358979;
enum { TEXTURE_SIZE = 1024 };

/* A rectangle of `columns` x `rows` quads bent into space; (s, t) in [0, 1]. */
typedef struct mesh_patch {
    void (*place)(const struct mesh_patch *patch, double s, double t, double position[3]);
    uint32_t columns, rows;
    double uv_origin[2], uv_size[2];
    int face;       /* balls: of the cube that is blown up */
    double details; /* balls: bumps of the finest wave around the ball */
} mesh_patch;

/* ---- shapes ---- */

/* A radius of 1 with waves of falling height: some hide others, as parts of real objects do. */
static double bumpy_radius(const double d[3], double details)
{
    double radius = 1;
    for (double frequency = 3, height = 0.12; frequency <= details; frequency *= 2.3, height *= 0.45)
        radius += height * sin(frequency * d[0] + 1.3 * frequency) * sin(frequency * d[1] + 0.4) *
                  sin(frequency * 1.1 * d[2] + 2.1);
    return radius;
}

static void place_ball(const mesh_patch *patch, double s, double t, double position[3])
{
    /* Three faces look along +x, +y, +z and three along the opposite; angles are spread evenly. */
    double a = tan((s - 0.5) * pi / 2), b = tan((t - 0.5) * pi / 2), side = patch->face < 3 ? 1 : -1;
    double direction[3];
    int axis = patch->face % 3;
    direction[axis] = side;
    direction[(axis + 1) % 3] = side * a;
    direction[(axis + 2) % 3] = b;
    double length = sqrt(1 + a * a + b * b);
    for (int i = 0; i < 3; i++)
        direction[i] /= length;
    double radius = bumpy_radius(direction, patch->details);
    for (int i = 0; i < 3; i++)
        position[i] = radius * direction[i];
}

/* A line turned about the y axis: under the foot, up outside, over the rim, down inside. */
static void place_cup(const mesh_patch *patch, double s, double t, double position[3])
{
    static const double line[][3] = {/* where on the line, radius, height */
                                     {0.00, 0.000, 0.000}, {0.14, 0.370, 0.000}, {0.17, 0.400, 0.030},
                                     {0.50, 0.400, 0.930}, {0.52, 0.390, 0.950}, {0.54, 0.370, 0.950},
                                     {0.56, 0.360, 0.930}, {0.85, 0.360, 0.090}, {0.88, 0.330, 0.060},
                                     {1.00, 0.000, 0.060}};
    (void)patch;
    int i = 0;
    while (i < 8 && t > line[i + 1][0])
        i++;
    double f = (t - line[i][0]) / (line[i + 1][0] - line[i][0]), angle = 2 * pi * s;
    double radius = line[i][1] + f * (line[i + 1][1] - line[i][1]);
    position[0] = radius * cos(angle);
    position[1] = line[i][2] + f * (line[i + 1][2] - line[i][2]);
    position[2] = -radius * sin(angle);
}

/* A tube along half an ellipse; both ends are inside the cup's wall. */
static void place_handle(const mesh_patch *patch, double s, double t, double position[3])
{
    (void)patch;
    double along = pi * t, around = 2 * pi * s, thickness = 0.05;
    double center[2] = {0.38 + 0.27 * sin(along), 0.5 + 0.26 * cos(along)};
    double outwards[2] = {0.26 * sin(along), 0.27 * cos(along)}, length = hypot(outwards[0], outwards[1]);
    position[0] = center[0] + thickness * cos(around) * outwards[0] / length;
    position[1] = center[1] + thickness * cos(around) * outwards[1] / length;
    position[2] = thickness * sin(around);
}

/* ---- patches to triangles ---- */

static void find_normal(const mesh_patch *patch, double s, double t, float normal[3])
{
    const double step = 1e-5;
    double p[4][3], n[3];
    t = fmin(fmax(t, 2 * step), 1 - 2 * step); /* the cup's poles have no direction around */
    patch->place(patch, s - step, t, p[0]);
    patch->place(patch, s + step, t, p[1]);
    patch->place(patch, s, t - step, p[2]);
    patch->place(patch, s, t + step, p[3]);
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        n[i] = (p[1][j] - p[0][j]) * (p[3][k] - p[2][k]) - (p[1][k] - p[0][k]) * (p[3][j] - p[2][j]);
    }
    double length = sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    for (int i = 0; i < 3; i++)
        normal[i] = (float)(n[i] / length);
}

static int same_place(const glb_mesh *mesh, uint32_t a, uint32_t b)
{
    double distance = 0;
    for (int i = 0; i < 3; i++)
        distance += fabs((double)mesh->positions[3 * a + i] - (double)mesh->positions[3 * b + i]);
    return distance < 1e-9;
}

static void add_triangle(glb_mesh *mesh, uint32_t a, uint32_t b, uint32_t c)
{
    if (same_place(mesh, a, b) || same_place(mesh, b, c) || same_place(mesh, c, a))
        return;
    mesh->indices[mesh->index_count++] = a;
    mesh->indices[mesh->index_count++] = b;
    mesh->indices[mesh->index_count++] = c;
}

static void add_patch(glb_mesh *mesh, const mesh_patch *patch)
{
    uint32_t first = mesh->vertex_count, stride = patch->columns + 1;
    for (uint32_t row = 0; row <= patch->rows; row++)
        for (uint32_t column = 0; column <= patch->columns; column++) {
            double s = (double)column / patch->columns, t = (double)row / patch->rows, position[3];
            uint32_t v = mesh->vertex_count++;
            patch->place(patch, s, t, position);
            for (int i = 0; i < 3; i++)
                mesh->positions[3 * v + i] = (float)position[i];
            find_normal(patch, s, t, mesh->normals + 3 * v);
            mesh->uvs[2 * v] = (float)(patch->uv_origin[0] + s * patch->uv_size[0]);
            mesh->uvs[2 * v + 1] = (float)(patch->uv_origin[1] + t * patch->uv_size[1]);
        }
    for (uint32_t row = 0; row < patch->rows; row++)
        for (uint32_t column = 0; column < patch->columns; column++) {
            uint32_t v = first + row * stride + column;
            add_triangle(mesh, v, v + 1, v + stride + 1);
            add_triangle(mesh, v, v + stride + 1, v + stride);
        }
}

static int make_mesh(glb_mesh *mesh, const mesh_patch *patches, int count)
{
    size_t vertices = 0, quads = 0;
    for (int i = 0; i < count; i++) {
        vertices += (size_t)(patches[i].columns + 1) * (patches[i].rows + 1);
        quads += (size_t)patches[i].columns * patches[i].rows;
    }
    *mesh = (glb_mesh){.positions = malloc(vertices * 12), .normals = malloc(vertices * 12),
                       .uvs = malloc(vertices * 8), .indices = malloc(quads * 24)};
    if (!mesh->positions || !mesh->normals || !mesh->uvs || !mesh->indices)
        return 0;
    for (int i = 0; i < count; i++)
        add_patch(mesh, &patches[i]);
    return 1;
}

enum { CROWD_SIDE = 10, CROWD_COUNT = CROWD_SIDE * CROWD_SIDE * CROWD_SIDE };

/* A lattice out of true: balls of radius 1 that leave gaps. */
static void place_crowd(double places[CROWD_COUNT][3])
{
    uint32_t random = 1;
    for (uint32_t i = 0; i < CROWD_COUNT; i++)
        for (int c = 0; c < 3; c++) {
            uint32_t step = c == 0 ? i % CROWD_SIDE : c == 1 ? i / CROWD_SIDE % CROWD_SIDE : i / CROWD_SIDE / CROWD_SIDE;
            random = random * 1664525u + 1013904223u;
            places[i][c] = 2.4 * step + 1.2 * (random / 4294967296.0);
        }
}

static void free_mesh(glb_mesh *mesh)
{
    free(mesh->positions);
    free(mesh->normals);
    free(mesh->uvs);
    free(mesh->indices);
}

/* Patches of 64 triangles in random order, as in files that nobody sorted. */
static void shuffle_triangles(glb_mesh *mesh)
{
    enum { PATCH_INDICES = 64 * 3 };
    uint32_t random = 1, held[PATCH_INDICES];
    for (uint32_t last = mesh->index_count / PATCH_INDICES; last > 1; last--) {
        random = random * 1664525u + 1013904223u;
        uint32_t *a = mesh->indices + (size_t)(last - 1) * PATCH_INDICES;
        uint32_t *b = mesh->indices + (size_t)((uint64_t)random * last >> 32) * PATCH_INDICES;
        memcpy(held, a, sizeof held);
        memmove(a, b, sizeof held);
        memcpy(b, held, sizeof held);
    }
}

/* ---- the texture ---- */

/* Stripes, a checker of small cells and grain: something at every scale. */
static calo_status make_texture(calo_image *image, calo_error *err)
{
    calo_status status = calo_image_init(image, TEXTURE_SIZE, TEXTURE_SIZE, CALO_PIXEL_RGB8, err);
    uint32_t grain = 1;
    for (uint32_t y = 0; status == CALO_OK && y < TEXTURE_SIZE; y++) {
        uint8_t *row = (uint8_t *)image->data + y * image->row_bytes;
        for (uint32_t x = 0; x < TEXTURE_SIZE; x++) {
            grain = grain * 1664525u + 1013904223u;
            double wave = 0.5 + 0.5 * sin(0.011 * x + 2 * sin(0.017 * y));
            uint32_t cell = (x / 16 + y / 16) & 1, noise = grain >> 28;
            row[3 * x] = (uint8_t)(70 + 120 * wave + 20 * cell + noise);
            row[3 * x + 1] = (uint8_t)(90 + 60 * (1 - wave) + 40 * cell + noise);
            row[3 * x + 2] = (uint8_t)(50 + 90 * wave * wave + 30 * (1 - cell) + noise);
        }
    }
    return status;
}

/* ---- files ---- */

enum { TIDY = 0, SHUFFLED, CROWD };

static calo_status write_object(const char *folder, const char *name, const mesh_patch *patches, int count,
                                int kind, const calo_image *texture, calo_error *err)
{
    static double places[CROWD_COUNT][3];
    calo_status status = CALO_OK;
    glb_mesh mesh = {0};
    char *path = calo_text_format("%s/%s.glb", folder, name);
    if (!path || !make_mesh(&mesh, patches, count)) {
        fprintf(stderr, "make_meshes: no memory for %s\n", name);
        exit(1);
    }
    if (kind == SHUFFLED)
        shuffle_triangles(&mesh);
    if (kind == CROWD) {
        place_crowd(places);
        mesh.copies = places;
        mesh.copy_count = CROWD_COUNT;
    }
    status = glb_write(path, &mesh, 0.6f, texture, err);
    free_mesh(&mesh);
    free(path);
    return status;
}

static calo_status write_ball(const char *folder, const char *name, uint32_t quads, double details, int kind,
                              const calo_image *texture, calo_error *err)
{
    mesh_patch faces[6];
    for (int i = 0; i < 6; i++)
        faces[i] = (mesh_patch){.place = place_ball, .columns = quads, .rows = quads, .face = i, .details = details,
                           .uv_origin = {(i % 3) / 3.0, (i / 3) / 2.0}, .uv_size = {1 / 3.0, 1 / 2.0}};
    return write_object(folder, name, faces, 6, kind, texture, err);
}

static calo_status write_mug(const char *folder, const char *name, const calo_image *texture, calo_error *err)
{
    const mesh_patch patches[2] = {
        {.place = place_cup, .columns = 128, .rows = 73, .uv_origin = {0, 0}, .uv_size = {1, 0.75}},
        {.place = place_handle, .columns = 32, .rows = 96, .uv_origin = {0, 0.75}, .uv_size = {1, 0.25}},
    };
    return write_object(folder, name, patches, 2, TIDY, texture, err);
}

static calo_status write_all(const char *folder, const calo_image *texture, calo_error *err)
{
    calo_status status = write_ball(folder, "ball_10k", 29, 20, TIDY, texture, err);
    if (status == CALO_OK)
        status = write_mug(folder, "mug_24k", texture, err);
    if (status == CALO_OK)
        status = write_ball(folder, "ball_100k", 91, 50, TIDY, texture, err);
    if (status == CALO_OK)
        status = write_ball(folder, "ball_1m", 289, 120, TIDY, texture, err);
    if (status == CALO_OK)
        status = write_ball(folder, "ball_1m_shuffled", 289, 120, SHUFFLED, texture, err);
    if (status == CALO_OK)
        status = write_ball(folder, "crowd_10m", 29, 20, CROWD, texture, err);
    return status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    calo_image texture = {0};
    bool large = argc == 3 && strcmp(argv[2], "large") == 0;
    if (argc != 2 && !large) {
        fprintf(stderr, "usage: make_meshes FOLDER [large]\n");
        return 2;
    }
    calo_status status = calo_folder_create(argv[1], &err);
    if (status == CALO_OK)
        status = make_texture(&texture, &err);
    if (status == CALO_OK)
        status = large ? write_ball(argv[1], "ball_10m", 913, 380, TIDY, &texture, &err)
                       : write_all(argv[1], &texture, &err);
    calo_image_finish(&texture);
    if (status != CALO_OK)
        fprintf(stderr, "make_meshes: %s\n", err.message);
    return status == CALO_OK ? 0 : 1;
}
