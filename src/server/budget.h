/* Memory for decoding a message, no more than is in proportion to it. */
#ifndef CALO_SERVER_BUDGET_H
#define CALO_SERVER_BUDGET_H

#include <protobuf-c/protobuf-c.h>

typedef struct calo_budget {
    size_t left; /* bytes that may still be taken */
} calo_budget;

/* For protobuf-c's functions; the budget must outlive it. */
ProtobufCAllocator calo_budget_allocator(calo_budget *budget);

#endif
