#include "dataset/worker_fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/worker.h"

_Noreturn static void hang(void)
{
    for (;;)
        pause();
}

/* As an importer would that believes what a file claims. */
static calo_status allocate(const char *size, calo_error *err)
{
    enum { PAGE = 4096 };
    uint64_t bytes = strtoull(size, NULL, 10);
    volatile char *memory = malloc(bytes);
    if (!memory)
        return calo_fail_memory(err, "a test", bytes);
    for (uint64_t at = 0; at < bytes; at += PAGE)
        memory[at] = 1;
    sleep(600);
    free((void *)memory);
    return CALO_OK;
}

static calo_status fill(const char *scratch_folder, calo_error *err)
{
    enum { MEBIBYTES = 1024 };
    static char zeros[1 << 20];
    char *path = calo_text_format("%s/staged/fill", scratch_folder);
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    free(path);
    if (fd < 0)
        return calo_fail(err, CALO_ERROR_IO, "%s: a test cannot fill it: %s", scratch_folder, strerror(errno));
    for (int i = 0; i < MEBIBYTES && calo_file_write_all(fd, zeros, sizeof zeros) == 0; i++)
        continue;
    close(fd);
    return CALO_OK;
}

_Noreturn static void send_garbage(void)
{
    static const char garbage[] = "\x05\0\0\0{\"a\":";
    (void)!write(CALO_WORKER_FD, garbage, sizeof garbage - 1);
    hang();
}

static calo_status escape(const char *scratch_folder, calo_error *err)
{
    char *outside = calo_text_format("%s/../escaped", scratch_folder);
    int net = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int file = outside ? open(outside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    char *words[] = {(char *)"true", NULL};
    execv("/bin/true", words);
    free(outside);
    if (net >= 0 || file >= 0)
        return calo_fail(err, CALO_ERROR_IO, "the sandbox let pass:%s%s", net >= 0 ? " a socket" : "",
                         file >= 0 ? " a file outside" : "");
    return CALO_OK;
}

/* The folders of samples become links to others, which lie where workers do not write otherwise. */
static calo_status put_links(const char *scratch_folder, calo_error *err)
{
    char *path = calo_text_format("%s/staged", scratch_folder), to[300];
    DIR *folder = path ? opendir(path) : NULL;
    calo_status status = folder ? CALO_OK : calo_fail(err, CALO_ERROR_IO, "%s: a test cannot open it", scratch_folder);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        snprintf(to, sizeof to, "../%s", entry->d_name);
        if (entry->d_name[0] != '.' && (renameat(dirfd(folder), entry->d_name, dirfd(folder), to) != 0 ||
                                        symlinkat(to, dirfd(folder), entry->d_name) != 0))
            status = calo_fail(err, CALO_ERROR_IO, "%s: a test cannot make links: %s", scratch_folder, strerror(errno));
    }
    if (folder)
        closedir(folder);
    free(path);
    return status;
}

static calo_status do_fault(const char *kind, size_t length, const char *scratch_folder, calo_error *err)
{
    static const char size_word[] = "allocate=";
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)length, kind);
    if (strcmp(word, "hang") == 0)
        hang();
    if (strcmp(word, "segfault") == 0)
        raise(SIGSEGV);
    if (strcmp(word, "abort") == 0) {
        fputs("a library's last words\n", stderr);
        abort();
    }
    if (strcmp(word, "exit") == 0)
        _exit(3);
    if (strcmp(word, "garbage") == 0)
        send_garbage();
    if (strncmp(word, size_word, sizeof size_word - 1) == 0)
        return allocate(word + sizeof size_word - 1, err);
    if (strcmp(word, "fill") == 0)
        return fill(scratch_folder, err);
    if (strcmp(word, "escape") == 0)
        return escape(scratch_folder, err);
    if (strcmp(word, "links") == 0)
        return put_links(scratch_folder, err);
    return calo_fail(err, CALO_ERROR_ARGUMENT, "CALOTYPE_TEST_FAULT: there is no fault \"%s\"", word);
}

calo_status calo_worker_fault(const char *name, const char *scratch_folder, calo_error *err)
{
    const char *faults = getenv("CALOTYPE_TEST_FAULT");
    for (const char *at = faults; at && *at; at += strcspn(at, ","), at += *at == ',') {
        size_t kind = strcspn(at, ":,"), end = strcspn(at, ",");
        if (kind < end && strlen(name) == end - kind - 1 && strncmp(at + kind + 1, name, end - kind - 1) == 0)
            return do_fault(at, kind, scratch_folder, err);
    }
    return CALO_OK;
}
