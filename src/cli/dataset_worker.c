/* A worker process of `calotype dataset`: opens renderer and cache once, then renders sample after sample. */
#include "base/error.h"
#include "cli/cli.h"
#include "cli/dataset_command.h"
#include "cli/render_command.h"
#include "dataset/worker.h"

static calo_status read_command(int argc, char **argv, calo_render_command *command, calo_arguments *arguments,
                                calo_error *err)
{
    calo_status status = calo_arguments_parse(calo_render_options_table, argc, argv, command, arguments, err);
    if (status == CALO_OK && arguments->file_count > 0)
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a worker is told of its objects by the supervisor",
                           arguments->files[0]);
    return status == CALO_OK ? calo_render_command_resolve(command, err) : status;
}

int calo_dataset_worker(int argc, char **argv)
{
    calo_render_command command = calo_render_command_default();
    calo_arguments arguments = {0};
    calo_error err = {0};
    calo_renderer *renderer = NULL;
    calo_status status = read_command(argc, argv, &command, &arguments, &err);
    if (status == CALO_OK)
        status = calo_renderer_create(&command.renderer, &renderer, &err);
    if (status == CALO_OK)
        status = calo_worker_run(renderer, &command.item, &err);
    calo_renderer_destroy(renderer);
    calo_arguments_finish(&arguments);
    calo_render_command_finish(&command);
    return status == CALO_OK ? CALO_EXIT_OK : calo_report(&err);
}
