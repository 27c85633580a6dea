/* Lamps and the environment to the device. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/color.h"
#include "render/gl/scene.h"

enum { MAP_COUNT = CALO_GLR_MAP_COUNT, LAMP_TEXELS = CALO_GLR_LAMP_TEXELS };

/* environment.glsl's block, as std140 lays it out. */
typedef struct light_block {
    float uniform_radiance[4], rotation[4], scale[4];
    float maps[MAP_COUNT][4];
} light_block;

/* ---- the environment's maps in one texture ---- */

/* Past an edge an octahedral map goes on mirrored along that edge. */
static const float *texel_beyond(const calo_octahedral_map *map, int column, int row)
{
    int size = (int)map->size;
    if (column < 0 || column >= size) {
        column = column < 0 ? 0 : size - 1;
        row = size - 1 - row;
    }
    if (row < 0 || row >= size) {
        row = row < 0 ? 0 : size - 1;
        column = size - 1 - column;
    }
    return map->texels + 3 * ((size_t)row * map->size + (size_t)column);
}

/* With a border of one texel. */
static void put_map(const calo_octahedral_map *map, float *texels, uint32_t width, uint32_t left, uint32_t top)
{
    int size = (int)map->size;
    for (int y = -1; y <= size; y++)
        for (int x = -1; x <= size; x++)
            memcpy(texels + 4 * ((size_t)(top + (uint32_t)(y + 1)) * width + left + (uint32_t)(x + 1)),
                   texel_beyond(map, x, y), 3 * sizeof(float));
}

/* One below the other; returns the height, and the width in `width`. */
static uint32_t lay_out(const calo_octahedral_map *const maps[MAP_COUNT], uint32_t *width, float places[MAP_COUNT][4])
{
    uint32_t top = 0;
    *width = 0;
    for (int i = 0; i < MAP_COUNT; i++) {
        uint32_t size = maps[i]->size;
        places[i][0] = 1;
        places[i][1] = (float)(top + 1);
        places[i][2] = (float)size;
        top += size + 2;
        *width = size + 2 > *width ? size + 2 : *width;
    }
    return top;
}

static calo_status upload_maps(const calo_glr_upload *upload, calo_error *err)
{
    const calo_environment_maps *from = &upload->environment->maps;
    calo_glr_shared_maps *thing = upload->maps;
    const calo_octahedral_map *maps[MAP_COUNT] = {&from->irradiance};
    for (int i = 0; i < CALO_ENVIRONMENT_LEVELS; i++)
        maps[1 + i] = &from->reflection[i];
    uint32_t width, height = lay_out(maps, &width, thing->maps.places);
    size_t bytes = 4 * sizeof(float) * width * height;
    calo_status status = calo_arena_reserve(&thing->shared.arena, bytes, "an environment on the device", err);
    if (status != CALO_OK)
        return status;
    float *texels = calloc(1, bytes);
    if (!texels)
        return calo_fail_memory(err, "an environment", bytes);
    for (int i = 0; i < MAP_COUNT; i++)
        put_map(maps[i], texels, width, 0, (uint32_t)thing->maps.places[i][1] - 1);
    thing->maps.texture = calo_glr_make_texture(upload->scene->device, GL_RGBA32F, width, height, GL_RGBA, GL_FLOAT,
                                                texels);
    free(texels);
    return calo_sharing_count(upload->sharing, &thing->shared, err);
}

calo_status calo_glr_picture_upload(calo_glr_scene *scene, calo_error *err)
{
    const calo_glr_functions *gl = &scene->device->gl;
    const calo_image *picture = scene->picture;
    GLint most = scene->device->limits.texture_size;
    if (picture->width > (uint32_t)most || picture->height > (uint32_t)most)
        return calo_fail(err, CALO_ERROR_LIMIT, "the environment's picture has %u x %u pixels: %s takes sides of up to "
                         "%d; make it smaller or use --backend cpu", picture->width, picture->height,
                         scene->device->info->renderer, most);
    gl->ActiveTexture(GL_TEXTURE0 + CALO_GLR_UNIT_PICTURE);
    scene->maps->picture = calo_glr_make_texture(scene->device, GL_RGBA32F, picture->width, picture->height, GL_RGBA,
                                                 GL_FLOAT, NULL);
    /* The caller's rows may be any number of bytes apart. */
    for (uint32_t y = 0; y < picture->height; y++)
        gl->TexSubImage2D(GL_TEXTURE_2D, 0, 0, (GLint)y, (GLsizei)picture->width, 1, GL_RGBA, GL_FLOAT,
                          (const char *)picture->data + y * picture->row_bytes);
    return CALO_OK;
}

/* ---- lamps ---- */

/* As shadow.glsl says. */
static void put_shadow(const calo_shadow *shadow, float texels[4][4])
{
    memcpy(texels[0], shadow->origin, sizeof shadow->origin);
    memcpy(texels[1], shadow->right, sizeof shadow->right);
    memcpy(texels[2], shadow->up, sizeof shadow->up);
    memcpy(texels[3], shadow->forward, sizeof shadow->forward);
    texels[0][3] = shadow->focal;
    texels[1][3] = shadow->near_metres;
    texels[2][3] = shadow->slack_metres;
    texels[3][3] = (float)shadow->first_map;
}

/* As mujoco.glsl says. */
static void put_phong(const calo_phong_light *phong, float diffuse[4], float texels[3][4])
{
    memcpy(diffuse, phong->diffuse, sizeof phong->diffuse);
    memcpy(texels[0], phong->attenuation, sizeof phong->attenuation);
    memcpy(texels[1], phong->ambient, sizeof phong->ambient);
    memcpy(texels[2], phong->specular, sizeof phong->specular);
    texels[0][3] = phong->exponent;
    texels[1][3] = phong->least_cosine;
}

static void put_lamp(const calo_lamp *lamp, const calo_shadows *shadows, calo_shading shading,
                     float texels[LAMP_TEXELS][4])
{
    memcpy(texels[0], lamp->position, sizeof lamp->position);
    memcpy(texels[1], lamp->direction, sizeof lamp->direction);
    memcpy(texels[2], lamp->radiant, sizeof lamp->radiant);
    texels[0][3] = (float)lamp->kind;
    texels[1][3] = lamp->range;
    texels[2][3] = lamp->cone_scale;
    texels[3][0] = lamp->cone_offset;
    texels[3][1] = lamp->shadow < 0 ? CALO_GLR_NO_SHADOW : (float)shadows->shadows[lamp->shadow].form;
    texels[3][2] = lamp->headlight;
    if (lamp->shadow >= 0)
        put_shadow(&shadows->shadows[lamp->shadow], texels + 4);
    if (shading == CALO_SHADING_MUJOCO)
        put_phong(&lamp->phong, texels[2], texels + 8);
}

static calo_status upload_lamps(calo_glr_scene *scene, const calo_draw_list *list, const calo_shadows *shadows,
                                calo_error *err)
{
    size_t count = list->lamp_count ? list->lamp_count : 1;
    GLint most = scene->device->limits.buffer_texels / LAMP_TEXELS;
    if (count > (size_t)most)
        return calo_fail(err, CALO_ERROR_LIMIT, "the scene has %zu lights: %s takes up to %d; leave some out or use "
                         "--backend cpu", count, scene->device->info->renderer, most);
    calo_status status = calo_arena_reserve(&scene->arena, count * sizeof(float[LAMP_TEXELS][4]),
                                            "lights on the device", err);
    if (status != CALO_OK)
        return status;
    float (*texels)[LAMP_TEXELS][4] = calloc(count, sizeof *texels);
    if (!texels)
        return calo_fail_memory(err, "lamps", count * sizeof *texels);
    for (uint32_t i = 0; i < list->lamp_count; i++)
        put_lamp(&list->lamps[i], shadows, list->shading, texels[i]);
    calo_glr_make_buffer_texture(scene->device, GL_RGBA32F, texels, count * sizeof *texels, &scene->lamp_buffer,
                                 &scene->lamp_texture);
    free(texels);
    return CALO_OK;
}

calo_status calo_glr_light_upload(const calo_glr_upload *upload, calo_error *err)
{
    calo_glr_scene *scene = upload->scene;
    const calo_glr_functions *gl = &scene->device->gl;
    const calo_environment *environment = upload->environment;
    bool displayed = scene->shading != CALO_SHADING_GLTF;
    light_block block = {
        .rotation = {environment->rotation_sine, environment->rotation_cosine, (float)upload->list->lamp_count},
    };
    memcpy(block.uniform_radiance, displayed ? upload->list->ambient : environment->uniform,
           sizeof environment->uniform);
    memcpy(block.scale, environment->scale, sizeof environment->scale);
    scene->has_environment = environment->present && !displayed;
    scene->picture = environment->image;
    for (int i = 0; environment->present && i < 3; i++)
        scene->background[i] = displayed ? fminf(calo_srgb_value(environment->uniform[i]), 1) : environment->uniform[i];
    calo_status status = upload->maps_made && !displayed ? upload_maps(upload, err) : CALO_OK;
    if (upload->maps_made && displayed)
        status = calo_sharing_count(upload->sharing, &upload->maps->shared, err);
    if (upload->maps) {
        scene->maps = &upload->maps->maps;
        memcpy(block.maps, scene->maps->places, sizeof block.maps);
    }
    if (status == CALO_OK)
        status = upload_lamps(scene, upload->list, upload->shadows, err);
    gl->GenBuffers(1, &scene->light_buffer);
    gl->BindBuffer(GL_UNIFORM_BUFFER, scene->light_buffer);
    gl->BufferData(GL_UNIFORM_BUFFER, sizeof block, &block, GL_STATIC_DRAW);
    return status;
}
