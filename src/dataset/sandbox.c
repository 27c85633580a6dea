#include "dataset/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

/* From linux/landlock.h of Linux 6.12; older headers have less, and what kernels lack is left out at run time. */
enum {
    LANDLOCK_EXECUTE = 1 << 0,
    LANDLOCK_WRITE_FILE = 1 << 1,
    LANDLOCK_CHANGES_1 = 0x1ff << 4, /* removing, and making of every kind */
    /* Of which: devices, sockets, pipes and links, which a sample has none of. Root's workers would reach disks by devices, and
     * the supervisor would follow links. */
    LANDLOCK_ODD_FILES = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12,
    LANDLOCK_REFER = 1 << 13,        /* version 2: from folder to folder */
    LANDLOCK_TRUNCATE = 1 << 14,     /* version 3 */
    LANDLOCK_DEVICE_CALLS = 1 << 15, /* version 5: ioctl */
    LANDLOCK_TCP = 3,                /* version 4: bind and connect */
    LANDLOCK_SCOPES = 3,             /* version 6: abstract sockets, signals */
    LANDLOCK_RULE_BENEATH = 1,
    LANDLOCK_ABI_WHOLE = 6,
};

typedef struct landlock_rules {
    uint64_t files, net, scopes;
} landlock_rules;

typedef struct __attribute__((packed)) landlock_beneath {
    uint64_t allowed;
    int32_t folder;
} landlock_beneath;

static void lack(calo_sandbox *sandbox, const char *format, ...) CALO_PRINTF(2, 3);
static void lack(calo_sandbox *sandbox, const char *format, ...)
{
    size_t used = strlen(sandbox->lacks);
    va_list arguments;
    va_start(arguments, format);
    if (used && used + 2 < sizeof sandbox->lacks) {
        strcpy(sandbox->lacks + used, ", ");
        used += 2;
    }
    vsnprintf(sandbox->lacks + used, sizeof sandbox->lacks - used, format, arguments);
    va_end(arguments);
}

/* ---- files ---- */

static landlock_rules rules_of(int version)
{
    landlock_rules rules = {.files = LANDLOCK_EXECUTE | LANDLOCK_WRITE_FILE | LANDLOCK_CHANGES_1};
    if (version >= 2)
        rules.files |= LANDLOCK_REFER;
    if (version >= 3)
        rules.files |= LANDLOCK_TRUNCATE;
    if (version >= 4)
        rules.net = LANDLOCK_TCP;
    if (version >= 5)
        rules.files |= LANDLOCK_DEVICE_CALLS;
    if (version >= 6)
        rules.scopes = LANDLOCK_SCOPES;
    return rules;
}

/* What a kernel does not know it must not be asked. */
static size_t size_of_rules(int version)
{
    return version >= 6   ? sizeof(landlock_rules)
           : version >= 4 ? offsetof(landlock_rules, scopes)
                          : offsetof(landlock_rules, net);
}

static calo_status allow_beneath(int ruleset, const char *path, uint64_t files, calo_error *err)
{
    struct stat about;
    landlock_beneath beneath = {.folder = open(path, O_PATH | O_CLOEXEC)};
    if (beneath.folder < 0)
        return CALO_OK;
    bool is_folder = fstat(beneath.folder, &about) == 0 && S_ISDIR(about.st_mode);
    beneath.allowed = files & ~(uint64_t)(LANDLOCK_EXECUTE | LANDLOCK_ODD_FILES);
    if (!is_folder)
        beneath.allowed &= LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE | LANDLOCK_DEVICE_CALLS;
    long failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_BENEATH, &beneath, 0);
    int number = errno;
    close(beneath.folder);
    return failed ? calo_fail(err, CALO_ERROR_IO, "%s: Landlock cannot be told of it: %s", path, strerror(number)) : CALO_OK;
}

calo_status calo_sandbox_files(const char *const *writable, size_t count, calo_sandbox *sandbox, calo_error *err)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* asks for the version */);
    if (version <= 0) {
        lack(sandbox, "Landlock (%s)", strerror(errno));
        return CALO_OK;
    }
    const landlock_rules rules = rules_of((int)version);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size_of_rules((int)version), 0);
    if (ruleset < 0)
        return calo_fail(err, CALO_ERROR_IO, "Landlock cannot be set up: %s", strerror(errno));
    calo_status status = CALO_OK;
    for (size_t i = 0; i < count && status == CALO_OK; i++)
        status = allow_beneath(ruleset, writable[i], rules.files, err);
    /* What no rule is about stays allowed: only programs cannot be run from anywhere. */
    if (status == CALO_OK && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                              syscall(SYS_landlock_restrict_self, ruleset, 0) != 0))
        status = calo_fail(err, CALO_ERROR_IO, "Landlock cannot be switched on: %s", strerror(errno));
    close(ruleset);
    if (status != CALO_OK)
        return status;
    sandbox->landlock = (int)version;
    if (version < LANDLOCK_ABI_WHOLE)
        lack(sandbox, "%sLandlock 6 for signals", version < 3 ? "Landlock 3 for truncating files, " : "");
    return CALO_OK;
}

/* ---- words ---- */

bool calo_sandbox_is_whole(const calo_sandbox *sandbox)
{
    return sandbox->landlock && sandbox->seccomp && !sandbox->lacks[0];
}

void calo_sandbox_describe(const calo_sandbox *sandbox, char *text, size_t size)
{
    char landlock[32] = "";
    if (sandbox->landlock)
        snprintf(landlock, sizeof landlock, "Landlock %d%s", sandbox->landlock, sandbox->seccomp ? ", " : "");
    snprintf(text, size, "%s%s%s%s%s%s%s", landlock, sandbox->seccomp ? "seccomp" : "",
             sandbox->landlock || sandbox->seccomp ? ": " : "none",
             sandbox->seccomp ? "no network, no other programs" : "",
             sandbox->seccomp && sandbox->landlock ? ", " : "", sandbox->landlock ? "writes only to its scratch folder" : "",
             sandbox->lacks[0] ? "; this kernel lacks " : "");
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", sandbox->lacks);
}
