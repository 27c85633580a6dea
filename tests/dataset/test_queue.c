/* A plan's queue: shards, what is done and what is given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataset/queue.h"
#include "list_sample.h"

enum { OBJECTS = 10 };

typedef struct sample {
    char folder[SAMPLE_PATH_BYTES];
    calo_object_list *list;
    calo_plan *plan;
} sample;

static int set_up(void **state)
{
    static sample s;
    calo_error err = {0};
    const char *const lists[1] = {"list.txt"};
    sample_enter(s.folder);
    sample_text("list.txt", "0.glb\n1.glb\n2.glb\n3.glb\n4.glb\n5.glb\n6.glb\n7.glb\n8.glb\n9.glb\n");
    s.list = sample_list(&(calo_list_options){.lists = lists, .list_count = 1}, NULL, 0);
    assert_int_equal(calo_plan_create(&(calo_plan_options){.package = CALO_PACKAGE_ZIP}, s.list, &s.plan, &err), CALO_OK);
    assert_int_equal(calo_plan_part_count(s.plan), OBJECTS);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    sample *s = *state;
    calo_plan_destroy(s->plan);
    calo_object_list_close(s->list);
    sample_leave(s->folder);
    return 0;
}

static calo_queue *open_shard(const sample *s, uint32_t index, uint32_t count)
{
    calo_queue *queue = NULL;
    calo_error err = {0};
    assert_int_equal(calo_queue_open_plan(s->plan, (calo_shard){index, count}, &queue, &err), CALO_OK);
    return queue;
}

/* -1: the end. */
static int take(calo_queue *queue)
{
    calo_part part = {0};
    calo_queue_state state;
    calo_error err = {0};
    assert_int_equal(calo_queue_take(queue, &part, &state, &err), CALO_OK);
    if (state == CALO_QUEUE_END)
        return -1;
    assert_int_equal(state, CALO_QUEUE_PART);
    int number = (int)part.number;
    calo_part_finish(&part);
    return number;
}

static bool done(calo_queue *queue, uint64_t part)
{
    bool first = false;
    calo_error err = {0};
    assert_int_equal(calo_queue_done(queue, &(calo_queue_result){part, "{}"}, &first, &err), CALO_OK);
    return first;
}

static void shards_divide_the_parts(void **state)
{
    for (uint32_t count = 1; count <= OBJECTS + 2; count++) {
        uint64_t all = 0;
        for (uint32_t index = 0; index < count; index++) {
            calo_queue *queue = open_shard(*state, index, count);
            uint64_t parts, finished;
            calo_queue_counts(queue, &parts, &finished);
            all += parts;
            for (uint32_t part = index; part < OBJECTS; part += count)
                assert_int_equal(take(queue), part);
            assert_int_equal(take(queue), -1);
            calo_queue_close(queue);
        }
        assert_int_equal(all, OBJECTS);
    }
}

static void what_is_done_is_not_taken(void **state)
{
    calo_queue *queue = open_shard(*state, 1, 3); /* 1, 4, 7 */
    uint64_t parts, finished;
    assert_true(done(queue, 4));
    assert_false(done(queue, 4));
    assert_int_equal(take(queue), 1);
    calo_error err = {0};
    assert_int_equal(calo_queue_give_back(queue, 1, &err), CALO_OK);
    assert_int_equal(take(queue), 1);
    assert_int_equal(calo_queue_give_back(queue, 1, &err), CALO_OK);
    assert_true(done(queue, 1));
    assert_int_equal(take(queue), 7);
    assert_int_equal(take(queue), -1);
    calo_queue_counts(queue, &parts, &finished);
    assert_int_equal(parts, 3);
    assert_int_equal(finished, 2);
    assert_null(calo_queue_trouble(queue));
    calo_queue_close(queue);
}

static void parts_of_other_shards_are_refused(void **state)
{
    calo_queue *queue = open_shard(*state, 1, 3);
    bool first;
    const uint64_t wrong[] = {0, 2, 10, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        calo_error err = {0};
        assert_int_equal(calo_queue_done(queue, &(calo_queue_result){wrong[i], "{}"}, &first, &err), CALO_ERROR_ARGUMENT);
        assert_non_null(strstr(err.message, "shard 1/3"));
        assert_int_equal(calo_queue_give_back(queue, wrong[i], &err), CALO_ERROR_ARGUMENT);
    }
    calo_queue_close(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shards_divide_the_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_done_is_not_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_of_other_shards_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
