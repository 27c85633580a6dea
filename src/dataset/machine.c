#include "dataset/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/thread.h"
#include "encode/json_writer.h"

/* The first "model name" of /proc/cpuinfo. */
static void read_cpu(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(name, size, "unknown");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            const char *value = strchr(line, ':') + 1;
            value += strspn(value, " ");
            snprintf(name, size, "%.*s", (int)strcspn(value, "\n"), value);
            break;
        }
    if (file)
        fclose(file);
}

calo_status calo_machine_facts(calo_blob *blob, uint32_t workers, const char *sandbox, calo_error *err)
{
    struct utsname system = {0};
    char cpu[256], kernel[160];
    uname(&system);
    read_cpu(cpu, sizeof cpu);
    snprintf(kernel, sizeof kernel, "%.60s %.60s %.30s", system.sysname, system.release, system.machine);
    calo_json_writer json = calo_json_start_line(blob, err);
    calo_json_open(&json, NULL, '{');
    calo_json_text(&json, "version", calo_version());
    calo_json_unsigned(&json, "process", (uint64_t)getpid());
    calo_json_text(&json, "machine", system.nodename);
    calo_json_text(&json, "system", kernel);
    calo_json_text(&json, "cpu", cpu);
    calo_json_unsigned(&json, "cores", calo_thread_cores());
    calo_json_unsigned(&json, "memory_bytes", (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
    calo_json_unsigned(&json, "workers", workers);
    if (sandbox)
        calo_json_text(&json, "sandbox", sandbox);
    calo_json_close(&json, '}');
    return json.status;
}
