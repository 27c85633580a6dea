#include "job/state_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

typedef struct row_reader {
    const char *name;
    calo_state_rows *rows;
    size_t value_count, capacity, line;
} row_reader;

static calo_status add_value(row_reader *reader, double value, calo_error *err)
{
    if (reader->value_count == reader->capacity) {
        size_t capacity = reader->capacity ? reader->capacity * 2 : 256;
        double *values = realloc(reader->rows->values, capacity * sizeof *values);
        if (!values)
            return calo_fail_memory(err, "states", capacity * sizeof *values);
        reader->rows->values = values;
        reader->capacity = capacity;
    }
    reader->rows->values[reader->value_count++] = value;
    return CALO_OK;
}

/* At most one comma or semicolon, with blanks around. */
static void skip_separator(calo_text *line)
{
    calo_text_skip_blanks(line);
    if (line->at < line->end && (*line->at == ',' || *line->at == ';'))
        line->at++;
    calo_text_skip_blanks(line);
}

static calo_status read_line(row_reader *reader, calo_text line, calo_error *err)
{
    calo_state_rows *rows = reader->rows;
    const char *comment = memchr(line.at, '#', (size_t)(line.end - line.at));
    size_t before = reader->value_count;
    line.end = comment ? comment : line.end;
    calo_text_skip_blanks(&line);
    while (line.at < line.end) {
        double value;
        if (!calo_text_double(&line, &value) || !isfinite(value))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s, line %zu: \"%.*s\" is not a finite number: a state is a row of "
                             "numbers with commas between", reader->name, reader->line,
                             (int)(line.end - line.at < 24 ? line.end - line.at : 24), line.at);
        calo_status status = add_value(reader, value, err);
        if (status != CALO_OK)
            return status;
        skip_separator(&line);
    }
    size_t columns = reader->value_count - before;
    if (!columns)
        return CALO_OK;
    if (rows->count && columns != rows->columns)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s, line %zu has %zu numbers, the rows before have %zu: all states have "
                         "as many", reader->name, reader->line, columns, rows->columns);
    rows->columns = columns;
    rows->count++;
    return CALO_OK;
}

calo_status calo_state_rows_parse(const char *bytes, size_t size, const char *name, calo_state_rows *rows, calo_error *err)
{
    calo_text text = {bytes, bytes + size}, line;
    row_reader reader = {.name = name, .rows = rows};
    *rows = (calo_state_rows){0};
    calo_status status = CALO_OK;
    while (status == CALO_OK && calo_text_line(&text, &line)) {
        reader.line++;
        status = read_line(&reader, line, err);
    }
    if (status == CALO_OK && !rows->count)
        status = calo_fail(err, CALO_ERROR_EMPTY, "%s holds no state: a state is a row of numbers", name);
    if (status != CALO_OK)
        calo_state_rows_finish(rows);
    return status;
}

calo_status calo_state_rows_load(const char *path, const calo_limits *limits, calo_state_rows *rows, calo_error *err)
{
    calo_file file;
    calo_limits resolved = calo_limits_resolve(limits);
    *rows = (calo_state_rows){0};
    calo_status status = calo_file_read(path, resolved.max_file_bytes, &file, err);
    if (status != CALO_OK)
        return status;
    status = calo_state_rows_parse((const char *)file.bytes, file.size, path, rows, err);
    calo_file_finish(&file);
    return status;
}

void calo_state_rows_finish(calo_state_rows *rows)
{
    free(rows->values);
    *rows = (calo_state_rows){0};
}
