/* A worker process of `calotype dataset`: opens renderer and cache once, then renders sample after sample. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/large.h"
#include "cli/cli.h"
#include "cli/dataset_command.h"
#include "cli/render_command.h"
#include "dataset/worker.h"

enum { PATHS = 4 };

/* What the command line says, and paths of it as they are seen from everywhere. */
typedef struct worker_command {
    calo_render_command render;
    calo_arguments arguments;
    char *paths[PATHS];
    char *cache_folder; /* or NULL */
} worker_command;

static void finish_command(worker_command *command)
{
    for (int i = 0; i < PATHS; i++)
        free(command->paths[i]);
    free(command->cache_folder);
    calo_arguments_finish(&command->arguments);
    calo_render_command_finish(&command->render);
}

/* The worker goes into the folder of each object. In metadata.json names stay as they were given. */
static calo_status make_paths_absolute(worker_command *command, calo_error *err)
{
    calo_item_options *item = &command->render.item;
    const char **fields[PATHS] = {&item->camera_file, &item->state_file, &item->mapping_file, &item->randomizer_file};
    char *here = getcwd(NULL, 0);
    if (!here)
        return calo_fail(err, CALO_ERROR_IO, "the working folder is gone: start from another one");
    calo_status status = CALO_OK;
    item->randomizer_name = item->randomizer_file;
    for (int i = 0; i < PATHS && status == CALO_OK; i++) {
        if (!*fields[i] || (*fields[i])[0] == '/')
            continue;
        command->paths[i] = calo_text_format("%s/%s", here, *fields[i]);
        if (!command->paths[i])
            status = calo_fail_memory(err, "a path", strlen(here));
        *fields[i] = command->paths[i];
    }
    free(here);
    return status;
}

static calo_status read_command(int argc, char **argv, worker_command *command, calo_error *err)
{
    calo_render_command *render = &command->render;
    calo_status status =
        calo_arguments_parse(calo_render_options_table, argc, argv, render, &command->arguments, err);
    if (status == CALO_OK && command->arguments.file_count > 0)
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a worker is told of its objects by the supervisor",
                           command->arguments.files[0]);
    if (status == CALO_OK)
        status = calo_render_command_check(render, err);
    if (status == CALO_OK)
        status = calo_render_command_resolve(render, err);
    if (status != CALO_OK)
        return status;
    const char *cache = render->cache_folder ? render->cache_folder : getenv("CALOTYPE_CACHE");
    if (render->cache && !(command->cache_folder = realpath(cache, NULL)))
        return calo_fail(err, CALO_ERROR_IO, "%s: the cache's folder cannot be found again", cache);
    return make_paths_absolute(command, err);
}

int calo_dataset_worker(int argc, char **argv)
{
    worker_command command = {.render = calo_render_command_default()};
    calo_worker *worker = NULL;
    calo_error err = {0};
    calo_large_keep();
    calo_status status = calo_worker_open(&worker, &err);
    if (status == CALO_OK)
        status = read_command(argc, argv, &command, &err);
    if (status == CALO_OK)
        status = calo_worker_run(worker, &command.render.renderer, &command.render.item, command.cache_folder, &err);
    calo_worker_close(worker, status == CALO_OK ? NULL : &err);
    finish_command(&command);
    return status == CALO_OK ? CALO_EXIT_OK : calo_report(&err);
}
