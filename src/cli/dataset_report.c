/* `calotype dataset report RUN`. */
#include <stdio.h>

#include "base/error.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/dataset_command.h"
#include "dataset/report.h"

static const calo_option options[] = {{0}};

int calo_dataset_report(int argc, char **argv)
{
    char unused;
    calo_arguments arguments = {0};
    calo_error err = {0};
    calo_status status = calo_arguments_parse(options, argc, argv, &unused, &arguments, &err);
    if (status == CALO_OK && arguments.help)
        fputs("calotype dataset report RUN\n\n"
              "Writes RUN/report.json and RUN/report.html anew from the run's journal, also of a run that is alive or was\n"
              "killed: numbers, failures by reason, speed over time, pictures of some objects.\n",
              stdout);
    else if (status == CALO_OK && arguments.file_count != 1)
        status = calo_fail(&err, CALO_ERROR_ARGUMENT, "which run? `calotype dataset report RUN`, where RUN is its folder");
    else if (status == CALO_OK)
        status = calo_report_write(arguments.files[0], &err);
    if (status == CALO_OK && !arguments.help)
        printf("%s/report.html\n", arguments.files[0]);
    calo_arguments_finish(&arguments);
    return status == CALO_OK ? CALO_EXIT_OK : calo_report(&err);
}
