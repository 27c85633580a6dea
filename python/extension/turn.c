/* One call at a time: a lock with an eye on Ctrl-C and on forks. And what a call asks Python while it runs without the
 * GIL. */
#include "extension.h"

#include <unistd.h>

bool turn_start(call_turn *turn)
{
    *turn = (call_turn){.lock = PyThread_allocate_lock()};
    if (!turn->lock)
        PyErr_NoMemory();
    return turn->lock != NULL;
}

void turn_finish(call_turn *turn)
{
    if (turn->lock)
        PyThread_free_lock(turn->lock);
    turn->lock = NULL;
}

/* Another process's thread cannot give the lock back. */
bool turn_is_stuck(const call_turn *turn) { return turn->owner && turn->process != getpid(); }

bool turn_is_own(const call_turn *turn) { return turn->lock && turn->owner == PyThread_get_thread_ident(); }

bool turn_take(call_turn *turn, const char *what)
{
    enum { PATIENCE_MICROSECONDS = 50000 };
    PyLockStatus status = (PyLockStatus)PyThread_acquire_lock(turn->lock, NOWAIT_LOCK);
    while (status != PY_LOCK_ACQUIRED) {
        if (turn_is_stuck(turn)) {
            raise_argument("%s was in the middle of a call on another thread when this process was forked: make another "
                           "one", what);
            return false;
        }
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(turn->lock, PATIENCE_MICROSECONDS, 0);
        Py_END_ALLOW_THREADS
        if (status != PY_LOCK_ACQUIRED && PyErr_CheckSignals() != 0)
            return false;
    }
    turn->owner = PyThread_get_thread_ident();
    turn->process = getpid();
    return true;
}

void turn_leave(call_turn *turn)
{
    turn->owner = 0;
    PyThread_release_lock(turn->lock);
}

bool call_listens(python_call *call, PyObject *progress)
{
    call->progress = progress == Py_None ? NULL : progress;
    if (call->progress && !PyCallable_Check(call->progress)) {
        raise_argument("progress must be a function of (done, total)");
        return false;
    }
    return true;
}

bool call_report(python_call *call)
{
    if (!call->progress)
        return true;
    size_t done = atomic_load_explicit(&call->done, memory_order_relaxed);
    PyObject *answer = PyObject_CallFunction(call->progress, "nn", (Py_ssize_t)done, (Py_ssize_t)call->count);
    Py_XDECREF(answer);
    return answer != NULL;
}

calo_status call_poll(void *user, calo_error *err)
{
    python_call *call = user;
    PyEval_RestoreThread(call->thread);
    bool go_on = PyErr_CheckSignals() == 0 && call_report(call);
    call->thread = PyEval_SaveThread();
    if (!go_on)
        err->status = CALO_ERROR_CANCELLED;
    return go_on ? CALO_OK : CALO_ERROR_CANCELLED;
}
