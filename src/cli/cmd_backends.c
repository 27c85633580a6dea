#include <calotype/import.h>
#include <calotype/render.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "encode/json_writer.h"

typedef struct backends_command {
    bool json;
} backends_command;

static const calo_option backends_options[] = {
    {.kind = CALO_OPTION_FLAG, .name = "json", .offset = offsetof(backends_command, json), .help = "the same as JSON"},
    {0},
};

void calo_backends_help(FILE *to)
{
    fputs("calotype backends [--json]\n\n"
          "Lists what can draw on this machine and, for what cannot, why.\n"
          "`calotype render --backend NAME` or the environment variable CALOTYPE_BACKEND chooses one.\n",
          to);
    calo_options_print(backends_options, to);
}

static int print_json(const calo_backend_info *infos, size_t count)
{
    calo_blob blob = {0};
    calo_error err = {0};
    calo_json_writer json = calo_json_start(&blob, &err);
    calo_json_open(&json, NULL, '{');
    calo_json_open(&json, "backends", '[');
    for (size_t i = 0; i < count; i++) {
        calo_json_open(&json, NULL, '{');
        calo_json_text(&json, "name", infos[i].name);
        calo_json_boolean(&json, "available", infos[i].available);
        calo_json_text(&json, "detail", infos[i].detail);
        calo_json_close(&json, '}');
    }
    calo_json_close(&json, ']');
    calo_json_open(&json, "formats", '[');
    for (const char *const *format = calo_import_formats(); *format; format++)
        calo_json_text(&json, NULL, *format);
    calo_json_close(&json, ']');
    calo_json_close(&json, '}');
    if (json.status == CALO_OK)
        fwrite(blob.bytes, 1, blob.size, stdout);
    calo_blob_finish(&blob);
    return json.status == CALO_OK ? CALO_EXIT_OK : calo_report(&err);
}

static void print_table(const calo_backend_info *infos, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%-8s %-13s %s\n", infos[i].name, infos[i].available ? "available" : "not available", infos[i].detail);
    printf("\nreads ");
    for (const char *const *format = calo_import_formats(); *format; format++)
        printf("%s%s", *format, format[1] ? ", " : "\n");
}

int calo_cmd_backends(int argc, char **argv)
{
    backends_command command = {0};
    calo_arguments arguments;
    calo_error err = {0};
    calo_backend_info infos[16];
    calo_status status = calo_arguments_parse(backends_options, argc, argv, &command, &arguments, &err);
    bool help = arguments.help;
    if (status == CALO_OK && !help && arguments.file_count > 0) {
        fprintf(stderr, "calotype: backends takes no file, but got \"%s\"\n", arguments.files[0]);
        status = CALO_ERROR_ARGUMENT;
    } else if (status != CALO_OK) {
        calo_report(&err);
    }
    calo_arguments_finish(&arguments);
    if (status != CALO_OK)
        return calo_exit_code(status);
    if (help) {
        calo_backends_help(stdout);
        return CALO_EXIT_OK;
    }
    size_t count = calo_backend_list(infos, sizeof infos / sizeof infos[0]);
    if (count > sizeof infos / sizeof infos[0])
        count = sizeof infos / sizeof infos[0];
    if (command.json)
        return print_json(infos, count);
    print_table(infos, count);
    return CALO_EXIT_OK;
}
