/* glTF 2.0 and GLB: the container, the JSON, and the order in which a scene is made of it. */
#include "import/gltf.h"

#include <ctype.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "base/reader.h"
#include "scene/build.h"

enum { GLB_HEADER_BYTES = 12, CHUNK_HEADER_BYTES = 8, CHUNK_JSON = 0x4e4f534a, CHUNK_BIN = 0x004e4942 };
enum { PROBE_BYTES = 1 << 20 };

static const char glb_magic[4] = {'g', 'l', 'T', 'F'};

typedef struct json_text {
    const char *bytes;
    size_t size;
} json_text;

static bool is_glb(const uint8_t *bytes, size_t size)
{
    return size >= sizeof glb_magic && memcmp(bytes, glb_magic, sizeof glb_magic) == 0;
}

static int probe_glb(const uint8_t *bytes, size_t size)
{
    return is_glb(bytes, size) ? 2 : 0;
}

/* A JSON object with the one key that every glTF has. */
static int probe_gltf(const uint8_t *bytes, size_t size)
{
    static const char key[] = "\"asset\"";
    size_t at = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size && isspace(bytes[at]))
        at++;
    if (at == size || bytes[at] != '{')
        return 0;
    return memmem(bytes, size < PROBE_BYTES ? size : PROBE_BYTES, key, sizeof key - 1) ? 2 : 1;
}

static calo_gltf_record root_record(calo_gltf *gltf)
{
    return (calo_gltf_record){gltf, NULL, NULL, -1, gltf->root};
}

static calo_status check_glb_header(const calo_gltf_record *root, calo_reader *reader, uint32_t *length)
{
    calo_reader_take(reader, sizeof glb_magic);
    uint32_t version = calo_reader_u32(reader);
    *length = calo_reader_u32(reader);
    if (reader->failed)
        return calo_gltf_fail(root, CALO_ERROR_FORMAT, "the GLB header has 12 bytes, but the file only %zu: it is cut "
                              "short", reader->size);
    if (version != 2)
        return calo_gltf_fail(root, CALO_ERROR_UNSUPPORTED,
                              "the GLB container has version %u; only 2 can be read: convert the file to glTF 2.0",
                              version);
    if (*length > reader->size)
        return calo_gltf_fail(root, CALO_ERROR_FORMAT, "the GLB header says %u bytes, but the file has %zu: it is cut "
                              "short", *length, reader->size);
    if (*length < reader->size)
        calo_scene_warn(root->gltf->scene, "trailing-data", "%zu bytes stand behind the GLB's end and are left out",
                        reader->size - *length);
    return CALO_OK;
}

/* The JSON chunk, which comes first, and the BIN chunk, if there is one. */
static calo_status split_glb(calo_gltf *gltf, json_text *json)
{
    calo_gltf_record root = root_record(gltf);
    calo_reader reader = calo_reader_make(gltf->source->bytes, gltf->source->size);
    uint32_t length;
    if (check_glb_header(&root, &reader, &length) != CALO_OK)
        return gltf->status;
    reader.size = length < GLB_HEADER_BYTES ? GLB_HEADER_BYTES : length;
    while (calo_reader_left(&reader) >= CHUNK_HEADER_BYTES) {
        size_t at = reader.position;
        uint32_t size = calo_reader_u32(&reader), type = calo_reader_u32(&reader);
        const uint8_t *bytes = calo_reader_take(&reader, size);
        if (!bytes)
            return calo_gltf_fail(&root, CALO_ERROR_FORMAT,
                                  "the GLB chunk at byte %zu says %u bytes, but only %zu are left: the file is broken "
                                  "or cut short", at, size, (size_t)length - at - CHUNK_HEADER_BYTES);
        if (type == CHUNK_JSON && !json->bytes)
            *json = (json_text){(const char *)bytes, size};
        if (type == CHUNK_BIN && !gltf->binary) {
            gltf->binary = bytes;
            gltf->binary_size = size;
        }
    }
    if (calo_reader_left(&reader) > 0)
        calo_scene_warn(gltf->scene, "trailing-data", "the GLB's last %zu bytes are too few for a chunk and left out",
                        calo_reader_left(&reader));
    if (!json->bytes)
        return calo_gltf_fail(&root, CALO_ERROR_FORMAT, "the GLB has no JSON chunk");
    return CALO_OK;
}

/* Some writers pad with NULs, some begin with a byte order mark. */
static json_text trim(json_text json)
{
    if (json.size >= 3 && memcmp(json.bytes, "\xef\xbb\xbf", 3) == 0)
        json = (json_text){json.bytes + 3, json.size - 3};
    while (json.size > 0 && json.bytes[json.size - 1] == '\0')
        json.size--;
    return json;
}

static void load_json(calo_gltf *gltf, json_text json, json_error_t *why)
{
    gltf->root = json_loadb(json.bytes, json.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, why);
    if (!gltf->root && json_error_code(why) == json_error_duplicate_key) {
        calo_scene_warn(gltf->scene, "duplicate-key", "JSON line %d: %s: the last one counts", why->line, why->text);
        gltf->root = json_loadb(json.bytes, json.size, JSON_ALLOW_NUL, why);
    }
}

static calo_status parse(calo_gltf *gltf, json_text json)
{
    calo_gltf_record root = root_record(gltf);
    calo_blob rest = {0};
    json_error_t why;
    json = trim(json);
    calo_status status = calo_gltf_cut_payloads(gltf, json.bytes, json.size, &rest);
    if (status == CALO_OK)
        load_json(gltf, (json_text){(const char *)rest.bytes, rest.size}, &why);
    calo_blob_finish(&rest);
    if (status != CALO_OK)
        return status;
    if (!gltf->root && gltf->payloads.size > 0)
        gltf->root = json_loadb(json.bytes, json.size, JSON_ALLOW_NUL, &why); /* for the place in the whole text */
    if (!gltf->root)
        return calo_gltf_fail(&root, CALO_ERROR_FORMAT, "the JSON is not valid at line %d, column %d (byte %d): %s",
                              why.line, why.column, why.position, why.text);
    if (!json_is_object(gltf->root))
        return calo_gltf_fail(&root, CALO_ERROR_FORMAT, "the JSON must be an object");
    return CALO_OK;
}

static calo_status check_asset(const calo_gltf_record *root)
{
    calo_gltf_record asset = calo_gltf_enter(root, "asset");
    const char *version = calo_gltf_string(&asset, "version");
    const char *least = calo_gltf_string(&asset, "minVersion");
    if (root->gltf->status != CALO_OK)
        return root->gltf->status;
    if (!version)
        return calo_gltf_fail(root, CALO_ERROR_FORMAT,
                              "asset.version is missing: this is not glTF 2.0 (JSON of another kind, or glTF 1.0)");
    if (strncmp(version, "2.", 2) != 0)
        return calo_gltf_fail(root, CALO_ERROR_UNSUPPORTED,
                              "asset.version is \"%s\"; only 2.x can be read: convert the file to glTF 2.0", version);
    if (least && strcmp(least, "2.0") != 0)
        return calo_gltf_fail(root, CALO_ERROR_UNSUPPORTED,
                              "asset.minVersion is \"%s\", but calotype reads glTF 2.0", least);
    return CALO_OK;
}

static void *scratch(calo_gltf *gltf, size_t count, size_t item_bytes)
{
    void *memory = calo_arena_take(&gltf->scratch, count, item_bytes, "the glTF tables", gltf->err);
    if (!memory)
        calo_gltf_broken(gltf);
    return memory;
}

/* The root's arrays, and a slot for each thing that is made of their items. */
static calo_status make_tables(calo_gltf *gltf, const calo_gltf_record *root)
{
    static const char *const keys[CALO_GLTF_KIND_COUNT] = {
        "accessors", "animations", "buffers", "bufferViews", "cameras", "images", "materials",
        "meshes", "nodes", "samplers", "scenes", "skins", "textures",
    };
    for (int kind = 0; kind < CALO_GLTF_KIND_COUNT; kind++)
        gltf->arrays[kind] = calo_gltf_list(root, keys[kind], &gltf->counts[kind]);
    const size_t *counts = gltf->counts;
    gltf->buffers = scratch(gltf, counts[CALO_GLTF_BUFFERS], sizeof *gltf->buffers);
    gltf->views = scratch(gltf, counts[CALO_GLTF_BUFFER_VIEWS], sizeof *gltf->views);
    gltf->cached = scratch(gltf, counts[CALO_GLTF_ACCESSORS], sizeof *gltf->cached);
    gltf->texture_indices = scratch(gltf, counts[CALO_GLTF_TEXTURES], sizeof(int32_t));
    gltf->image_indices = scratch(gltf, counts[CALO_GLTF_IMAGES], sizeof(int32_t));
    gltf->material_used = scratch(gltf, counts[CALO_GLTF_MATERIALS], sizeof(bool));
    gltf->node_indices = scratch(gltf, counts[CALO_GLTF_NODES], sizeof(int32_t));
    if (gltf->status != CALO_OK)
        return gltf->status;
    memset(gltf->texture_indices, 0xff, counts[CALO_GLTF_TEXTURES] * sizeof(int32_t));
    memset(gltf->image_indices, 0xff, counts[CALO_GLTF_IMAGES] * sizeof(int32_t));
    return CALO_OK;
}

static calo_status read_document(calo_gltf *gltf)
{
    json_text json = {0};
    if (gltf->is_glb)
        split_glb(gltf, &json);
    else
        json = (json_text){(const char *)gltf->source->bytes, gltf->source->size};
    if (gltf->status != CALO_OK || parse(gltf, json) != CALO_OK)
        return gltf->status;
    calo_gltf_record root = root_record(gltf);
    if (check_asset(&root) != CALO_OK || calo_gltf_check_extensions(gltf, &root) != CALO_OK)
        return gltf->status;
    return make_tables(gltf, &root);
}

/* Nodes need meshes and lights; skins and animations need nodes; materials, to know which are worn,
 * need meshes. */
static calo_status make_scene(calo_gltf *gltf)
{
    if (calo_texture_loader_create(gltf->source, gltf->scene, &gltf->textures, gltf->err) != CALO_OK)
        return calo_gltf_broken(gltf);
    if (calo_gltf_load_meshes(gltf) != CALO_OK || calo_gltf_load_materials(gltf) != CALO_OK ||
        calo_gltf_load_cameras(gltf) != CALO_OK || calo_gltf_load_lights(gltf) != CALO_OK ||
        calo_gltf_load_nodes(gltf) != CALO_OK || calo_gltf_load_skins(gltf) != CALO_OK ||
        calo_gltf_load_animations(gltf) != CALO_OK)
        return gltf->status;
    if (calo_texture_loader_decode(gltf->textures, gltf->err) != CALO_OK)
        return calo_gltf_broken(gltf);
    gltf->scene->source_to_world = calo_mat4_y_up_to_z_up();
    gltf->scene->file_bytes = gltf->source->size;
    return calo_scene_seal(gltf->scene, gltf->err);
}

static calo_status load(const calo_import_source *source, calo_scene **scene, calo_error *err)
{
    calo_error own = {0};
    calo_gltf gltf = {
        .source = source,
        .err = err ? err : &own,
        .is_glb = is_glb(source->bytes, source->size),
        .present_bytes = source->size,
    };
    *scene = NULL;
    calo_arena_init(&gltf.scratch, source->limits.max_memory_bytes);
    calo_status status = calo_scene_create(source->path, gltf.is_glb ? "glb" : "gltf", &source->limits, &gltf.scene,
                                           gltf.err);
    if (status == CALO_OK)
        status = read_document(&gltf);
    if (status == CALO_OK)
        status = make_scene(&gltf);
    calo_texture_loader_destroy(gltf.textures);
    calo_gltf_buffers_finish(&gltf);
    calo_blob_finish(&gltf.payloads);
    json_decref(gltf.root);
    calo_arena_finish(&gltf.scratch);
    if (status == CALO_OK)
        *scene = gltf.scene;
    else
        calo_scene_destroy(gltf.scene);
    return status;
}

static const char *const gltf_extensions[] = {".gltf", NULL};
static const char *const glb_extensions[] = {".glb", ".vrm", NULL};

const calo_importer calo_importer_gltf = {"gltf", gltf_extensions, probe_gltf, load};
const calo_importer calo_importer_glb = {"glb", glb_extensions, probe_glb, load};
