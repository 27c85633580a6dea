/* Shuts a process in, as far as the kernel can: Landlock for files, seccomp for everything else. What cannot be had is told,
 * not passed over in silence. docs/dataset-workers.md says what it promises and what not. */
#ifndef CALO_DATASET_SANDBOX_H
#define CALO_DATASET_SANDBOX_H

#include <calotype/status.h>

/* How far a process is shut in. All-zero: not at all. */
typedef struct calo_sandbox {
    int landlock;      /* the ABI's version; 0: none */
    bool seccomp;
    char lacks[256];   /* what this kernel does not have, in words; "": nothing */
} calo_sandbox;

/* From here on this thread, and those that it starts, write, create, remove and rename only below `writable` (folders or
 * files; those that do not exist are passed over), read everything, open no TCP connection, and signal no other process.
 * Before there are other threads. Only a lack of memory and the like is a failure. */
calo_status calo_sandbox_files(const char *const *writable, size_t count, calo_sandbox *sandbox, calo_error *err);

/* From here on all threads of this process open no socket, start no program and no process, signal nobody else, look into no
 * other process, mount nothing, load nothing into the kernel, and change neither owner, mode nor attributes of files: such
 * calls are EPERM. Files and sockets that are open stay open. */
calo_status calo_sandbox_calls(calo_sandbox *sandbox, calo_error *err);

/* In words: "Landlock 7, seccomp: no network, no other programs, writes only to its scratch folder". */
void calo_sandbox_describe(const calo_sandbox *sandbox, char *text, size_t size);
/* Everything that is wanted is there. */
bool calo_sandbox_is_whole(const calo_sandbox *sandbox);

#endif
