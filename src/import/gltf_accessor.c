#include "import/gltf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "scene/build.h"

/* Elements that an accessor without a buffer view may have for nothing (they are all zero). */
static const uint64_t free_zero_elements = 1u << 16;

size_t calo_gltf_component_bytes(uint32_t component_type)
{
    switch (component_type) {
    case CALO_GLTF_BYTE:
    case CALO_GLTF_UNSIGNED_BYTE: return 1;
    case CALO_GLTF_SHORT:
    case CALO_GLTF_UNSIGNED_SHORT: return 2;
    case CALO_GLTF_UNSIGNED_INT:
    case CALO_GLTF_FLOAT: return 4;
    default: return 0;
    }
}

void calo_gltf_accessor_name(const calo_gltf_accessor *accessor, char *text, size_t size)
{
    if (accessor->index >= 0)
        snprintf(text, size, "accessors[%d]", accessor->index);
    else
        snprintf(text, size, "the Draco data");
}

/* Of the matrices only MAT4 is read anywhere, and its columns are never padded. */
static calo_status read_type(const calo_gltf_record *record, calo_gltf_accessor *accessor)
{
    static const struct {
        const char *name;
        uint32_t components;
    } types[] = {{"SCALAR", 1}, {"VEC2", 2}, {"VEC3", 3}, {"VEC4", 4}, {"MAT4", 16}};
    const char *type = calo_gltf_string(record, "type");
    accessor->component_type = (uint32_t)calo_gltf_unsigned(record, "componentType", 0);
    accessor->normalized = calo_gltf_boolean(record, "normalized");
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i].name) == 0)
            accessor->components = types[i].components;
    if (accessor->components == 0)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "type \"%s\" cannot be used here", type ? type : "");
    if (calo_gltf_component_bytes(accessor->component_type) == 0)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "componentType %u is not one of 5120 to 5123, 5125, 5126",
                              accessor->component_type);
    return record->gltf->status;
}

/* `count` elements of element_bytes at offset, stride apart, within the view that `record` names. */
static calo_status find_elements(const calo_gltf_record *record, uint64_t count, size_t element_bytes, bool strided,
                                 const uint8_t **bytes, size_t *stride)
{
    calo_gltf *gltf = record->gltf;
    int32_t view_index = calo_gltf_index(record, "bufferView", CALO_GLTF_BUFFER_VIEWS);
    uint64_t offset = calo_gltf_unsigned(record, "byteOffset", 0), needed;
    if (view_index < 0)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"bufferView\" is missing");
    const calo_gltf_view *view;
    if (calo_gltf_view_open(gltf, (size_t)view_index, &view) != CALO_OK)
        return gltf->status;
    *stride = strided && view->stride ? view->stride : element_bytes;
    if (*stride < element_bytes)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "elements of %zu bytes stand only %zu bytes apart in "
                              "bufferViews[%d] (byteStride)", element_bytes, *stride, view_index);
    if (__builtin_mul_overflow(count ? count - 1 : 0, (uint64_t)*stride, &needed) ||
        __builtin_add_overflow(needed, count ? element_bytes : 0, &needed) || offset > view->size ||
        needed > view->size - offset)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT,
                              "%llu elements of %zu bytes from byte %llu on, %zu apart, do not fit into "
                              "bufferViews[%d], which has %zu bytes: the file is broken or cut short",
                              (unsigned long long)count, element_bytes, (unsigned long long)offset, *stride,
                              view_index, view->size);
    *bytes = view->bytes + offset;
    return CALO_OK;
}

/* Nothing in the file pays for an accessor of zeros only. */
static calo_status check_zeros(calo_gltf *gltf, const calo_gltf_accessor *accessor)
{
    if (accessor->bytes || accessor->sparse_count > 0)
        return CALO_OK;
    const calo_gltf_record record = {gltf, NULL, "accessors", accessor->index, NULL};
    uint64_t count = accessor->count;
    uint64_t most = free_zero_elements + gltf->present_bytes;
    if (count > most || gltf->zero_elements > most - count)
        return calo_gltf_fail(&record, CALO_ERROR_LIMIT,
                              "it has no bufferView, so that its %llu elements would all be zeros; in a file of this "
                              "size at most %llu such elements are taken",
                              (unsigned long long)count, (unsigned long long)most);
    gltf->zero_elements += count;
    return CALO_OK;
}

static calo_status open_sparse(const calo_gltf_record *record, size_t element_bytes, calo_gltf_accessor *accessor)
{
    calo_gltf_record sparse = calo_gltf_enter(record, "sparse");
    calo_gltf_record indices = calo_gltf_enter(&sparse, "indices"), values = calo_gltf_enter(&sparse, "values");
    uint64_t count = calo_gltf_unsigned(&sparse, "count", 0);
    if (!sparse.object || record->gltf->status != CALO_OK)
        return record->gltf->status;
    if (count > accessor->count)
        return calo_gltf_fail(&sparse, CALO_ERROR_FORMAT, "%llu elements are replaced, but there are only %u",
                              (unsigned long long)count, accessor->count);
    uint32_t index_type = (uint32_t)calo_gltf_unsigned(&indices, "componentType", 0);
    if (index_type != CALO_GLTF_UNSIGNED_BYTE && index_type != CALO_GLTF_UNSIGNED_SHORT &&
        index_type != CALO_GLTF_UNSIGNED_INT)
        return calo_gltf_fail(&indices, CALO_ERROR_FORMAT, "componentType %u is not 5121, 5123 or 5125", index_type);
    size_t index_stride, value_stride;
    accessor->sparse_count = (uint32_t)count;
    accessor->sparse_index_type = index_type;
    find_elements(&indices, count, calo_gltf_component_bytes(index_type), false, &accessor->sparse_indices,
                  &index_stride);
    find_elements(&values, count, element_bytes, false, &accessor->sparse_values, &value_stride);
    return record->gltf->status;
}

calo_status calo_gltf_accessor_describe(calo_gltf *gltf, int32_t index, calo_gltf_accessor *accessor)
{
    *accessor = (calo_gltf_accessor){.index = index};
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_ACCESSORS, (size_t)index);
    uint64_t count = calo_gltf_unsigned(&record, "count", 0);
    if (read_type(&record, accessor) != CALO_OK)
        return gltf->status;
    if (count > UINT32_MAX - 1)
        return calo_gltf_fail(&record, CALO_ERROR_LIMIT, "%llu elements are more than calotype can draw",
                              (unsigned long long)count);
    accessor->count = (uint32_t)count;
    return CALO_OK;
}

calo_status calo_gltf_accessor_open(calo_gltf *gltf, int32_t index, calo_gltf_accessor *accessor)
{
    if (calo_gltf_accessor_describe(gltf, index, accessor) != CALO_OK)
        return gltf->status;
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_ACCESSORS, (size_t)index);
    size_t element_bytes = calo_gltf_component_bytes(accessor->component_type) * accessor->components;
    if (json_object_get(record.object, "bufferView"))
        find_elements(&record, accessor->count, element_bytes, true, &accessor->bytes, &accessor->stride);
    return gltf->status == CALO_OK ? open_sparse(&record, element_bytes, accessor) : gltf->status;
}

/* The divisor of normalized integers; 1 where the numbers are taken as they are. */
static float divisor_of(const calo_gltf_accessor *accessor)
{
    if (!accessor->normalized)
        return 1;
    switch (accessor->component_type) {
    case CALO_GLTF_BYTE: return 127;
    case CALO_GLTF_UNSIGNED_BYTE: return 255;
    case CALO_GLTF_SHORT: return 32767;
    case CALO_GLTF_UNSIGNED_SHORT: return 65535;
    case CALO_GLTF_UNSIGNED_INT: return 4294967295.0f;
    default: return 1;
    }
}

#define CONVERT_LOOP(type)                                                                            \
    for (uint32_t i = 0; i < count; i++, from += from_stride, to += to_stride)                        \
        for (uint32_t c = 0; c < components; c++) {                                                   \
            type value;                                                                               \
            memcpy(&value, from + c * sizeof value, sizeof value);                                    \
            float real = (float)value / divisor;                                                      \
            to[c] = is_signed && real < -1 ? -1 : real;                                               \
        }                                                                                             \
    break

static void convert(const calo_gltf_accessor *accessor, const uint8_t *from, size_t from_stride, uint32_t count,
                    float *to, size_t to_stride)
{
    const uint32_t components = accessor->components;
    const float divisor = divisor_of(accessor);
    const bool is_signed = accessor->normalized && accessor->component_type != CALO_GLTF_FLOAT;
    const size_t element_bytes = components * sizeof(float);
    switch (accessor->component_type) {
    case CALO_GLTF_BYTE: CONVERT_LOOP(int8_t);
    case CALO_GLTF_UNSIGNED_BYTE: CONVERT_LOOP(uint8_t);
    case CALO_GLTF_SHORT: CONVERT_LOOP(int16_t);
    case CALO_GLTF_UNSIGNED_SHORT: CONVERT_LOOP(uint16_t);
    case CALO_GLTF_UNSIGNED_INT: CONVERT_LOOP(uint32_t);
    default:
        if (from_stride == element_bytes && to_stride == components)
            memcpy(to, from, (size_t)count * element_bytes);
        else
            for (uint32_t i = 0; i < count; i++, from += from_stride, to += to_stride)
                memcpy(to, from, element_bytes);
    }
}

static uint32_t load_unsigned(const uint8_t *at, uint32_t component_type)
{
    if (component_type == CALO_GLTF_UNSIGNED_BYTE)
        return *at;
    if (component_type == CALO_GLTF_UNSIGNED_SHORT)
        return (uint32_t)(at[0] | at[1] << 8);
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* The element that the sparse value `i` replaces; false when there is no such element. */
static bool sparse_target(const calo_gltf_accessor *accessor, uint32_t i, uint32_t *target)
{
    size_t index_bytes = calo_gltf_component_bytes(accessor->sparse_index_type);
    *target = load_unsigned(accessor->sparse_indices + i * index_bytes, accessor->sparse_index_type);
    return *target < accessor->count;
}

static calo_status check_sparse(calo_gltf *gltf, const calo_gltf_accessor *accessor)
{
    for (uint32_t i = 0; i < accessor->sparse_count; i++) {
        uint32_t target;
        calo_gltf_record record = {gltf, NULL, "accessors", accessor->index, NULL};
        if (!sparse_target(accessor, i, &target))
            return calo_gltf_fail(&record, CALO_ERROR_FORMAT,
                                  "its sparse part replaces element %u, but it has only %u", target, accessor->count);
    }
    return CALO_OK;
}

void calo_gltf_copy_floats(const calo_gltf_accessor *accessor, float *values, size_t stride)
{
    if (accessor->bytes)
        convert(accessor, accessor->bytes, accessor->stride, accessor->count, values, stride);
    size_t element_bytes = calo_gltf_component_bytes(accessor->component_type) * accessor->components;
    for (uint32_t i = 0, target; i < accessor->sparse_count; i++)
        if (sparse_target(accessor, i, &target))
            convert(accessor, accessor->sparse_values + i * element_bytes, element_bytes, 1, values + target * stride,
                    stride);
}

static void copy_u16_elements(const calo_gltf_accessor *accessor, const uint8_t *from, size_t from_stride,
                              uint32_t count, uint16_t *to, size_t to_stride)
{
    size_t component_bytes = calo_gltf_component_bytes(accessor->component_type);
    for (uint32_t i = 0; i < count; i++, from += from_stride, to += to_stride)
        for (uint32_t c = 0; c < accessor->components; c++) {
            uint32_t value = load_unsigned(from + c * component_bytes, accessor->component_type);
            to[c] = value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
        }
}

void calo_gltf_copy_u16(const calo_gltf_accessor *accessor, uint16_t *values, size_t stride)
{
    if (accessor->bytes)
        copy_u16_elements(accessor, accessor->bytes, accessor->stride, accessor->count, values, stride);
    size_t element_bytes = calo_gltf_component_bytes(accessor->component_type) * accessor->components;
    for (uint32_t i = 0, target; i < accessor->sparse_count; i++)
        if (sparse_target(accessor, i, &target))
            copy_u16_elements(accessor, accessor->sparse_values + i * element_bytes, element_bytes, 1,
                              values + target * stride, stride);
}

/* ---- making the numbers fit for use ---- */

static uint32_t make_finite(float *values, uint32_t count, uint32_t components, float standard)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool changed = false;
        for (uint32_t c = 0; c < components; c++)
            if (!isfinite(values[i * (size_t)components + c])) {
                values[i * (size_t)components + c] = standard;
                changed = true;
            }
        bad += changed;
    }
    return bad;
}

/* Unit vectors of the first three components; what has no direction becomes zero. */
static uint32_t make_unit(float *values, uint32_t count, uint32_t components)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++, values += components) {
        double x = values[0], y = values[1], z = values[2], squared = x * x + y * y + z * z;
        double scale = squared > 1e-24 && squared < INFINITY ? 1 / sqrt(squared) : 0;
        bad += scale == 0;
        values[0] = scale == 0 ? 0 : (float)(x * scale);
        values[1] = scale == 0 ? 0 : (float)(y * scale);
        values[2] = scale == 0 ? 0 : (float)(z * scale);
        if (components == 4)
            values[3] = values[3] < 0 ? -1 : 1;
    }
    return bad;
}

static uint32_t make_fit(calo_gltf_use use, float *values, uint32_t count, uint32_t components)
{
    switch (use) {
    case CALO_GLTF_FINITE: return make_finite(values, count, components, 0);
    case CALO_GLTF_COLORS: return make_finite(values, count, components, 1);
    case CALO_GLTF_NORMALS:
    case CALO_GLTF_TANGENTS: return make_unit(values, count, components);
    default: return 0;
    }
}

calo_status calo_gltf_read_floats(const calo_gltf_record *user, const calo_gltf_accessor *accessor,
                                  calo_gltf_use use, calo_gltf_floats *floats)
{
    calo_gltf *gltf = user->gltf;
    calo_gltf_floats *kept = accessor->index >= 0 ? &gltf->cached[accessor->index].floats[use] : floats;
    if (accessor->index < 0)
        *floats = (calo_gltf_floats){0};
    if (!kept->values) {
        uint32_t components = use == CALO_GLTF_COLORS ? 4 : accessor->components;
        if (check_sparse(gltf, accessor) != CALO_OK || check_zeros(gltf, accessor) != CALO_OK)
            return gltf->status;
        float *values = calo_gltf_take(user, accessor->count, components * sizeof(float), "an accessor");
        if (!values)
            return gltf->status;
        for (size_t i = 0; components > accessor->components && i < accessor->count; i++)
            values[4 * i + 3] = 1;
        calo_gltf_copy_floats(accessor, values, components);
        *kept = (calo_gltf_floats){values, accessor->count, make_fit(use, values, accessor->count, components)};
    }
    *floats = *kept;
    return CALO_OK;
}

calo_status calo_gltf_floats_of(const calo_gltf_record *user, int32_t index, uint32_t components,
                                calo_gltf_floats *floats)
{
    calo_gltf_accessor accessor;
    if (calo_gltf_accessor_open(user->gltf, index, &accessor) != CALO_OK)
        return user->gltf->status;
    if (accessor.components != components)
        return calo_gltf_fail(user, CALO_ERROR_FORMAT, "accessors[%d] has %u components, but %u are needed here",
                              index, accessor.components, components);
    return calo_gltf_read_floats(user, &accessor, CALO_GLTF_PLAIN, floats);
}

/* Elements without gaps, as nearly all files have them. */
static void copy_tight_indices(const calo_gltf_accessor *accessor, uint32_t *values)
{
    const uint8_t *from = accessor->bytes;
    if (accessor->component_type == CALO_GLTF_UNSIGNED_INT)
        memcpy(values, from, accessor->count * sizeof *values);
    else if (accessor->component_type == CALO_GLTF_UNSIGNED_BYTE)
        for (size_t i = 0; i < accessor->count; i++)
            values[i] = from[i];
    else
        for (size_t i = 0; i < accessor->count; i++) {
            uint16_t value;
            memcpy(&value, from + i * sizeof value, sizeof value);
            values[i] = value;
        }
}

static void copy_indices(const calo_gltf_accessor *accessor, uint32_t *values)
{
    const uint8_t *from = accessor->bytes;
    size_t component_bytes = calo_gltf_component_bytes(accessor->component_type);
    if (from && accessor->stride == component_bytes)
        copy_tight_indices(accessor, values);
    else
        for (uint32_t i = 0; from && i < accessor->count; i++, from += accessor->stride)
            values[i] = load_unsigned(from, accessor->component_type);
    for (uint32_t i = 0, target; i < accessor->sparse_count; i++)
        if (sparse_target(accessor, i, &target))
            values[target] = load_unsigned(accessor->sparse_values + i * component_bytes, accessor->component_type);
}

calo_status calo_gltf_read_indices(const calo_gltf_record *user, const calo_gltf_accessor *accessor,
                                   calo_gltf_indices *indices)
{
    calo_gltf *gltf = user->gltf;
    calo_gltf_indices *kept = &gltf->cached[accessor->index].indices;
    uint32_t type = accessor->component_type;
    if (accessor->components != 1 || (type != CALO_GLTF_UNSIGNED_BYTE && type != CALO_GLTF_UNSIGNED_SHORT &&
                                      type != CALO_GLTF_UNSIGNED_INT))
        return calo_gltf_fail(user, CALO_ERROR_FORMAT,
                              "accessors[%d] cannot be indices: they are unsigned integers of type SCALAR",
                              accessor->index);
    if (!kept->values) {
        if (check_sparse(gltf, accessor) != CALO_OK || check_zeros(gltf, accessor) != CALO_OK)
            return gltf->status;
        uint32_t *values = calo_gltf_take(user, accessor->count, sizeof(uint32_t), "indices"), largest = 0;
        if (!values)
            return gltf->status;
        copy_indices(accessor, values);
        for (uint32_t i = 0; i < accessor->count; i++)
            largest = values[i] > largest ? values[i] : largest;
        *kept = (calo_gltf_indices){values, accessor->count, largest};
    }
    *indices = *kept;
    return CALO_OK;
}
