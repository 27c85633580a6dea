/* Runs git, as harmless as it can be had: no prompts, no credentials, no hooks, no configuration but ours, no links. */
#ifndef CALO_DATASET_GIT_H
#define CALO_DATASET_GIT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct calo_git {
    const char *git_folder, *tree; /* --git-dir and --work-tree */
    uint64_t max_file_bytes;       /* of what it writes, packs too */
    bool (*is_over)(void *user);   /* asked ten times a second; it is killed with all its processes then */
    void *user;
} calo_git;

typedef enum calo_git_end {
    CALO_GIT_DONE = 0,
    CALO_GIT_FAILED,    /* its own words are in `errors` */
    CALO_GIT_OVER,      /* by is_over */
    CALO_GIT_TOO_LARGE, /* by max_file_bytes */
    CALO_GIT_ABSENT,    /* not installed, or no process to be had */
} calo_git_end;

typedef struct calo_git_output {
    char text[4096]; /* the first bytes of its output, NUL-terminated */
    char errors[2048];
} calo_git_output;

/* `words` end with NULL. It dies with the calling thread. */
calo_git_end calo_git_run(const calo_git *git, const char *const *words, calo_git_output *output);

#endif
