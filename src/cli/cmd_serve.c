/* `calotype serve` becomes the program calotype-server beside this one, so that gRPC does not slow the other verbs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"

/* Returns only when there is no such program. */
static int become_server(int argc, char **argv)
{
    calo_error err = {0};
    char own[4096];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length > 0 ? length : 0] = '\0';
    char *program = calo_text_format("%.*scalotype-server", (int)calo_path_folder_length(own), own);
    char **words = calloc((size_t)argc + 2, sizeof *words);
    if (!program || !words) {
        calo_fail_memory(&err, "arguments", (size_t)argc);
        return calo_report(&err);
    }
    words[0] = program;
    memcpy(words + 1, argv, (size_t)argc * sizeof *words);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    execv(program, words);
    calo_status status = errno == ENOENT ? CALO_ERROR_UNSUPPORTED : CALO_ERROR_IO;
    calo_fail(&err, status,
              "the render server cannot be started: %s: %s: it is built where gRPC and protobuf-c are "
              "installed (meson option server)",
              program, strerror(errno));
    free(program);
    free(words);
    return calo_report(&err);
}

int calo_cmd_serve(int argc, char **argv) { return become_server(argc, argv); }

void calo_serve_verb_help(FILE *to)
{
    char word[] = "--help", *words[] = {word, NULL};
    fflush(to);
    become_server(1, words);
}
