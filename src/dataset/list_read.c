#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "dataset/list_lines.h"
#include "dataset/list_writer.h"
#include "dataset/object_json.h"

typedef enum list_kind { KIND_UNKNOWN = 0, KIND_TEXT, KIND_CSV, KIND_JSON_LINES, KIND_PARQUET } list_kind;

enum { COLUMNS_MAX = 1000 };

typedef struct list_reader {
    calo_lines *lines;
    calo_list_writer *writer;
    calo_error *err;
    char **fields; /* of a CSV record */
    size_t field_count;
    size_t identifier_column, location_column, sha256_column; /* COLUMNS_MAX: none */
} list_reader;

static const struct {
    const char *ending;
    list_kind kind;
} kinds[] = {
    {".txt", KIND_TEXT},         {".csv", KIND_CSV},         {".jsonl", KIND_JSON_LINES},
    {".ndjson", KIND_JSON_LINES}, {".parquet", KIND_PARQUET},
};

static list_kind kind_of_name(const char *path)
{
    size_t length = strlen(path);
    if (length > 3 && strcasecmp(path + length - 3, ".gz") == 0)
        length -= 3;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t ending = strlen(kinds[i].ending);
        if (length > ending && strncasecmp(path + length - ending, kinds[i].ending, ending) == 0)
            return kinds[i].kind;
    }
    return KIND_UNKNOWN;
}

bool calo_is_list_name(const char *path) { return kind_of_name(path) != KIND_UNKNOWN; }

/* Of standard input and files of other names: JSON, or a header with the column that a CSV list must have. */
static list_kind kind_of_line(const char *line)
{
    if (line[strspn(line, " \t")] == '{')
        return KIND_JSON_LINES;
    bool csv = strstr(line, "fileIdentifier") || strstr(line, "file_identifier");
    return csv && line[0] != '#' ? KIND_CSV : KIND_TEXT;
}

static calo_list_place place_of(const list_reader *r)
{
    return (calo_list_place){calo_lines_name(r->lines), calo_lines_number(r->lines)};
}

#define fail_here(r, status, format, ...)                                                                              \
    calo_fail((r)->err, (status), "%s, line %llu: " format, calo_lines_name((r)->lines),                               \
              (unsigned long long)calo_lines_number((r)->lines) __VA_OPT__(, ) __VA_ARGS__)

static calo_status add(list_reader *r, const calo_object *object)
{
    return calo_list_writer_add(r->writer, object, place_of(r), r->err);
}

static calo_status read_text_line(list_reader *r, char *line)
{
    line += strspn(line, " \t");
    size_t length = strlen(line);
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        line[--length] = '\0';
    if (length == 0 || line[0] == '#')
        return CALO_OK;
    return add(r, &(calo_object){.file_identifier = line});
}

static calo_status read_json_line(list_reader *r, char *line)
{
    json_error_t where;
    calo_object object;
    if (line[strspn(line, " \t")] == '\0')
        return CALO_OK;
    json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, &where);
    if (!value)
        return fail_here(r, CALO_ERROR_FORMAT, "it is not JSON: %s", where.text);
    calo_status status = calo_object_read_json(value, &object, r->err);
    json_decref(value);
    if (status != CALO_OK)
        return calo_fail_within(r->err, status, "%s, line %llu", calo_lines_name(r->lines),
                                (unsigned long long)calo_lines_number(r->lines));
    status = add(r, &object);
    calo_object_finish(&object);
    return status;
}

/* Moves a field's bytes together, from `*read` to `*write`, and ends them. RFC 4180: quotes around a field, "" for one
 * within. `line` may grow and move, so that fields are offsets until the record is whole. */
static calo_status take_field(list_reader *r, char **line, size_t *read, size_t *write, bool *more)
{
    bool quoted = (*line)[*read] == '"';
    if (quoted)
        ++*read;
    for (;;) {
        char c = (*line)[*read];
        if (quoted && c == '\0') {
            calo_status status = calo_lines_extend(r->lines, line, r->err);
            if (status != CALO_OK || !*line)
                return status != CALO_OK ? status : fail_here(r, CALO_ERROR_FORMAT, "a quote is not closed");
        } else if (quoted && c == '"' && (*line)[*read + 1] != '"') {
            quoted = false;
            ++*read;
        } else if (!quoted && (c == '\0' || c == ',')) {
            *more = c == ',';
            (*line)[(*write)++] = '\0';
            ++*read;
            return CALO_OK;
        } else {
            *read += quoted && c == '"' ? 2 : 1;
            (*line)[(*write)++] = c;
        }
    }
}

static calo_status split_record(list_reader *r, char *line)
{
    size_t starts[COLUMNS_MAX], read = 0, write = 0;
    bool more = true;
    for (r->field_count = 0; more; r->field_count++) {
        if (r->field_count == COLUMNS_MAX)
            return fail_here(r, CALO_ERROR_LIMIT, "it has more than %d columns", COLUMNS_MAX);
        starts[r->field_count] = write;
        calo_status status = take_field(r, &line, &read, &write, &more);
        if (status != CALO_OK)
            return status;
    }
    for (size_t i = 0; i < r->field_count; i++)
        r->fields[i] = line + starts[i];
    return CALO_OK;
}

static size_t find_column(const list_reader *r, const char *name, const char *other_name)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (strcmp(r->fields[i], name) == 0 || strcmp(r->fields[i], other_name) == 0)
            return i;
    return COLUMNS_MAX;
}

static calo_status read_header(list_reader *r, char *line)
{
    calo_status status = split_record(r, line);
    if (status != CALO_OK)
        return status;
    r->identifier_column = find_column(r, "file_identifier", "fileIdentifier");
    r->location_column = find_column(r, "location", "location");
    r->sha256_column = find_column(r, "sha256", "sha256");
    if (r->identifier_column == COLUMNS_MAX)
        return fail_here(r, CALO_ERROR_FORMAT,
                         "the first line names no column file_identifier or fileIdentifier: a CSV list begins with its "
                         "columns' names, such as file_identifier,sha256");
    return CALO_OK;
}

static char *field(const list_reader *r, size_t column)
{
    return column < r->field_count && *r->fields[column] ? r->fields[column] : NULL;
}

static calo_status read_csv_record(list_reader *r, char *line)
{
    char sha256[65];
    if (!*line)
        return CALO_OK;
    calo_status status = split_record(r, line);
    if (status != CALO_OK)
        return status;
    calo_object object = {field(r, r->identifier_column), field(r, r->location_column), field(r, r->sha256_column)};
    if (!object.file_identifier)
        return fail_here(r, CALO_ERROR_FORMAT, "the column file_identifier is empty");
    if (object.sha256 && !calo_sha256_normalize(object.sha256, sha256))
        return fail_here(r, CALO_ERROR_FORMAT, "the SHA-256 \"%.80s\" is not 64 hexadecimal digits", object.sha256);
    if (object.sha256)
        object.sha256 = sha256;
    return add(r, &object);
}

static calo_status read_first_line(list_reader *r, list_kind *kind, char *line)
{
    if (*kind == KIND_UNKNOWN)
        *kind = kind_of_line(line);
    if (*kind == KIND_CSV)
        return read_header(r, line);
    return *kind == KIND_TEXT ? read_text_line(r, line) : read_json_line(r, line);
}

static calo_status read_lines(list_reader *r, list_kind kind)
{
    char *line = NULL;
    calo_status status = calo_lines_next(r->lines, &line, r->err);
    if (status == CALO_OK && line)
        status = read_first_line(r, &kind, line);
    while (status == CALO_OK && line) {
        status = calo_lines_next(r->lines, &line, r->err);
        if (status == CALO_OK && line)
            status = kind == KIND_TEXT  ? read_text_line(r, line)
                     : kind == KIND_CSV ? read_csv_record(r, line)
                                        : read_json_line(r, line);
    }
    return status;
}

calo_status calo_list_read(const char *path, calo_list_writer *writer, calo_error *err)
{
    list_kind kind = kind_of_name(path);
    if (kind == KIND_PARQUET)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%.300s: Parquet is not read: convert it, such as by python3 -c \"import pandas; "
                         "pandas.read_parquet('FILE.parquet').to_csv('FILE.csv', index=False)\"", path);
    list_reader r = {.writer = writer, .err = err};
    calo_status status = calo_lines_open(path, &r.lines, err);
    if (status != CALO_OK)
        return status;
    r.fields = calloc(COLUMNS_MAX, sizeof *r.fields);
    status = r.fields ? read_lines(&r, kind) : calo_fail_memory(err, path, COLUMNS_MAX * sizeof *r.fields);
    free(r.fields);
    calo_lines_close(r.lines);
    return status;
}
