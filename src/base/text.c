#include "base/text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }
static bool is_line_end(char c) { return c == '\n' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

void calo_text_skip_blanks(calo_text *text)
{
    while (text->at < text->end && is_blank(*text->at))
        text->at++;
}

size_t calo_text_word(calo_text *text, const char **word)
{
    calo_text_skip_blanks(text);
    *word = text->at;
    while (text->at < text->end && !is_blank(*text->at) && !is_line_end(*text->at))
        text->at++;
    return (size_t)(text->at - *word);
}

bool calo_text_line(calo_text *text, calo_text *line)
{
    if (text->at >= text->end)
        return false;
    line->at = text->at;
    while (text->at < text->end && !is_line_end(*text->at))
        text->at++;
    line->end = text->at;
    if (text->at < text->end && *text->at == '\r')
        text->at++;
    if (text->at < text->end && *text->at == '\n' && (text->at == line->end || text->at[-1] == '\r'))
        text->at++;
    return true;
}

static bool take_letters(calo_text *text, const char *letters)
{
    size_t length = strlen(letters);
    if ((size_t)(text->end - text->at) < length || strncasecmp(text->at, letters, length) != 0)
        return false;
    text->at += length;
    return true;
}

/* 10^power; exact up to 22, beyond that within 1e-14. */
static double power_of_ten(int power)
{
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value = 1;
    for (; power > 22; power -= 22)
        value *= 1e22;
    return value * exact[power];
}

typedef struct decimal {
    uint64_t digits;
    int exponent;
    bool any;
} decimal;

/* Digits past the 19th only move the exponent. */
static void take_digits(calo_text *text, decimal *number, int exponent_step_kept, int exponent_step_dropped)
{
    for (; text->at < text->end && is_digit(*text->at); text->at++) {
        number->any = true;
        if (number->digits < 1000000000000000000u) {
            number->digits = number->digits * 10 + (uint64_t)(*text->at - '0');
            number->exponent += exponent_step_kept;
        } else {
            number->exponent += exponent_step_dropped;
        }
    }
}

static void take_exponent(calo_text *text, decimal *number)
{
    calo_text ahead = *text;
    if (ahead.at >= ahead.end || (*ahead.at != 'e' && *ahead.at != 'E'))
        return;
    ahead.at++;
    bool negative = ahead.at < ahead.end && *ahead.at == '-';
    if (ahead.at < ahead.end && (*ahead.at == '-' || *ahead.at == '+'))
        ahead.at++;
    if (ahead.at >= ahead.end || !is_digit(*ahead.at))
        return;
    int exponent = 0;
    for (; ahead.at < ahead.end && is_digit(*ahead.at); ahead.at++)
        if (exponent < 100000)
            exponent = exponent * 10 + (*ahead.at - '0');
    number->exponent += negative ? -exponent : exponent;
    *text = ahead;
}

static double decimal_value(const decimal *number)
{
    double value = (double)number->digits;
    if (number->digits == 0 || number->exponent == 0)
        return value;
    if (number->exponent > 330)
        return INFINITY;
    if (number->exponent < -360)
        return 0;
    if (number->exponent > 0)
        return value * power_of_ten(number->exponent);
    /* In two steps, so that the divisor stays finite. */
    int low = number->exponent < -300 ? -number->exponent - 300 : 0;
    return value / power_of_ten(-number->exponent - low) / power_of_ten(low);
}

bool calo_text_double(calo_text *text, double *value)
{
    calo_text ahead = *text;
    calo_text_skip_blanks(&ahead);
    bool negative = ahead.at < ahead.end && *ahead.at == '-';
    if (ahead.at < ahead.end && (*ahead.at == '-' || *ahead.at == '+'))
        ahead.at++;
    decimal number = {0};
    bool letters = ahead.at < ahead.end && *ahead.at > '9'; /* spares the usual number the comparisons */
    if (letters && take_letters(&ahead, "nan")) {
        *value = NAN;
    } else if (letters && (take_letters(&ahead, "infinity") || take_letters(&ahead, "inf"))) {
        *value = negative ? -INFINITY : INFINITY;
    } else {
        take_digits(&ahead, &number, 0, 1);
        if (ahead.at < ahead.end && *ahead.at == '.') {
            ahead.at++;
            take_digits(&ahead, &number, -1, 0);
        }
        if (!number.any)
            return false;
        take_exponent(&ahead, &number);
        double magnitude = decimal_value(&number);
        *value = negative ? -magnitude : magnitude;
    }
    *text = ahead;
    return true;
}

bool calo_text_float(calo_text *text, float *value)
{
    double wide;
    if (!calo_text_double(text, &wide))
        return false;
    *value = (float)wide;
    return true;
}

bool calo_text_integer(calo_text *text, int64_t *value)
{
    calo_text ahead = *text;
    calo_text_skip_blanks(&ahead);
    bool negative = ahead.at < ahead.end && *ahead.at == '-';
    if (ahead.at < ahead.end && (*ahead.at == '-' || *ahead.at == '+'))
        ahead.at++;
    if (ahead.at >= ahead.end || !is_digit(*ahead.at))
        return false;
    int64_t number = 0;
    for (; ahead.at < ahead.end && is_digit(*ahead.at); ahead.at++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *ahead.at - '0', &number))
            return false;
    *value = negative ? -number : number;
    *text = ahead;
    return true;
}

bool calo_parse_double(const char *string, double *value)
{
    calo_text text = {string, string + strlen(string)};
    return calo_text_double(&text, value) && text.at == text.end;
}

bool calo_parse_integer(const char *string, int64_t *value)
{
    calo_text text = {string, string + strlen(string)};
    return calo_text_integer(&text, value) && text.at == text.end;
}

size_t calo_utf8_length(const char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *at = (const uint8_t *)text;
    size_t length = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0;
    uint32_t code = length < 2 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (at[i] >> 6 != 2) /* also at the end of the text */
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return length > 1 && (code < least[length] || code > 0x10ffff || surrogate) ? 0 : length;
}

bool calo_text_is_utf8(const char *text)
{
    for (size_t length; *text; text += length)
        if ((length = calo_utf8_length(text)) == 0)
            return false;
    return true;
}
