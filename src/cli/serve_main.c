/* The program calotype-server, which `calotype serve` becomes: it alone loads gRPC. */
#include <calotype/import.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/serve_command.h"
#include "server/accept_limit.h"
#include "server/log.h"

/* ---- signals and the parent ---- */

static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
    (void)number;
    if (asked_to_stop)
        _exit(CALO_EXIT_INTERRUPTED);
    asked_to_stop = 1;
}

static void catch_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
}

/* A descriptor that becomes readable when the process ends; -1: none is wanted. */
static calo_status open_parent(uint32_t pid, int *fd, calo_error *err)
{
    *fd = -1;
    if (pid == 0)
        return CALO_OK;
    *fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (*fd >= 0)
        return CALO_OK;
    if (errno == ESRCH)
        return calo_fail(err, CALO_ERROR_NOT_FOUND, "--parent-pid %u: there is no such process", pid);
    return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                     "--parent-pid %u: this system cannot wait for processes of others: %s", pid, strerror(errno));
}

/* ---- what is served ---- */

typedef struct served {
    calo_mujoco_model *model;
    calo_scene *own_scene;
    const calo_scene *scene; /* of the one or the other */
    calo_randomizer *randomizer;
    calo_mujoco_mapping *mapping;
    calo_states *states;
    calo_file token, certificate, key;
    calo_lighting lighting;
} served;

static void served_finish(served *s)
{
    calo_states_destroy(s->states);
    calo_mujoco_mapping_destroy(s->mapping);
    calo_randomizer_destroy(s->randomizer);
    calo_mujoco_destroy(s->model);
    calo_scene_destroy(s->own_scene);
    calo_file_finish(&s->token);
    calo_file_finish(&s->certificate);
    calo_file_finish(&s->key);
}

/* A path below the folder of assets; malloc'ed. */
static calo_status asset_path(const calo_serve_command *command, const char *name, char **path, calo_error *err)
{
    bool whole = name[0] == '/' || !command->asset_folder;
    *path = whole ? strdup(name) : calo_text_format("%s/%s", command->asset_folder, name);
    return *path ? CALO_OK : calo_fail_memory(err, "a path", strlen(name));
}

static calo_status load_scene(const calo_serve_command *command, served *s, calo_error *err)
{
    char *path = NULL;
    calo_status status = asset_path(command, command->scene, &path, err);
    if (status == CALO_OK && calo_mujoco_is_file_name(path)) {
        const calo_mujoco_options options = {.own_materials = command->randomize != NULL};
        status = calo_mujoco_load(path, &options, &command->limits, &s->model, err);
        s->scene = s->model ? calo_mujoco_scene(s->model) : NULL;
    } else if (status == CALO_OK) {
        const calo_import_options options = {.limits = command->limits, .threads = command->renderer.threads};
        status = calo_scene_load(path, &options, &s->own_scene, err);
        s->scene = s->own_scene;
    }
    free(path);
    return status;
}

static calo_status load_mapping(const calo_serve_command *command, served *s, calo_error *err)
{
    char *path = NULL;
    if (!command->mapping)
        return CALO_OK;
    if (!s->model)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a mapping of joints is for MuJoCo models (.xml, .mjcf)",
                         command->mapping);
    calo_status status = asset_path(command, command->mapping, &path, err);
    if (status == CALO_OK)
        status = calo_mujoco_mapping_load(s->model, path, &command->limits, &s->mapping, err);
    free(path);
    return status;
}

static calo_status load_randomizer(const calo_serve_command *command, served *s, calo_error *err)
{
    char *path = NULL;
    calo_randomize_subject subject = {.scene = s->scene};
    const calo_randomize_options options = {.lenient = command->lenient, .limits = &command->limits};
    if (!command->randomize)
        return CALO_OK;
    if (s->model)
        subject = calo_mujoco_subject(s->model);
    subject.additions = s->model ? calo_mujoco_additions(s->model) : s->own_scene;
    calo_status status = asset_path(command, command->randomize, &path, err);
    if (status == CALO_OK)
        status = calo_randomizer_load(&subject, path, &options, &s->randomizer, err);
    free(path);
    return status;
}

static calo_status make_engine(const calo_serve_command *command, served *s, calo_error *err)
{
    const calo_states_subject subject = {s->model, s->model ? NULL : s->scene, s->randomizer};
    calo_states_options options = {.renderer = command->renderer};
    bool mujoco =
        command->shading == CALO_SERVE_MUJOCO || (command->shading == CALO_SERVE_AUTO && s->model && !s->randomizer);
    options.prepare.lighting = &s->lighting;
    options.prepare.limits = &command->limits;
    options.render.samples = command->samples;
    if (mujoco) {
        options.prepare.shading = CALO_SHADING_MUJOCO;
        s->lighting.use_scene_lights = true;
    }
    return calo_states_create(&subject, &options, &s->states, err);
}

/* The first line of the file, or what the environment says; NULL: none. */
static calo_status read_token(calo_serve_command *command, served *s, calo_error *err)
{
    command->server.token = getenv("CALOTYPE_TOKEN");
    if (!command->token_file)
        return CALO_OK;
    calo_status status = calo_file_read(command->token_file, 65536, &s->token, err);
    if (status != CALO_OK)
        return status;
    char *text = (char *)s->token.bytes;
    text[strcspn(text, "\r\n")] = '\0';
    if (!*text)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the first line is the token, and it is empty",
                         command->token_file);
    command->server.token = text;
    return CALO_OK;
}

static calo_status read_secrets(calo_serve_command *command, served *s, calo_error *err)
{
    enum { PEM_MAX = 1 << 20 };
    calo_status status = read_token(command, s, err);
    if (status == CALO_OK && command->certificate_file) {
        status = calo_file_read(command->certificate_file, PEM_MAX, &s->certificate, err);
        command->server.certificate = (const char *)s->certificate.bytes;
    }
    if (status == CALO_OK && command->key_file) {
        status = calo_file_read(command->key_file, PEM_MAX, &s->key, err);
        command->server.key = (const char *)s->key.bytes;
    }
    return status;
}

/* ---- serving ---- */

static calo_log log_of(const calo_serve_command *command)
{
    static const calo_log_level levels[] = {CALO_LOG_INFO, CALO_LOG_DEBUG, CALO_LOG_WARNING, CALO_LOG_ERROR};
    return (calo_log){2, command->server.log_json, levels[command->server.log_level]};
}

static void log_warnings(const calo_log *log, const calo_warning *warnings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        calo_log_line line;
        calo_log_begin(&line, log, CALO_LOG_WARNING, "odd-input");
        calo_log_text(&line, "id", warnings[i].id);
        calo_log_text(&line, "message", warnings[i].message);
        calo_log_end(&line);
    }
}

static bool is_loopback(const char *host)
{
    return !host || strncmp(host, "127.", 4) == 0 || strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "[::1]") == 0;
}

static void log_start(const calo_log *log, const calo_serve_command *command, const served *s, uint16_t port)
{
    size_t count = 0;
    const calo_warning *warnings = s->randomizer ? calo_randomizer_warnings(s->randomizer, &count) : NULL;
    calo_log_line line;
    log_warnings(log, s->scene->warnings, s->scene->warning_count);
    log_warnings(log, warnings, count);
    if (!is_loopback(command->server.host) && !command->server.token)
        calo_log_message(log, CALO_LOG_WARNING, "open",
                         "whoever reaches this host's port may ask for pictures: --token FILE lets only some");
    calo_log_begin(&line, log, CALO_LOG_INFO, "listening");
    calo_log_text(&line, "host", command->server.host ? command->server.host : "127.0.0.1");
    calo_log_count(&line, "port", port);
    calo_log_text(&line, "scene", command->scene);
    calo_log_count(&line, "cameras", calo_states_camera_count(s->states));
    calo_log_text(&line, "tls", command->server.certificate ? "yes" : "no");
    calo_log_text(&line, "token", command->server.token ? "yes" : "no");
    calo_log_end(&line);
}

/* Sleeps until something may have happened; true: the parent has gone. */
static bool parent_gone(int parent)
{
    enum { LOOK_MILLISECONDS = 50 };
    struct pollfd watched = {.fd = parent, .events = POLLIN};
    return poll(&watched, 1, LOOK_MILLISECONDS) > 0;
}

static void run(calo_server *server, const calo_serve_command *command, const calo_log *log, int parent)
{
    double end = 0;
    for (bool draining = false; !parent_gone(parent);) {
        if (asked_to_stop && !draining) {
            draining = true;
            end = calo_clock_seconds() + command->drain_seconds;
            calo_log_message(log, CALO_LOG_INFO, "draining", "running requests may end");
            calo_server_drain(server);
        }
        if (draining && (calo_server_is_idle(server) || calo_clock_seconds() > end))
            return;
    }
    calo_log_message(log, CALO_LOG_INFO, "parent-gone",
                     "the process of --parent-pid has ended, and so does the server");
}

static calo_status load_all(calo_serve_command *command, served *s, calo_error *err)
{
    calo_status status = read_secrets(command, s, err);
    if (status == CALO_OK)
        status = load_scene(command, s, err);
    if (status == CALO_OK)
        status = load_mapping(command, s, err);
    if (status == CALO_OK)
        status = load_randomizer(command, s, err);
    return status == CALO_OK ? make_engine(command, s, err) : status;
}

static calo_status serve(calo_serve_command *command, const calo_log *log, calo_error *err)
{
    int parent;
    served s = {0};
    calo_server *server = NULL;
    calo_status status = open_parent(command->parent, &parent, err);
    if (status == CALO_OK)
        status = load_all(command, &s, err);
    if (status == CALO_OK) {
        const calo_server_subject subject = {s.states, s.randomizer, s.mapping};
        command->server.port = (uint16_t)command->port;
        catch_signals();
        status = calo_server_start(&subject, &command->server, &server, err);
    }
    if (status == CALO_OK) {
        log_start(log, command, &s, calo_server_port(server));
        printf("port %u\n", calo_server_port(server));
        fflush(stdout);
        run(server, command, log, parent);
        calo_server_destroy(server);
        calo_log_message(log, CALO_LOG_INFO, "stopped", NULL);
    }
    served_finish(&s);
    if (parent >= 0)
        close(parent);
    return status;
}

/* ---- the command line ---- */

/* Standard error from here on: gRPC and the system write there, too. A link in a folder that others write to is not
 * followed. */
static calo_status open_log(const char *path, calo_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return calo_fail(err, CALO_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
    dup2(fd, 2);
    close(fd);
    return CALO_OK;
}

static calo_status read_command(int argc, char **argv, calo_serve_command *command, calo_arguments *arguments,
                                calo_error *err)
{
    calo_status status = calo_arguments_parse(calo_serve_options_table, argc, argv, command, arguments, err);
    if (status != CALO_OK || arguments->help || command->install_folder)
        return status;
    if (arguments->file_count != 1)
        return calo_fail(
            err, CALO_ERROR_ARGUMENT,
            arguments->file_count ? "%s and %s: a server has one scene" : "which scene? calotype serve SCENE",
            arguments->file_count ? arguments->files[0] : "", arguments->file_count ? arguments->files[1] : "");
    command->scene = arguments->files[0];
    return command->log_file ? open_log(command->log_file, err) : CALO_OK;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    char **words = NULL, note[512];
    calo_serve_command command = calo_serve_command_default();
    calo_arguments arguments = {0};
    signal(SIGPIPE, SIG_IGN);
    calo_accept_raise_limit();
    calo_status status = calo_serve_translate(argc - 1, argv + 1, &words, note, &err);
    int count = 0;
    while (status == CALO_OK && words[count])
        count++;
    if (status == CALO_OK)
        status = read_command(count, words, &command, &arguments, &err);
    const calo_log log = log_of(&command);
    if (status == CALO_OK && note[0])
        calo_log_message(&log, CALO_LOG_WARNING, "no-meaning-here", note);
    if (status == CALO_OK && arguments.help)
        calo_serve_help(stdout);
    else if (status == CALO_OK && command.install_folder)
        status = calo_serve_install(command.install_folder, command.install_version, &err);
    else if (status == CALO_OK)
        status = serve(&command, &log, &err);
    calo_arguments_finish(&arguments);
    calo_words_free(words);
    return status == CALO_OK ? CALO_EXIT_OK : calo_report(&err);
}
