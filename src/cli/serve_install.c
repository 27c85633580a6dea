#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/serve_command.h"

/* Between single quotes a shell takes everything as it is, but a single quote. */
static calo_status append_quoted(calo_blob *script, const char *text, calo_error *err)
{
    calo_status status = calo_blob_append(script, "'", 1, err);
    for (; status == CALO_OK && *text; text++)
        status = *text == '\'' ? calo_blob_append(script, "'\\''", 4, err) : calo_blob_append(script, text, 1, err);
    return status == CALO_OK ? calo_blob_append(script, "'", 1, err) : status;
}

static calo_status make_script(calo_blob *script, calo_error *err)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return calo_fail(err, CALO_ERROR_IO, "cannot find this program's own path: %s", strerror(errno));
    program[length] = '\0';
    calo_status status = calo_blob_print(script, err,
                                         "#!/bin/sh\n"
                                         "# Written by `calotype serve --install-orrb`: what ORRB's client "
                                         "starts as a render server.\nexec ");
    if (status == CALO_OK)
        status = append_quoted(script, program, err);
    return status == CALO_OK ? calo_blob_print(script, err, " \"$@\"\n") : status;
}

calo_status calo_serve_install(const char *folder, const char *version, calo_error *err)
{
    struct utsname system;
    calo_blob script = {0};
    char *package = NULL, *path = NULL;
    if (!*version || strchr(version, '/'))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--orrb-version %s: give a version such as 20190514", version);
    uname(&system);
    /* As Python's platform.system() and platform.machine(), of which ORRB's client makes the name. */
    package = calo_text_format("%s/StandaloneRenderer-%s-%s-%s", folder, system.sysname, system.machine, version);
    path = package ? calo_text_format("%s/run.sh", package) : NULL;
    calo_status status = path ? make_script(&script, err) : calo_fail_memory(err, "a path", strlen(folder));
    if (status == CALO_OK)
        status = calo_folder_create(package, err);
    if (status == CALO_OK)
        status = calo_file_write(path, script.bytes, script.size, err);
    if (status == CALO_OK && chmod(path, 0755) != 0)
        status = calo_fail(err, CALO_ERROR_IO, "%s: cannot be made executable: %s", path, strerror(errno));
    if (status == CALO_OK)
        printf("%s\n", path);
    calo_blob_finish(&script);
    free(package);
    free(path);
    return status;
}
