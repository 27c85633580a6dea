/* `calotype dataset status RUN`. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/dataset_command.h"
#include "dataset/status.h"

typedef struct command {
    bool json, watch;
} command;

static const calo_option options[] = {
    {.kind = CALO_OPTION_FLAG, .name = "json", .offset = offsetof(command, json), .help = "for programs"},
    {.kind = CALO_OPTION_FLAG, .name = "watch", .offset = offsetof(command, watch), .help = "again every two seconds, while the run is alive"},
    {0},
};

static void print_help(FILE *to)
{
    fputs("calotype dataset status RUN [options]\n\n"
          "Tells how a run stands: what is done, what failed and why, how fast it goes and how long it will take. RUN is\n"
          "its folder (WHERE.run beside -o WHERE). Reads only; the run may be alive, killed or finished.\n\n",
          to);
    calo_options_print(options, to);
}

static calo_status print_status(const calo_run_status *run, const command *c, calo_error *err)
{
    calo_blob text = {0};
    calo_status status;
    if (c->json) {
        calo_json_writer json = calo_json_start(&text, err);
        calo_json_open(&json, NULL, '{');
        calo_run_status_members(run, &json);
        calo_json_close(&json, '}');
        status = json.status;
    } else {
        status = calo_run_status_text(run, &text, err);
    }
    if (c->watch && !c->json && isatty(STDOUT_FILENO))
        fputs("\033[H\033[J", stdout);
    if (status == CALO_OK && (fwrite(text.bytes, 1, text.size, stdout) != text.size || fflush(stdout) != 0))
        status = calo_fail(err, CALO_ERROR_IO, "cannot write to standard output");
    calo_blob_finish(&text);
    return status;
}

static calo_status show(const char *run_folder, const command *c, calo_error *err)
{
    const struct timespec pause = {.tv_sec = 2};
    calo_run_status run;
    calo_status status = calo_run_status_open(run_folder, &run, err);
    if (status == CALO_OK)
        status = print_status(&run, c, err);
    /* A signal ends the pause, and with it the command. */
    while (status == CALO_OK && c->watch && run.holder.alive && nanosleep(&pause, NULL) == 0) {
        status = calo_run_status_refresh(&run, err);
        if (status == CALO_OK)
            status = print_status(&run, c, err);
    }
    calo_run_status_close(&run);
    return status;
}

int calo_dataset_status(int argc, char **argv)
{
    command c = {0};
    calo_arguments arguments = {0};
    calo_error err = {0};
    calo_status status = calo_arguments_parse(options, argc, argv, &c, &arguments, &err);
    if (status == CALO_OK && arguments.help)
        print_help(stdout);
    else if (status == CALO_OK && arguments.file_count != 1)
        status = calo_fail(&err, CALO_ERROR_ARGUMENT, "which run? `calotype dataset status RUN`, where RUN is its folder");
    else if (status == CALO_OK)
        status = show(arguments.files[0], &c, &err);
    calo_arguments_finish(&arguments);
    return status == CALO_OK ? CALO_EXIT_OK : calo_report(&err);
}
