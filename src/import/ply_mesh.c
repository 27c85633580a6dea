/* What a PLY file holds as one mesh: triangles, or else lines, or else points. */
#include "import/ply.h"

#include <string.h>

#include "base/error.h"
#include "import/object.h"
#include "import/polygon.h"
#include "import/textures.h"
#include "scene/build.h"

static uint32_t *corner_numbers(const calo_ply *ply) { return (uint32_t *)(void *)ply->corners.bytes; }
static size_t corner_count(const calo_ply *ply) { return ply->corners.size / sizeof(uint32_t); }

/* ---- strips to faces ---- */

/* Every other triangle is turned round; a triangle that uses a vertex twice only steers the strip. */
static calo_status append_strip_triangles(calo_ply *ply, uint32_t *sizes, calo_error *err)
{
    const int32_t *strip = (const int32_t *)(const void *)ply->strips.bytes;
    size_t length = ply->strips.size / sizeof *strip, first = 0;
    for (size_t i = 0; i < length; i++) {
        if (strip[i] < 0) {
            first = i + 1;
            continue;
        }
        if (i < first + 2 || strip[i] == strip[i - 1] || strip[i] == strip[i - 2] || strip[i - 1] == strip[i - 2])
            continue;
        bool turned = (i - first) % 2 != 0;
        const uint32_t triangle[3] = {(uint32_t)strip[turned ? i - 1 : i - 2], (uint32_t)strip[turned ? i - 2 : i - 1],
                                      (uint32_t)strip[i]};
        calo_status status = calo_blob_append(&ply->corners, triangle, sizeof triangle, err);
        if (status != CALO_OK)
            return status;
        sizes[ply->face_count++] = 3;
    }
    return CALO_OK;
}

static calo_status add_strips(calo_ply *ply, calo_error *err)
{
    size_t most = ply->strips.size / sizeof(int32_t);
    if (most == 0)
        return CALO_OK;
    if (most > INT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: strips of more than %d vertices", ply->source->path, INT32_MAX);
    uint32_t *sizes = CALO_ARENA_TAKE(&ply->arena, uint32_t, ply->face_count + most, "faces", err);
    if (!sizes)
        return calo_failed(err);
    if (ply->face_count)
        memcpy(sizes, ply->face_sizes, ply->face_count * sizeof *sizes);
    ply->face_sizes = sizes;
    ply->face_colors = NULL;
    ply->texcoords.size = 0;
    return append_strip_triangles(ply, sizes, err);
}

/* ---- checks ---- */

static calo_status check_numbers(const calo_ply *ply, const uint32_t *numbers, size_t count, const char *element,
                                 calo_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] >= ply->vertex_count)
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: an element \"%s\" uses vertex %u of only %u",
                             ply->source->path, element, numbers[i], ply->vertex_count);
    return CALO_OK;
}

/* ---- attributes of corners ---- */

static bool has_texcoords(const calo_ply *ply)
{
    size_t floats = ply->texcoords.size / sizeof(float);
    if (floats && floats != 2 * corner_count(ply))
        calo_scene_warn(ply->scene, "ply-texcoords",
                        "the faces have %zu texture coordinates for %zu corners: they are left out", floats / 2,
                        corner_count(ply));
    return floats && floats == 2 * corner_count(ply);
}

/* A copy with one item of `width` floats a corner, taken from the corner's vertex; NULL stays NULL. */
static bool spread(const calo_ply *ply, const float **values, size_t width, calo_error *err)
{
    const uint32_t *corners = corner_numbers(ply);
    if (!*values)
        return true;
    float *out = CALO_ARENA_TAKE(calo_scene_arena(ply->scene), float, corner_count(ply) * width, "vertices", err);
    for (size_t c = 0; out && c < corner_count(ply); c++)
        memcpy(out + c * width, *values + corners[c] * width, width * sizeof *out);
    *values = out;
    return out != NULL;
}

static const float *spread_face_colors(const calo_ply *ply, calo_error *err)
{
    float *out = CALO_ARENA_TAKE(calo_scene_arena(ply->scene), float, corner_count(ply) * 4, "face colours", err);
    for (size_t f = 0, c = 0; out && f < ply->face_count; f++)
        for (size_t i = 0; i < ply->face_sizes[f]; i++, c++)
            memcpy(out + 4 * c, ply->face_colors + 4 * f, 4 * sizeof *out);
    return out;
}

/* Gives each corner a vertex of its own. */
static calo_status split_vertices(const calo_ply *ply, bool texcoords, bool face_colors, calo_primitive *primitive,
                                  calo_error *err)
{
    size_t count = corner_count(ply);
    calo_arena *arena = calo_scene_arena(ply->scene);
    uint32_t *sources = CALO_ARENA_TAKE(arena, uint32_t, count, "vertices", err);
    float *uvs = texcoords ? CALO_ARENA_TAKE(arena, float, 2 * count, "UVs", err) : NULL;
    if (!sources || (texcoords && !uvs))
        return calo_failed(err);
    memcpy(sources, corner_numbers(ply), count * sizeof *sources);
    if (texcoords) {
        memcpy(uvs, ply->texcoords.bytes, 2 * count * sizeof *uvs);
        primitive->uvs[0] = uvs;
    } else if (!spread(ply, &primitive->uvs[0], 2, err)) {
        return calo_failed(err);
    }
    if (face_colors)
        primitive->colors = spread_face_colors(ply, err);
    else if (!spread(ply, &primitive->colors, 4, err))
        return calo_failed(err);
    if ((face_colors && !primitive->colors) || !spread(ply, &primitive->positions, 3, err) ||
        !spread(ply, &primitive->normals, 3, err))
        return calo_failed(err);
    primitive->source_vertices = sources;
    primitive->source_vertex_count = ply->vertex_count;
    primitive->vertex_count = (uint32_t)count;
    return CALO_OK;
}

/* ---- faces ---- */

static calo_status count_triangles(const calo_ply *ply, uint64_t *triangles, uint32_t *polygons, calo_error *err)
{
    uint32_t bad = 0;
    *triangles = *polygons = 0;
    for (uint32_t f = 0; f < ply->face_count; f++) {
        uint32_t size = ply->face_sizes[f];
        *triangles += size >= 3 ? size - 2 : 0;
        *polygons += size >= 3;
        bad += size < 3;
    }
    if (bad)
        calo_scene_warn(ply->scene, "degenerate-faces", "%u faces of fewer than three corners are left out", bad);
    if (*triangles > UINT32_MAX / 3 || corner_count(ply) > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: %llu triangles are more than calotype can draw",
                         ply->source->path, (unsigned long long)*triangles);
    return CALO_OK;
}

/* Corner numbers of the file's faces, as indices of vertices or (split) of corners. */
static calo_status triangulate(const calo_ply *ply, bool split, uint32_t *indices, uint8_t *edge_flags,
                               calo_error *err)
{
    calo_polygons polygons = {0};
    calo_status status = CALO_OK;
    const uint32_t *corners = corner_numbers(ply);
    for (size_t f = 0, first = 0, at = 0; status == CALO_OK && f < ply->face_count; first += ply->face_sizes[f++]) {
        uint32_t size = ply->face_sizes[f];
        if (size < 3)
            continue;
        status = calo_polygon_triangulate(&polygons, ply->positions, corners + first, size, indices + 3 * at,
                                          edge_flags + at, err);
        for (size_t i = 3 * at; status == CALO_OK && i < 3 * (at + size - 2); i++)
            indices[i] = split ? (uint32_t)(first + indices[i]) : corners[first + indices[i]];
        at += size - 2;
    }
    if (polygons.fan_count)
        calo_scene_warn(ply->scene, "large-polygons", "%u concave polygons have too many corners and are cut as fans",
                        polygons.fan_count);
    calo_polygons_finish(&polygons);
    return status;
}

/* The same where all faces are triangles. */
static void copy_triangles(const calo_ply *ply, bool split, uint32_t *indices)
{
    if (!split)
        memcpy(indices, corner_numbers(ply), corner_count(ply) * sizeof *indices);
    for (size_t i = 0; split && i < corner_count(ply); i++)
        indices[i] = (uint32_t)i;
}

static calo_status make_faces(const calo_ply *ply, calo_primitive *primitive, bool textured, calo_error *err)
{
    uint64_t triangles;
    calo_status status = count_triangles(ply, &triangles, &primitive->polygon_count, err);
    if (status == CALO_OK)
        status = check_numbers(ply, corner_numbers(ply), corner_count(ply), "face", err);
    if (status != CALO_OK)
        return status;
    bool texcoords = has_texcoords(ply), face_colors = ply->face_colors && !ply->colors && !textured;
    bool split = texcoords || face_colors;
    calo_arena *arena = calo_scene_arena(ply->scene);
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, 3 * triangles, "triangles", err);
    uint8_t *edge_flags = CALO_ARENA_TAKE(arena, uint8_t, triangles, "triangles", err);
    if (!indices || !edge_flags)
        return calo_failed(err);
    if (primitive->polygon_count == ply->face_count && triangles == ply->face_count)
        copy_triangles(ply, split, indices);
    else
        status = triangulate(ply, split, indices, edge_flags, err);
    if (status == CALO_OK && split)
        status = split_vertices(ply, texcoords, face_colors, primitive, err);
    primitive->topology = CALO_TRIANGLES;
    primitive->indices = indices;
    primitive->index_count = (uint32_t)(3 * triangles);
    primitive->edge_flags = primitive->polygon_count == triangles ? NULL : edge_flags;
    return status;
}

/* ---- lines and points ---- */

static calo_status make_lines(const calo_ply *ply, calo_primitive *primitive, calo_error *err)
{
    size_t count = 2 * (size_t)ply->edge_count;
    calo_status status = check_numbers(ply, ply->edges, count, "edge", err);
    if (status != CALO_OK)
        return status;
    uint32_t *indices = CALO_ARENA_TAKE(calo_scene_arena(ply->scene), uint32_t, count, "edges", err);
    if (!indices)
        return calo_failed(err);
    memcpy(indices, ply->edges, count * sizeof *indices);
    primitive->topology = CALO_LINES;
    primitive->indices = indices;
    primitive->index_count = (uint32_t)count;
    return CALO_OK;
}

static calo_status make_points(const calo_ply *ply, calo_primitive *primitive, calo_error *err)
{
    uint32_t *indices = CALO_ARENA_TAKE(calo_scene_arena(ply->scene), uint32_t, ply->vertex_count, "points", err);
    if (!indices)
        return calo_failed(err);
    for (uint32_t v = 0; v < ply->vertex_count; v++)
        indices[v] = v;
    primitive->topology = CALO_POINTS;
    primitive->indices = indices;
    primitive->index_count = ply->vertex_count;
    return CALO_OK;
}

/* ---- texture ---- */

/* The scene's texture for the header's TextureFile. */
static calo_status make_texture(const calo_ply *ply, int32_t *texture, calo_error *err)
{
    if (ply->header.texture_count > 1)
        calo_scene_warn(ply->scene, "ply-textures", "%u texture files are named: only the first, %s, is used",
                        ply->header.texture_count, ply->header.texture);
    calo_texture_loader *loader = NULL;
    calo_status status = calo_texture_loader_create(ply->source, ply->scene, &loader, err);
    calo_texture made = {.image = -1};
    if (status == CALO_OK) {
        made.image = calo_texture_loader_add_file(loader, ply->header.texture, false, err);
        status = made.image < 0 ? CALO_ERROR_LIMIT : calo_texture_loader_decode(loader, err);
    }
    calo_texture_loader_destroy(loader);
    if (status == CALO_OK) {
        *texture = calo_scene_add_texture(ply->scene, &made, err);
        status = *texture < 0 ? CALO_ERROR_LIMIT : CALO_OK;
    }
    return status;
}

/* A material with the file's texture; -1 when it has none. */
static calo_status make_material(const calo_ply *ply, int32_t *material, calo_error *err)
{
    *material = -1;
    if (ply->header.texture_count == 0 || (!ply->uvs && ply->texcoords.size == 0))
        return CALO_OK;
    calo_material made = calo_material_plain(true);
    calo_status status = make_texture(ply, &made.slots[CALO_SLOT_BASE_COLOR].texture, err);
    if (status == CALO_OK)
        *material = calo_scene_add_material(ply->scene, &made, err);
    return status == CALO_OK && *material < 0 ? CALO_ERROR_LIMIT : status;
}

static calo_status make_elements(const calo_ply *ply, calo_primitive *primitive, bool textured, calo_error *err)
{
    if (ply->face_count)
        return make_faces(ply, primitive, textured, err);
    return ply->edge_count ? make_lines(ply, primitive, err) : make_points(ply, primitive, err);
}

calo_status calo_ply_make_scene(calo_ply *ply, calo_error *err)
{
    calo_primitive primitive = {
        .positions = ply->positions,
        .normals = ply->normals,
        .uvs = {ply->uvs, NULL},
        .vertex_count = ply->vertex_count,
    };
    calo_status status = add_strips(ply, err);
    if (status == CALO_OK)
        status = make_material(ply, &primitive.material, err);
    if (status != CALO_OK)
        return status;
    /* A texture shows the colours better than they do. */
    bool textured = primitive.material >= 0 && !ply->scene->images[0].missing;
    primitive.colors = textured ? NULL : ply->colors;
    status = make_elements(ply, &primitive, textured, err);
    if (ply->face_count && ply->edge_count)
        calo_scene_warn(ply->scene, "ply-edges", "%u edges beside the faces are left out", ply->edge_count);
    return status == CALO_OK ? calo_import_add_object(ply->scene, "", &primitive, err) : status;
}
