#include <calotype/gl.h>
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

enum { LISTED_MAX = 16 };

typedef struct listing {
    size_t backend_count, device_count;
    calo_backend_info backends[LISTED_MAX];
    calo_gl_device devices[LISTED_MAX];
} listing;

void calo_backends_help(FILE *to)
{
    fputs("calotype backends [--json]\n\n"
          "Lists what can draw on this machine and, for what cannot, why; for OpenGL who drives it, and whether that\n"
          "is a GPU or the CPU. `calotype render --backend NAME` or the environment variable CALOTYPE_BACKEND chooses\n"
          "one, CALOTYPE_EGL_DEVICE the GPU by its number among the EGL devices.\n",
          to);
    calo_options_print(backends_options, to);
}

static void write_backend(calo_json_writer *json, const calo_backend_info *info)
{
    calo_json_open(json, NULL, '{');
    calo_json_text(json, "name", info->name);
    calo_json_boolean(json, "available", info->available);
    calo_json_text(json, "detail", info->detail);
    if (info->available)
        calo_json_boolean(json, "software", info->software);
    if (info->vendor[0]) {
        calo_json_text(json, "gl_vendor", info->vendor);
        calo_json_text(json, "gl_renderer", info->renderer);
        calo_json_text(json, "gl_version", info->version);
    }
    calo_json_close(json, '}');
}

static void write_device(calo_json_writer *json, const calo_gl_device *device)
{
    calo_json_open(json, NULL, '{');
    calo_json_number(json, "index", device->index);
    calo_json_boolean(json, "software", device->software);
    if (device->cuda_device >= 0)
        calo_json_number(json, "cuda_device", device->cuda_device);
    calo_json_text(json, "node", device->node);
    calo_json_close(json, '}');
}

static int print_json(const listing *list)
{
    calo_blob blob = {0};
    calo_error err = {0};
    calo_json_writer json = calo_json_start(&blob, &err);
    calo_json_open(&json, NULL, '{');
    calo_json_open(&json, "backends", '[');
    for (size_t i = 0; i < list->backend_count; i++)
        write_backend(&json, &list->backends[i]);
    calo_json_close(&json, ']');
    calo_json_open(&json, "egl_devices", '[');
    for (size_t i = 0; i < list->device_count; i++)
        write_device(&json, &list->devices[i]);
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

static void print_table(const listing *list)
{
    for (size_t i = 0; i < list->backend_count; i++) {
        const calo_backend_info *info = &list->backends[i];
        printf("%-8s %-14s %s\n", info->name, info->available ? "available" : "not available", info->detail);
        if (info->vendor[0])
            printf("%23s GL_VENDOR: %s; GL_RENDERER: %s; GL_VERSION: %s\n", "", info->vendor, info->renderer,
                   info->version);
    }
    for (size_t i = 0; i < list->device_count; i++) {
        const calo_gl_device *device = &list->devices[i];
        printf("%sEGL device %d: %s%s%s", i ? "" : "\n", device->index, device->software ? "the CPU" : "a GPU",
               device->node[0] ? ", " : "", device->node);
        if (device->cuda_device >= 0)
            printf(", CUDA device %d", device->cuda_device);
        puts("");
    }
    printf("\nreads ");
    for (const char *const *format = calo_import_formats(); *format; format++)
        printf("%s%s", *format, format[1] ? ", " : "\n");
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static listing make_listing(void)
{
    listing list;
    list.backend_count = least(calo_backend_list(list.backends, LISTED_MAX), LISTED_MAX);
    list.device_count = least(calo_gl_device_list(list.devices, LISTED_MAX), LISTED_MAX);
    return list;
}

int calo_cmd_backends(int argc, char **argv)
{
    backends_command command = {0};
    calo_arguments arguments;
    calo_error err = {0};
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
    listing list = make_listing();
    if (command.json)
        return print_json(&list);
    print_table(&list);
    return CALO_EXIT_OK;
}
