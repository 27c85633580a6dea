#include "import/gltf.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "scene/build.h"

calo_status calo_gltf_attribute(const calo_gltf_record *primitive, const calo_gltf_record *attributes,
                                const calo_gltf_draco *draco, const char *name, uint32_t vertex_count,
                                uint32_t components, uint32_t more_components, calo_gltf_accessor *accessor,
                                bool *found)
{
    calo_gltf *gltf = primitive->gltf;
    int32_t index = calo_gltf_index(attributes, name, CALO_GLTF_ACCESSORS);
    *found = false;
    if (gltf->status != CALO_OK || index < 0)
        return gltf->status;
    if (draco && calo_gltf_draco_has(draco, name)) {
        if (calo_gltf_accessor_describe(gltf, index, accessor) == CALO_OK)
            calo_gltf_draco_attribute(primitive, draco, name, accessor);
    } else {
        calo_gltf_accessor_open(gltf, index, accessor);
    }
    if (gltf->status != CALO_OK)
        return gltf->status;
    if (accessor->components != components && accessor->components != more_components)
        return calo_gltf_fail(attributes, CALO_ERROR_FORMAT, "%s has %u components an element, but %u are needed",
                              name, accessor->components, components);
    if (vertex_count && accessor->count != vertex_count)
        return calo_gltf_fail(attributes, CALO_ERROR_FORMAT, "%s has %u elements, but POSITION has %u", name,
                              accessor->count, vertex_count);
    *found = true;
    return CALO_OK;
}

static void warn(const calo_gltf_record *primitive, const char *id, const char *attribute, uint32_t bad,
                 uint32_t count, const char *remedy)
{
    char place[CALO_GLTF_PLACE_BYTES];
    calo_gltf_place(primitive, place, sizeof place);
    calo_scene_warn(primitive->gltf->scene, id, "%s: %u of %u %s %s", place, bad, count, attribute, remedy);
}

/* One attribute as floats; values NULL when the primitive has none. */
static calo_status read_attribute(const calo_gltf_record *primitive, const calo_gltf_draco *draco, const char *name,
                                  uint32_t vertex_count, uint32_t components, uint32_t more_components,
                                  calo_gltf_use use, calo_gltf_floats *floats)
{
    calo_gltf_record attributes = calo_gltf_enter(primitive, "attributes");
    calo_gltf_accessor accessor;
    bool found;
    *floats = (calo_gltf_floats){0};
    calo_status status = calo_gltf_attribute(primitive, &attributes, draco, name, vertex_count, components,
                                             more_components, &accessor, &found);
    return status == CALO_OK && found ? calo_gltf_read_floats(&attributes, &accessor, use, floats) : status;
}

static calo_status read_tangents(const calo_gltf_record *primitive, const calo_gltf_draco *draco, calo_primitive *out)
{
    calo_gltf_floats floats;
    if (read_attribute(primitive, draco, "TANGENT", out->vertex_count, 4, 4, CALO_GLTF_TANGENTS, &floats) != CALO_OK)
        return primitive->gltf->status;
    if (floats.bad_count > 0)
        warn(primitive, "bad-tangents", "tangents", floats.bad_count, floats.count,
             "have no direction: all are made anew from the UVs");
    else
        out->tangents = floats.values;
    return CALO_OK;
}

static calo_status read_uvs(const calo_gltf_record *primitive, const calo_gltf_draco *draco, calo_primitive *out)
{
    static const char *const names[2] = {"TEXCOORD_0", "TEXCOORD_1"};
    for (int set = 0; set < 2; set++) {
        calo_gltf_floats floats;
        if (read_attribute(primitive, draco, names[set], out->vertex_count, 2, 2, CALO_GLTF_FINITE, &floats) !=
            CALO_OK)
            return primitive->gltf->status;
        if (floats.bad_count > 0)
            warn(primitive, "bad-uvs", "UVs", floats.bad_count, floats.count, "are not finite: 0 is used");
        out->uvs[set] = floats.values;
    }
    return CALO_OK;
}

static calo_status read_colors(const calo_gltf_record *primitive, const calo_gltf_draco *draco, calo_primitive *out)
{
    calo_gltf_floats floats;
    if (read_attribute(primitive, draco, "COLOR_0", out->vertex_count, 3, 4, CALO_GLTF_COLORS, &floats) != CALO_OK)
        return primitive->gltf->status;
    if (floats.bad_count > 0)
        warn(primitive, "bad-colors", "vertex colors", floats.bad_count, floats.count, "are not finite: 1 is used");
    out->colors = floats.values;
    return CALO_OK;
}

calo_status calo_gltf_load_attributes(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                      calo_primitive *out)
{
    calo_gltf *gltf = primitive->gltf;
    calo_gltf_floats positions, normals;
    if (read_attribute(primitive, draco, "POSITION", 0, 3, 3, CALO_GLTF_PLAIN, &positions) != CALO_OK)
        return gltf->status;
    if (!positions.values)
        return CALO_OK;
    out->positions = positions.values;
    out->vertex_count = positions.count;
    if (read_attribute(primitive, draco, "NORMAL", out->vertex_count, 3, 3, CALO_GLTF_NORMALS, &normals) != CALO_OK)
        return gltf->status;
    /* When none has a direction the faces' own are better. */
    if (normals.bad_count > 0)
        warn(primitive, "bad-normals", "normals", normals.bad_count, normals.count,
             "have no direction: they are made from the triangles");
    if (normals.bad_count < normals.count)
        out->normals = normals.values;
    if (read_tangents(primitive, draco, out) != CALO_OK || read_uvs(primitive, draco, out) != CALO_OK ||
        read_colors(primitive, draco, out) != CALO_OK)
        return gltf->status;
    return calo_gltf_load_influences(primitive, draco, out);
}

static bool is_zero(const float *normal)
{
    return normal[0] == 0 && normal[1] == 0 && normal[2] == 0;
}

/* Twice the area times the direction of a triangle. */
static void face_normal(const float *positions, const uint32_t *corners, double normal[3])
{
    double edges[2][3];
    for (int e = 0; e < 2; e++)
        for (int c = 0; c < 3; c++)
            edges[e][c] = (double)positions[3 * (size_t)corners[e + 1] + c] - positions[3 * (size_t)corners[0] + c];
    calo_cross3(edges[0], edges[1], normal);
}

/* The bad ones' sums over the triangles around them, then unit length. */
static void fill_normals(const calo_primitive *primitive, double *sums, float *normals)
{
    for (uint32_t i = 0; i + 2 < primitive->index_count; i += 3) {
        double face[3];
        face_normal(primitive->positions, primitive->indices + i, face);
        for (int k = 0; k < 3; k++)
            for (int c = 0; c < 3; c++)
                sums[3 * (size_t)primitive->indices[i + k] + c] += face[c];
    }
    for (size_t v = 0; v < primitive->vertex_count; v++) {
        float *normal = normals + 3 * v;
        if (!is_zero(normal))
            continue;
        double length = calo_normalize3(sums + 3 * v);
        bool good = length > 0 && isfinite(length);
        for (int c = 0; c < 3; c++)
            normal[c] = good ? (float)sums[3 * v + c] : c == 2;
    }
}

calo_status calo_gltf_repair_normals(const calo_gltf_record *primitive, calo_primitive *out)
{
    calo_gltf *gltf = primitive->gltf;
    size_t bad = 0;
    for (size_t v = 0; out->normals && v < out->vertex_count; v++)
        bad += is_zero(out->normals + 3 * v);
    if (bad == 0)
        return CALO_OK;
    float *normals = calo_gltf_take(primitive, out->vertex_count, 3 * sizeof *normals, "normals");
    double *sums = normals ? calo_arena_take(&gltf->scratch, out->vertex_count, 3 * sizeof *sums, "normals", gltf->err)
                           : NULL;
    if (!sums)
        return calo_gltf_broken(gltf);
    memcpy(normals, out->normals, out->vertex_count * 3 * sizeof *normals);
    if (out->topology == CALO_TRIANGLES)
        fill_normals(out, sums, normals);
    out->normals = out->topology == CALO_TRIANGLES ? normals : NULL;
    return CALO_OK;
}
