/* `calotype dataset`: reads the options, runs, and says how it ended. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/dataset_command.h"
#include "cli/dataset_options.h"
#include "dataset/run_file.h"

void calo_dataset_help(FILE *to)
{
    fputs("calotype dataset INPUT... -o WHERE [options]\n"
          "calotype dataset --resume --run FOLDER\n"
          "calotype dataset status FOLDER\n"
          "calotype dataset report FOLDER\n\n"
          "Renders a list of objects into a finished data set, with worker processes that are watched: what crashes,\n"
          "hangs or takes too much memory is left out with its reason, and the rest goes on. Whatever stops a run,\n"
          "--resume goes on with it; the data set has the same bytes as without.\n\n"
          "Examples\n"
          "  calotype dataset models/*.glb -o renders --package zip --depth --normals --mask\n"
          "  calotype dataset --list objects.csv -o s3://bucket/renders --package webdataset --all\n"
          "  calotype dataset --list uids.txt -o chunks --package torch --num-objects 5 --scenes-per-chunk 2 --depth\n"
          "  calotype dataset --list objects.csv -o /shared/renders --package zip --shard auto\n",
          to);
    calo_options_print(calo_dataset_options_table, to);
    fputs("\nOptions of `calotype render` (`calotype help render`) say what is rendered: --preset, --views, --size, --depth,\n"
          "--normals, --mask, --ids, --cameras, --background, --randomize, --reject, --backend and so on.\n"
          "\nExit codes\n"
          "  0 all is done, 1 some objects failed, 2 the command line is wrong, 7 a disk is full or the destination\n"
          "  cannot be written, 130 stopped by a signal; others as of `calotype render`. --resume goes on.\n",
          to);
}

/* ---- an earlier run's words ---- */

/* Words that were kept, and those given now behind them, but before "--": all words after that are inputs. */
static calo_status join_words(const calo_run_file *kept, int argc, char **argv, char ***words, int *count, calo_error *err)
{
    size_t options = 0, end = 0;
    while (options < kept->word_count && strcmp(kept->words[options], "--") != 0)
        options++;
    *count = (int)kept->word_count + argc;
    *words = calloc((size_t)*count + 1, sizeof **words);
    if (!*words)
        return calo_fail_memory(err, "arguments", (size_t)*count);
    for (size_t i = 0; i < options; i++)
        (*words)[end++] = (char *)kept->words[i];
    for (int i = 0; i < argc; i++)
        (*words)[end++] = argv[i];
    for (size_t i = options; i < kept->word_count; i++)
        (*words)[end++] = (char *)kept->words[i];
    return CALO_OK;
}

/* ---- the run ---- */

static void print_warning(void *user, const char *sentence)
{
    (void)user;
    fprintf(stderr, "calotype: warning: %s\n", sentence);
}

static void print_summary(const calo_dataset_command *command, const calo_dataset_summary *summary)
{
    unsigned long long done = summary->done, failed = summary->failed, samples = summary->samples;
    if (command->run.quiet)
        return;
    printf("%llu done, %llu failed", done, failed);
    if (samples > done + failed)
        printf(", %llu left of %llu", samples - done - failed, samples);
    printf(" in %.1f s -> %s\n", summary->seconds, command->run.destination);
    if (failed > 0)
        printf("why: %s/report.html, or `calotype dataset status %s`\n", command->run.run_folder, command->run.run_folder);
    fflush(stdout);
}

static int end_code(const calo_dataset_command *command, const calo_dataset_summary *summary)
{
    if (summary->interrupted) {
        fprintf(stderr, "calotype: stopped by a signal: go on with `calotype dataset --resume --run %s`\n", command->run.run_folder);
        return CALO_EXIT_INTERRUPTED;
    }
    return summary->failed > 0 ? CALO_EXIT_SOME_FAILED : CALO_EXIT_OK;
}

/* `argc` words `argv` are what --resume needs. */
static int run_command(calo_dataset_command *command, int argc, char **argv)
{
    calo_error err = {0};
    calo_dataset_summary summary = {0};
    command->run.interrupted = &calo_interrupted;
    command->run.warn = command->run.quiet ? NULL : print_warning;
    command->run.words = (const char *const *)argv;
    command->run.word_count = (size_t)argc;
    calo_status status = calo_dataset_command_resolve(command, &err);
    if (status == CALO_OK)
        status = calo_dataset_run(&command->run, &summary, &err);
    if (status != CALO_OK)
        return calo_report(&err);
    print_summary(command, &summary);
    return end_code(command, &summary);
}

/* Words of an earlier run come first where --resume asks for them, and not for the whole command line again. */
static calo_status read_all_words(int argc, char **argv, calo_run_file *kept, char ***words, calo_dataset_command *command,
                                  calo_arguments *arguments, calo_error *err)
{
    int count;
    calo_status status = calo_dataset_command_read(argc, argv, command, arguments, err);
    if (status != CALO_OK || arguments->help || !command->run.resume || command->run.destination)
        return status;
    if (!command->run.run_folder)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "which run? --resume --run FOLDER, or --resume with the whole command line");
    status = calo_run_file_read(command->run.run_folder, kept, err);
    if (status == CALO_OK)
        status = join_words(kept, argc, argv, words, &count, err);
    if (status != CALO_OK)
        return status;
    calo_dataset_command_finish(command);
    calo_arguments_finish(arguments);
    status = calo_dataset_command_read(count, *words, command, arguments, err);
    command->run.list.input_count = command->run.list.list_count = 0; /* the run has its list */
    return status;
}

int calo_dataset_render(int argc, char **argv)
{
    calo_dataset_command command;
    calo_arguments arguments;
    calo_run_file kept = {0};
    calo_error err = {0};
    char **words = NULL;
    int code = CALO_EXIT_OK;
    if (read_all_words(argc, argv, &kept, &words, &command, &arguments, &err) != CALO_OK)
        code = calo_report(&err);
    else if (arguments.help)
        calo_dataset_help(stdout);
    else
        code = run_command(&command, argc, argv);
    calo_dataset_command_finish(&command);
    calo_arguments_finish(&arguments);
    calo_run_file_finish(&kept);
    free(words);
    return code;
}

