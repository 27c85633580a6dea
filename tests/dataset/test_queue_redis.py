#!/usr/bin/env python3
"""The queue in Redis: a real redis-server, and machines that are processes (queue_driver.c), killed and started again."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import redis_server  # noqa: E402

DRIVER = ""
LONG = os.environ.get("CALOTYPE_LONG_TESTS")
RUN, PARTS, RESULTS = "calotype:{test}:run", "calotype:{test}:parts", "calotype:{test}:results"


class Machine:
    """A queue_driver process; `opened` is its first line."""

    def __init__(self, folder, url, objects=None, options="hash", claim=60, patience=60, backlog=0, consumer=None):
        self.folder = tempfile.mkdtemp(dir=folder)
        words = [DRIVER, url, options, objects or "-", str(claim), str(patience), str(backlog)]
        self.process = subprocess.Popen(words + ([consumer] if consumer else []), cwd=self.folder, text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def opened(self):
        return self.line()

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def say(self, words):
        self.process.stdin.write(words + "\n")

    def ask(self, words):
        self.say(words)
        return self.line()

    def take(self, patience=60):
        """What take gives, once it is not "later"."""
        until = time.monotonic() + patience
        while True:
            got = self.ask("take")
            if got != "later" or time.monotonic() > until:
                return got
            time.sleep(0.02)

    def results(self):
        self.say("results")
        found = []
        while True:
            line = self.line()
            if line == "that is all":
                return found
            number, text = line.split(" ", 1)
            found.append((int(number), json.loads(text)))

    def work(self):
        """(parts finished, those where another was first), when all parts are done."""
        words = self.ask("work").split()
        if words[0] != "made":
            raise AssertionError(" ".join(words))
        return int(words[1]), int(words[3])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def close(self):
        answer = self.ask("close")
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        return answer, self.process.returncode


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.machines = []
        self.redis = None

    def tearDown(self):
        for machine in self.machines:
            machine.kill()
        if self.redis:
            self.redis.stop()
        shutil.rmtree(self.folder)

    def serve(self, *options):
        self.redis = redis_server.RedisServer(self.folder, *(options or ("--appendonly", "no")))

    def objects(self, count, word="a"):
        path = os.path.join(self.folder, f"{word}{count}.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"things/{word}{i}.glb\n" for i in range(count))
        return path

    def start(self, *words, **more):
        machine = Machine(self.folder, *words, **more)
        self.machines.append(machine)
        return machine

    def machine(self, objects=None, opened="open", **more):
        machine = self.start(self.redis.url(), objects, **more)
        self.assertEqual(machine.opened(), opened)
        return machine

    def refused(self, url, objects=None, **more):
        """The sentence of a machine that does not open the queue."""
        machine = self.start(url, objects, **more)
        sentence = machine.opened()
        self.assertEqual(machine.process.wait(), 3, sentence)
        machine.kill()
        self.assertTrue(sentence.startswith("error "), sentence)
        return sentence

    def finish(self, machine, number):
        self.assertEqual(machine.ask(f'done {number} {{"by":"{id(machine)}"}}'), "first")


class Alone(Case):
    def test_one_machine(self):
        self.serve("--appendonly", "yes")
        machine = self.machine(self.objects(3))
        self.assertEqual(machine.ask("trouble"), "none")
        self.assertTrue(machine.ask("take").startswith("part 0 "))
        self.assertTrue(machine.ask("take").endswith(" things/a1.glb"))
        self.assertEqual(machine.ask('done 1 {"x": "é"}'), "first")
        self.assertEqual(machine.ask('done 1 {"x": 2}'), "again")
        self.assertEqual(machine.ask("counts"), "3 1")
        # Known from the journal, never taken: nobody is given it.
        self.assertEqual(machine.ask('done 2 {"x": 3}'), "first")
        self.assertEqual(machine.ask("take"), "later")
        self.assertEqual(machine.ask('done 0 {"x": 1}'), "first")
        self.assertEqual(machine.take(), "end")
        self.assertEqual(machine.results(), [(0, {"x": 1}), (1, {"x": "é"}), (2, {"x": 3})])
        self.assertEqual(machine.close(), ("closed", 0))
        # Who comes later sees that it is over.
        late = self.machine(self.objects(3))
        self.assertEqual(late.ask("take"), "end")
        self.assertEqual(late.ask("counts"), "3 3")
        self.assertEqual(self.redis.say("XLEN", PARTS), 0)

    def test_one_without_a_list_waits(self):
        self.serve()
        poor = self.machine()
        self.assertEqual(poor.ask("take"), "later")
        self.assertIn("no run \"test\" yet", poor.ask("trouble"))
        rich = self.machine(self.objects(2))
        self.assertTrue(poor.take().startswith("part 0 "))
        self.assertTrue(rich.take().startswith("part 1 "))
        self.finish(poor, 0)
        self.finish(rich, 1)
        self.assertEqual(poor.take(), "end")
        self.assertEqual(rich.take(), "end")

    def test_memory_is_flat(self):
        self.serve()
        count = 100000 if LONG else 8000
        machine = self.machine(self.objects(count), backlog=500)
        before = int(machine.ask("memory"))
        self.assertEqual(machine.work(), (count, 0))
        with open(DRIVER, "rb") as file:
            sanitized = b"__asan_init" in file.read()  # which keeps what is freed
        if not sanitized:
            self.assertLess(int(machine.ask("memory")) - before, 4096)  # KiB: the last results, the allocator's slack
        self.assertEqual(machine.ask("counts"), f"{count} {count}")


class Crowd(Case):
    def work_all(self, machines):
        answers = [None] * len(machines)

        def work(index):
            answers[index] = machines[index].work()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(machines))]
        for thread in threads:
            thread.start()
        return threads, answers

    def check_results(self, machine, count):
        results = machine.results()
        self.assertEqual([number for number, _ in results], list(range(count)))
        self.assertEqual([result["number"] for _, result in results if "number" in result],
                         [number for number, result in results if "number" in result])
        return results


class Together(Crowd):
    def test_four_machines_and_one_dies(self):
        self.serve()
        objects = self.objects(400)
        first = self.machine(objects, claim=2)
        others = [self.machine(objects if i else None, claim=2) for i in range(3)]
        held = [first.take() for _ in range(10)]
        self.assertTrue(all(word.startswith("part ") for word in held))
        self.finish(first, 0)
        first.kill()
        threads, answers = self.work_all(others)
        for thread in threads:
            thread.join()
        self.assertEqual(sum(made for made, _ in answers), 399)
        self.assertEqual(sum(again for _, again in answers), 0)
        self.check_results(others[0], 400)

    def test_two_fill_in_at_once(self):
        self.serve()
        objects = self.objects(3000)
        machines = [self.start(self.redis.url(), objects) for _ in range(3)]
        self.assertEqual([machine.opened() for machine in machines], ["open"] * 3)
        entries = self.redis.say("XRANGE", PARTS, "-", "+")
        self.assertEqual([int(fields[1]) for _, fields in entries], list(range(3000)))

    def test_another_fills_in_when_the_first_dies(self):
        self.serve()
        objects = self.objects(1000)
        first = self.machine(objects, backlog=300)
        self.assertLess(self.redis.say("XLEN", PARTS), 600)
        first.kill()
        poor = self.machine()
        threads, answers = self.work_all([poor])
        rich = self.machine(objects, backlog=300)
        while threads[0].is_alive():
            self.assertEqual(rich.ask("keep"), "ok")
        self.assertEqual(answers[0], (1000, 0))
        self.check_results(rich, 1000)

    def test_given_back(self):
        self.serve()
        one, other = self.machine(self.objects(2)), self.machine()
        for _ in range(8):  # as often as it likes: this is no crash
            self.assertTrue(one.take().startswith("part "))
            self.assertTrue(one.take().startswith("part "))
            self.assertEqual(one.ask("back 0"), "ok")
            self.assertEqual(one.ask("back 1"), "ok")
        self.assertEqual(one.ask("back 0"), "ok")  # not ours: nothing to do
        self.assertTrue(other.take().startswith("part 0 "))
        self.assertTrue(one.take().startswith("part 1 "))
        # Closing gives back.
        self.assertEqual(one.close(), ("closed", 0))
        self.assertTrue(other.take().startswith("part 1 "))
        consumers = {fields[1] for fields in self.redis.say("XINFO", "CONSUMERS", PARTS, "calotype")}
        self.assertEqual(len(consumers), 2, consumers)  # the one that closed is forgotten

    def test_a_part_that_kills(self):
        self.serve()
        objects = self.objects(1)
        for _ in range(5):
            victim = self.machine(objects, claim=0.5)
            self.assertTrue(victim.take().startswith("part 0 "))
            victim.kill()
        heir = self.machine(objects, claim=0.5)
        self.assertTrue(heir.take().startswith("spoiled 0 "))
        self.assertEqual(heir.ask('done 0 {"failed":1}'), "first")
        self.assertEqual(heir.take(), "end")

    def test_what_is_kept_is_not_claimed(self):
        self.serve()
        machine = self.machine(self.objects(1), claim=2)
        self.assertTrue(machine.take().startswith("part 0 "))
        time.sleep(3)
        before = self.redis.say("XPENDING", PARTS, "calotype", "-", "+", 1)[0]
        self.assertEqual(machine.ask("keep"), "ok")
        after = self.redis.say("XPENDING", PARTS, "calotype", "-", "+", 1)[0]
        self.assertLess(after[2], before[2])   # its silence has ended
        self.assertEqual(after[3], before[3])  # without another delivery
        # Nor by itself, though it has been silent.
        time.sleep(2.5)
        self.assertEqual(machine.ask("take"), "later")

    def test_who_was_silent_too_long(self):
        self.serve()
        slow, quick = self.machine(self.objects(1), claim=0.5), self.machine(claim=0.5)
        self.assertTrue(slow.take().startswith("part 0 "))
        self.assertTrue(quick.take().startswith("part 0 "))
        self.assertEqual(slow.ask("keep"), "ok")  # it is not taken back
        self.assertEqual(self.redis.say("XPENDING", PARTS, "calotype", "-", "+", 1)[0][3], 2)
        self.finish(slow, 0)
        self.assertEqual(quick.ask('done 0 {"late":1}'), "again")
        self.assertNotIn("late", quick.results()[0][1])
        self.assertEqual(slow.take(), "end")
        self.assertEqual(quick.take(), "end")

    def test_a_consumer_comes_back(self):
        self.serve()
        objects = self.objects(2)
        one = self.machine(objects, consumer="pod-0")
        self.assertTrue(one.take().startswith("part 0 "))
        one.kill()
        one = self.machine(objects, consumer="pod-0")  # at once, though claim is 60 seconds
        self.assertTrue(one.take().startswith("part 1 "))
        self.assertTrue(one.take().startswith("part 0 "))


class Restarts(Crowd):
    def test_redis_is_killed_in_the_middle(self):
        for sync in ("always", "everysec"):
            with self.subTest(sync):
                self.serve("--appendonly", "yes", "--appendfsync", sync)
                objects, count = self.objects(1500), 1500
                machines = [self.machine(objects, claim=2, backlog=400) for _ in range(2)]
                threads, answers = self.work_all(machines)
                for wanted in (200, 700):
                    while self.redis.say("HLEN", RESULTS) < wanted:
                        time.sleep(0.01)
                    self.redis.kill()
                    time.sleep(0.3)
                    self.redis.start()
                for thread in threads:
                    thread.join()
                self.assertGreaterEqual(sum(made for made, _ in answers), count)
                self.check_results(machines[0], count)
                self.redis.stop()
                shutil.rmtree(os.path.join(self.folder, "appendonlydir"))

    def test_redis_loses_everything(self):
        self.serve()
        objects = self.objects(5)
        machine, other = self.machine(objects), self.machine()
        self.assertIn("appendonly off", machine.ask("trouble"))
        for number in range(3):
            self.assertTrue(machine.take().startswith(f"part {number} "))
        self.finish(machine, 0)
        self.redis.kill()
        self.assertEqual(other.ask("take"), "later")
        self.redis.start()
        # What it had told not long ago is told again; the rest is there for anybody.
        self.assertTrue(machine.take().startswith("part "))
        self.assertIn("has lost data", machine.ask("trouble"))
        threads, answers = self.work_all([other])
        self.assertEqual(machine.close(), ("closed", 0))
        threads[0].join()
        self.assertEqual(answers[0], (4, 0))
        self.check_results(other, 5)

    def test_somebody_empties_the_stream(self):
        self.serve()
        machine = self.machine(self.objects(6))
        self.assertTrue(machine.take().startswith("part 0 "))
        self.redis.say("XTRIM", PARTS, "MAXLEN", 2)
        self.finish(machine, 0)
        numbers = sorted(int(machine.take().split()[1]) for _ in range(5))
        self.assertEqual(numbers, [1, 2, 3, 4, 5])
        for number in numbers:
            self.finish(machine, number)
        self.assertEqual(machine.take(), "end")

    def test_redis_hangs(self):
        self.serve("--appendonly", "yes")
        machine = self.machine(self.objects(4))
        self.assertTrue(machine.take().startswith("part 0 "))
        self.redis.pause()
        self.assertEqual(machine.ask("take"), "later")  # Redis gives a part to it later on, but nobody hears
        self.assertIn("no answer", machine.ask("trouble"))
        self.redis.go_on()
        numbers = sorted(int(machine.take().split()[1]) for _ in range(3))
        self.assertEqual(numbers, [1, 2, 3])
        self.assertEqual(machine.ask("trouble"), "none")

    def test_redis_is_away(self):
        self.serve("--appendonly", "yes")
        machine = self.machine(self.objects(2), patience=4)
        self.assertTrue(machine.take().startswith("part 0 "))
        self.redis.kill()
        self.assertEqual(machine.ask("take"), "later")
        self.finish(machine, 0)  # kept until Redis is back
        self.assertIn("is not there", machine.ask("trouble"))
        self.redis.start()
        self.assertTrue(machine.take().startswith("part 1 "))
        self.assertEqual(self.redis.say("HLEN", RESULTS), 1)
        self.redis.kill()
        answer = machine.take(60)
        self.assertIn(f"127.0.0.1:{self.redis.port} has not been there for", answer)
        self.assertIn("--resume", answer)


class Refusals(Case):
    def test_other_options_and_lists(self):
        self.serve()
        objects = self.objects(4)
        machine = self.machine(objects)
        url = self.redis.url()
        self.assertIn("other options", self.refused(url, objects, options="other"))
        self.assertIn("other options", self.refused(url, options="other"))
        sentence = self.refused(url, self.objects(5))
        self.assertIn("another list", sentence)
        self.assertIn("4 parts there, 5 here", sentence)
        self.assertIn("another list", self.refused(url, self.objects(4, "b")))
        self.assertEqual(self.start(self.redis.url("elsewhere"), objects, options="other").opened(), "open")
        self.redis.say("HSET", RUN, "version", "2")
        self.assertIn("another version", self.refused(url, objects))
        self.assertTrue(machine.take().startswith("part 0 "))
        self.redis.say("HSET", RUN, "version", "1", "options", "other")  # the run was replaced while it works
        self.assertIn("other options", machine.take())

    def test_passwords(self):
        self.serve("--requirepass", "s3cret/@ü", "--user", "robot", "on", ">pw", "~calotype*", "+@all")
        objects = self.objects(1)
        for login in ("", ":wrong@", "robot:wrong@"):
            sentence = self.refused(self.redis.url(login=login), objects)
            self.assertIn("password", sentence)
            self.assertNotIn("wrong@", sentence)
        encoded = ":s3cret%2F%40%C3%BC@"
        self.assertEqual(self.start(self.redis.url(login=encoded), objects).opened(), "open")
        machine = self.start(self.redis.url(login="robot:pw@", database=3), objects)
        self.assertEqual(machine.opened(), "open")
        self.assertTrue(machine.take().startswith("part 0 "))
        self.assertIn("refuses SELECT", self.refused(self.redis.url(login="robot:pw@", database=99), objects))

    def test_addresses(self):
        port = redis_server.free_port()
        for url, word in (("rediss://h", "TLS"), ("http://h", "redis://"), ("redis://pw@h", "user and password"),
                          ("redis://:%zz@h", "user and password"), ("redis://h:99999", "host and port"),
                          ("redis://[::1", "host and port"), ("redis://[::1]x", "host and port"),
                          ("redis://h/x", "database"), ("redis://h/-1", "database"), ("redis://h?name=", "name="),
                          ("redis://h?name=a/b", "name="), ("redis://h?db=1", "name="),
                          ("redis://h?name=" + "x" * 65, "name="), ("redis://" + "h" * 300, "host and port")):
            with self.subTest(url):
                sentence = self.refused(url)
                self.assertIn(word, sentence)
                self.assertNotIn("pw", sentence)
        self.assertIn("(Connection refused)", self.refused(f"redis://127.0.0.1:{port}", patience=0.3))
        self.assertIn("no-such-host.invalid:6379", self.refused("redis://no-such-host.invalid", patience=0.3))

    def test_what_is_not_redis(self):
        with redis_server.socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            for reply in (b"HTTP/1.0 400 no\r\n\r\n", b"*1\r\n$2\r\nno\r\n", b"*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
                          b"*4\r\n$2\r\nno\r\n:-1\r\n:1\r\n:1\r\n", b"$-1\r\n", b"*-1\r\n", b":7\r\n", b""):
                with self.subTest(reply):
                    machine = self.start(f"redis://127.0.0.1:{listener.getsockname()[1]}", self.objects(1), patience=0.2)
                    connection, _ = listener.accept()
                    connection.recv(100)
                    connection.sendall(reply)
                    connection.close()
                    listener.settimeout(0.1)
                    while machine.process.poll() is None:  # it may come back
                        try:
                            listener.accept()[0].close()
                        except TimeoutError:
                            pass
                    listener.settimeout(60)
                    self.assertTrue(machine.opened().startswith("error Redis at 127.0.0.1:"))
                    self.assertEqual(machine.process.wait(), 3)

    def test_garbage_in_the_keys(self):
        good = '{"number":0}'
        entries = [
            ("number", "0", "part", "no json"), ("number", "0", "part", "[" * 100000), ("number", "0", "part", "{}"),
            ("number", "9", "part", good), ("number", "x", "part", good), ("part", good), ("what", "ever"),
            ("number", "0", "part", b"\xff\x00\xfe"), ("number", "-1", "part", good),
            ("number", "0", "part", '{"part":0,"name":"../../etc/passwd","samples":[]}'),
        ]
        self.serve()
        for entry in entries:
            with self.subTest(entry[:4]):
                self.redis.say("FLUSHALL")
                objects = self.objects(2)
                machine = self.machine(objects)
                self.redis.say("XTRIM", PARTS, "MAXLEN", 0)
                self.redis.say("XADD", PARTS, "*", *entry)
                self.redis.say("XADD", PARTS, "*", *entry)
                sentence = machine.take()
                self.assertIn("is no part of this run", sentence)
                self.assertIn(PARTS, sentence)
                self.assertEqual(machine.close(), ("closed", 0))
        for words in (("SET", RUN, "x"), ("HSET", RUN, "filled", "x"), ("HSET", RUN, "parts", "x"),
                      ("HSET", RUN, "parts", "-1"), ("SET", PARTS, "x"), ("LPUSH", RESULTS, "x")):
            with self.subTest(words):
                self.redis.say("FLUSHALL")
                self.machine(self.objects(2)).close()
                self.redis.say("DEL", words[1]) if words[0] != "HSET" else None
                self.redis.say(*words)
                self.refused(self.redis.url())


if __name__ == "__main__":
    DRIVER = os.path.abspath(sys.argv.pop(1))
    if not redis_server.PROGRAM:
        print("skipped: redis-server is missing (scripts/setup.sh test installs it)")
        sys.exit(77)
    unittest.main()
