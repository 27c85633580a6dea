#include "dataset/report_data.h"

static void put_fact(void *user, const char *key, const char *text) { calo_json_text(user, key, text); }

static void put_failures(calo_json_writer *json, const calo_report_data *data)
{
    calo_json_open(json, "failures", '[');
    for (int reason = 0; reason < CALO_REASON_COUNT; reason++) {
        if (data->status.tally.failed_by[reason] == 0)
            continue;
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "reason", calo_reason_name((calo_reason)reason));
        calo_json_unsigned(json, "count", data->status.tally.failed_by[reason]);
        calo_json_open(json, "examples", '[');
        for (size_t i = 0; i < data->example_counts[reason]; i++) {
            calo_json_open(json, NULL, '{');
            calo_json_text(json, "file_identifier", data->examples[reason][i].file_identifier);
            calo_json_text(json, "message", data->examples[reason][i].message);
            calo_json_close(json, '}');
        }
        calo_json_close(json, ']');
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

static void put_counts(calo_json_writer *json, const char *key, const calo_name_counts *counts)
{
    calo_json_open(json, key, '{');
    for (size_t i = 0; i < counts->count; i++)
        calo_json_unsigned(json, counts->names[i].name, counts->names[i].count);
    calo_json_close(json, '}');
}

/* Where the time went: inside workers by stage, and what is done beside them. */
static void put_seconds(calo_json_writer *json, const calo_tally *tally)
{
    calo_json_open(json, "seconds", '{');
    calo_json_number(json, "fetch", tally->fetch_seconds);
    calo_json_number(json, "workers", tally->render_seconds);
    calo_json_number(json, "write", tally->write_seconds);
    calo_json_open(json, "stages", '{');
    for (size_t i = 0; i < tally->stages.count; i++)
        calo_json_number(json, tally->stages.names[i].name, tally->stages.names[i].sum);
    calo_json_close(json, '}');
    calo_json_close(json, '}');
}

static void put_throughput(calo_json_writer *json, const calo_tally *tally)
{
    double rendered[CALO_TALLY_BUCKETS], failed[CALO_TALLY_BUCKETS];
    size_t count = (size_t)(calo_tally_alive_seconds(tally, 0) / tally->bucket_seconds) + 1;
    if (count > CALO_TALLY_BUCKETS)
        count = CALO_TALLY_BUCKETS;
    for (size_t i = 0; i < count; i++) {
        rendered[i] = (double)tally->buckets[i].rendered;
        failed[i] = (double)tally->buckets[i].failed;
    }
    calo_json_open(json, "throughput", '{');
    calo_json_number(json, "bucket_seconds", tally->bucket_seconds);
    calo_json_numbers(json, "rendered", rendered, count);
    calo_json_numbers(json, "failed", failed, count);
    calo_json_numbers(json, "sessions_begin_seconds", tally->session_marks,
                      tally->sessions < CALO_TALLY_MARKS ? (size_t)tally->sessions : CALO_TALLY_MARKS);
    calo_json_close(json, '}');
}

calo_status calo_report_json(const calo_report_data *data, calo_blob *text, calo_error *err)
{
    const calo_tally *tally = &data->status.tally;
    calo_json_writer json = calo_json_start(text, err);
    calo_json_open(&json, NULL, '{');
    calo_run_status_members(&data->status, &json);
    calo_json_number(&json, "began_unix_seconds", tally->first_time);
    calo_json_number(&json, "ended_unix_seconds", tally->last_time);
    put_failures(&json, data);
    put_counts(&json, "quality_flags", &tally->flags);
    put_counts(&json, "warnings", &tally->warnings);
    put_seconds(&json, tally);
    put_throughput(&json, tally);
    calo_json_open(&json, "session", '{');
    if (tally->start_facts)
        calo_facts_visit(tally->start_facts, put_fact, &json);
    calo_json_close(&json, '}');
    calo_json_text(&json, "version", calo_version());
    calo_json_close(&json, '}');
    return json.status;
}
