/* PLY, ASCII and binary in both byte orders: any elements with any properties in any order. */
#include "import/ply.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/reader.h"
#include "base/text.h"
#include "image/color.h"
#include "scene/build.h"

/* The body, read as binary or as text. */
typedef struct body_reader {
    bool ascii, failed;
    double bad_length; /* of the list that failed; 0: a number did */
    calo_reader binary;
    calo_text text;
} body_reader;

typedef struct record_place {
    calo_ply *ply;
    const calo_ply_element *element;
    uint64_t index;
} record_place;

#define FAIL_RECORD(place, err, format, ...) \
    calo_fail((err), CALO_ERROR_FORMAT, "%s: element \"%s\", record %llu of %llu: " format, \
              (place)->ply->source->path, (place)->element->name, (unsigned long long)(place)->index, \
              (unsigned long long)(place)->element->count, __VA_ARGS__)

/* ---- values ---- */

static size_t bytes_left(const body_reader *body)
{
    return body->ascii ? (size_t)(body->text.end - body->text.at) : calo_reader_left(&body->binary);
}

static double take_text(body_reader *body)
{
    double value = 0;
    calo_text *text = &body->text;
    while (text->at < text->end && (*text->at == '\n' || *text->at == '\r' || *text->at == ' ' || *text->at == '\t'))
        text->at++;
    body->failed |= !calo_text_double(text, &value);
    return value;
}

static double take_value(body_reader *body, calo_ply_type type)
{
    if (body->ascii)
        return take_text(body);
    calo_reader *reader = &body->binary;
    double value = 0;
    switch (type) {
    case CALO_PLY_INT8: value = (int8_t)calo_reader_u8(reader); break;
    case CALO_PLY_UINT8: value = calo_reader_u8(reader); break;
    case CALO_PLY_INT16: value = (int16_t)calo_reader_u16(reader); break;
    case CALO_PLY_UINT16: value = calo_reader_u16(reader); break;
    case CALO_PLY_INT32: value = (int32_t)calo_reader_u32(reader); break;
    case CALO_PLY_UINT32: value = calo_reader_u32(reader); break;
    case CALO_PLY_FLOAT32: value = (double)calo_reader_f32(reader); break;
    case CALO_PLY_FLOAT64: value = calo_reader_f64(reader); break;
    case CALO_PLY_TYPE_COUNT: break;
    }
    body->failed |= reader->failed;
    return value;
}

/* A value in the machine's byte order. */
static inline double load_value(const uint8_t *at, calo_ply_type type)
{
#define LOAD(c_type)                                                                                                   \
    do {                                                                                                               \
        c_type value;                                                                                                  \
        memcpy(&value, at, sizeof value);                                                                              \
        return (double)value;                                                                                          \
    } while (0)
    switch (type) {
    case CALO_PLY_INT8: LOAD(int8_t);
    case CALO_PLY_UINT8: LOAD(uint8_t);
    case CALO_PLY_INT16: LOAD(int16_t);
    case CALO_PLY_UINT16: LOAD(uint16_t);
    case CALO_PLY_INT32: LOAD(int32_t);
    case CALO_PLY_UINT32: LOAD(uint32_t);
    case CALO_PLY_FLOAT32: LOAD(float);
    case CALO_PLY_FLOAT64: LOAD(double);
    case CALO_PLY_TYPE_COUNT: break;
    }
#undef LOAD
    return 0;
}

/* The least bytes that `count` values may take. */
static uint64_t least_bytes(const body_reader *body, calo_ply_type type, uint64_t count)
{
    if (body->ascii)
        return count ? 2 * count - 1 : 0; /* a digit and a blank each, no blank behind the last */
    return count * calo_ply_type_bytes(type);
}

/* A list's length, bounded by the bytes that are there. */
static uint32_t take_length(body_reader *body, const calo_ply_property *list)
{
    double length = take_value(body, list->count_type);
    if (body->failed)
        return 0;
    if (!(length >= 0 && length <= INT32_MAX) || length != floor(length) ||
        least_bytes(body, list->type, (uint64_t)length) > bytes_left(body)) {
        body->failed = true;
        body->bad_length = length;
        return 0;
    }
    return (uint32_t)length;
}

static void skip_list(body_reader *body, const calo_ply_property *list)
{
    uint32_t length = take_length(body, list);
    if (!body->ascii)
        calo_reader_take(&body->binary, length * calo_ply_type_bytes(list->type));
    for (uint32_t i = 0; body->ascii && i < length && !body->failed; i++)
        take_text(body);
}

static calo_status fail_body(const record_place *place, const body_reader *body, calo_error *err)
{
    calo_text text = body->text;
    const char *word;
    size_t length = calo_text_word(&text, &word);
    if (body->bad_length != 0)
        return FAIL_RECORD(place, err, "a list of %g values is not possible in the %zu bytes that are left: the file "
                           "is cut off or broken", body->bad_length, bytes_left(body));
    if (!body->ascii || length == 0)
        return FAIL_RECORD(place, err, "%s", "the file ends here: it is cut off");
    return FAIL_RECORD(place, err, "a number is expected before \"%.*s\"", (int)(length < 40 ? length : 40), word);
}

/* ---- records ---- */

typedef calo_status (*list_taker)(const record_place *place, body_reader *body, const calo_ply_property *list,
                                  calo_error *err);

/* A record is a line: what MeshLab writes behind the values that its header names is left out. */
static void end_text_record(const record_place *place, body_reader *body)
{
    calo_text rest;
    if (!body->ascii)
        return;
    calo_text_skip_blanks(&body->text);
    if (body->text.at == body->text.end || *body->text.at == '\n' || *body->text.at == '\r')
        return;
    calo_text_line(&body->text, &rest);
    calo_scene_warn(place->ply->scene, "ply-extra-values",
                    "element \"%s\", record %llu: values behind those that the header names are left out",
                    place->element->name, (unsigned long long)place->index);
}

/* A binary record whose values stand at the same places in all of them. */
static calo_status take_fixed_record(const record_place *place, body_reader *body, double values[CALO_PLY_SCALAR_ROLES],
                                     calo_error *err)
{
    const calo_ply_element *element = place->element;
    const uint8_t *record = calo_reader_take(&body->binary, element->record_bytes);
    if (!record)
        return fail_body(place, body, err);
    for (uint32_t p = 0; p < element->property_count; p++) {
        const calo_ply_property *property = &element->properties[p];
        if (property->role != CALO_PLY_NO_ROLE)
            values[property->role] = load_value(record + property->offset, property->type);
    }
    return CALO_OK;
}

/* Reads the scalars of a record that have a role; lists go to `take_list` (or are skipped). */
static calo_status take_record(const record_place *place, body_reader *body, list_taker take_list,
                               double values[CALO_PLY_SCALAR_ROLES], calo_error *err)
{
    if (!body->ascii && !body->binary.big_endian && !place->element->has_lists)
        return take_fixed_record(place, body, values, err);
    for (uint32_t p = 0; p < place->element->property_count; p++) {
        const calo_ply_property *property = &place->element->properties[p];
        calo_status status = CALO_OK;
        if (property->is_list && take_list && property->role != CALO_PLY_NO_ROLE)
            status = take_list(place, body, property, err);
        else if (property->is_list)
            skip_list(body, property);
        else if (property->role == CALO_PLY_NO_ROLE)
            take_value(body, property->type);
        else
            values[property->role] = take_value(body, property->type);
        if (status != CALO_OK)
            return status;
    }
    if (body->failed)
        return fail_body(place, body, err);
    end_text_record(place, body);
    return CALO_OK;
}

static calo_status take_vertex_number(const record_place *place, double value, uint32_t *number, calo_error *err)
{
    if (!(value >= 0 && value < UINT32_MAX) || value != floor(value))
        return FAIL_RECORD(place, err, "%g is not a vertex number", value);
    *number = (uint32_t)value;
    return CALO_OK;
}

/* ---- colours ---- */

/* What a colour of this type is divided by. */
static double color_scale(calo_ply_type type)
{
    switch (type) {
    case CALO_PLY_FLOAT32:
    case CALO_PLY_FLOAT64: return 1;
    case CALO_PLY_INT16:
    case CALO_PLY_UINT16: return 65535;
    default: return 255;
    }
}

static float linear_from_srgb(double value)
{
    if (!(value > 0))
        return 0;
    double code = value * 255;
    if (code <= 255 && code == floor(code))
        return calo_linear_from_srgb((uint8_t)code);
    if (value <= 0.04045)
        return (float)(value / 12.92);
    return calo_powf((float)((fmin(value, 1e6) + 0.055) / 1.055), 2.4f);
}

static bool has_colors(const calo_ply_element *element)
{
    return CALO_PLY_HAS(element, CALO_PLY_RED) && CALO_PLY_HAS(element, CALO_PLY_GREEN) &&
           CALO_PLY_HAS(element, CALO_PLY_BLUE);
}

static double scale_of_colors(const calo_ply_element *element)
{
    for (uint32_t p = 0; p < element->property_count; p++)
        if (element->properties[p].role == CALO_PLY_RED)
            return color_scale(element->properties[p].type);
    return 1;
}

static void store_color(const double values[CALO_PLY_SCALAR_ROLES], bool has_alpha, double scale, float color[4])
{
    for (int i = 0; i < 3; i++)
        color[i] = linear_from_srgb(values[CALO_PLY_RED + i] / scale);
    double alpha = has_alpha ? values[CALO_PLY_ALPHA] / scale : 1;
    color[3] = alpha >= 0 ? (float)fmin(alpha, 1) : 0;
}

/* ---- vertices ---- */

static calo_status make_vertex_arrays(calo_ply *ply, const calo_ply_element *element, calo_error *err)
{
    uint64_t count = element->count;
    calo_arena *arena = calo_scene_arena(ply->scene);
    bool normals = CALO_PLY_HAS(element, CALO_PLY_NORMAL_X) && CALO_PLY_HAS(element, CALO_PLY_NORMAL_Y) &&
                   CALO_PLY_HAS(element, CALO_PLY_NORMAL_Z);
    bool uvs = CALO_PLY_HAS(element, CALO_PLY_U) && CALO_PLY_HAS(element, CALO_PLY_V);
    if (ply->positions)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the element \"vertex\" is there twice", ply->source->path);
    if (!CALO_PLY_HAS(element, CALO_PLY_X) || !CALO_PLY_HAS(element, CALO_PLY_Y) || !CALO_PLY_HAS(element, CALO_PLY_Z))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the element \"vertex\" lacks one of the properties x, y, z",
                         ply->source->path);
    ply->vertex_count = (uint32_t)count;
    ply->positions = CALO_ARENA_TAKE(arena, float, 3 * count, "vertices", err);
    ply->normals = normals ? CALO_ARENA_TAKE(arena, float, 3 * count, "normals", err) : NULL;
    ply->colors = has_colors(element) ? CALO_ARENA_TAKE(arena, float, 4 * count, "vertex colours", err) : NULL;
    ply->uvs = uvs ? CALO_ARENA_TAKE(arena, float, 2 * count, "UVs", err) : NULL;
    bool complete = ply->positions && !normals == !ply->normals && !has_colors(element) == !ply->colors &&
                    !uvs == !ply->uvs;
    return complete ? CALO_OK : calo_failed(err);
}

/* Unit length; what is not finite or zero stays zero. */
static void store_normal(const double values[CALO_PLY_SCALAR_ROLES], float normal[3])
{
    const double *n = &values[CALO_PLY_NORMAL_X];
    double length = sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    if (length > 0 && isfinite(length))
        for (int i = 0; i < 3; i++)
            normal[i] = (float)(n[i] / length);
}

/* 0 where single precision has no number for it. */
static float finite_float(double value)
{
    return isfinite((float)value) ? (float)value : 0;
}

static calo_status read_vertices(calo_ply *ply, const calo_ply_element *element, body_reader *body, calo_error *err)
{
    calo_status status = make_vertex_arrays(ply, element, err);
    double scale = scale_of_colors(element), values[CALO_PLY_SCALAR_ROLES] = {0};
    bool has_alpha = CALO_PLY_HAS(element, CALO_PLY_ALPHA);
    for (uint64_t v = 0; status == CALO_OK && v < element->count; v++) {
        record_place place = {ply, element, v};
        status = take_record(&place, body, NULL, values, err);
        for (int i = 0; i < 3; i++)
            ply->positions[3 * v + (uint64_t)i] = (float)values[CALO_PLY_X + i];
        if (ply->normals)
            store_normal(values, &ply->normals[3 * v]);
        if (ply->colors)
            store_color(values, has_alpha, scale, &ply->colors[4 * v]);
        if (ply->uvs) {
            ply->uvs[2 * v] = finite_float(values[CALO_PLY_U]);
            ply->uvs[2 * v + 1] = finite_float(1 - values[CALO_PLY_V]);
        }
    }
    return status;
}

/* ---- faces, strips, edges ---- */

static calo_status take_indices(const record_place *place, body_reader *body, const calo_ply_property *list,
                                calo_error *err)
{
    calo_ply *ply = place->ply;
    uint32_t length = take_length(body, list);
    uint32_t *to = (uint32_t *)(void *)calo_blob_reserve(&ply->corners, length * sizeof *to, err);
    if (!to)
        return calo_failed(err);
    for (uint32_t i = 0; i < length; i++) {
        double value = take_value(body, list->type);
        if (body->failed)
            return fail_body(place, body, err);
        calo_status status = take_vertex_number(place, value, &to[i], err);
        if (status != CALO_OK)
            return status;
    }
    ply->corners.size += length * sizeof *to;
    ply->face_sizes[place->index] = length;
    return CALO_OK;
}

static calo_status take_texcoords(const record_place *place, body_reader *body, const calo_ply_property *list,
                                  calo_error *err)
{
    uint32_t length = take_length(body, list);
    calo_blob *blob = &place->ply->texcoords;
    float *to = (float *)(void *)calo_blob_reserve(blob, length * sizeof *to, err);
    if (!to)
        return calo_failed(err);
    for (uint32_t i = 0; i < length && !body->failed; i++) {
        double value = take_value(body, list->type);
        to[i] = finite_float(i % 2 ? 1 - value : value);
    }
    blob->size += length * sizeof *to;
    return CALO_OK;
}

static calo_status take_face_list(const record_place *place, body_reader *body, const calo_ply_property *list,
                                  calo_error *err)
{
    return list->role == CALO_PLY_INDICES ? take_indices(place, body, list, err)
                                          : take_texcoords(place, body, list, err);
}

/* Of `count` 32-bit numbers in the machine's byte order. */
static inline bool any_negative(const uint8_t *numbers, uint32_t count)
{
    uint32_t bits = 0, number;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(&number, numbers + i * sizeof number, sizeof number);
        bits |= number;
    }
    return bits > INT32_MAX;
}

/* Faces as most binary files have them, a byte that counts and 32-bit numbers and nothing else: as many as follow each
 * other without a fault. */
static uint64_t take_plain_faces(calo_ply *ply, const calo_ply_element *element, body_reader *body)
{
    const calo_ply_property *list = &element->properties[0];
    calo_reader *reader = &body->binary;
    bool numbers = list->type == CALO_PLY_INT32 || list->type == CALO_PLY_UINT32;
    if (body->ascii || reader->big_endian || element->property_count != 1 || list->role != CALO_PLY_INDICES ||
        list->count_type != CALO_PLY_UINT8 || !numbers)
        return 0;
    /* All bytes that are left could be numbers. */
    uint32_t *to = (uint32_t *)(void *)calo_blob_reserve(&ply->corners, calo_reader_left(reader), NULL), *first = to;
    uint64_t face = 0;
    for (; to && face < element->count && calo_reader_left(reader) > 0; face++) {
        const uint8_t *from = reader->bytes + reader->position + 1;
        uint32_t length = from[-1];
        if (calo_reader_left(reader) - 1 < length * sizeof *to || any_negative(from, length))
            break;
        if (length == 3) /* which costs a quarter of a call */
            memcpy(to, from, 3 * sizeof *to);
        else
            memcpy(to, from, length * sizeof *to);
        calo_reader_take(reader, 1 + length * sizeof *to);
        ply->face_sizes[face] = length;
        to += length;
    }
    ply->corners.size += (size_t)(to - first) * sizeof *to;
    return face;
}

static calo_status read_faces(calo_ply *ply, const calo_ply_element *element, body_reader *body, calo_error *err)
{
    bool colored = has_colors(element), has_alpha = CALO_PLY_HAS(element, CALO_PLY_ALPHA);
    double scale = scale_of_colors(element), values[CALO_PLY_SCALAR_ROLES] = {0};
    if (ply->face_sizes)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the element \"face\" is there twice", ply->source->path);
    ply->face_count = (uint32_t)element->count;
    ply->face_sizes = CALO_ARENA_TAKE(&ply->arena, uint32_t, element->count, "faces", err);
    ply->face_colors = colored ? CALO_ARENA_TAKE(&ply->arena, float, 4 * element->count, "face colours", err) : NULL;
    if (!ply->face_sizes || (colored && !ply->face_colors))
        return calo_failed(err);
    for (uint64_t f = take_plain_faces(ply, element, body); f < element->count; f++) {
        record_place place = {ply, element, f};
        calo_status status = take_record(&place, body, take_face_list, values, err);
        if (status != CALO_OK)
            return status;
        if (colored)
            store_color(values, has_alpha, scale, &ply->face_colors[4 * f]);
    }
    return CALO_OK;
}

static calo_status take_strip(const record_place *place, body_reader *body, const calo_ply_property *list,
                              calo_error *err)
{
    uint32_t length = take_length(body, list);
    calo_blob *blob = &place->ply->strips;
    int32_t *to = (int32_t *)(void *)calo_blob_reserve(blob, ((size_t)length + 1) * sizeof *to, err);
    if (!to)
        return calo_failed(err);
    for (uint32_t i = 0; i < length && !body->failed; i++) {
        double value = take_value(body, list->type);
        if (!(value >= -1 && value <= INT32_MAX) || value != floor(value))
            return FAIL_RECORD(place, err, "%g is not a vertex number of a strip", value);
        to[i] = (int32_t)value;
    }
    to[length] = -1;
    blob->size += ((size_t)length + 1) * sizeof *to;
    return CALO_OK;
}

static calo_status read_strips(calo_ply *ply, const calo_ply_element *element, body_reader *body, calo_error *err)
{
    double values[CALO_PLY_SCALAR_ROLES];
    calo_status status = CALO_OK;
    for (uint64_t s = 0; status == CALO_OK && s < element->count; s++) {
        record_place place = {ply, element, s};
        status = take_record(&place, body, take_strip, values, err);
    }
    return status;
}

static calo_status read_edges(calo_ply *ply, const calo_ply_element *element, body_reader *body, calo_error *err)
{
    double values[CALO_PLY_SCALAR_ROLES] = {0};
    if (ply->edges)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the element \"edge\" is there twice", ply->source->path);
    ply->edge_count = (uint32_t)element->count;
    ply->edges = CALO_ARENA_TAKE(&ply->arena, uint32_t, 2 * element->count, "edges", err);
    calo_status status = ply->edges ? CALO_OK : calo_failed(err);
    for (uint64_t e = 0; status == CALO_OK && e < element->count; e++) {
        record_place place = {ply, element, e};
        status = take_record(&place, body, NULL, values, err);
        for (int i = 0; status == CALO_OK && i < 2; i++)
            status = take_vertex_number(&place, values[CALO_PLY_VERTEX1 + i], &ply->edges[2 * e + (uint64_t)i], err);
    }
    return status;
}

static calo_status skip_element(calo_ply *ply, const calo_ply_element *element, body_reader *body, calo_error *err)
{
    double values[CALO_PLY_SCALAR_ROLES];
    calo_status status = CALO_OK;
    for (uint64_t r = 0; status == CALO_OK && element->property_count && r < element->count; r++) {
        record_place place = {ply, element, r};
        status = take_record(&place, body, NULL, values, err);
    }
    return status;
}

/* ---- the whole ---- */

/* So many records must find room in the bytes that are left, before memory is taken for them. */
static calo_status check_claim(const calo_ply *ply, const calo_ply_element *element, const body_reader *body,
                               calo_error *err)
{
    uint64_t record_bytes = 0, needed;
    for (uint32_t p = 0; p < element->property_count; p++) {
        const calo_ply_property *property = &element->properties[p];
        calo_ply_type first = property->is_list ? property->count_type : property->type;
        record_bytes += body->ascii ? 2 : calo_ply_type_bytes(first);
    }
    uint64_t left = bytes_left(body) + (body->ascii ? 1 : 0);
    if (__builtin_mul_overflow(record_bytes, element->count, &needed) || needed > left)
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: the header claims %llu records of the element \"%s\", which take at least %llu bytes "
                         "each, but only %zu bytes are left: the file is cut off or broken",
                         ply->source->path, (unsigned long long)element->count, element->name,
                         (unsigned long long)record_bytes, bytes_left(body));
    if (element->property_count && element->count > INT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: %llu records of the element \"%s\" are more than calotype reads",
                         ply->source->path, (unsigned long long)element->count, element->name);
    return CALO_OK;
}

static calo_status read_element(calo_ply *ply, const calo_ply_element *element, body_reader *body, calo_error *err)
{
    calo_status status = check_claim(ply, element, body, err);
    if (status != CALO_OK)
        return status;
    if (strcmp(element->name, "vertex") == 0)
        return read_vertices(ply, element, body, err);
    if (strcmp(element->name, "face") == 0 && CALO_PLY_HAS(element, CALO_PLY_INDICES))
        return read_faces(ply, element, body, err);
    if (strcmp(element->name, "tristrips") == 0 && CALO_PLY_HAS(element, CALO_PLY_INDICES))
        return read_strips(ply, element, body, err);
    if (strcmp(element->name, "edge") == 0 && CALO_PLY_HAS(element, CALO_PLY_VERTEX1) &&
        CALO_PLY_HAS(element, CALO_PLY_VERTEX2))
        return read_edges(ply, element, body, err);
    return skip_element(ply, element, body, err);
}

static calo_status read_body(calo_ply *ply, calo_error *err)
{
    const calo_import_source *source = ply->source;
    const uint8_t *bytes = source->bytes + ply->header.body;
    size_t size = source->size - ply->header.body;
    body_reader body = {
        .ascii = ply->header.ascii,
        .binary = calo_reader_make(bytes, size),
        .text = {(const char *)bytes, (const char *)bytes + size},
    };
    body.binary.big_endian = ply->header.big_endian;
    calo_status status = CALO_OK;
    for (uint32_t e = 0; status == CALO_OK && e < ply->header.element_count; e++)
        status = read_element(ply, &ply->header.elements[e], &body, err);
    return status;
}

static calo_status read_all(calo_ply *ply, calo_error *err)
{
    calo_status status = calo_ply_read_header(ply->source, &ply->header, err);
    if (status == CALO_OK)
        status = read_body(ply, err);
    if (status == CALO_OK)
        status = calo_ply_make_scene(ply, err);
    return status == CALO_OK ? calo_scene_seal(ply->scene, err) : status;
}

static calo_status load(const calo_import_source *source, calo_scene **scene, calo_error *err)
{
    calo_ply *ply = calloc(1, sizeof *ply);
    if (!ply)
        return calo_fail_memory(err, "a PLY header", sizeof *ply);
    ply->source = source;
    calo_arena_init(&ply->arena, source->limits.max_memory_bytes);
    calo_status status = calo_scene_create(source->path, "ply", &source->limits, &ply->scene, err);
    if (status == CALO_OK)
        status = read_all(ply, err);
    if (status == CALO_OK)
        *scene = ply->scene;
    else
        calo_scene_destroy(ply->scene);
    calo_blob_finish(&ply->corners);
    calo_blob_finish(&ply->texcoords);
    calo_blob_finish(&ply->strips);
    calo_arena_finish(&ply->arena);
    free(ply);
    return status;
}

static int probe(const uint8_t *bytes, size_t size)
{
    bool is_ply = size >= 4 && memcmp(bytes, "ply", 3) == 0 && bytes[3] && strchr("\n\r \t", bytes[3]);
    return is_ply ? 2 : 0;
}

static const char *const extensions[] = {".ply", NULL};

const calo_importer calo_importer_ply = {"ply", extensions, probe, load};
