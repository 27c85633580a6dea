#include "cli/serve_command.h"

#include "base/error.h"
#include "cli/limits.h"

typedef calo_serve_command command;

static calo_status apply_samples(void *target, const char *value, calo_error *err)
{
    command *c = target;
    c->samples = value[0] == '1' && value[1] == '6' ? 16 : (uint32_t)(value[0] - '0');
    bool known = (value[1] == '\0' && (c->samples == 1 || c->samples == 4)) || (c->samples == 16 && value[2] == '\0');
    if (known)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--samples %s: choose 1, 4 or 16", value);
}

static calo_status apply_max_message(void *target, const char *value, calo_error *err)
{
    return calo_parse_bytes("max-message", value, &((command *)target)->server.max_message_bytes, err);
}

static calo_status apply_max_replies(void *target, const char *value, calo_error *err)
{
    return calo_parse_bytes("max-replies", value, &((command *)target)->server.max_reply_bytes, err);
}

static calo_status apply_max_shared(void *target, const char *value, calo_error *err)
{
    return calo_parse_bytes("max-shared", value, &((command *)target)->server.max_shared_bytes, err);
}

static calo_status apply_max_pixels(void *target, const char *value, calo_error *err)
{
    return calo_parse_bytes("max-pixels", value, &((command *)target)->server.max_pixels, err);
}

#define AT(field) offsetof(command, field)
#define GROUP(text)                                                                                                    \
    {                                                                                                                  \
        .kind = CALO_OPTION_GROUP, .help = text                                                                        \
    }
#define FLAG(text, field, about)                                                                                       \
    {                                                                                                                  \
        .kind = CALO_OPTION_FLAG, .name = text, .offset = AT(field), .help = about                                     \
    }
#define TEXT(text, what, field, about)                                                                                 \
    {                                                                                                                  \
        .kind = CALO_OPTION_TEXT, .name = text, .value = what, .offset = AT(field), .help = about                      \
    }
#define CHOICE(kind_, text, what, field, about)                                                                        \
    {                                                                                                                  \
        .kind = kind_, .name = text, .value = what, .offset = AT(field), .help = about                                 \
    }
#define RANGE(kind_, text, what, field, least_, most_, about)                                                          \
    {                                                                                                                  \
        .kind = kind_, .name = text, .value = what, .offset = AT(field), .least = least_, .most = most_, .help = about \
    }
#define CUSTOM(text, what, function, about)                                                                            \
    {                                                                                                                  \
        .kind = CALO_OPTION_CUSTOM, .name = text, .value = what, .apply = function, .help = about                      \
    }

const calo_option calo_serve_options_table[] = {
    GROUP("What is served"),
    TEXT("mapping", "FILE", mapping,
         "\"joint name, column\" a line: which values of a request's\nqpos are which joint's (MuJoCo's own order)"),
    TEXT("randomize", "FILE", randomize,
         "a configuration of components: ORRB's renderer_config,\nor calotype's own (docs/randomize.md)"),
    FLAG("lenient", lenient, "unknown components and parameters are warnings"),
    TEXT("asset-folder", "DIR", asset_folder, "where relative paths of these files begin (here)"),
    CHOICE(
        CALO_OPTION_CHOICE, "shading", "auto|mujoco|gltf", shading,
        "mujoco: as MuJoCo's renderer, by the file's lights; gltf:\nphysically based (auto: mujoco for its own files "
        "without\n--randomize)"),
    CUSTOM("samples", "1|4|16", apply_samples, "a pixel, for the colour; 1 = no antialiasing (4)"),

    GROUP("Where"),
    TEXT("host", "NAME", server.host, "a name or an address to listen on; 0.0.0.0 or :: for all\n(127.0.0.1)"),
    RANGE(CALO_OPTION_COUNT, "port", "N", port, 0, 65535, "0: any that is free, which is printed (0)"),
    TEXT("token", "FILE", token_file,
         "clients send the file's first line as metadata\nauthorization: Bearer TOKEN (CALOTYPE_TOKEN, else none)"),
    TEXT("tls-cert", "FILE", certificate_file, "PEM: the server's certificate, and those between"),
    TEXT("tls-key", "FILE", key_file, "PEM: its private key"),
    RANGE(CALO_OPTION_COUNT, "parent-pid", "PID", parent, 1, 4194304, "ends when that process has gone"),

    GROUP("How much"),
    RANGE(CALO_OPTION_COUNT, "queue", "N", server.queue, 1, 1000000, "requests that wait; more are refused (64)"),
    RANGE(CALO_OPTION_COUNT, "streams", "N", server.streams, 1, 100000, "requests at once of one connection (64)"),
    CUSTOM("max-message", "SIZE", apply_max_message, "of a request or a reply; below 2G (256M)"),
    CUSTOM("max-pixels", "SIZE", apply_max_pixels, "of all pictures of a request (256M)"),
    RANGE(CALO_OPTION_COUNT, "max-states", "N", server.max_states, 1, 1e9, "of a request (65536)"),
    CUSTOM("max-replies", "SIZE", apply_max_replies, "of all replies on their way (1G)"),
    CUSTOM("max-shared", "SIZE", apply_max_shared, "of shared memory that nobody has fetched (1G)"),
    RANGE(CALO_OPTION_NUMBER, "shared-seconds", "X", server.shared_seconds, 0.1, 86400,
          "that shared memory waits to be fetched (60)"),
    FLAG("no-shared-memory", server.no_shared_memory, "pictures come in messages alone"),
    RANGE(CALO_OPTION_NUMBER, "receive-seconds", "X", server.receive_seconds, 0.1, 86400,
          "that a request may take to arrive (30)"),
    RANGE(CALO_OPTION_NUMBER, "idle-seconds", "X", server.idle_seconds, 1, 86400,
          "that a connection may be without a request (600)"),
    RANGE(CALO_OPTION_NUMBER, "drain-seconds", "X", drain_seconds, 0, 86400,
          "that running requests have after SIGTERM (30)"),

    GROUP("The machine"),
    TEXT("backend", "NAME", renderer.backend,
         "cpu, egl, osmesa or glfw: see `calotype backends`\n(CALOTYPE_BACKEND, else cpu)"),
    RANGE(CALO_OPTION_COUNT, "threads", "N", renderer.threads, 1, 1024,
          "(one a core; the pictures do not depend on it)"),
    CUSTOM("max-memory", "SIZE", calo_apply_max_memory, "of the loaded scene (8G)"),
    CUSTOM("max-triangles", "N", calo_apply_max_triangles, "of the loaded scene (200000000)"),

    GROUP("What is told"),
    CHOICE(CALO_OPTION_CHOICE_BOOL, "log-format", "text|json", server.log_json, "a line an event (text)"),
    CHOICE(CALO_OPTION_CHOICE, "log-level", "info|debug|warning|error", server.log_level, "and what is worse (info)"),
    TEXT("log-file", "FILE", log_file, "lines are added to it (standard error)"),

    GROUP("ORRB"),
    TEXT("install-orrb", "DIR", install_folder,
         "writes DIR/StandaloneRenderer-.../run.sh, by which ORRB's own\nclient starts this server "
         "(ORRB_BINARIES_DIR=DIR)"),
    TEXT("orrb-version", "VERSION", install_version, "that its client asks for (20190514)"),
    {0},
};

calo_serve_command calo_serve_command_default(void)
{
    return (calo_serve_command){
        .drain_seconds = 30,
        .install_version = "20190514",
        .server = {.log_fd = 2},
    };
}

void calo_serve_help(FILE *to)
{
    fputs("calotype serve SCENE [options]\n\n"
          "Serves pictures of a scene's states over gRPC: ORRB's protocol with more channels, PNG, shared memory.\n"
          "SCENE is a MuJoCo model (.xml, .mjcf) or any other file that calotype reads. The port is printed when\n"
          "requests can come; SIGTERM lets running requests end, a second one does not. See docs/serve.md.\n\n"
          "Examples\n"
          "  calotype serve hand.xml --mapping hand.mapping --randomize hand.renderer_config.json --port 7000\n"
          "  calotype serve hand.xml --host 0.0.0.0 --token secret.txt --tls-cert cert.pem --tls-key key.pem\n"
          "  calotype serve --install-orrb renderers\n",
          to);
    calo_options_print(calo_serve_options_table, to);
    fputs("\nORRB's own options are understood as well: -logFile F, --render_server.*=..., --main.*=...\n", to);
}
