/* Vertices, indices and triangles' normals to the device. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "render/gl/scene.h"

/* Attributes in the order of surface.vert's locations. */
typedef struct vertex_attribute {
    const float *values;
    uint32_t components;
} vertex_attribute;
enum { ATTRIBUTE_COUNT = 6, COPY_ATTRIBUTE_COUNT = 9 };

static void list_attributes(const calo_draw *draw, vertex_attribute attributes[ATTRIBUTE_COUNT])
{
    const calo_primitive *primitive = draw->primitive;
    const vertex_attribute all[ATTRIBUTE_COUNT] = {
        {draw->positions, 3}, {draw->normals, 3}, {draw->tangents, 4},
        {primitive->uvs[0], 2}, {primitive->uvs[1], 2}, {primitive->colors, 4},
    };
    memcpy(attributes, all, sizeof all);
}

static calo_status upload_vertices(const calo_glr_upload *upload, const calo_draw *draw, calo_glr_model *model,
                                   calo_error *err)
{
    const calo_glr_functions *gl = &upload->scene->device->gl;
    vertex_attribute attributes[ATTRIBUTE_COUNT];
    size_t bytes = 0, count = draw->primitive->vertex_count;
    list_attributes(draw, attributes);
    for (int i = 0; i < ATTRIBUTE_COUNT; i++)
        bytes += attributes[i].values ? count * attributes[i].components * sizeof(float) : 0;
    size_t index_bytes = model->index_count * sizeof(uint32_t);
    calo_status status = calo_arena_reserve(&upload->scene->arena, bytes + index_bytes, "vertices on the device", err);
    if (status != CALO_OK)
        return status;
    gl->GenVertexArrays(1, &model->array);
    gl->BindVertexArray(model->array);
    gl->GenBuffers(1, &model->vertices);
    gl->BindBuffer(GL_ARRAY_BUFFER, model->vertices);
    gl->BufferData(GL_ARRAY_BUFFER, (GLsizeiptr)bytes, NULL, GL_STATIC_DRAW);
    size_t offset = 0;
    for (GLuint i = 0; i < ATTRIBUTE_COUNT; i++) {
        const vertex_attribute *attribute = &attributes[i];
        size_t part = count * attribute->components * sizeof(float);
        if (!attribute->values)
            continue;
        gl->BufferSubData(GL_ARRAY_BUFFER, (GLintptr)offset, (GLsizeiptr)part, attribute->values);
        gl->EnableVertexAttribArray(i);
        gl->VertexAttribPointer(i, (GLint)attribute->components, GL_FLOAT, GL_FALSE, 0, (const void *)offset);
        offset += part;
    }
    /* Of the copies; they point to a buffer when they are drawn. */
    for (GLuint i = ATTRIBUTE_COUNT; i < ATTRIBUTE_COUNT + COPY_ATTRIBUTE_COUNT; i++) {
        gl->EnableVertexAttribArray(i);
        gl->VertexAttribDivisor(i, 1);
    }
    gl->GenBuffers(1, &model->indices);
    gl->BindBuffer(GL_ELEMENT_ARRAY_BUFFER, model->indices);
    gl->BufferData(GL_ELEMENT_ARRAY_BUFFER, (GLsizeiptr)index_bytes, draw->primitive->indices, GL_STATIC_DRAW);
    gl->BindVertexArray(0);
    return CALO_OK;
}

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

static calo_status upload_faces(const calo_glr_upload *upload, const calo_draw *draw, calo_glr_model *model,
                                calo_error *err)
{
    calo_glr_scene *scene = upload->scene;
    uint32_t count = draw->element_count;
    if (count > (uint32_t)scene->device->limits.buffer_texels)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has a mesh of %u triangles: %s takes up to %d; split it or use "
                         "--backend cpu", upload->source->path, count, scene->device->info->renderer,
                         scene->device->limits.buffer_texels);
    calo_arena arena;
    calo_arena_init(&arena, 0);
    calo_status status = calo_arena_reserve(&scene->arena, count * sizeof(uint32_t), "normals on the device", err);
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

static calo_status upload_model(const calo_glr_upload *upload, const calo_draw *draw, calo_glr_model *model,
                                calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    *model = (calo_glr_model){
        .topology = primitive->topology,
        .wide = primitive->topology != CALO_TRIANGLES || draw->wireframe,
        .index_count = primitive->index_count,
        .has_normals = draw->normals,
        .has_tangents = draw->tangents,
        .has_uvs = {primitive->uvs[0], primitive->uvs[1]},
        .has_colors = primitive->colors,
    };
    calo_status status = upload_vertices(upload, draw, model, err);
    return status == CALO_OK && model->topology == CALO_TRIANGLES ? upload_faces(upload, draw, model, err) : status;
}

calo_status calo_glr_models_upload(const calo_glr_upload *upload, calo_error *err)
{
    const calo_glr_scene *scene = upload->scene;
    calo_status status = CALO_OK;
    for (uint32_t i = 0; status == CALO_OK && i < scene->model_count; i++)
        status = upload_model(upload, &upload->list->draws[upload->model_draws[i]], &scene->models[i], err);
    return status;
}
