/* Materials as written into the scene's: what Blender 3.4's OBJ import makes of them, where EEVEE
 * would show it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "import/mtl.h"
#include "import/textures.h"
#include "scene/build.h"

/* A material that elements wear. */
typedef struct worn_material {
    int32_t name;   /* in obj->materials */
    int32_t source; /* in the library, -1: not there */
    int32_t images[CALO_MTL_MAP_COUNT];
} worn_material;

typedef struct loader {
    calo_obj *obj;
    calo_mtl_library library;
    calo_texture_loader *textures;
    calo_mtl_images images;
    calo_obj_array worn; /* worn_material */
} loader;

/* ---- libraries ---- */

static calo_status take_library(loader *l, const char *link, const calo_file *file)
{
    calo_obj *obj = l->obj;
    const char *kept = calo_arena_text(&obj->scratch, link, strlen(link), obj->err);
    if (!kept)
        return CALO_ERROR_MEMORY;
    calo_status status = calo_scene_add_linked_file(obj->scene, link, obj->err);
    if (status != CALO_OK)
        return status;
    return calo_mtl_parse(obj, &l->library, kept, (const char *)file->bytes, file->size);
}

/* Not found: the file is not there, or may not be read; `why` then says so. */
static calo_status read_library(loader *l, const char *link, bool *found, calo_error *why)
{
    const calo_import_source *source = l->obj->source;
    char *path = NULL;
    calo_file file = {0};
    calo_status status = calo_path_resolve(source->path, link, false, source->limits.allow_outside_paths, &path, why);
    if (status == CALO_OK)
        status = calo_file_read(path, source->limits.max_file_bytes, &file, why);
    free(path);
    *found = status == CALO_OK;
    if (*found)
        status = take_library(l, link, &file);
    else if (status == CALO_ERROR_NOT_FOUND || status == CALO_ERROR_UNSUPPORTED || status == CALO_ERROR_IO)
        status = CALO_OK;
    else
        *l->obj->err = *why;
    calo_file_finish(&file);
    return status;
}

static void warn_missing_library(loader *l, const char *link, const calo_error *why)
{
    calo_scene_warn(l->obj->scene, why->status == CALO_ERROR_UNSUPPORTED ? "outside-path" : "missing-material-library",
                    "the material library \"%s\" is left out: %s", link, why->message);
}

/* The length of the first name of a list, which ends after a word in .mtl: names may have blanks. */
static size_t first_name_length(const char *list)
{
    size_t length = strlen(list);
    for (size_t i = 4; i < length; i++)
        if ((list[i] == ' ' || list[i] == '\t') && strncasecmp(list + i - 4, ".mtl", 4) == 0)
            return i;
    return length;
}

/* The line's rest may be one name with blanks, or several names. */
static calo_status read_named_libraries(loader *l, const char *rest)
{
    bool found;
    calo_error why = {0};
    size_t length = strlen(rest), first = first_name_length(rest);
    char *name = strdup(rest);
    if (!name)
        return calo_fail_memory(l->obj->err, "a file name", length);
    if (length >= 2 && name[0] == '"' && name[length - 1] == '"') {
        memmove(name, name + 1, length - 2);
        name[length - 2] = '\0';
    }
    calo_status status = read_library(l, name, &found, &why);
    if (status == CALO_OK && !found && first == length)
        warn_missing_library(l, name, &why);
    for (const char *at = rest; status == CALO_OK && !found && first < length && *at;) {
        size_t part = first_name_length(at);
        bool part_found;
        memcpy(name, at, part);
        name[part] = '\0';
        status = read_library(l, name, &part_found, &why);
        if (status == CALO_OK && !part_found)
            warn_missing_library(l, name, &why);
        at += part;
        at += strspn(at, " \t");
    }
    free(name);
    return status;
}

static bool all_known(const loader *l)
{
    const calo_obj_names *used = &l->obj->materials;
    for (uint32_t i = 0; i < used->count; i++)
        if (calo_obj_names_find(&l->library.names, used->names[i], strlen(used->names[i])) < 0)
            return false;
    return true;
}

/* Many files name no library or a wrong one, and have it beside them under their own name; Blender
 * looks there too. */
static calo_status read_library_beside(loader *l)
{
    const char *file = calo_path_name(l->obj->source->path), *dot = strrchr(file, '.');
    char *link = calo_text_format("%.*s.mtl", (int)(dot ? dot - file : (ptrdiff_t)strlen(file)), file);
    if (!link)
        return calo_fail_memory(l->obj->err, "a file name", strlen(file));
    bool found;
    calo_error why = {0};
    calo_status status = CALO_OK;
    if (calo_obj_names_find(&l->obj->libraries, link, strlen(link)) < 0)
        status = read_library(l, link, &found, &why);
    free(link);
    return status;
}

static calo_status read_libraries(loader *l)
{
    const calo_obj_names *libraries = &l->obj->libraries;
    if (!l->obj->source->has_folder) {
        if (libraries->count)
            calo_scene_warn(l->obj->scene, "missing-material-library",
                            "the material library \"%s\" is a file of its own, but the asset came from memory without "
                            "a path: left out",
                            libraries->names[0]);
        return CALO_OK;
    }
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < libraries->count && status == CALO_OK; i++)
        status = read_named_libraries(l, libraries->names[i]);
    if (status == CALO_OK && !all_known(l))
        status = read_library_beside(l);
    return status;
}

/* ---- images ---- */

static bool is_there(const loader *l, const char *link)
{
    const calo_import_source *source = l->obj->source;
    char *path = NULL;
    bool outside = source->limits.allow_outside_paths;
    bool there = source->has_folder && calo_path_resolve(source->path, link, false, outside, &path, NULL) == CALO_OK;
    free(path);
    return there;
}

/* The length of a path's part that ends with one of `ends`; 0 when there is none. */
static size_t length_to_last(const char *path, const char *ends)
{
    size_t length = strlen(path);
    while (length > 0 && !strchr(ends, path[length - 1]))
        length--;
    return length;
}

/* The name of a texture relative to the OBJ file: beside its library, beside the OBJ file, or, where a
 * path from the author's own machine leads nowhere, its last part beside the library. NULL with err
 * filled when memory ends. */
static char *find_texture(loader *l, const char *library, const char *name)
{
    int folder = (int)length_to_last(library, "/\\");
    const char *last = name + length_to_last(name, "/\\:");
    char *candidates[3] = {
        calo_text_format("%.*s%s", folder, library, name),
        strdup(name),
        calo_text_format("%.*s%s", folder, library, last),
    };
    int chosen = 0;
    while (chosen < 3 && candidates[chosen] && !is_there(l, candidates[chosen]))
        chosen++;
    if (chosen == 2 && candidates[2])
        calo_scene_warn(l->obj->scene, "moved-texture", "the texture \"%s\" is not there: \"%s\" is used", name,
                        candidates[2]);
    if (chosen == 3)
        chosen = 1; /* the loader says that it is not there */
    char *link = candidates[chosen];
    for (int i = 0; i < 3; i++)
        if (i != chosen)
            free(candidates[i]);
    if (!link)
        calo_fail_memory(l->obj->err, "a file name", strlen(name));
    return link;
}

static calo_status add_images(loader *l, worn_material *worn)
{
    const calo_mtl_material *materials = l->library.materials.items;
    for (int kind = 0; kind < CALO_MTL_MAP_COUNT; kind++) {
        worn->images[kind] = -1;
        const calo_mtl_map *map = worn->source < 0 ? NULL : &materials[worn->source].maps[kind];
        if (!map || !map->name)
            continue;
        char *link = find_texture(l, materials[worn->source].library, map->name);
        if (!link)
            return CALO_ERROR_MEMORY;
        worn->images[kind] = calo_texture_loader_add_file(l->textures, link, false, l->obj->err);
        free(link);
        if (worn->images[kind] < 0)
            return CALO_ERROR_LIMIT;
    }
    return CALO_OK;
}

/* ---- values ---- */

static float unit(float value) { return fmaxf(0, fminf(1, value)); }

static float mean(const float color[3]) { return (color[0] + color[1] + color[2]) / 3; }

/* Illumination models that reflect what is around: 3 to 8. */
static bool reflects(const calo_mtl_material *from) { return from->illumination >= 3 && from->illumination <= 8; }

/* Blender's approximations of the older model by the Principled one. Colors are linear as written. */
static void set_values(const calo_mtl_material *from, calo_material *out)
{
    bool highlight = from->illumination == 2;
    for (int i = 0; i < 3; i++) {
        out->base_color[i] = from->diffuse[i] < 0 ? 0.8f : unit(from->diffuse[i]);
        out->emissive[i] = fmaxf(0, from->emissive[i]);
    }
    out->roughness = from->exponent < 0 ? (highlight ? 0 : 1) : 1 - sqrtf(fminf(from->exponent, 1000) / 1000);
    out->metallic = !reflects(from) ? 0 : from->ambient[0] < 0 ? 1 : unit(mean(from->ambient));
    if (from->roughness >= 0)
        out->roughness = unit(from->roughness);
    if (from->metallic >= 0)
        out->metallic = unit(from->metallic);
    /* Blender's specular s reflects 0.08 s head on, KHR_materials_specular 0.04 of its factor times its color. */
    float specular = 2 * (from->specular[0] < 0 ? (highlight ? 1 : 0) : unit(mean(from->specular)));
    out->specular = fminf(1, specular);
    for (int i = 0; i < 3; i++)
        out->specular_color[i] = fmaxf(1, specular);
}

/* d is how opaque it is, Tr how transparent; but some programs write "Tr 1" for what is opaque. */
static float opacity(loader *l, const calo_mtl_material *from, const char *name)
{
    if (from->dissolve >= 0)
        return unit(from->dissolve);
    if (from->transparency >= 1)
        calo_scene_warn(l->obj->scene, "ambiguous-transparency",
                        "the material \"%s\" says Tr 1, which hides it if taken at its word: it is drawn opaque", name);
    return from->transparency < 0 || from->transparency >= 1 ? 1 : 1 - from->transparency;
}

/* ---- maps ---- */

/* The image of a map that was really read, or -1. */
static int32_t usable_image(const loader *l, const worn_material *worn, calo_mtl_map_kind kind)
{
    int32_t image = worn->images[kind];
    return image >= 0 && !l->obj->scene->images[image].missing ? image : -1;
}

/* One number of a texel: as -imfchan says, else `standard`. */
static calo_mtl_pick pick(int32_t image, const calo_mtl_map *map, char standard)
{
    char channel = map->channel == 'm' ? 'a' : map->channel;
    return (calo_mtl_pick){image, strchr("rgba", channel) && channel ? channel : standard};
}

/* v grows upwards in the file: v' = s v + o there is v' = s v + (1 - s - o) here. */
static calo_status use_image(loader *l, int32_t image, const calo_mtl_map *map, calo_texture_use *use)
{
    use->texture = calo_mtl_images_texture(&l->images, image, map->clamp);
    float transform[6] = {map->scale[0], 0, map->offset[0], 0, map->scale[1], 1 - map->scale[1] - map->offset[1]};
    memcpy(use->transform, transform, sizeof transform);
    return use->texture < 0 ? CALO_ERROR_LIMIT : CALO_OK;
}

static calo_status use_composed(loader *l, const calo_mtl_pick picks[4], const char *name, const calo_mtl_map *map,
                                calo_texture_use *use)
{
    int32_t image = calo_mtl_images_compose(&l->images, picks, name);
    return image < 0 ? CALO_ERROR_LIMIT : use_image(l, image, map, use);
}

static bool same_placement(const calo_mtl_map *a, const calo_mtl_map *b)
{
    return memcmp(a->scale, b->scale, sizeof a->scale) == 0 && memcmp(a->offset, b->offset, sizeof a->offset) == 0 &&
           a->clamp == b->clamp;
}

static void check_placement(loader *l, const calo_mtl_map *a, const calo_mtl_map *b)
{
    if (!same_placement(a, b))
        calo_scene_warn(l->obj->scene, "map-placement",
                        "the maps %s and %s are placed differently (-s, -o, -clamp), but go into one image: the first "
                        "one's placement is used",
                        a->name, b->name);
}

/* Color and opacity. A map takes the place of the value (Blender connects it instead); the alpha of the
 * color's map has no effect of its own. */
static calo_status set_base_color(loader *l, const worn_material *worn, const calo_mtl_material *from,
                                  calo_material *out)
{
    const calo_mtl_map *color_map = &from->maps[CALO_MTL_DIFFUSE], *alpha_map = &from->maps[CALO_MTL_DISSOLVE];
    int32_t color = usable_image(l, worn, CALO_MTL_DIFFUSE), alpha = usable_image(l, worn, CALO_MTL_DISSOLVE);
    calo_texture_use *use = &out->slots[CALO_SLOT_BASE_COLOR];
    out->base_color[3] = alpha >= 0 ? 1 : opacity(l, from, out->name);
    for (int i = 0; i < 3 && color >= 0; i++)
        out->base_color[i] = 1;
    if (out->base_color[3] < 1 || alpha >= 0)
        out->alpha_mode = CALO_ALPHA_BLEND;
    bool alpha_in_color = color >= 0 && calo_mtl_images_has_alpha(&l->images, color);
    calo_mtl_pick alpha_pick = {-1, 'a'};
    if (alpha >= 0)
        alpha_pick = pick(alpha, alpha_map, calo_mtl_images_has_alpha(&l->images, alpha) ? 'a' : 'l');
    bool as_it_is = out->alpha_mode == CALO_ALPHA_OPAQUE || (alpha < 0 && !alpha_in_color) ||
                    (alpha == color && alpha_pick.channel == 'a');
    if (color >= 0 && as_it_is)
        return use_image(l, color, color_map, use);
    if (color < 0 && alpha < 0)
        return CALO_OK;
    if (color >= 0 && alpha >= 0)
        check_placement(l, color_map, alpha_map);
    calo_mtl_pick picks[4] = {{color, 'r'}, {color, 'g'}, {color, 'b'}, alpha_pick};
    return use_composed(l, picks, color >= 0 ? color_map->name : alpha_map->name, color >= 0 ? color_map : alpha_map,
                        use);
}

/* Blender connects map_Ns to the roughness as it is, and so it writes it. */
static calo_status set_metallic_roughness(loader *l, const worn_material *worn, const calo_mtl_material *from,
                                          calo_material *out)
{
    int32_t metal = usable_image(l, worn, CALO_MTL_METALLIC), rough = usable_image(l, worn, CALO_MTL_ROUGHNESS);
    const calo_mtl_map *metal_map = &from->maps[CALO_MTL_METALLIC], *rough_map = &from->maps[CALO_MTL_ROUGHNESS];
    if (rough < 0) {
        rough = usable_image(l, worn, CALO_MTL_EXPONENT);
        rough_map = &from->maps[CALO_MTL_EXPONENT];
    }
    if (metal < 0 && rough < 0)
        return CALO_OK;
    if (metal >= 0 && rough >= 0)
        check_placement(l, rough_map, metal_map);
    out->roughness = rough >= 0 ? 1 : out->roughness;
    out->metallic = metal >= 0 ? 1 : out->metallic;
    calo_mtl_pick picks[4] = {{-1, 'r'}, pick(rough, rough_map, 'l'), pick(metal, metal_map, 'l'), {-1, 'a'}};
    const calo_mtl_map *map = rough >= 0 ? rough_map : metal_map;
    return use_composed(l, picks, map->name, map, &out->slots[CALO_SLOT_METALLIC_ROUGHNESS]);
}

static calo_status set_specular(loader *l, const worn_material *worn, const calo_mtl_material *from, calo_material *out)
{
    const calo_mtl_map *map = &from->maps[CALO_MTL_SPECULAR];
    int32_t image = usable_image(l, worn, CALO_MTL_SPECULAR);
    if (image < 0)
        return CALO_OK;
    out->specular = 1;
    for (int i = 0; i < 3; i++)
        out->specular_color[i] = 2;
    calo_mtl_pick picks[4] = {{-1, 'r'}, {-1, 'g'}, {-1, 'b'}, pick(image, map, 'l')};
    return use_composed(l, picks, map->name, map, &out->slots[CALO_SLOT_SPECULAR]);
}

static calo_status set_emissive(loader *l, const worn_material *worn, const calo_mtl_material *from, calo_material *out)
{
    int32_t image = usable_image(l, worn, CALO_MTL_EMISSIVE);
    if (image < 0)
        return CALO_OK;
    for (int i = 0; i < 3; i++)
        out->emissive[i] = 1;
    return use_image(l, image, &from->maps[CALO_MTL_EMISSIVE], &out->slots[CALO_SLOT_EMISSIVE]);
}

/* Blender takes every bump map as a normal map. A gray one cannot be one: it holds heights. */
static calo_status set_normal(loader *l, const worn_material *worn, const calo_mtl_material *from, calo_material *out)
{
    const calo_mtl_map *map = &from->maps[CALO_MTL_NORMAL];
    int32_t image = usable_image(l, worn, CALO_MTL_NORMAL);
    if (image < 0)
        return CALO_OK;
    if (calo_mtl_images_is_gray(&l->images, image)) {
        calo_scene_warn(l->obj->scene, "height-map",
                        "the bump map %s is gray: it holds heights, not normals, and is left out", map->name);
        return CALO_OK;
    }
    out->normal_scale = map->bump;
    return use_image(l, image, map, &out->slots[CALO_SLOT_NORMAL]);
}

/* ---- materials ---- */

static int32_t add_described(loader *l, const worn_material *worn, const char *name)
{
    const calo_mtl_material *from = (calo_mtl_material *)l->library.materials.items + worn->source;
    calo_material material = calo_material_default();
    material.name = name;
    material.double_sided = true;
    set_values(from, &material);
    calo_status status = set_base_color(l, worn, from, &material);
    if (status == CALO_OK)
        status = set_metallic_roughness(l, worn, from, &material);
    if (status == CALO_OK)
        status = set_specular(l, worn, from, &material);
    if (status == CALO_OK)
        status = set_emissive(l, worn, from, &material);
    if (status == CALO_OK)
        status = set_normal(l, worn, from, &material);
    return status == CALO_OK ? calo_scene_add_material(l->obj->scene, &material, l->obj->err) : -1;
}

static int32_t add_plain(loader *l, const char *name)
{
    calo_scene_warn(l->obj->scene, "missing-material", "no library describes the material \"%s\": a plain one is used",
                    name);
    calo_material material = calo_material_plain(l->obj->colors.count > 0);
    material.name = name;
    material.double_sided = true;
    return calo_scene_add_material(l->obj->scene, &material, l->obj->err);
}

static calo_status add_material(loader *l, const worn_material *worn)
{
    calo_obj *obj = l->obj;
    const char *name = calo_scene_text(obj->scene, obj->materials.names[worn->name], obj->err);
    if (!name)
        return CALO_ERROR_LIMIT;
    int32_t index = worn->source < 0 ? add_plain(l, name) : add_described(l, worn, name);
    obj->scene_materials[worn->name] = index;
    return index < 0 ? CALO_ERROR_LIMIT : CALO_OK;
}

/* Those that elements wear, in the order of their first use. */
static calo_status list_worn(loader *l)
{
    calo_obj *obj = l->obj;
    const calo_obj_run *runs = obj->runs.items;
    obj->scene_materials = calloc((size_t)obj->materials.count + 1, sizeof *obj->scene_materials);
    if (!obj->scene_materials)
        return calo_fail_memory(obj->err, "the materials", obj->materials.count * sizeof *obj->scene_materials);
    for (size_t r = 0; r < obj->runs.count; r++) {
        int32_t name = runs[r].material;
        if (name < 0 || obj->scene_materials[name] < 0)
            continue;
        obj->scene_materials[name] = -1;
        worn_material *worn = calo_obj_push(obj, &l->worn, sizeof *worn);
        if (!worn)
            return CALO_ERROR_MEMORY;
        const char *text = obj->materials.names[name];
        *worn = (worn_material){name, calo_obj_names_find(&l->library.names, text, strlen(text)), {0}};
    }
    return CALO_OK;
}

static calo_status load(loader *l)
{
    calo_status status = read_libraries(l);
    if (status == CALO_OK)
        status = list_worn(l);
    if (status == CALO_OK)
        status = calo_texture_loader_create(l->obj->source, l->obj->scene, &l->textures, l->obj->err);
    worn_material *worn = l->worn.items;
    for (size_t i = 0; i < l->worn.count && status == CALO_OK; i++)
        status = add_images(l, &worn[i]);
    if (status == CALO_OK)
        status = calo_texture_loader_decode(l->textures, l->obj->err);
    for (size_t i = 0; i < l->worn.count && status == CALO_OK; i++)
        status = add_material(l, &worn[i]);
    return status;
}

calo_status calo_obj_load_materials(calo_obj *obj)
{
    loader l = {.obj = obj, .images = {.obj = obj}};
    calo_status status = load(&l);
    calo_texture_loader_destroy(l.textures);
    calo_mtl_images_finish(&l.images);
    calo_obj_names_finish(&l.library.names);
    free(l.library.materials.items);
    free(l.worn.items);
    return status;
}
