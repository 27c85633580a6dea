#include "dataset/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { PAGE_ITEMS = 1024 };

void *calo_pages_find(const calo_pages *pages, uint64_t index)
{
    uint64_t page = index / PAGE_ITEMS;
    if (page >= pages->page_count || !pages->pages[page])
        return NULL;
    return (char *)pages->pages[page] + (size_t)(index % PAGE_ITEMS) * pages->item_bytes;
}

static calo_status grow(calo_pages *pages, size_t needed, calo_error *err)
{
    size_t count = needed + needed / 2 + 16;
    void **larger = realloc(pages->pages, count * sizeof *larger);
    if (!larger)
        return calo_fail_memory(err, "the history of a run", count * sizeof *larger);
    memset(larger + pages->page_count, 0, (count - pages->page_count) * sizeof *larger);
    pages->pages = larger;
    pages->page_count = count;
    return CALO_OK;
}

calo_status calo_pages_take(calo_pages *pages, uint64_t index, void **item, calo_error *err)
{
    if (index > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "the number %llu of a sample or part is over the limit of %u",
                         (unsigned long long)index, UINT32_MAX);
    size_t page = (size_t)(index / PAGE_ITEMS);
    calo_status status = page < pages->page_count ? CALO_OK : grow(pages, page + 1, err);
    if (status == CALO_OK && !pages->pages[page] && !(pages->pages[page] = calloc(PAGE_ITEMS, pages->item_bytes)))
        status = calo_fail_memory(err, "the history of a run", PAGE_ITEMS * pages->item_bytes);
    *item = status == CALO_OK ? calo_pages_find(pages, index) : NULL;
    return status;
}

void calo_pages_finish(calo_pages *pages)
{
    for (size_t i = 0; i < pages->page_count; i++)
        free(pages->pages[i]);
    free(pages->pages);
    *pages = (calo_pages){.item_bytes = pages->item_bytes};
}
