#include <calotype/status.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"

volatile sig_atomic_t calo_interrupted;

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    void (*help)(FILE *to);
    const char *summary;
} verbs[] = {
    {"render", calo_cmd_render, calo_render_help, "a 3D file to labelled pictures: colour, depth, normals, masks, ids"},
    {"info", calo_cmd_info, calo_info_help, "what is in a 3D file: counts, size, materials, animations, warnings"},
    {"serve", calo_cmd_serve, calo_serve_verb_help, "a render server: states of a scene to pictures over gRPC"},
    {"dataset", calo_cmd_dataset, calo_dataset_verb_help, "many objects to a finished data set, unattended"},
    {"backends", calo_cmd_backends, calo_backends_help, "what can draw on this machine, and which formats are read"},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void on_signal(int number)
{
    (void)number;
    calo_interrupted = 1;
}

static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    /* A closed pipe is an error of the write, not the end of the program with files half-written. */
    signal(SIGPIPE, SIG_IGN);
}

static void print_overview(FILE *to)
{
    fputs("calotype turns 3D files into labelled pictures for machine learning, on any machine:\n"
          "no GPU, no display, no X server.\n\n"
          "  calotype render chair.glb -o out --depth --normals --mask    32 views into out/chair/\n"
          "  calotype render robot.xml -o out --qpos states.csv           MuJoCo's: 32 views a state\n"
          "  calotype info chair.glb                                      what is in the file\n\n"
          "Verbs\n",
          to);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\n`calotype help VERB` explains a verb with all its options; `calotype --version` tells the version.\n", to);
}

static int fail_unknown_verb(const char *word)
{
    const char *names[VERB_COUNT + 2] = {0};
    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    names[VERB_COUNT] = "help";
    const char *nearest = calo_nearest_word(word, names);
    if (nearest)
        fprintf(stderr, "calotype: there is no verb \"%s\": did you mean `calotype %s`?\n", word, nearest);
    else if (strchr(word, '.'))
        fprintf(stderr, "calotype: \"%s\" is not a verb: did you mean `calotype render %s -o FOLDER`?\n", word, word);
    else
        fprintf(stderr, "calotype: there is no verb \"%s\": `calotype --help` lists them\n", word);
    return CALO_EXIT_USAGE;
}

static int print_help(const char *verb)
{
    for (size_t i = 0; verb && i < VERB_COUNT; i++)
        if (strcmp(verb, verbs[i].name) == 0) {
            verbs[i].help(stdout);
            return CALO_EXIT_OK;
        }
    if (verb)
        return fail_unknown_verb(verb);
    print_overview(stdout);
    return CALO_EXIT_OK;
}

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    if (!word) {
        print_overview(stderr);
        return CALO_EXIT_USAGE;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        printf("calotype %s\n", calo_version());
        return CALO_EXIT_OK;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return print_help(argc > 2 ? argv[2] : NULL);
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return verbs[i].run(argc - 2, argv + 2);
    return fail_unknown_verb(word);
}

int main(int argc, char **argv)
{
    catch_signals();
    int code = run(argc, argv);
    /* Whoever closed the pipe early has read enough. */
    if (fflush(stdout) != 0 && errno != EPIPE && code == CALO_EXIT_OK) {
        fprintf(stderr, "calotype: cannot write to standard output: %s\n", strerror(errno));
        code = CALO_EXIT_IO;
    }
    return code;
}
