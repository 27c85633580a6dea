#include "dataset/pool_memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The number behind the first `key` at the beginning of a line; UINT64_MAX when there is none. */
static uint64_t read_number(const char *path, const char *key)
{
    char line[256];
    unsigned long long value;
    uint64_t found = UINT64_MAX;
    FILE *file = fopen(path, "re");
    if (!file)
        return found;
    size_t length = strlen(key);
    while (found == UINT64_MAX && fgets(line, sizeof line, file))
        if (strncmp(line, key, length) == 0 && sscanf(line + length, "%llu", &value) == 1)
            found = value;
    fclose(file);
    return found;
}

/* In a container the group's own folder is the root of what is seen; else the limits of this process's group and those
 * around it count. */
static uint64_t group_limit(void)
{
    char group[512] = "", line[600], path[640];
    uint64_t least = UINT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "0::%511[^\n]", group) == 1)
            break;
    if (file)
        fclose(file);
    for (;;) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", strcmp(group, "/") == 0 ? "" : group);
        uint64_t limit = read_number(path, "");
        least = limit < least ? limit : least;
        char *last = strrchr(group, '/');
        if (!last)
            break;
        *last = '\0';
    }
    uint64_t version_1 = read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes", "");
    return version_1 < least ? version_1 : least;
}

uint64_t calo_machine_memory_bytes(void)
{
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), group = group_limit();
    return group < machine ? group : machine;
}

uint64_t calo_machine_memory_kills(void)
{
    uint64_t kills = read_number("/proc/vmstat", "oom_kill ");
    return kills == UINT64_MAX ? 0 : kills;
}
