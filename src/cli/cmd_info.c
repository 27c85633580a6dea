#include <calotype/import.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/limits.h"
#include "encode/metadata.h"
#include "job/item.h"

typedef struct info_command {
    calo_limits limits; /* first: see limits.h */
    bool json;
} info_command;

static const calo_option info_options[] = {
    {.kind = CALO_OPTION_GROUP, .help = "Output"},
    {.kind = CALO_OPTION_FLAG,
     .name = "json",
     .offset = offsetof(info_command, json),
     .help = "everything as JSON, lists whole"},
    CALO_LIMIT_OPTIONS(info_command, limits),
    {0},
};

void calo_info_help(FILE *to)
{
    fputs("calotype info FILE... [options]\n\n"
          "Tells what is in a 3D file: counts as Objaverse-XL's scripts define them, the size, materials,\n"
          "textures, nodes, animations, and every oddity that was found in it.\n",
          to);
    calo_options_print(info_options, to);
    fputs("\nExamples\n"
          "  calotype info duck.glb\n"
          "  calotype info --json duck.glb | jq .poly_count\n",
          to);
}

/* ---- JSON ---- */

static void write_images(calo_json_writer *json, const calo_scene *scene)
{
    calo_json_open(json, "images", '[');
    for (uint32_t i = 0; i < scene->image_count; i++) {
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "name", scene->images[i].name);
        calo_json_unsigned(json, "width", scene->images[i].width);
        calo_json_unsigned(json, "height", scene->images[i].height);
        calo_json_boolean(json, "missing", scene->images[i].missing);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

static void write_nodes(calo_json_writer *json, const calo_scene *scene)
{
    calo_json_open(json, "nodes", '[');
    for (uint32_t i = 0; i < scene->node_count; i++) {
        const calo_node *node = &scene->nodes[i];
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "name", node->name);
        if (node->parent >= 0)
            calo_json_unsigned(json, "parent", (uint64_t)node->parent);
        if (node->mesh >= 0)
            calo_json_text(json, "mesh", scene->meshes[node->mesh].name);
        if (node->camera >= 0)
            calo_json_text(json, "camera", scene->cameras[node->camera].name);
        if (node->light >= 0)
            calo_json_text(json, "light", scene->lights[node->light].name);
        if (node->instance_count > 0)
            calo_json_unsigned(json, "instances", node->instance_count);
        calo_json_boolean(json, "visible", node->visible);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

static void write_animations(calo_json_writer *json, const calo_scene *scene)
{
    calo_json_open(json, "animations", '[');
    for (uint32_t i = 0; i < scene->animation_count; i++) {
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "name", scene->animations[i].name);
        calo_json_number(json, "duration_seconds", scene->animations[i].duration_seconds);
        calo_json_unsigned(json, "channels", scene->animations[i].channel_count);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

static calo_status print_json(const calo_object_facts *object, calo_error *err)
{
    const calo_scene *scene = object->scene;
    calo_blob blob = {0};
    calo_json_writer json = calo_json_start(&blob, err);
    calo_json_open(&json, NULL, '{');
    calo_metadata_write_object(&json, object);
    calo_json_open(&json, "materials", '[');
    for (uint32_t i = 0; i < scene->material_count; i++)
        calo_json_text(&json, NULL, scene->materials[i].name);
    calo_json_close(&json, ']');
    write_images(&json, scene);
    write_nodes(&json, scene);
    write_animations(&json, scene);
    calo_metadata_write_warnings(&json, scene);
    calo_json_close(&json, '}');
    if (json.status == CALO_OK)
        fwrite(blob.bytes, 1, blob.size, stdout);
    calo_blob_finish(&blob);
    return json.status;
}

/* ---- for people ---- */

static void print_size(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB"};
    double size = (double)bytes;
    int unit = 0;
    for (; size >= 1000 && unit < 3; unit++)
        size /= 1000;
    printf(unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static void print_count(const char *what, uint64_t count, const char *detail)
{
    if (count > 0)
        printf("  %-12s %12" PRIu64 "%s%s\n", what, count, *detail ? "  " : "", detail);
}

enum { LIST_LIMIT = 12 };

/* A heading before the first line of a list; false when the list was long enough. */
static bool list_line(const char *title, uint32_t index, uint32_t count)
{
    if (index == 0)
        printf("\n%s\n", title);
    if (index == LIST_LIMIT)
        printf("  ... and %u more (--json lists all)\n", count - index);
    return index < LIST_LIMIT;
}

static const char *shown_name(const char *name) { return *name ? name : "(no name)"; }

static void print_lists(const calo_scene *scene)
{
    for (uint32_t i = 0; i < scene->material_count; i++)
        if (list_line("Materials", i, scene->material_count))
            printf("  %u  %s\n", i, shown_name(scene->materials[i].name));
    for (uint32_t i = 0; i < scene->image_count; i++)
        if (list_line("Images", i, scene->image_count))
            printf("  %u  %s  %u x %u%s\n", i, scene->images[i].name, scene->images[i].width, scene->images[i].height,
                   scene->images[i].missing ? "  MISSING, a placeholder stands in" : "");
    for (uint32_t i = 0; i < scene->animation_count; i++)
        if (list_line("Animations", i, scene->animation_count))
            printf("  %u  %s  %.3g s\n", i, shown_name(scene->animations[i].name),
                   scene->animations[i].duration_seconds);
    for (uint32_t i = 0; i < scene->camera_count; i++)
        if (list_line("Cameras", i, scene->camera_count))
            printf("  %u  %s%s\n", i, shown_name(scene->cameras[i].name),
                   scene->cameras[i].orthographic ? "  orthographic" : "");
    for (uint32_t i = 0; i < scene->node_count; i++)
        if (list_line("Nodes", i, scene->node_count))
            printf("  %u  %s%s%s\n", i, shown_name(scene->nodes[i].name), scene->nodes[i].mesh >= 0 ? "  draws " : "",
                   scene->nodes[i].mesh >= 0 ? shown_name(scene->meshes[scene->nodes[i].mesh].name) : "");
    for (uint32_t i = 0; i < scene->warning_count; i++)
        if (list_line("Warnings", i, scene->warning_count))
            printf("  %s  %s\n", scene->warnings[i].id, scene->warnings[i].message);
}

static void print_table(const calo_object_facts *object)
{
    const calo_scene_statistics *s = object->statistics;
    printf("%s  %s, ", object->file_identifier, object->scene->format);
    print_size(object->scene->file_bytes);
    printf("\n  %-12s %s\n  %-12s %s\n", "sha256", object->sha256, "uid", object->save_uid);
    printf("  %-12s %.6g x %.6g x %.6g m, from (%.6g, %.6g, %.6g) to (%.6g, %.6g, %.6g), z up\n", "box",
           s->bounds_max[0] - s->bounds_min[0], s->bounds_max[1] - s->bounds_min[1],
           s->bounds_max[2] - s->bounds_min[2], s->bounds_min[0], s->bounds_min[1], s->bounds_min[2], s->bounds_max[0],
           s->bounds_max[1], s->bounds_max[2]);
    print_count("polygons", s->polygon_count, "");
    print_count("triangles", s->triangle_count, "");
    print_count("vertices", s->vertex_count, "");
    print_count("edges", s->edge_count, "");
    print_count("objects", s->object_count, "");
    print_count("meshes", s->mesh_count, "");
    print_count("materials", s->material_count, "");
    print_count("textures", s->texture_count, "");
    print_count("missing", s->missing_texture_count, "textures that are not there");
    print_count("animations", s->animation_count, "");
    print_count("armatures", s->armature_count, "");
    print_count("shape keys", s->shape_key_count, "");
    print_count("lights", s->light_count, "");
    print_count("cameras", s->camera_count, "");
    print_lists(object->scene);
}

/* ---- the verb ---- */

static calo_status show_file(const info_command *command, const char *path, calo_error *err)
{
    calo_import_options options = {.limits = command->limits};
    calo_scene_statistics statistics;
    calo_scene *scene = NULL;
    calo_sha256 hash;
    char uid[37], digest[65];
    calo_status status = calo_scene_load_hashed(path, &options, &scene, &hash, err);
    if (status == CALO_OK)
        status = calo_scene_count(scene, &statistics, err);
    if (status == CALO_OK) {
        calo_uuid5_dns(path, uid);
        calo_sha256_text(&hash, digest);
        calo_object_facts object = {path, uid, digest, scene, &statistics};
        if (command->json)
            status = print_json(&object, err);
        else
            print_table(&object);
    }
    calo_scene_destroy(scene);
    return status;
}

static int show_files(const info_command *command, const calo_arguments *arguments)
{
    int code = CALO_EXIT_OK;
    if (arguments->file_count == 0) {
        fputs("calotype: which file? calotype info FILE\n", stderr);
        return CALO_EXIT_USAGE;
    }
    for (size_t i = 0; i < arguments->file_count && !calo_interrupted; i++) {
        calo_error err = {0};
        if (i > 0 && !command->json)
            puts("");
        if (show_file(command, arguments->files[i], &err) != CALO_OK)
            code = calo_report(&err);
    }
    if (calo_interrupted)
        return CALO_EXIT_INTERRUPTED;
    return code && arguments->file_count > 1 ? CALO_EXIT_SOME_FAILED : code;
}

int calo_cmd_info(int argc, char **argv)
{
    info_command command = {0};
    calo_arguments arguments;
    calo_error err = {0};
    int code = CALO_EXIT_OK;
    if (calo_arguments_parse(info_options, argc, argv, &command, &arguments, &err) != CALO_OK)
        code = calo_report(&err);
    else if (arguments.help)
        calo_info_help(stdout);
    else
        code = show_files(&command, &arguments);
    calo_arguments_finish(&arguments);
    return code;
}
