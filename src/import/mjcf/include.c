/* <include file="..."/>: the children of the file's root take the element's place. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "import/mjcf/mend.h"

/* Files that are open at the moment would be included for ever; MuJoCo forbids every second time. */
typedef struct included {
    const char *path;
    struct included *next;
} included;

static calo_status fail_at(const calo_mjcf_mender *m, const calo_mjcf_element *e, calo_status status)
{
    return calo_fail_within(m->err, status, "%s: line %llu, <include>", e->file, (unsigned long long)e->line);
}

/* In the folder of the model, or else of the file that includes. */
static calo_status find_file(const calo_mjcf_mender *m, const calo_mjcf_element *e, char **path)
{
    const char *name = calo_mjcf_xml_get(e, "file");
    calo_import_source including = *m->source;
    calo_mjcf_mender nearby = *m;
    if (!name)
        return calo_fail(m->err, CALO_ERROR_FORMAT, "%s: line %llu: <include> needs the attribute file", e->file,
                         (unsigned long long)e->line);
    calo_status status = calo_mjcf_mend_path(m, "", name, path, m->err);
    if (status == CALO_ERROR_NOT_FOUND && strcmp(e->file, m->source->path) != 0) {
        including.path = e->file;
        nearby.source = &including;
        status = calo_mjcf_mend_path(&nearby, "", name, path, m->err);
    }
    return status == CALO_OK ? CALO_OK : fail_at(m, e, status);
}

static calo_status remember(const calo_mjcf_mender *m, const calo_mjcf_element *e, included **list, const char *path)
{
    calo_arena *arena = &m->mended->arena;
    for (const included *i = *list; i; i = i->next)
        if (strcmp(i->path, path) == 0)
            return calo_fail(m->err, CALO_ERROR_FORMAT, "%s: line %llu: \"%s\" is included for the second time",
                             e->file, (unsigned long long)e->line, calo_mjcf_xml_get(e, "file"));
    included *item = CALO_ARENA_TAKE(arena, included, 1, "an included file", m->err);
    if (!item || !(item->path = calo_arena_text(arena, path, strlen(path), m->err)))
        return calo_failed(m->err);
    item->next = *list;
    *list = item;
    return CALO_OK;
}

static calo_status read_file(calo_mjcf_mender *m, const calo_mjcf_element *e, const char *path,
                             calo_mjcf_element **root)
{
    calo_file file = {0};
    calo_status status = calo_file_read(path, m->source->limits.max_file_bytes, &file, m->err);
    if (status == CALO_OK)
        status = calo_mjcf_xml_parse(file.bytes, file.size, path, &m->mended->arena, root, m->err);
    calo_file_finish(&file);
    return status == CALO_OK ? calo_mjcf_mend_linked(m, calo_mjcf_xml_get(e, "file")) : status;
}

/* Takes the element out of its parent's list and puts the root's children there. */
static void splice(calo_mjcf_element *e, calo_mjcf_element *root)
{
    calo_mjcf_element **link = &e->parent->first_child, *previous = NULL;
    while (*link != e) {
        previous = *link;
        link = &(*link)->next;
    }
    for (calo_mjcf_element *child = root->first_child; child; child = child->next)
        child->parent = e->parent;
    *link = root->first_child ? root->first_child : e->next;
    if (root->last_child)
        root->last_child->next = e->next;
    if (e->parent->last_child == e)
        e->parent->last_child = root->last_child ? root->last_child : previous;
}

static calo_status include(calo_mjcf_mender *m, calo_mjcf_element *e, included **list)
{
    calo_mjcf_element *root = NULL;
    char *path = NULL;
    if (e->first_child)
        return calo_fail(m->err, CALO_ERROR_FORMAT, "%s: line %llu: <include> may not have children", e->file,
                         (unsigned long long)e->line);
    calo_status status = find_file(m, e, &path);
    if (status == CALO_OK)
        status = remember(m, e, list, path);
    if (status == CALO_OK)
        status = read_file(m, e, path, &root);
    free(path);
    if (status == CALO_OK)
        splice(e, root);
    return status;
}

/* Deep files in deep places could pass what each of them may have. */
static calo_status check_depth(const calo_mjcf_mender *m)
{
    const calo_mjcf_element *root = m->mended->root;
    for (const calo_mjcf_element *e = root; e; e = calo_mjcf_xml_next(root, e)) {
        int depth = 0;
        for (const calo_mjcf_element *up = e; up && depth <= CALO_MJCF_XML_DEPTH; up = up->parent)
            depth++;
        if (depth > CALO_MJCF_XML_DEPTH)
            return calo_fail(m->err, CALO_ERROR_LIMIT, "%s: line %llu: elements stand more than %d deep in each other",
                             e->file, (unsigned long long)e->line, CALO_MJCF_XML_DEPTH);
    }
    return CALO_OK;
}

calo_status calo_mjcf_mend_includes(calo_mjcf_mender *m)
{
    calo_mjcf_element *root = m->mended->root, *e = root;
    included *list = NULL;
    bool any = false;
    while (e) {
        if (strcasecmp(e->name, "include") != 0 || e == root) { /* MuJoCo takes it in any case */
            e = calo_mjcf_xml_next(root, e);
            continue;
        }
        calo_mjcf_element *parent = e->parent, *previous = NULL;
        for (calo_mjcf_element *child = parent->first_child; child != e; child = child->next)
            previous = child;
        calo_status status = include(m, e, &list);
        if (status != CALO_OK)
            return status;
        any = true;
        /* What took its place is looked at next: it may include files, too. */
        calo_mjcf_element *placed = previous ? previous->next : parent->first_child;
        e = placed ? placed : calo_mjcf_xml_after(root, parent);
    }
    return any ? check_depth(m) : CALO_OK;
}
