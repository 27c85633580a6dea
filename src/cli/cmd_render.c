#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/large.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/render_command.h"

void calo_render_help(FILE *to)
{
    size_t count;
    const calo_view_preset *presets = calo_view_presets(&count);
    fputs("calotype render FILE... -o FOLDER [options]\n\n"
          "Renders each 3D file (glTF, GLB, OBJ, STL, PLY, MJCF) from many cameras into FOLDER/NAME/: the\n"
          "pictures, the labels asked for, and metadata.json with every camera, convention and statistic. An\n"
          "object appears when it is whole, or not at all.\n\n"
          "Examples\n"
          "  calotype render chair.glb -o out --depth --normals --mask --sheet out/chair.png\n"
          "  calotype render models/*.glb -o out --package zip --all\n"
          "  calotype render chair.glb -o out --preset orbit --views 72 --size 1024 --samples 16\n"
          "  calotype render chair.glb -o out --cameras transforms.json --background white\n"
          "  calotype render robot.xml -o out --camera front --qpos states.csv --depth --shadows all\n"
          "  calotype render chair.glb table.glb lamp.glb -o out --arrangement ground --ids --depth\n",
          to);
    calo_options_print(calo_render_options_table, to);
    fputs("\nPresets\n", to);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-14s %3u views, %4u px: %s\n", presets[i].name, presets[i].count, presets[i].size,
                presets[i].description);
    fputs("\nExit codes\n"
          "  0 all is well, 1 some of several files failed, 2 the command line is wrong, 3 not found,\n"
          "  4 a broken or empty file, 5 not supported, 6 over a limit, 7 reading or writing failed,\n"
          "  8 no such backend here, 9 rejected by --reject, 130 interrupted. With several files the rest goes on\n"
          "  after a failure.\n",
          to);
}

/* ---- before anything is rendered ---- */

/* All files are one scene. */
static bool is_scene(const calo_render_command *command)
{
    return command->item.placement.arrangement != CALO_ARRANGEMENT_DEFAULT;
}

typedef struct named_input {
    const char *path;
    char *name;
} named_input;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const named_input *)a)->name, ((const named_input *)b)->name);
}

/* Two inputs must not become one object. */
static calo_status check_names(const calo_render_command *command, const calo_arguments *arguments, calo_error *err)
{
    size_t count = is_scene(command) ? 0 : arguments->file_count;
    named_input *inputs = calloc(count + 1, sizeof *inputs);
    calo_status status = inputs ? CALO_OK : calo_fail_memory(err, "names", count * sizeof *inputs);
    for (size_t i = 0; status == CALO_OK && i < count; i++) {
        inputs[i].path = arguments->files[i];
        status = calo_item_name(inputs[i].path, &command->item, &inputs[i].name, err);
    }
    if (status == CALO_OK)
        qsort(inputs, count, sizeof *inputs, compare_names);
    for (size_t i = 1; status == CALO_OK && i < count; i++)
        if (strcmp(inputs[i - 1].name, inputs[i].name) == 0)
            status = calo_fail(err, CALO_ERROR_ARGUMENT,
                               strcmp(inputs[i - 1].path, inputs[i].path) == 0
                                   ? "%s and %s are the same input: name it once"
                                   : "%s and %s would both become \"%s\": tell them apart with --name uid",
                               inputs[i - 1].path, inputs[i].path, inputs[i].name);
    for (size_t i = 0; inputs && i < count; i++)
        free(inputs[i].name);
    free(inputs);
    return status;
}

/* Wrong options are told once and at once, not after the first file was loaded. */
static calo_status check_command(const calo_render_command *command, const calo_arguments *arguments, calo_error *err)
{
    const calo_item_options *item = &command->item;
    if (arguments->file_count == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "which file? calotype render FILE -o FOLDER");
    if (!item->output_folder)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "where to? say -o FOLDER");
    const calo_placement *placement = &item->placement;
    if (!is_scene(command) && (placement->size_max != 0 || placement->spread != 0 || placement->show_ground))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--object-size, --spread and --show-ground are for several objects in one scene: add --arrangement");
    if (item->sheet_path && arguments->file_count > 1 && !is_scene(command) && !strstr(item->sheet_path, "{name}"))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--sheet %s: several files need several sheets: put {name} into the path", item->sheet_path);
    calo_status status = calo_render_command_check(command, err);
    return status == CALO_OK ? check_names(command, arguments, err) : status;
}

/* ---- one file, or the files of a scene ---- */

typedef struct render_input {
    const calo_placed_object *objects;
    size_t count;
    bool is_scene; /* false: one file by itself */
    char label[32]; /* behind the first path: what else there is */
} render_input;

/* The path of the contact sheet with {name} filled in; malloc'ed. */
static calo_status sheet_path(const calo_item_options *item, const render_input *input, char **sheet, calo_error *err)
{
    char *name = NULL;
    const char *hole = item->sheet_path ? strstr(item->sheet_path, "{name}") : NULL;
    *sheet = NULL;
    if (!hole) {
        *sheet = item->sheet_path ? strdup(item->sheet_path) : NULL;
        return CALO_OK;
    }
    calo_status status = input->is_scene ? calo_item_placed_name(input->objects, input->count, item, &name, err)
                                         : calo_item_name(input->objects[0].path, item, &name, err);
    if (status == CALO_OK)
        *sheet = calo_text_format("%.*s%s%s", (int)(hole - item->sheet_path), item->sheet_path, name, hole + 6);
    if (status == CALO_OK && !*sheet)
        status = calo_fail_memory(err, "a path", 0);
    free(name);
    return status;
}

/* `path`: of the file they are about; "" where each names its own. */
static void print_warnings(const char *path, const calo_item_result *result)
{
    enum { SHOWN = 5 };
    for (size_t i = 0; i < result->warning_count && i < SHOWN; i++) {
        const calo_warning *warning = &result->warnings[i];
        bool named = strstr(warning->message, path) != NULL;
        fprintf(stderr, "calotype: warning: %s%s%s [%s]\n", named ? "" : path, named ? "" : ": ", warning->message,
                warning->id);
    }
    if (result->warning_count > SHOWN)
        fprintf(stderr, "calotype: warning: %s%sand %zu more, all in metadata.json\n", path, *path ? ": " : "",
                result->warning_count - SHOWN);
}

/* Of this machine, not of the file: so not in metadata.json. */
static void print_cache_trouble(calo_cache *cache)
{
    calo_error trouble;
    if (cache && calo_cache_trouble(cache, &trouble))
        fprintf(stderr, "calotype: warning: %s [cache-trouble]\n", trouble.message);
}

/* How many were left out; tells why. */
static size_t print_left_out(const calo_item_result *result)
{
    size_t count = 0;
    for (size_t i = 0; i < result->object_count; i++)
        if (result->objects[i].err.status != CALO_OK) {
            fprintf(stderr, "calotype: left out: %s\n", result->objects[i].err.message);
            count++;
        }
    return count;
}

static calo_status render_one(calo_renderer *renderer, const calo_render_command *command, const render_input *input,
                              size_t *left_out, calo_error *err)
{
    const char *path = input->objects[0].path;
    calo_item_options item = command->item;
    calo_item_result result = {0};
    calo_progress progress = calo_progress_start(calo_path_name(path), command->quiet);
    char *sheet = NULL;
    item.on_progress = calo_progress_show;
    item.progress_user = &progress;
    calo_status status = sheet_path(&item, input, &sheet, err);
    item.sheet_path = sheet;
    if (status == CALO_OK)
        status = input->is_scene ? calo_item_run_placed(renderer, input->objects, input->count, &item, &result, err)
                                 : calo_item_run(renderer, path, &item, &result, err);
    calo_progress_clear(&progress);
    *left_out = print_left_out(&result);
    if (status == CALO_OK && !command->quiet) {
        print_warnings(input->is_scene ? "" : path, &result);
        print_cache_trouble(command->cache);
        printf("%s%s -> %s  %zu views in %.2f s (%.2f s to load)\n", path, input->label, result.path, result.view_count,
               result.load_seconds + result.render_seconds, result.load_seconds);
        fflush(stdout);
    }
    calo_item_result_finish(&result);
    free(sheet);
    return status;
}

/* ---- all files ---- */

static int render_files(calo_renderer *renderer, const calo_render_command *command, const calo_arguments *arguments)
{
    double start = calo_clock_seconds();
    size_t count = arguments->file_count, failed = 0;
    int code = CALO_EXIT_OK;
    for (size_t i = 0; i < count; i++) {
        calo_error err = {0};
        const calo_placed_object file = {.path = arguments->files[i]};
        const render_input input = {.objects = &file, .count = 1};
        size_t left_out;
        calo_status status = calo_interrupted
                                 ? calo_fail(&err, CALO_ERROR_CANCELLED,
                                             "interrupted: %zu of %zu files were not rendered", count - i, count)
                                 : render_one(renderer, command, &input, &left_out, &err);
        calo_large_settle(UINT64_MAX);
        if (status == CALO_OK)
            continue;
        code = calo_report(&err);
        failed++;
        if (status == CALO_ERROR_CANCELLED)
            return code;
    }
    if (count > 1 && !command->quiet)
        printf("%zu of %zu files in %.2f s%s\n", count - failed, count, calo_clock_seconds() - start,
               failed ? ", the others failed" : "");
    return code && count > 1 ? CALO_EXIT_SOME_FAILED : code;
}

static int render_scene(calo_renderer *renderer, const calo_render_command *command, const calo_arguments *arguments)
{
    calo_error err = {0};
    size_t left_out = 0;
    render_input input = {.count = arguments->file_count, .is_scene = true};
    calo_placed_object *objects = calloc(input.count, sizeof *objects);
    for (size_t i = 0; objects && i < input.count; i++)
        objects[i].path = arguments->files[i];
    if (input.count > 1)
        snprintf(input.label, sizeof input.label, " and %zu more", input.count - 1);
    input.objects = objects;
    calo_status status = objects ? render_one(renderer, command, &input, &left_out, &err)
                                 : calo_fail_memory(&err, "a scene", input.count * sizeof *objects);
    free(objects);
    if (status != CALO_OK)
        return calo_report(&err);
    return left_out > 0 ? CALO_EXIT_SOME_FAILED : CALO_EXIT_OK;
}

static int run_command(calo_render_command *command, const calo_arguments *arguments)
{
    calo_error err = {0};
    calo_renderer *renderer = NULL;
    calo_status status = check_command(command, arguments, &err);
    if (status == CALO_OK)
        status = calo_render_command_resolve(command, &err);
    if (status == CALO_OK)
        status = calo_renderer_create(&command->renderer, &renderer, &err);
    int code = status != CALO_OK      ? calo_report(&err)
               : is_scene(command) ? render_scene(renderer, command, arguments)
                                   : render_files(renderer, command, arguments);
    calo_renderer_destroy(renderer);
    return code;
}

int calo_cmd_render(int argc, char **argv)
{
    calo_render_command command = calo_render_command_default();
    calo_arguments arguments;
    calo_error err = {0};
    int code = CALO_EXIT_OK;
    calo_large_keep();
    if (calo_arguments_parse(calo_render_options_table, argc, argv, &command, &arguments, &err) != CALO_OK)
        code = calo_report(&err);
    else if (arguments.help)
        calo_render_help(stdout);
    else
        code = run_command(&command, &arguments);
    calo_arguments_finish(&arguments);
    calo_render_command_finish(&command);
    return code;
}
