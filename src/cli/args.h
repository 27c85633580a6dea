/* Command line options from a table: parsing, suggestions and help pages. */
#ifndef CALO_CLI_ARGS_H
#define CALO_CLI_ARGS_H

#include <calotype/status.h>
#include <stdio.h>

typedef enum calo_option_kind {
    CALO_OPTION_GROUP,         /* a heading of the help page: only `help` counts */
    CALO_OPTION_FLAG,          /* bool, set to true */
    CALO_OPTION_TEXT,          /* const char * */
    CALO_OPTION_COUNT,         /* uint32_t from least to most */
    CALO_OPTION_NUMBER,        /* double from least to most */
    CALO_OPTION_FLOAT,         /* float from least to most */
    CALO_OPTION_CHOICE,        /* an enum: the place in `value`, "png|exr", from 0 */
    CALO_OPTION_CHOICE_FROM_1, /* the same, from 1 */
    CALO_OPTION_CHOICE_BOOL,   /* bool: false for the first, true for the second */
    CALO_OPTION_CUSTOM,        /* `apply` reads it */
    CALO_OPTION_MAYBE,         /* the same; the value may be left out and is then NULL (--ids, --ids=npy) */
} calo_option_kind;

typedef struct calo_option {
    calo_option_kind kind;
    char letter;       /* -o, or 0 */
    const char *name;  /* "output" */
    const char *value; /* "DIR", shown in help; NULL for flags */
    size_t offset;     /* of the field in the target */
    double least, most;
    calo_status (*apply)(void *target, const char *value, calo_error *err);
    const char *help; /* a newline begins another line */
} calo_option;

typedef struct calo_arguments {
    const char **files; /* what is not an option; malloc'ed */
    size_t file_count;
    bool help; /* --help or -h was there; the rest was not read */
} calo_arguments;

/* Reads argv[0..argc) into `target` by the table, which ends with a NULL help. */
calo_status calo_arguments_parse(const calo_option *options, int argc, char **argv, void *target,
                                 calo_arguments *arguments, calo_error *err);
/* Divides argv's words: options of `own`, and what is no option, into own_words; options of `other` into other_words. Both
 * have room for argc words. A name that both have is own's. */
calo_status calo_arguments_split(const calo_option *own, const calo_option *other, int argc, char **argv, char **own_words,
                                 int *own_count, char **other_words, int *other_count, calo_error *err);
void calo_arguments_finish(calo_arguments *arguments);

void calo_options_print(const calo_option *options, FILE *to);

/* The word nearest to `word`, or NULL when none is near. */
const char *calo_nearest_word(const char *word, const char *const *words);

/* "1.5,2.8", or "2" for both; 1000, 500M, 2G. */
calo_status calo_parse_pair(const char *name, const char *text, double *first, double *second, calo_error *err);
calo_status calo_parse_bytes(const char *name, const char *text, uint64_t *bytes, calo_error *err);

#endif
