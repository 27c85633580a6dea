"""Threads, Ctrl-C, forks, the end of the interpreter."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import unittest

import numpy as np

import calotype
from calotype import cameras

import sample


def many_views(count, side=256):
    return cameras.perspective(np.tile(sample.place(z=3), (count, 1, 1)), side, side)


def run(program, **arguments):
    """A program of its own. -> what it printed"""
    folder = os.path.dirname(os.path.abspath(__file__))
    program = f"import sys; sys.path.insert(0, {folder!r})\n" + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", program], capture_output=True, text=True, timeout=60,
                          **arguments)
    if done.returncode != 0:
        raise AssertionError(f"exit status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Counter(threading.Thread):
    """Counts on while another thread is in C."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ticks = 0
        self.stop = False

    def run(self):
        while not self.stop:
            time.sleep(0.001)
            self.ticks += 1

    def while_calling(self, function, enough=6, attempts=10):
        """The most ticks during a call. One that keeps the interpreter allows one before and one after it, however
        long it takes; a machine that is busy with something else needs several attempts at most."""
        self.start()
        most = 0
        while most < enough and attempts:
            attempts -= 1
            before = self.ticks
            function()
            most = max(most, self.ticks - before)
        self.stop = True
        self.join()
        return most


class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scene = calotype.Scene.load(sample.FIELD_CAMERA)

    def test_other_threads_go_on_while_one_renders(self):
        renderer, views = calotype.Renderer("cpu", threads=1), many_views(150)
        prepared = renderer.prepare(self.scene)
        self.assertGreater(Counter().while_calling(lambda: renderer.render(prepared, views, "depth")), 5)

    def test_other_threads_go_on_while_one_loads(self):
        data = b"".join(b"v %d %d 0\n" % (i % 997, i % 991) for i in range(200000))
        data += b"".join(b"f %d %d %d\n" % (i, i + 1, i + 2) for i in range(1, 190000))
        self.assertGreater(Counter().while_calling(lambda: calotype.Scene.from_bytes(data, "a.obj")), 5)

    def test_several_renderers_at_once(self):
        views = cameras.orbit(6, 48, 48)
        expected = calotype.Renderer("cpu", 1).render(self.scene, views, ("color", "depth", "instance_id"))
        wrong = []

        def work(threads):
            renderer = calotype.Renderer("cpu", threads)
            for _ in range(3):
                frames = renderer.render(self.scene, views, ("color", "depth", "instance_id"))
                wrong.extend(name for name in frames if not np.array_equal(frames[name], expected[name]))
        workers = [threading.Thread(target=work, args=(1 + i % 2,)) for i in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(wrong, [])

    def test_one_renderer_for_several_threads(self):
        renderer, wrong = calotype.Renderer("cpu", 1), []
        views = [cameras.orbit(3, 32, 32, seed=seed) for seed in range(4)]
        expected = [renderer.render(self.scene, view, "depth")["depth"] for view in views]

        def work(number):
            for _ in range(5):
                if not np.array_equal(renderer.render(self.scene, views[number], "depth")["depth"], expected[number]):
                    wrong.append(number)
        workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(wrong, [])

    def test_closing_waits_for_the_call(self):
        renderer = calotype.Renderer("cpu", 1)
        prepared = renderer.prepare(self.scene)
        finished, started = [], threading.Event()
        worker = threading.Thread(target=lambda: finished.append(renderer.render(
            prepared, many_views(600, 128), "depth", progress=lambda *unused: started.set())))
        worker.start()
        self.assertTrue(started.wait(60))
        renderer.close()
        worker.join()
        np.testing.assert_array_equal(finished[0]["depth"][-1], finished[0]["depth"][0])
        with self.assertRaisesRegex(calotype.ArgumentError, "closed"):
            renderer.render(prepared, many_views(1))

    def test_closed_renderers(self):
        with calotype.Renderer("cpu", 1) as renderer:
            prepared = renderer.prepare(self.scene)
        renderer.close()
        for use in (lambda: renderer.render(prepared, many_views(1)), lambda: renderer.prepare(self.scene),
                    lambda: renderer.render(self.scene, many_views(1)), lambda: renderer.backend, lambda: renderer.threads):
            with self.assertRaisesRegex(calotype.ArgumentError, "closed"):
                use()
        self.assertEqual(repr(renderer), "<calotype.Renderer, closed>")

    def test_progress_may_change_what_it_wants(self):
        """Lists and arrays of the caller that a progress function changes are not what C looks at."""
        renderer = calotype.Renderer("cpu", 1)
        prepared = [renderer.prepare(self.scene) for _ in range(60)]
        out = {"depth": np.empty((60, 256, 256, 1), np.float32)}

        def spoil(done, total):
            prepared.clear()
            out.clear()
            views.rows[:] = np.nan
        views = many_views(60)
        depth = renderer.render(prepared, views, "depth", out=out, progress=spoil)["depth"]
        np.testing.assert_array_equal(depth[0], depth[-1])
        self.assertEqual((len(prepared), len(out)), (0, 0))


class Processes(unittest.TestCase):
    # One call that takes seconds; its last picture is the last thing that is written.
    PROGRAM = """
        import numpy as np, sys, threading, calotype, sample
        renderer = calotype.Renderer("cpu", 1)
        scene = calotype.Scene.load(sample.FIELD_CAMERA)
        views = calotype.cameras.fibonacci(40000, 64, 64)
        prepared = renderer.prepare(scene, calotype.Pose(fit=views.fit))
        out = {"mask": np.full((len(views), 64, 64, 1), 7, np.uint8)}
        def unfinished():
            return bool((out["mask"][-1] == 7).all())
        """

    def interrupt(self, program):
        """Ctrl-C to a program that says that it is ready. -> what it said then"""
        folder = os.path.dirname(os.path.abspath(__file__))
        program = f"import sys; sys.path.insert(0, {folder!r})\n" + textwrap.dedent(self.PROGRAM) + textwrap.dedent(program)
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
            watchdog = threading.Timer(120, process.kill)
            watchdog.start()
            self.assertEqual(process.stdout.readline(), "ready\n")
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            answer = process.stdout.readline()
            self.assertEqual(process.wait(), 0)
            watchdog.cancel()
        return answer

    def test_ctrl_c_stops_a_long_render(self):
        self.assertEqual(self.interrupt("""
            print("ready", flush=True)
            try:
                renderer.render(prepared, views, "mask", out=out)
            except KeyboardInterrupt:
                depth = renderer.render(sample.quad(), sample.above(), "depth")["depth"]
                print("stopped", unfinished(), depth[0, 8, 8, 0])
            """), "stopped True 3.0\n")

    def test_ctrl_c_ends_waiting_for_another_thread(self):
        self.assertEqual(self.interrupt("""
            started, stop = threading.Event(), []
            def work():
                try:
                    renderer.render(prepared, views, "mask", out=out, progress=tell)
                except ZeroDivisionError:
                    pass
            def tell(done, total):
                started.set()
                if stop:
                    1 / 0
            worker = threading.Thread(target=work)
            worker.start()
            started.wait()
            print("ready", flush=True)
            try:
                renderer.render(prepared, views[:1], "mask")
            except KeyboardInterrupt:
                print("stopped", unfinished(), flush=True)
            stop.append(1)
            worker.join()
            """), "stopped True\n")

    def test_forked_children_render(self):
        self.assertEqual(run("""
            import os, calotype, sample
            renderer, scene = calotype.Renderer("cpu", 2), sample.quad()
            depth = renderer.render(scene, sample.above(), "depth")["depth"]
            child = os.fork()
            again = renderer.render(scene, sample.above(), "depth")["depth"]
            same = (again == depth).all()
            if child == 0:
                os._exit(0 if same else 1)
            print(os.waitpid(child, 0)[1], same)
            """), "0 True\n")

    def test_a_fork_in_the_middle_of_another_threads_call(self):
        self.assertEqual(run("""
            import os, threading, calotype, sample, test_threads
            renderer, scene, started = calotype.Renderer("cpu", 1), sample.quad(), threading.Event()
            prepared = renderer.prepare(scene)
            views = test_threads.many_views(300)
            worker = threading.Thread(target=lambda: renderer.render(prepared, views, "depth",
                                                                     progress=lambda *n: started.set()))
            worker.start()
            started.wait()
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    renderer.render(prepared, views[:1])
                except calotype.ArgumentError as error:
                    code = 0 if "forked" in str(error) else 2
                fresh = calotype.Renderer("cpu", 1).render(scene, views[:1], "depth")["depth"]
                del renderer
                os._exit(code if fresh[0, 128, 128, 0] == 3 else 3)
            worker.join()
            print(os.waitpid(child, 0)[1])
            """), "0\n")

    def test_the_end_of_the_interpreter(self):
        """Objects that outlive their module, and a thread that still renders, end without a crash."""
        run("""
            import threading, calotype, sample, test_threads
            class Late:
                def __init__(self, *things):
                    self.things = things
                def __del__(self):
                    renderer, scene = self.things
                    try:
                        renderer._handle.render(1, 2, 3, 4, 5, 6)
                    except Exception:
                        pass
                    try:
                        scene._handle.bounds(None)
                    except Exception:
                        pass
            renderer, scene = calotype.Renderer("cpu", 2), sample.quad()
            late = Late(renderer, scene)
            late.itself = late
            import builtins
            builtins.keep = late
            other = calotype.Renderer("cpu", 1)
            threading.Thread(target=lambda: other.render(scene, test_threads.many_views(400), "depth"), daemon=True).start()
            """)


if __name__ == "__main__":
    unittest.main()
