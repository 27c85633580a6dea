#include "cli/args.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* ---- suggestions ---- */

/* Edits (insert, delete, replace) that make one word of the other. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MAX = 40 };
    size_t length_b = strlen(b), row[MAX + 1];
    if (strlen(a) > MAX || length_b > MAX)
        return MAX;
    for (size_t i = 0; i <= length_b; i++)
        row[i] = i;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < length_b; k++) {
            size_t replace = corner + (a[i] != b[k]), shorter = row[k] < row[k + 1] ? row[k] + 1 : row[k + 1] + 1;
            corner = row[k + 1];
            row[k + 1] = replace < shorter ? replace : shorter;
        }
    }
    return row[length_b];
}

const char *calo_nearest_word(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    size_t least = 3 < strlen(word) / 2 + 1 ? 3 : strlen(word) / 2 + 1;
    for (; *words; words++) {
        size_t distance = edit_distance(word, *words);
        /* "normal" for "normals" and "package" for "packages" count as near, too. */
        if (distance <= least) {
            least = distance;
            nearest = *words;
        }
    }
    return nearest;
}

enum { MAX_WORDS = 256 };

static size_t collect_names(const calo_option *options, const char **words, size_t count)
{
    for (; options && options->help && count < MAX_WORDS - 1; options++)
        if (options->kind != CALO_OPTION_GROUP)
            words[count++] = options->name;
    return count;
}

/* `others` may be NULL. */
static calo_status fail_unknown(const calo_option *options, const calo_option *others, const char *name, calo_error *err)
{
    const char *words[MAX_WORDS];
    size_t count = collect_names(options, words, 0);
    words[collect_names(others, words, count)] = NULL;
    const char *nearest = calo_nearest_word(name, words);
    if (nearest)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no option --%s: did you mean --%s?", name, nearest);
    return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no option --%s: --help shows them all", name);
}

/* ---- values ---- */

static calo_status read_number(const calo_option *option, const char *value, double *number, calo_error *err)
{
    if (calo_parse_double(value, number) && *number >= option->least && *number <= option->most)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s %s: give a number from %g to %g", option->name, value,
                     option->least, option->most);
}

static calo_status read_count(const calo_option *option, const char *value, uint32_t *count, calo_error *err)
{
    int64_t number;
    if (!calo_parse_integer(value, &number) || (double)number < option->least || (double)number > option->most)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s %s: give a whole number from %.0f to %.0f", option->name,
                         value, option->least, option->most);
    *count = (uint32_t)number;
    return CALO_OK;
}

static calo_status read_choice(const calo_option *option, const char *value, unsigned *index, calo_error *err)
{
    size_t length = strlen(value);
    *index = 0;
    for (const char *at = option->value; at; at = strchr(at, '|'), at = at ? at + 1 : NULL, ++*index)
        if (length > 0 && strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s %s: choose one of %s", option->name, value, option->value);
}

static calo_status apply_option(const calo_option *option, void *target, const char *value, calo_error *err)
{
    void *field = (char *)target + option->offset;
    calo_status status = CALO_OK;
    unsigned choice = 0;
    double number;
    switch (option->kind) {
    case CALO_OPTION_GROUP: break;
    case CALO_OPTION_FLAG: *(bool *)field = true; break;
    case CALO_OPTION_TEXT: *(const char **)field = value; break;
    case CALO_OPTION_COUNT: status = read_count(option, value, field, err); break;
    case CALO_OPTION_NUMBER: status = read_number(option, value, field, err); break;
    case CALO_OPTION_FLOAT:
        status = read_number(option, value, &number, err);
        if (status == CALO_OK)
            *(float *)field = (float)number;
        break;
    case CALO_OPTION_CHOICE:
    case CALO_OPTION_CHOICE_FROM_1:
    case CALO_OPTION_CHOICE_BOOL:
        status = read_choice(option, value, &choice, err);
        if (status != CALO_OK)
            break;
        if (option->kind == CALO_OPTION_CHOICE_BOOL)
            *(bool *)field = choice != 0;
        else
            *(unsigned *)field = choice + (option->kind == CALO_OPTION_CHOICE_FROM_1);
        break;
    case CALO_OPTION_CUSTOM:
    case CALO_OPTION_MAYBE: status = option->apply(target, value, err); break;
    }
    return status;
}

calo_status calo_parse_pair(const char *name, const char *text, double *first, double *second, calo_error *err)
{
    calo_text rest = {text, text + strlen(text)};
    bool good = calo_text_double(&rest, first);
    *second = *first;
    if (good && rest.at < rest.end) {
        good = *rest.at++ == ',';
        good = good && calo_text_double(&rest, second) && rest.at == rest.end;
    }
    if (good)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s %s: give one number, or two with a comma between: 1.5,2.8", name,
                     text);
}

calo_status calo_parse_bytes(const char *name, const char *text, uint64_t *bytes, calo_error *err)
{
    static const char units[] = "KMGT";
    double number;
    char digits[32];
    size_t length = strlen(text);
    const char *unit = length > 1 ? strchr(units, text[length - 1] & ~0x20) : NULL;
    snprintf(digits, sizeof digits, "%.*s", (int)(unit ? length - 1 : length), text);
    if (length >= sizeof digits || !calo_parse_double(digits, &number) || !(number > 0) || !(number < 1e15))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s %s: give a size such as 500M or 2G", name, text);
    number *= (double)(1ull << (unit ? 10 * (unit - units + 1) : 0));
    if (!(number >= 1 && number < 1e18))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s %s: give a size such as 500M or 2G", name, text);
    *bytes = (uint64_t)number;
    return CALO_OK;
}

/* ---- parsing ---- */

static const calo_option *find_option(const calo_option *options, const char *name, size_t length, char letter)
{
    for (; options->help; options++) {
        if (options->kind == CALO_OPTION_GROUP)
            continue;
        if (letter ? options->letter == letter
                   : strlen(options->name) == length && strncmp(options->name, name, length) == 0)
            return options;
    }
    return NULL;
}

/* The option that a word names, and its value if that is in the same word; NULL where there is none. */
static const calo_option *match_option(const calo_option *options, const char *word, const char **value)
{
    if (word[1] != '-') {
        *value = word[2] ? word + 2 : NULL;
        return find_option(options, NULL, 0, word[1]);
    }
    const char *equals = strchr(word, '=');
    *value = equals ? equals + 1 : NULL;
    return find_option(options, word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word + 2), 0);
}

static calo_status fail_unmatched(const calo_option *options, const calo_option *others, const char *word, calo_error *err)
{
    char name[64];
    if (word[1] != '-')
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no option -%c: --help shows them all", word[1]);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    return fail_unknown(options, others, name, err);
}

static bool takes_value(const calo_option *option) { return option->kind != CALO_OPTION_FLAG && option->value; }

/* Whether the next word is the option's value: where it may be left out, only one of the choices is. */
static bool next_is_value(const calo_option *option, const char *value, const char *next)
{
    unsigned choice;
    if (value || !takes_value(option) || !next)
        return false;
    return option->kind != CALO_OPTION_MAYBE || read_choice(option, next, &choice, NULL) == CALO_OK;
}

/* One option at argv[*at], with its value there or in the next argument. */
static calo_status parse_option(const calo_option *options, int argc, char **argv, int *at, void *target,
                                calo_error *err)
{
    const char *word = argv[*at], *value;
    const calo_option *option = match_option(options, word, &value);
    if (!option)
        return fail_unmatched(options, NULL, word, err);
    if (!takes_value(option) && value)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s takes no value, but got \"%s\"", option->name, value);
    if (next_is_value(option, value, *at + 1 < argc ? argv[*at + 1] : NULL))
        value = argv[++*at];
    if (takes_value(option) && option->kind != CALO_OPTION_MAYBE && !value)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s needs a value: --%s %s", option->name, option->name,
                         option->value);
    return apply_option(option, target, value, err);
}

static bool is_option(const char *word) { return word[0] == '-' && word[1] != '\0'; }

static bool asks_for_help(const char *word) { return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0; }

calo_status calo_arguments_split(const calo_option *own, const calo_option *other, int argc, char **argv, char **own_words,
                                 int *own_count, char **other_words, int *other_count, calo_error *err)
{
    bool only_files = false;
    *own_count = *other_count = 0;
    for (int i = 0; i < argc; i++) {
        const char *value;
        only_files |= strcmp(argv[i], "--") == 0;
        if (only_files || !is_option(argv[i]) || asks_for_help(argv[i])) {
            own_words[(*own_count)++] = argv[i];
            continue;
        }
        const calo_option *option = match_option(own, argv[i], &value);
        bool is_own = option != NULL;
        if (!is_own && !(option = match_option(other, argv[i], &value)))
            return fail_unmatched(own, other, argv[i], err);
        char **words = is_own ? own_words : other_words;
        int *count = is_own ? own_count : other_count;
        words[(*count)++] = argv[i];
        if (next_is_value(option, value, i + 1 < argc ? argv[i + 1] : NULL))
            words[(*count)++] = argv[++i];
    }
    return CALO_OK;
}

calo_status calo_arguments_parse(const calo_option *options, int argc, char **argv, void *target,
                                 calo_arguments *arguments, calo_error *err)
{
    bool only_files = false;
    *arguments = (calo_arguments){.files = calloc((size_t)argc + 1, sizeof *arguments->files)};
    if (!arguments->files)
        return calo_fail_memory(err, "arguments", (size_t)argc);
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!only_files && strcmp(word, "--") == 0) {
            only_files = true;
        } else if (only_files || !is_option(word)) {
            arguments->files[arguments->file_count++] = word;
        } else if (asks_for_help(word)) {
            arguments->help = true;
            return CALO_OK;
        } else {
            calo_status status = parse_option(options, argc, argv, &i, target, err);
            if (status != CALO_OK)
                return status;
        }
    }
    return CALO_OK;
}

void calo_arguments_finish(calo_arguments *arguments)
{
    free(arguments->files);
    *arguments = (calo_arguments){0};
}

/* ---- help ---- */

static void print_option(const calo_option *option, FILE *to)
{
    enum { HELP_COLUMN = 34 };
    char left[80], letter[8] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    if (option->kind == CALO_OPTION_MAYBE && option->value)
        snprintf(left, sizeof left, "  %s--%s[=%s]", letter, option->name, option->value);
    else
        snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, option->value ? " " : "",
                 option->value ? option->value : "");
    /* A long option stands on a line of its own. */
    if (strlen(left) > HELP_COLUMN - 2) {
        fprintf(to, "%s\n", left);
        left[0] = '\0';
    }
    fprintf(to, "%-*s", HELP_COLUMN, left);
    for (const char *at = option->help; *at; at++) {
        fputc(*at, to);
        if (*at == '\n')
            fprintf(to, "%*s", HELP_COLUMN, "");
    }
    fputc('\n', to);
}

void calo_options_print(const calo_option *options, FILE *to)
{
    for (; options->help; options++) {
        if (options->kind == CALO_OPTION_GROUP)
            fprintf(to, "\n%s\n", options->help);
        else
            print_option(options, to);
    }
}
