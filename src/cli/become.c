#include "cli/become.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"

int calo_become(const char *program, int argc, char **argv, const char *what, const char *advice)
{
    calo_error err = {0};
    char own[4096];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length > 0 ? length : 0] = '\0';
    char *path = calo_text_format("%.*s%s", (int)calo_path_folder_length(own), own, program);
    char **words = calloc((size_t)argc + 2, sizeof *words);
    if (path && words) {
        words[0] = path;
        memcpy(words + 1, argv, (size_t)argc * sizeof *words);
        signal(SIGPIPE, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        execv(path, words);
        calo_fail(&err, errno == ENOENT ? CALO_ERROR_UNSUPPORTED : CALO_ERROR_IO, "%s cannot be started: %s: %s: %s", what,
                  path, strerror(errno), advice);
    } else {
        calo_fail_memory(&err, "arguments", (size_t)argc);
    }
    free(path);
    free(words);
    return calo_report(&err);
}
