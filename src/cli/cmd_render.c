#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
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
          "  calotype render robot.xml -o out --camera front --qpos states.csv --depth --shadows all\n",
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
    size_t count = arguments->file_count;
    named_input *inputs = calloc(count, sizeof *inputs);
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
    if (item->sheet_path && arguments->file_count > 1 && !strstr(item->sheet_path, "{name}"))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--sheet %s: several files need several sheets: put {name} into the path", item->sheet_path);
    calo_status status = calo_render_command_check(command, err);
    return status == CALO_OK ? check_names(command, arguments, err) : status;
}

/* ---- one file ---- */

/* The path of the contact sheet with {name} filled in; malloc'ed. */
static calo_status sheet_path(const calo_item_options *item, const char *path, char **sheet, calo_error *err)
{
    char *name = NULL;
    const char *hole = item->sheet_path ? strstr(item->sheet_path, "{name}") : NULL;
    *sheet = NULL;
    if (!hole) {
        *sheet = item->sheet_path ? strdup(item->sheet_path) : NULL;
        return CALO_OK;
    }
    calo_status status = calo_item_name(path, item, &name, err);
    if (status == CALO_OK)
        *sheet = calo_text_format("%.*s%s%s", (int)(hole - item->sheet_path), item->sheet_path, name, hole + 6);
    if (status == CALO_OK && !*sheet)
        status = calo_fail_memory(err, "a path", 0);
    free(name);
    return status;
}

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
        fprintf(stderr, "calotype: warning: %s: and %zu more, all in metadata.json\n", path,
                result->warning_count - SHOWN);
}

/* Of this machine, not of the file: so not in metadata.json. */
static void print_cache_trouble(calo_cache *cache)
{
    calo_error trouble;
    if (cache && calo_cache_trouble(cache, &trouble))
        fprintf(stderr, "calotype: warning: %s [cache-trouble]\n", trouble.message);
}

static calo_status render_file(calo_renderer *renderer, const calo_render_command *command, const char *path,
                               calo_error *err)
{
    calo_item_options item = command->item;
    calo_item_result result = {0};
    calo_progress progress = calo_progress_start(calo_path_name(path), command->quiet);
    char *sheet = NULL;
    item.on_progress = calo_progress_show;
    item.progress_user = &progress;
    calo_status status = sheet_path(&item, path, &sheet, err);
    item.sheet_path = sheet;
    if (status == CALO_OK)
        status = calo_item_run(renderer, path, &item, &result, err);
    calo_progress_clear(&progress);
    if (status == CALO_OK && !command->quiet) {
        print_warnings(path, &result);
        print_cache_trouble(command->cache);
        printf("%s -> %s  %zu views in %.2f s (%.2f s to load)\n", path, result.path, result.view_count,
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
        calo_status status = calo_interrupted
                                 ? calo_fail(&err, CALO_ERROR_CANCELLED,
                                             "interrupted: %zu of %zu files were not rendered", count - i, count)
                                 : render_file(renderer, command, arguments->files[i], &err);
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

static int run_command(calo_render_command *command, const calo_arguments *arguments)
{
    calo_error err = {0};
    calo_renderer *renderer = NULL;
    calo_status status = check_command(command, arguments, &err);
    if (status == CALO_OK)
        status = calo_render_command_resolve(command, &err);
    if (status == CALO_OK)
        status = calo_renderer_create(&command->renderer, &renderer, &err);
    int code = status == CALO_OK ? render_files(renderer, command, arguments) : calo_report(&err);
    calo_renderer_destroy(renderer);
    return code;
}

int calo_cmd_render(int argc, char **argv)
{
    calo_render_command command = calo_render_command_default();
    calo_arguments arguments;
    calo_error err = {0};
    int code = CALO_EXIT_OK;
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
