/* Wavefront OBJ with its material libraries. Objects ("o") become meshes on nodes of their own, as in
 * Blender's import; y is up. */
#include "import/obj.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "base/text.h"
#include "scene/build.h"

/* ---- recognition ---- */

static bool begins_statement(calo_text line)
{
    static const char *const statements[] = {"v", "vt", "vn", "f", "o", "g", "s", "l", "p", "mtllib", "usemtl"};
    const char *word;
    size_t length = calo_text_word(&line, &word);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        if (strlen(statements[i]) == length && memcmp(statements[i], word, length) == 0)
            return true;
    return false;
}

static bool is_vertex(calo_text line)
{
    const char *word;
    double number;
    if (calo_text_word(&line, &word) != 1 || *word != 'v')
        return false;
    for (int i = 0; i < 3; i++)
        if (!calo_text_double(&line, &number))
            return false;
    return true;
}

/* Comments alone leave it to the name; a vertex or a library's name makes it certain. */
static int probe(const uint8_t *bytes, size_t size)
{
    enum { PROBED_BYTES = 64 * 1024, PROBED_STATEMENTS = 16 };
    size_t probed = size < PROBED_BYTES ? size : PROBED_BYTES;
    calo_text text = {(const char *)bytes, (const char *)bytes + probed}, line;
    int statements = 0, sureness = 0;
    if (memchr(bytes, '\0', probed))
        return 0;
    if (probed >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        text.at += 3; /* UTF-8's byte order mark */
    while (statements < PROBED_STATEMENTS && calo_text_line(&text, &line)) {
        calo_text_skip_blanks(&line);
        if (line.at == line.end)
            continue;
        sureness = sureness ? sureness : 1;
        if (*line.at == '#')
            continue;
        if (!begins_statement(line))
            return 0;
        if (is_vertex(line) || (line.end - line.at > 6 && memcmp(line.at, "mtllib", 6) == 0))
            return 2;
        statements++;
    }
    return sureness;
}

/* ---- loading ---- */

/* A file of vertices alone is a point cloud. */
static calo_status take_bare_vertices(calo_obj *obj)
{
    if (obj->elements.count > 0 || obj->positions.count == 0)
        return CALO_OK;
    for (size_t i = 0; i < obj->positions.count; i++) {
        calo_obj_corner *corner = calo_obj_push(obj, &obj->corners, sizeof *corner);
        if (!corner)
            return CALO_ERROR_MEMORY;
        *corner = (calo_obj_corner){(int32_t)i, -1, -1};
    }
    uint32_t *element = calo_obj_push(obj, &obj->elements, sizeof *element);
    calo_obj_run *run = calo_obj_push(obj, &obj->runs, sizeof *run);
    if (!element || !run)
        return CALO_ERROR_MEMORY;
    *element = 0;
    *run = (calo_obj_run){.material = -1, .topology = CALO_POINTS, .next = UINT32_MAX};
    calo_scene_warn(obj->scene, "points-only",
                    "the file has vertices (%zu), but no faces, lines or points: the vertices are drawn as points",
                    obj->positions.count);
    return CALO_OK;
}

static calo_status fill_scene(calo_obj *obj)
{
    obj->scene->source_to_world = calo_mat4_y_up_to_z_up();
    calo_status status = calo_obj_parse(obj);
    if (status == CALO_OK)
        status = take_bare_vertices(obj);
    if (status == CALO_OK && obj->elements.count == 0)
        status = calo_fail(obj->err, CALO_ERROR_EMPTY, "%s: the file has no vertices and no faces", obj->source->path);
    if (status == CALO_OK)
        status = calo_obj_load_materials(obj);
    if (status == CALO_OK)
        status = calo_obj_build_meshes(obj);
    if (status == CALO_OK)
        status = calo_scene_seal(obj->scene, obj->err);
    return status;
}

static void finish(calo_obj *obj)
{
    calo_obj_array *arrays[] = {&obj->positions, &obj->colors,   &obj->uvs,  &obj->normals,
                                &obj->corners,   &obj->elements, &obj->runs, &obj->objects};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        free(arrays[i]->items);
    calo_obj_names_finish(&obj->materials);
    calo_obj_names_finish(&obj->libraries);
    free(obj->scene_materials);
    calo_arena_finish(&obj->scratch);
}

static calo_status load(const calo_import_source *source, calo_scene **scene, calo_error *err)
{
    calo_error failure = {0};
    calo_obj obj = {.source = source, .err = &failure};
    calo_status status = calo_scene_create(source->path, "obj", &source->limits, &obj.scene, err);
    if (status != CALO_OK)
        return status;
    calo_arena_init(&obj.scratch, source->limits.max_memory_bytes);
    status = fill_scene(&obj);
    finish(&obj);
    if (status == CALO_OK) {
        *scene = obj.scene;
        return CALO_OK;
    }
    calo_scene_destroy(obj.scene);
    if (err)
        *err = failure;
    return failure.status; /* where only memory was asked for, the failure knows whether it was a limit */
}

static const char *const extensions[] = {".obj", NULL};

const calo_importer calo_importer_obj = {"obj", extensions, probe, load};
