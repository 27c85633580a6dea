/* What a run has done so far, from its journal: bits a sample and a part, no texts. */
#ifndef CALO_DATASET_HISTORY_H
#define CALO_DATASET_HISTORY_H

#include "dataset/journal.h"

/* Memory: 12 bytes a sample and 8 a part, in pages of a thousand. Immutable once read; one thread at a time. */
typedef struct calo_history calo_history;
typedef enum calo_sample_state { CALO_SAMPLE_OPEN = 0, CALO_SAMPLE_STAGED, CALO_SAMPLE_FAILED, CALO_SAMPLE_DONE } calo_sample_state;

/* Reads the journal (a million lines in some two seconds); without one nothing has been done. `samples`, `parts`: how many
 * there are, so that a journal of another list is an error; 0: not known (a queue's).
 * Of several events of a sample or a part the last one counts; but what is in the destination is final. */
calo_status calo_history_read(const char *run_folder, uint64_t samples, uint64_t parts, calo_history **history, calo_error *err);
void calo_history_destroy(calo_history *history);
bool calo_history_part_done(const calo_history *history, uint64_t part);
/* The part is done, and nothing of it is in the destination, since all of its samples failed: trying them again makes it. */
bool calo_history_part_empty(const calo_history *history, uint64_t part);
/* DONE: staged, and its part is in the destination. */
calo_sample_state calo_history_sample(const calo_history *history, uint64_t sample);
uint64_t calo_history_parts_done(const calo_history *history);
/* Of a STAGED or DONE sample, or of a FAILED one: the event as it was, read from the journal. The caller finishes the copy. */
calo_status calo_history_staged(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err);
calo_status calo_history_failed(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err);
/* Of a part that is done. */
calo_status calo_history_part(const calo_history *history, uint64_t part, calo_event_copy *copy, calo_error *err);

/* Whether the event of the journal's byte `offset` is the one that counts for its sample or part. */
bool calo_history_counts(const calo_history *history, const calo_event *event, uint64_t offset);

#endif
