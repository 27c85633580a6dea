#include "server/budget.h"

#include <stdlib.h>

static void *take(void *user, size_t size)
{
    calo_budget *budget = user;
    if (size > budget->left)
        return NULL;
    budget->left -= size;
    return malloc(size ? size : 1);
}

static void give_back(void *user, void *memory)
{
    (void)user;
    free(memory);
}

ProtobufCAllocator calo_budget_allocator(calo_budget *budget) { return (ProtobufCAllocator){take, give_back, budget}; }
