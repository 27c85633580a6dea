#include "dataset/list_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

enum { DEPTH_MAX = 256 };

typedef struct walk {
    calo_walk_visit visit;
    void *user;
    calo_error *err;
    char *const *pattern; /* the parts of a glob behind its fixed folder; NULL: all objects' files */
    size_t pattern_count;
    const char *parts[DEPTH_MAX]; /* of the path, from the folder where the walk began */
    size_t depth;
} walk;

/* What Objaverse-XL holds, and what else is common. XML is not here: it may be anything. */
static const char *const endings[] = {
    "3ds", "3mf", "abc",  "blend", "dae", "fbx", "glb",  "gltf", "iges", "igs",  "lwo", "max", "mjcf", "obj", "off",
    "ply", "step", "stl", "stp",   "usd", "usda", "usdc", "usdz", "vrm",  "wrl", "x",   "x3d", "xyz",  "zae",
};

bool calo_is_object_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

bool calo_is_glob(const char *text) { return strpbrk(text, "*?[") != NULL; }

/* Whether the parts of a path match; `partly`: whether those of something in this folder may. */
static bool matches(char *const *pattern, size_t pattern_count, const char *const *parts, size_t count, bool partly)
{
    if (pattern_count == 0)
        return count == 0 && !partly;
    if (count == 0 && partly)
        return true;
    if (strcmp(pattern[0], "**") == 0)
        return matches(pattern + 1, pattern_count - 1, parts, count, partly) ||
               (count > 0 && parts[0][0] != '.' && matches(pattern, pattern_count, parts + 1, count - 1, partly));
    return count > 0 && fnmatch(pattern[0], parts[0], FNM_PERIOD) == 0 &&
           matches(pattern + 1, pattern_count - 1, parts + 1, count - 1, partly);
}

static bool is_wanted(const walk *w, bool partly)
{
    if (w->pattern)
        return matches(w->pattern, w->pattern_count, w->parts, w->depth, partly);
    const char *name = w->parts[w->depth - 1];
    return name[0] != '.' && (partly || calo_is_object_name(name));
}

/* Below a ** and in whole folders links could lead round in circles. */
static bool follows_links(const walk *w)
{
    for (size_t i = 0; w->pattern && i < w->pattern_count && i < w->depth; i++)
        if (strcmp(w->pattern[i], "**") == 0)
            return false;
    return w->pattern != NULL;
}

static int keep_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static calo_status walk_folder(walk *w, const char *folder);

static calo_status walk_entry(walk *w, const char *folder, const struct dirent *entry)
{
    struct stat about;
    calo_status status = CALO_OK;
    w->parts[w->depth++] = entry->d_name;
    bool file = is_wanted(w, false), inside = is_wanted(w, true);
    size_t length = strlen(folder);
    char *path = !file && !inside ? NULL
                                  : calo_text_format("%s%s%s", folder, length && folder[length - 1] != '/' ? "/" : "",
                                                     entry->d_name);
    if (!file && !inside)
        goto done;
    if (!path) {
        status = calo_fail_memory(w->err, "a path", length);
        goto done;
    }
    bool is_link = lstat(path, &about) == 0 && S_ISLNK(about.st_mode);
    bool found = !is_link || stat(path, &about) == 0;
    if (file && !(found && S_ISDIR(about.st_mode)))
        status = w->visit(w->user, path, w->err); /* also a broken link: it is reported as missing */
    else if (inside && found && S_ISDIR(about.st_mode) && (!is_link || follows_links(w)))
        status = walk_folder(w, path);
done:
    free(path);
    w->depth--;
    return status;
}

static calo_status walk_folder(walk *w, const char *folder)
{
    struct dirent **entries = NULL;
    calo_status status = CALO_OK;
    if (w->depth == DEPTH_MAX)
        return calo_fail(w->err, CALO_ERROR_LIMIT, "%.700s: folders lie in one another more than %d deep", folder,
                         DEPTH_MAX);
    int count = scandir(*folder ? folder : ".", &entries, keep_entry, compare_entries);
    if (count < 0)
        return calo_fail(w->err, CALO_ERROR_IO, "%s: cannot read the folder: %s", *folder ? folder : ".",
                         strerror(errno));
    for (int i = 0; i < count; i++) {
        if (status == CALO_OK)
            status = walk_entry(w, folder, entries[i]);
        free(entries[i]);
    }
    free(entries);
    return status;
}

calo_status calo_walk_folder(const char *folder, calo_walk_visit visit, void *user, calo_error *err)
{
    walk w = {.visit = visit, .user = user, .err = err};
    return walk_folder(&w, folder);
}

/* The length of the folders in front of the first part with a wildcard: of "a/b/" in a/b/?.glb. */
static size_t fixed_length(const char *pattern)
{
    size_t length = strcspn(pattern, "*?[");
    while (length > 0 && pattern[length - 1] != '/')
        length--;
    return length;
}

calo_status calo_walk_glob(const char *pattern, calo_walk_visit visit, void *user, calo_error *err)
{
    size_t fixed = fixed_length(pattern), count = 0;
    char *parts[DEPTH_MAX], *next = NULL;
    struct stat about;
    char *folder = strndup(pattern, fixed), *rest = strdup(pattern + fixed);
    calo_status status = CALO_OK;
    if (!folder || !rest) {
        status = calo_fail_memory(err, "a pattern", strlen(pattern));
        goto done;
    }
    for (char *part = strtok_r(rest, "/", &next); part && count < DEPTH_MAX; part = strtok_r(NULL, "/", &next))
        if (strcmp(part, "**") != 0 || count == 0 || strcmp(parts[count - 1], "**") != 0)
            parts[count++] = part;
    walk w = {.visit = visit, .user = user, .err = err, .pattern = parts, .pattern_count = count};
    if (!*folder || (stat(folder, &about) == 0 && S_ISDIR(about.st_mode)))
        status = walk_folder(&w, folder);
done:
    free(folder);
    free(rest);
    return status;
}
