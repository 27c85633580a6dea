/* STL, binary and ASCII. Vertices at the same place are one, shading is flat, z is up. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/blob.h"
#include "base/error.h"
#include "base/reader.h"
#include "base/text.h"
#include "import/importer.h"
#include "import/object.h"
#include "import/weld.h"
#include "scene/build.h"

enum { HEADER_BYTES = 84, TRIANGLE_BYTES = 50, NORMAL_BYTES = 12, PROBE_BYTES = 1024 };

typedef struct stl {
    const calo_import_source *source;
    calo_scene *scene;
    calo_weld weld;
    calo_blob indices; /* uint32_t */
} stl;

/* ---- which of the two ---- */

/* 0 when there are not even the header's bytes. */
static uint64_t claimed_bytes(const uint8_t *bytes, size_t size)
{
    if (size < HEADER_BYTES)
        return 0;
    calo_reader reader = calo_reader_make(bytes + HEADER_BYTES - 4, 4);
    return HEADER_BYTES + (uint64_t)TRIANGLE_BYTES * calo_reader_u32(&reader);
}

static bool contains_word(const uint8_t *bytes, size_t size, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = 0; at + length <= size; at++)
        if (strncasecmp((const char *)bytes + at, word, length) == 0)
            return true;
    return false;
}

/* Many binary files begin with "solid" too: only the keyword that must follow tells. */
static bool is_ascii(const uint8_t *bytes, size_t size)
{
    calo_text text = {(const char *)bytes, (const char *)bytes + size};
    size_t probed = size < PROBE_BYTES ? size : PROBE_BYTES;
    while (text.at < text.end && strchr(" \t\r\n", *text.at) && *text.at)
        text.at++;
    if (text.end - text.at < 5 || strncasecmp(text.at, "solid", 5) != 0)
        return false;
    if (size >= HEADER_BYTES && claimed_bytes(bytes, size) == size)
        return false;
    return contains_word(bytes, probed, "facet") || contains_word(bytes, probed, "endsolid");
}

static int probe(const uint8_t *bytes, size_t size)
{
    if (is_ascii(bytes, size))
        return 2;
    uint64_t claimed = claimed_bytes(bytes, size);
    if (claimed == 0 || claimed > size)
        return 0;
    return claimed == size && size > HEADER_BYTES ? 2 : 1;
}

/* ---- triangles to a mesh ---- */

static calo_status add_triangles(stl *file, const float *corners, size_t count, calo_error *err)
{
    uint32_t *to = (uint32_t *)(void *)calo_blob_reserve(&file->indices, 3 * count * sizeof *to, err);
    if (!to)
        return calo_failed(err);
    calo_status status = calo_weld_add(&file->weld, corners, 3 * count, to, err);
    if (status == CALO_OK)
        file->indices.size += 3 * count * sizeof *to;
    return status;
}

static bool is_finite(const float p[3]) { return isfinite(p[0]) && isfinite(p[1]) && isfinite(p[2]); }

/* Moves what was gathered into the scene and begins afresh. */
static calo_status finish_object(stl *file, const char *name, calo_error *err)
{
    size_t index_count = file->indices.size / sizeof(uint32_t);
    if (index_count == 0)
        return CALO_OK;
    if (index_count > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: %zu triangles are more than calotype can draw",
                         file->source->path, index_count / 3);
    calo_arena *arena = calo_scene_arena(file->scene);
    float *positions = CALO_ARENA_TAKE(arena, float, 3ull * file->weld.count, "vertices", err);
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, index_count, "triangles", err);
    if (!positions || !indices)
        return calo_failed(err);
    memcpy(positions, file->weld.positions, 3 * sizeof *positions * file->weld.count);
    memcpy(indices, file->indices.bytes, file->indices.size);
    calo_primitive primitive = {
        .topology = CALO_TRIANGLES,
        .vertex_count = file->weld.count,
        .index_count = (uint32_t)index_count,
        .indices = indices,
        .positions = positions,
        .material = -1,
    };
    calo_weld_finish(&file->weld);
    file->indices.size = 0;
    return calo_import_add_object(file->scene, name, &primitive, err);
}

/* ---- binary ---- */

static calo_status fail_corner(const stl *file, uint32_t triangle, uint32_t count, int corner, const float p[3],
                               calo_error *err)
{
    return calo_fail(err, CALO_ERROR_FORMAT,
                     "%s: corner %d of triangle %u of %u is at (%g, %g, %g), which is not finite: repair the file",
                     file->source->path, corner, triangle, count, (double)p[0], (double)p[1], (double)p[2]);
}

/* The bytes are there, in the machine's order. */
static calo_status read_binary_triangles(stl *file, uint32_t count, calo_error *err)
{
    enum { BATCH = 64 };
    float corners[BATCH][3][3];
    const uint8_t *record = file->source->bytes + HEADER_BYTES;
    /* Closed surfaces have half as many vertices as triangles. */
    calo_status status = calo_weld_reserve(&file->weld, count / 2, err);
    if (status == CALO_OK && !calo_blob_reserve(&file->indices, 3 * (size_t)count * sizeof(uint32_t), err))
        status = calo_failed(err);
    for (uint32_t t = 0, batch; status == CALO_OK && t < count; t += batch) {
        batch = count - t < BATCH ? count - t : BATCH;
        for (uint32_t b = 0; b < batch; b++, record += TRIANGLE_BYTES) { /* its last two bytes: a colour in dialects */
            memcpy(corners[b], record + NORMAL_BYTES, sizeof corners[b]);
            for (int i = 0; i < 3; i++)
                if (!is_finite(corners[b][i]))
                    return fail_corner(file, t + b, count, i, corners[b][i], err);
        }
        status = add_triangles(file, corners[0][0], batch, err);
    }
    return status;
}

static calo_status read_binary(stl *file, calo_error *err)
{
    const calo_import_source *source = file->source;
    if (source->size < HEADER_BYTES)
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: not an STL file: %zu bytes are less than a binary header of %d, and there is no ASCII "
                         "\"solid\" with facets",
                         source->path, source->size, HEADER_BYTES);
    uint64_t claimed = claimed_bytes(source->bytes, source->size);
    uint32_t count = (uint32_t)((claimed - HEADER_BYTES) / TRIANGLE_BYTES);
    if (claimed > source->size)
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: the header claims %u triangles, which take %llu bytes, but the file has %zu: it is cut "
                         "off or not an STL file",
                         source->path, count, (unsigned long long)claimed, source->size);
    if (claimed < source->size)
        calo_scene_warn(file->scene, "trailing-data", "%llu bytes behind the last of the %u triangles are left out",
                        (unsigned long long)(source->size - claimed), count);
    calo_status status = read_binary_triangles(file, count, err);
    return status == CALO_OK ? finish_object(file, "", err) : status;
}

/* ---- ASCII ---- */

typedef struct ascii_state {
    stl *file;
    size_t line_number;
    char name[256]; /* the solid's */
    bool in_facet;
    uint32_t corner_count;
    float corners[3][3]; /* the first, the one before, the newest: a fan if there are more than three */
} ascii_state;

static bool is_word(const char *word, size_t length, const char *wanted)
{
    return length == strlen(wanted) && strncasecmp(word, wanted, length) == 0;
}

static calo_status begin_solid(ascii_state *state, calo_text *line, calo_error *err)
{
    calo_status status = finish_object(state->file, state->name, err);
    calo_text_skip_blanks(line);
    while (line->end > line->at && strchr(" \t\r", line->end[-1]))
        line->end--;
    snprintf(state->name, sizeof state->name, "%.*s", (int)(line->end - line->at < 255 ? line->end - line->at : 255),
             line->at);
    line->at = line->end;
    return status;
}

static calo_status add_corner(ascii_state *state, calo_text *line, calo_error *err)
{
    const char *path = state->file->source->path;
    float *p = state->corners[state->corner_count < 3 ? state->corner_count : 2];
    if (!state->in_facet)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: line %zu has a vertex outside of a facet", path,
                         state->line_number);
    if (state->corner_count >= 3)
        memcpy(state->corners[1], state->corners[2], sizeof state->corners[1]);
    for (int i = 0; i < 3; i++)
        if (!calo_text_float(line, &p[i]))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: line %zu: a vertex needs three numbers", path,
                             state->line_number);
    if (!is_finite(p))
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: line %zu: the vertex (%g, %g, %g) is not finite: repair the file", path,
                         state->line_number, (double)p[0], (double)p[1], (double)p[2]);
    state->corner_count++;
    if (state->corner_count > 3)
        calo_scene_warn(state->file->scene, "stl-polygon", "line %zu: a facet with more than three vertices",
                        state->line_number);
    return state->corner_count >= 3 ? add_triangles(state->file, state->corners[0], 1, err) : CALO_OK;
}

static calo_status end_facet(ascii_state *state, calo_error *err)
{
    if (state->corner_count < 3)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: line %zu ends a facet of %u vertices, which needs three",
                         state->file->source->path, state->line_number, state->corner_count);
    state->in_facet = false;
    return CALO_OK;
}

static calo_status take_statement(ascii_state *state, const char *word, size_t length, calo_text *line,
                                  calo_error *err)
{
    static const char *const fillers[] = {"outer", "loop", "endloop", "normal"};
    if (is_word(word, length, "vertex"))
        return add_corner(state, line, err);
    if (is_word(word, length, "facet")) {
        state->in_facet = true;
        state->corner_count = 0;
        return CALO_OK;
    }
    if (is_word(word, length, "endfacet"))
        return end_facet(state, err);
    if (is_word(word, length, "solid"))
        return begin_solid(state, line, err);
    if (is_word(word, length, "endsolid")) {
        line->at = line->end; /* the name again */
        return CALO_OK;
    }
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++)
        if (is_word(word, length, fillers[i])) {
            double unused; /* a normal's numbers: flat shading makes its own */
            while (calo_text_double(line, &unused))
                ;
            return CALO_OK;
        }
    return calo_fail(err, CALO_ERROR_FORMAT, "%s: line %zu: \"%.*s\" does not belong into an STL file",
                     state->file->source->path, state->line_number, (int)(length < 40 ? length : 40), word);
}

static calo_status read_ascii(stl *file, calo_error *err)
{
    const char *bytes = (const char *)file->source->bytes;
    calo_text text = {bytes, bytes + file->source->size}, line;
    ascii_state state = {.file = file};
    bool ended = false;
    while (calo_text_line(&text, &line)) {
        const char *word;
        size_t length;
        for (state.line_number++; (length = calo_text_word(&line, &word)) > 0;) {
            calo_status status = take_statement(&state, word, length, &line, err);
            if (status != CALO_OK)
                return status;
            ended = is_word(word, length, "endsolid");
        }
    }
    if (!ended)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the file ends at line %zu without \"endsolid\": it is cut off",
                         file->source->path, state.line_number);
    return finish_object(file, state.name, err);
}

/* ---- the importer ---- */

static calo_status load(const calo_import_source *source, calo_scene **scene, calo_error *err)
{
    stl file = {.source = source};
    calo_status status = calo_scene_create(source->path, "stl", &source->limits, &file.scene, err);
    if (status != CALO_OK)
        return status;
    status = is_ascii(source->bytes, source->size) ? read_ascii(&file, err) : read_binary(&file, err);
    if (status == CALO_OK)
        status = calo_scene_seal(file.scene, err);
    calo_weld_finish(&file.weld);
    calo_blob_finish(&file.indices);
    if (status != CALO_OK) {
        calo_scene_destroy(file.scene);
        return status;
    }
    *scene = file.scene;
    return CALO_OK;
}

static const char *const extensions[] = {".stl", NULL};

const calo_importer calo_importer_stl = {"stl", extensions, probe, load};
