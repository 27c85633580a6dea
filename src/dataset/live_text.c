/* Numbers and names for people. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dataset/live.h"

const char *calo_duration_text(double seconds, char text[32])
{
    long long whole = seconds < 1e15 ? (long long)(seconds + 0.5) : 0;
    if (!(seconds >= 0) || seconds >= 1e15)
        snprintf(text, 32, "unknown");
    else if (seconds < 9.95)
        snprintf(text, 32, "%.1f s", seconds);
    else if (whole < 60)
        snprintf(text, 32, "%lld s", whole);
    else if (whole < 3600)
        snprintf(text, 32, "%lld min %02lld s", whole / 60, whole % 60);
    else if (whole < 48 * 3600)
        snprintf(text, 32, "%lld h %02lld min", whole / 3600, whole / 60 % 60);
    else
        snprintf(text, 32, "%lld days %lld h", whole / 86400, whole / 3600 % 24);
    return text;
}

const char *calo_count_text(uint64_t count, char text[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

size_t calo_shown_character(const char *at, bool *shown)
{
    const uint8_t *c = (const uint8_t *)at;
    size_t length = calo_utf8_length(at);
    bool control = c[0] < 0x20 || c[0] == 0x7f || (length == 2 && c[0] == 0xc2 && c[1] < 0xa0);
    bool mark = length == 3 && c[0] == 0xe2 && ((c[1] == 0x80 && c[2] >= 0x8b) || (c[1] == 0x81 && c[2] >= 0xa0)) &&
                !(c[1] == 0x80 && c[2] >= 0x90 && c[2] <= 0xa7) && !(c[1] == 0x80 && c[2] >= 0xb0);
    *shown = length > 0 && !control && !mark;
    return length > 0 ? length : 1;
}

/* Columns: two of what may be wide (as Chinese is), which is never too few. */
static size_t width_of(size_t length) { return length >= 3 ? 2 : 1; }

static size_t count_columns(const char *text)
{
    size_t count = 0;
    for (bool shown; *text;) {
        size_t length = calo_shown_character(text, &shown);
        count += width_of(length);
        text += length;
    }
    return count;
}

char *calo_terminal_text(const char *text, size_t columns)
{
    size_t count = count_columns(text), column = 0, skip_from = (columns - 2) / 2;
    size_t skip_to = count > columns ? skip_from + count - columns + 3 : skip_from; /* wide ones may stick out by one */
    char *result = malloc(strlen(text) + 3), *to = result;
    bool shown, dotted = false;
    while (result && *text) {
        size_t length = calo_shown_character(text, &shown);
        bool left_out = column >= skip_from && column < skip_to;
        if (left_out && !dotted) {
            memcpy(to, "..", 2);
            to += 2;
            dotted = true;
        }
        if (!left_out && shown) {
            memcpy(to, text, length);
            to += length;
        } else if (!left_out) {
            *to++ = '?';
        }
        column += width_of(length);
        text += length;
    }
    if (result)
        *to = '\0';
    return result;
}
