#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

/* What always stays free, for the end of the line. */
enum { RESERVE = 4 };

static void put(calo_log_line *line, const char *bytes, size_t count)
{
    size_t room = sizeof line->text - RESERVE - line->length;
    if (count > room)
        count = room;
    memcpy(line->text + line->length, bytes, count);
    line->length += count;
}

CALO_PRINTF(2, 3) static void print(calo_log_line *line, const char *format, ...)
{
    char text[128];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (length > 0)
        put(line, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Between quotes, so that nothing that a client sends looks like a line or a field of ours. Whole characters only, and
 * only where the closing quote still fits. */
static void put_quoted(calo_log_line *line, const char *value)
{
    put(line, "\"", 1);
    while (*value && line->length + 16 < sizeof line->text - RESERVE) {
        size_t length = calo_utf8_length(value);
        unsigned char first = (unsigned char)*value;
        if (first == '"' || first == '\\')
            print(line, "\\%c", first);
        else if (length == 0)
            put(line, "\xef\xbf\xbd", 3);
        else if (first < 0x20 || first == 0x7f)
            print(line, "\\u%04x", first);
        else
            put(line, value, length);
        value += length ? length : 1;
    }
    put(line, "\"", 1);
}

static bool is_plain(const char *value)
{
    if (!*value)
        return false;
    for (; *value; value++)
        if (*value <= 0x20 || *value >= 0x7f || strchr("\"\\=", *value))
            return false;
    return true;
}

static void put_key(calo_log_line *line, const char *key)
{
    if (line->log->json)
        print(line, ",\"%s\":", key);
    else
        print(line, " %s=", key);
}

void calo_log_begin(calo_log_line *line, const calo_log *log, calo_log_level level, const char *event)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    struct timespec now;
    struct tm parts;
    line->log = log->fd >= 0 && level >= log->least ? log : NULL;
    line->length = 0;
    if (!line->log)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    char stamp[64];
    snprintf(stamp, sizeof stamp, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", parts.tm_year + 1900, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000);
    if (log->json)
        print(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", stamp, names[level], event);
    else
        print(line, "%s %s %s", stamp, names[level], event);
}

void calo_log_text(calo_log_line *line, const char *key, const char *value)
{
    if (!line->log || !value)
        return;
    put_key(line, key);
    if (!line->log->json && is_plain(value))
        put(line, value, strlen(value));
    else
        put_quoted(line, value);
}

void calo_log_count(calo_log_line *line, const char *key, uint64_t value)
{
    if (!line->log)
        return;
    put_key(line, key);
    print(line, "%llu", (unsigned long long)value);
}

void calo_log_milliseconds(calo_log_line *line, const char *key, double seconds)
{
    if (!line->log)
        return;
    put_key(line, key);
    print(line, "%.1f", 1e3 * seconds);
}

void calo_log_end(calo_log_line *line)
{
    if (!line->log)
        return;
    memcpy(line->text + line->length, line->log->json ? "}\n" : "\n", line->log->json ? 2 : 1);
    line->length += line->log->json ? 2 : 1;
    /* A log that cannot be written must not stop the work. */
    ssize_t written = write(line->log->fd, line->text, line->length);
    (void)written;
}

void calo_log_message(const calo_log *log, calo_log_level level, const char *event, const char *sentence)
{
    calo_log_line line;
    calo_log_begin(&line, log, level, event);
    calo_log_text(&line, "message", sentence);
    calo_log_end(&line);
}
