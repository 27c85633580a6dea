/* Vertices, indices and triangles' normals to the device.
 *
 * Which side of a triangle its vertex normals lie on is the same all over it, and for most triangles the front's. The
 * odd ones, where the normals lie aslant or on the other side, each have a vertex of their own that carries the
 * triangle's normal: to count triangles (gl_PrimitiveID) makes software drivers slow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "render/gl/scene.h"

/* Attributes in the order of surface.vert's locations. */
typedef struct vertex_attribute {
    const float *values;
    uint32_t components;
} vertex_attribute;
enum { ATTRIBUTE_COUNT = 6, COPY_ATTRIBUTE_COUNT = 9, FACE_LOCATION = 15 };

static void list_attributes(const calo_draw *draw, vertex_attribute attributes[ATTRIBUTE_COUNT])
{
    const calo_primitive *primitive = draw->primitive;
    const vertex_attribute all[ATTRIBUTE_COUNT] = {
        {draw->positions, 3}, {draw->normals, 3}, {draw->tangents, 4},
        {primitive->uvs[0], 2}, {primitive->uvs[1], 2}, {primitive->colors, 4},
    };
    memcpy(attributes, all, sizeof all);
}

/* ---- triangles' normals ---- */

/* Octahedral, 16 bits a coordinate with 0 and +-1 exact; 0 where the triangle has no area. */
static uint32_t pack_normal(const calo_draw *draw, const uint32_t corners[3])
{
    double edges[2][3], n[3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            edges[k][i] = (double)draw->positions[3 * (size_t)corners[k + 1] + (size_t)i] -
                          (double)draw->positions[3 * (size_t)corners[0] + (size_t)i];
    calo_cross3(edges[0], edges[1], n);
    double sum = fabs(n[0]) + fabs(n[1]) + fabs(n[2]);
    if (!(sum > 0 && isfinite(sum)))
        return 0;
    double x = n[0] / sum, y = n[1] / sum;
    if (n[2] < 0) {
        double folded = (1 - fabs(y)) * (x >= 0 ? 1 : -1);
        y = (1 - fabs(x)) * (y >= 0 ? 1 : -1);
        x = folded;
    }
    return (uint32_t)(floor(x * 32767 + 0.5) + 32768) | (uint32_t)(floor(y * 32767 + 0.5) + 32768) << 16;
}

static calo_status upload_faces(const calo_glr_upload *upload, const calo_draw *draw, calo_glr_shared_model *thing,
                                calo_error *err)
{
    calo_glr_scene *scene = upload->scene;
    calo_glr_model *model = &thing->model;
    uint32_t count = draw->element_count;
    if (count > (uint32_t)scene->device->limits.buffer_texels)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has a mesh of %u triangles: %s takes up to %d; split it or use "
                         "--backend cpu", upload->source->path, count, scene->device->info->renderer,
                         scene->device->limits.buffer_texels);
    calo_arena arena;
    calo_arena_init(&arena, 0);
    calo_status status = calo_arena_reserve(&thing->shared.arena, count * sizeof(uint32_t), "normals on the device", err);
    uint32_t *normals = CALO_ARENA_TAKE(&arena, uint32_t, count, "triangles' normals", err);
    if (status == CALO_OK && !normals)
        status = calo_failed(err);
    for (uint32_t i = 0; status == CALO_OK && i < count; i++)
        normals[i] = pack_normal(draw, draw->primitive->indices + 3 * (size_t)i);
    if (status == CALO_OK)
        calo_glr_make_buffer_texture(scene->device, GL_R32UI, normals, count * sizeof *normals, &model->face_buffer,
                                     &model->faces);
    calo_arena_finish(&arena);
    return status;
}

/* ---- odd triangles ---- */

/* The last corners of odd triangles, which are their flat ("provoking") ones, as vertices behind the others. */
typedef struct odd_faces {
    uint32_t count;
    const uint32_t *indices; /* of all triangles: the primitive's, or with the new vertices */
    uint32_t *sources;       /* the vertices that the new ones are copies of */
    uint32_t *codes;         /* by vertex, the new ones included: the normal, 0 for ordinary ones */
} odd_faces;

/* The least cosine between a triangle and its vertex normals for which transforms of up to 1.2 times as much in one
 * direction as in another keep them on one side: (k - 1) / (k + 1) for k = 1.2^2, and some room. */
static const double least_cosine = 0.2, most_stretch = 1.2;

static bool is_ordinary(const calo_draw *draw, const uint32_t corners[3])
{
    double edges[2][3], face[3], size;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            edges[k][i] = (double)draw->positions[3 * (size_t)corners[k + 1] + (size_t)i] -
                          (double)draw->positions[3 * (size_t)corners[0] + (size_t)i];
    calo_cross3(edges[0], edges[1], face);
    size = calo_length3(face);
    for (int k = 0; k < 3; k++) {
        const float *n = draw->normals + 3 * (size_t)corners[k];
        double normal[3] = {n[0], n[1], n[2]};
        if (!(calo_dot3(normal, face) >= least_cosine * size * calo_length3(normal) && calo_length3(normal) > 0))
            return false;
    }
    return true;
}

/* About the same in all directions. */
static bool is_even(const calo_mat4 *matrix)
{
    double squares[3] = {0};
    for (int c = 0; c < 3; c++)
        for (int r = 0; r < 3; r++)
            squares[c] += matrix->m[r][c] * matrix->m[r][c];
    double least = fmin(squares[0], fmin(squares[1], squares[2])), most = fmax(squares[0], fmax(squares[1], squares[2]));
    if (!(least > 0) || most > least * most_stretch * most_stretch)
        return false;
    /* Skewed axes stretch, too: by at most the sum of their products. */
    double skew = 0;
    for (int c = 0; c < 3; c++) {
        double product = 0;
        for (int r = 0; r < 3; r++)
            product += matrix->m[r][c] * matrix->m[r][(c + 1) % 3];
        skew += fabs(product);
    }
    return most + 2 * skew <= (least - 2 * skew) * most_stretch * most_stretch;
}

/* `all`: no triangle passes as an ordinary one. */
static calo_status find_odd_faces(const calo_draw *draw, bool all, calo_arena *arena, odd_faces *odd, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    uint32_t count = 0;
    *odd = (odd_faces){.indices = primitive->indices};
    for (uint32_t i = 0; i < draw->element_count; i++)
        count += all || !is_ordinary(draw, primitive->indices + 3 * (size_t)i);
    if (count == 0)
        return CALO_OK;
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, primitive->index_count, "odd triangles", err);
    odd->sources = CALO_ARENA_TAKE(arena, uint32_t, count, "odd triangles", err);
    odd->codes = CALO_ARENA_TAKE(arena, uint32_t, (uint64_t)primitive->vertex_count + count, "odd triangles", err);
    if (!indices || !odd->sources || !odd->codes)
        return calo_failed(err);
    memcpy(indices, primitive->indices, primitive->index_count * sizeof *indices);
    for (uint32_t i = 0; i < draw->element_count; i++) {
        uint32_t *corners = indices + 3 * (size_t)i;
        if (!all && is_ordinary(draw, corners))
            continue;
        odd->sources[odd->count] = corners[2];
        odd->codes[primitive->vertex_count + odd->count] = pack_normal(draw, corners);
        corners[2] = primitive->vertex_count + odd->count++;
    }
    odd->indices = indices;
    return CALO_OK;
}

/* ---- vertices ---- */

/* An attribute's values, those of odd triangles' own vertices behind them. */
static calo_status upload_attribute(const calo_glr_functions *gl, const vertex_attribute *attribute, uint32_t count,
                                    const odd_faces *odd, size_t offset, calo_error *err)
{
    size_t size = attribute->components * sizeof(float);
    gl->BufferSubData(GL_ARRAY_BUFFER, (GLintptr)offset, (GLsizeiptr)(count * size), attribute->values);
    if (odd->count == 0)
        return CALO_OK;
    float *copies = malloc(odd->count * size);
    if (!copies)
        return calo_fail_memory(err, "odd triangles", odd->count * size);
    for (uint32_t i = 0; i < odd->count; i++)
        memcpy(copies + (size_t)i * attribute->components,
               attribute->values + (size_t)odd->sources[i] * attribute->components, size);
    gl->BufferSubData(GL_ARRAY_BUFFER, (GLintptr)(offset + count * size), (GLsizeiptr)(odd->count * size), copies);
    free(copies);
    return CALO_OK;
}

static calo_status upload_vertices(const calo_glr_upload *upload, const calo_draw *draw, const odd_faces *odd,
                                   calo_glr_shared_model *thing, calo_error *err)
{
    const calo_glr_functions *gl = &upload->scene->device->gl;
    calo_glr_model *model = &thing->model;
    vertex_attribute attributes[ATTRIBUTE_COUNT];
    size_t bytes = 0, total = (size_t)draw->primitive->vertex_count + odd->count;
    size_t code_bytes = odd->count ? total * sizeof *odd->codes : 0, index_bytes = model->index_count * sizeof(uint32_t);
    list_attributes(draw, attributes);
    for (int i = 0; i < ATTRIBUTE_COUNT; i++)
        bytes += attributes[i].values ? total * attributes[i].components * sizeof(float) : 0;
    calo_status status = calo_arena_reserve(&thing->shared.arena, bytes + code_bytes + index_bytes,
                                            "vertices on the device", err);
    gl->GenVertexArrays(1, &model->array);
    gl->BindVertexArray(model->array);
    gl->GenBuffers(1, &model->vertices);
    gl->BindBuffer(GL_ARRAY_BUFFER, model->vertices);
    if (status == CALO_OK)
        gl->BufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(bytes + code_bytes), NULL, GL_STATIC_DRAW);
    size_t offset = 0;
    for (GLuint i = 0; status == CALO_OK && i < ATTRIBUTE_COUNT; i++) {
        const vertex_attribute *attribute = &attributes[i];
        if (!attribute->values)
            continue;
        status = upload_attribute(gl, attribute, draw->primitive->vertex_count, odd, offset, err);
        gl->EnableVertexAttribArray(i);
        gl->VertexAttribPointer(i, (GLint)attribute->components, GL_FLOAT, GL_FALSE, 0, (const void *)offset);
        offset += total * attribute->components * sizeof(float);
    }
    if (status == CALO_OK && code_bytes) {
        gl->BufferSubData(GL_ARRAY_BUFFER, (GLintptr)offset, (GLsizeiptr)code_bytes, odd->codes);
        gl->EnableVertexAttribArray(FACE_LOCATION);
        gl->VertexAttribIPointer(FACE_LOCATION, 1, GL_UNSIGNED_INT, 0, (const void *)offset);
    }
    /* Of the copies; they point to a buffer when they are drawn. */
    for (GLuint i = ATTRIBUTE_COUNT; i < ATTRIBUTE_COUNT + COPY_ATTRIBUTE_COUNT; i++) {
        gl->EnableVertexAttribArray(i);
        gl->VertexAttribDivisor(i, 1);
    }
    gl->GenBuffers(1, &model->indices);
    gl->BindBuffer(GL_ELEMENT_ARRAY_BUFFER, model->indices);
    if (status == CALO_OK)
        gl->BufferData(GL_ELEMENT_ARRAY_BUFFER, (GLsizeiptr)index_bytes, odd->indices, GL_STATIC_DRAW);
    gl->BindVertexArray(0);
    return status;
}

/* Vertices, with odd triangles where vertex normals tell the others' sides. */
static calo_status upload_geometry(const calo_glr_upload *upload, const calo_draw *draw, bool uneven,
                                   calo_glr_shared_model *thing, calo_error *err)
{
    odd_faces odd = {.indices = draw->primitive->indices};
    calo_arena arena;
    calo_arena_init(&arena, 0);
    calo_status status = CALO_OK;
    if (thing->model.has_normals && !thing->model.wide)
        status = find_odd_faces(draw, uneven, &arena, &odd, err);
    if (status == CALO_OK)
        status = upload_vertices(upload, draw, &odd, thing, err);
    thing->model.has_odd_faces = odd.count > 0;
    calo_arena_finish(&arena);
    return status;
}

static bool is_wide(const calo_draw *draw)
{
    return draw->primitive->topology != CALO_TRIANGLES || draw->wireframe;
}

static calo_status upload_model(const calo_glr_upload *upload, const calo_draw *draw, bool uneven,
                                calo_glr_shared_model *thing, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    thing->model = (calo_glr_model){
        .topology = primitive->topology,
        .wide = is_wide(draw),
        .index_count = primitive->index_count,
        .has_normals = draw->normals,
        .has_tangents = draw->tangents,
        .has_uvs = {primitive->uvs[0], primitive->uvs[1]},
        .has_colors = primitive->colors,
    };
    calo_status status = upload_geometry(upload, draw, uneven, thing, err);
    if (status == CALO_OK && primitive->topology == CALO_TRIANGLES)
        status = upload_faces(upload, draw, thing, err);
    return status == CALO_OK ? calo_sharing_count(upload->sharing, &thing->shared, err) : status;
}

static calo_status take_model(const calo_glr_upload *upload, const calo_draw *draw, bool uneven, calo_glr_model *model,
                              calo_error *err)
{
    calo_shared_key key = calo_draw_key(draw, CALO_SHARED_GEOMETRY);
    key.parameters[CALO_DRAW_PARAMETERS] = is_wide(draw);
    key.parameters[CALO_DRAW_PARAMETERS + 1] = uneven;
    bool made;
    calo_glr_shared_model *thing = calo_sharing_take(upload->sharing, &key, sizeof *thing, &made, err);
    if (!thing)
        return calo_failed(err);
    calo_status status = made ? upload_model(upload, draw, uneven, thing, err) : CALO_OK;
    *model = thing->model;
    return status;
}

/* By model: one of its copies is stretched more in one direction than in another. */
static void find_uneven(const calo_glr_scene *scene, bool *uneven)
{
    for (uint32_t g = 0; g < scene->group_count; g++) {
        const calo_glr_group *group = &scene->groups[g];
        for (uint32_t c = 0; c < group->copy_count; c++)
            uneven[group->model] |= !is_even(&scene->copies[group->first_copy + c].object_to_world);
    }
}

calo_status calo_glr_models_upload(const calo_glr_upload *upload, calo_error *err)
{
    const calo_glr_scene *scene = upload->scene;
    bool *uneven = calloc((size_t)scene->model_count + 1, sizeof *uneven);
    if (!uneven)
        return calo_fail_memory(err, "models", scene->model_count * sizeof *uneven);
    find_uneven(scene, uneven);
    calo_status status = CALO_OK;
    for (uint32_t i = 0; status == CALO_OK && i < scene->model_count; i++)
        status = take_model(upload, &upload->list->draws[upload->model_draws[i]], uneven[i], &scene->models[i], err);
    free(uneven);
    return status;
}
