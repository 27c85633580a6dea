#include "transfer/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

enum { MAX_FILE_BYTES = 1 << 20 };

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void calo_credentials_finish(calo_credentials *credentials)
{
    wipe(&credentials->access_key);
    wipe(&credentials->secret_key);
    wipe(&credentials->session_token);
}

/* ---- the file: [profile] and "name = value" lines ---- */

static calo_text trimmed(calo_text text)
{
    calo_text_skip_blanks(&text);
    while (text.end > text.at && (text.end[-1] == ' ' || text.end[-1] == '\t'))
        text.end--;
    return text;
}

static bool is(calo_text text, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(text.end - text.at) == length && memcmp(text.at, word, length) == 0;
}

/* Whether the line is "[...]"; if so, `name` is what stands in it. */
static bool is_section(calo_text line, calo_text *name)
{
    if (line.at == line.end || *line.at != '[')
        return false;
    const char *close = memchr(line.at, ']', (size_t)(line.end - line.at));
    *name = trimmed((calo_text){line.at + 1, close ? close : line.end});
    return true;
}

static calo_status keep_setting(calo_credentials *credentials, calo_text line, calo_error *err)
{
    const char *equals = memchr(line.at, '=', (size_t)(line.end - line.at));
    if (!equals || *line.at == '#' || *line.at == ';')
        return CALO_OK;
    calo_text name = trimmed((calo_text){line.at, equals}), value = trimmed((calo_text){equals + 1, line.end});
    char **to = NULL;
    if (is(name, "aws_access_key_id"))
        to = &credentials->access_key;
    else if (is(name, "aws_secret_access_key"))
        to = &credentials->secret_key;
    else if (is(name, "aws_session_token"))
        to = &credentials->session_token;
    if (!to || value.at == value.end)
        return CALO_OK;
    wipe(to);
    *to = strndup(value.at, (size_t)(value.end - value.at));
    return *to ? CALO_OK : calo_fail_memory(err, "credentials", (size_t)(value.end - value.at));
}

calo_status calo_credentials_parse(const char *text, size_t size, const char *profile, calo_credentials *credentials,
                                   bool *found, calo_error *err)
{
    calo_text all = {text, text + size}, line, name;
    calo_status status = CALO_OK;
    bool inside = false;
    *found = false;
    while (status == CALO_OK && calo_text_line(&all, &line)) {
        line = trimmed(line);
        if (line.at == line.end)
            continue;
        if (is_section(line, &name)) {
            inside = is(name, profile);
            *found |= inside;
        } else if (inside) {
            status = keep_setting(credentials, line, err);
        }
    }
    return status;
}

/* ---- where they come from ---- */

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static calo_status copy(char **to, const char *text, calo_error *err)
{
    if (!text)
        return CALO_OK;
    *to = strdup(text);
    return *to ? CALO_OK : calo_fail_memory(err, "credentials", strlen(text));
}

static calo_status load_environment(calo_credentials *credentials, calo_error *err)
{
    const char *key = environment("AWS_ACCESS_KEY_ID"), *secret = environment("AWS_SECRET_ACCESS_KEY");
    if (!key && !secret)
        return CALO_OK;
    if (!key || !secret)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "%s is set in the environment, but %s is not: set both, or neither",
                         key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                         key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    calo_status status = copy(&credentials->access_key, key, err);
    if (status == CALO_OK)
        status = copy(&credentials->secret_key, secret, err);
    return status == CALO_OK ? copy(&credentials->session_token, environment("AWS_SESSION_TOKEN"), err) : status;
}

static calo_status load_profile(const char *path, const char *asked, calo_credentials *credentials, calo_error *err)
{
    calo_file file = {0};
    bool found = false;
    const char *profile = asked ? asked : "default";
    calo_status status = calo_file_read(path, MAX_FILE_BYTES, &file, err);
    if (status == CALO_ERROR_NOT_FOUND && !asked) {
        if (err)
            *err = (calo_error){0};
        return CALO_OK;
    }
    if (status == CALO_OK)
        status = calo_credentials_parse((const char *)file.bytes, file.size, profile, credentials, &found, err);
    if (file.bytes)
        explicit_bzero(file.bytes, file.size);
    calo_file_finish(&file);
    if (status != CALO_OK)
        return status;
    if (asked && !found)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: there is no profile [%s], which AWS_PROFILE asks for", path,
                         profile);
    if (!credentials->access_key != !credentials->secret_key)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: the profile [%s] needs both aws_access_key_id and "
                         "aws_secret_access_key", path, profile);
    return CALO_OK;
}

calo_status calo_credentials_load(calo_credentials *credentials, calo_error *err)
{
    const char *named = environment("AWS_SHARED_CREDENTIALS_FILE"), *home = environment("HOME");
    *credentials = (calo_credentials){0};
    calo_status status = load_environment(credentials, err);
    if (status == CALO_OK && !credentials->access_key && (named || home)) {
        char *path = named ? strdup(named) : calo_text_format("%s/.aws/credentials", home);
        status = path ? load_profile(path, environment("AWS_PROFILE"), credentials, err)
                      : calo_fail_memory(err, "a path", 0);
        free(path);
    }
    if (status != CALO_OK)
        calo_credentials_finish(credentials);
    return status;
}
