/* What a run has done so far, from its journal: bits a sample and a part, no texts. */
#ifndef CALO_DATASET_HISTORY_H
#define CALO_DATASET_HISTORY_H

#include "dataset/journal.h"

/* Memory: 12 bytes a sample and 8 a part, in pages of a thousand. Immutable once read; one thread at a time. */
typedef struct calo_history calo_history;
typedef enum calo_sample_state { CALO_SAMPLE_OPEN = 0, CALO_SAMPLE_STAGED, CALO_SAMPLE_FAILED, CALO_SAMPLE_DONE } calo_sample_state;

/* Reads the journal (a million lines in some two seconds); without one nothing has been done. `samples`, `parts`: how many
 * there are, so that a journal of another list is an error; 0: not known (a queue's).
 * A sample's first failure and a part's first arrival are final: later events of them do not count. */
calo_status calo_history_read(const char *run_folder, uint64_t samples, uint64_t parts, calo_history **history, calo_error *err);
void calo_history_destroy(calo_history *history);
bool calo_history_part_done(const calo_history *history, uint64_t part);
/* DONE: staged, and its part is in the destination. */
calo_sample_state calo_history_sample(const calo_history *history, uint64_t sample);
uint64_t calo_history_parts_done(const calo_history *history);
/* Of a STAGED or DONE sample, or of a FAILED one: the event as it was, read from the journal. The caller finishes the copy. */
calo_status calo_history_staged(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err);
calo_status calo_history_failed(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err);
/* Of a part that is done. */
calo_status calo_history_part(const calo_history *history, uint64_t part, calo_event_copy *copy, calo_error *err);

#endif
