/* Which URLs are files in git repositories. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "dataset/fetch_names.h"
#include "dataset/object_json.h"
#include "dataset/repository.h"

/* No word of it can be an option, a range, or leave the repository. */
static bool is_commit(const char *text)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-";
    return *text && *text != '-' && *text != '.' && text[strspn(text, letters)] == '\0' && !strstr(text, "..");
}

static bool is_inner_path(const char *path)
{
    if (calo_identifier_fault(path) || strchr(path, '\\'))
        return false;
    for (const char *part = path;; part++) {
        size_t length = strcspn(part, "/");
        bool bad = length == 0 || (length == 1 && part[0] == '.') || (length == 2 && memcmp(part, "..", 2) == 0) ||
                   (length == 4 && strncasecmp(part, ".git", 4) == 0);
        if (bad)
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

/* Behind the scheme: the words between slashes must be there. */
static bool has_parts(const char *text, const char *end, int least)
{
    int parts = 0;
    for (const char *at = text; at < end; parts++) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *part_end = slash ? slash : end;
        if (part_end == at)
            return false;
        at = part_end + 1;
    }
    return parts >= least;
}

/* Where the repository's URL ends and the commit begins; NULL: it is none. */
static const char *find_split(const char *location, const char **commit)
{
    const char *body = strstr(location, "://"), *split = NULL, *word = "/-/blob/";
    if (!body)
        return NULL;
    body += 3;
    bool web = strncmp(location, "https://", 8) == 0 || strncmp(location, "http://", 7) == 0;
    if (web && (split = strstr(body, word)) && !has_parts(body, split, 3))
        return NULL;
    if (!split) {
        word = "/blob/";
        split = strstr(body, word);
        bool github = web && strncmp(body, "github.com/", 11) == 0 && split && has_parts(body, split, 3);
        bool local = strncmp(location, "file:///", 8) == 0 && split && has_parts(body + 1, split, 1);
        if (!github && !local)
            return NULL;
    }
    *commit = split + strlen(word);
    return split;
}

bool calo_repository_parse(const char *location, calo_repository_place *place)
{
    const char *commit = NULL, *split = find_split(location, &commit);
    const char *slash = split ? strchr(commit, '/') : NULL;
    *place = (calo_repository_place){0};
    if (!slash)
        return false;
    place->url = strndup(location, (size_t)(split - location));
    place->commit = strndup(commit, (size_t)(slash - commit));
    place->path = strdup(slash + 1);
    place->decoded_path = calo_url_decode(slash + 1, strlen(slash + 1));
    if (place->decoded_path && (strcmp(place->decoded_path, slash + 1) == 0 || !is_inner_path(place->decoded_path))) {
        free(place->decoded_path);
        place->decoded_path = NULL;
    }
    if (place->url && place->commit && place->path && is_commit(place->commit) && is_inner_path(place->path))
        return true;
    calo_repository_place_finish(place);
    return false;
}

void calo_repository_place_finish(calo_repository_place *place)
{
    free(place->url);
    free(place->commit);
    free(place->path);
    free(place->decoded_path);
    *place = (calo_repository_place){0};
}
