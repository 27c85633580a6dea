"""A Slurm of one node, started as root in a folder of its own: munged, slurmctld and slurmd on free ports."""
import os
import shutil
import socket
import subprocess
import time

PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "srun", "sinfo")


def find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def why_not():
    """None, or why Slurm cannot be started here."""
    missing = [name for name in PROGRAMS if not find(name)]
    if missing:
        return f"{' '.join(missing)} missing (slurm-wlm)"
    return None if os.geteuid() == 0 else "slurmd needs root"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


CONFIG = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES OverSubscribe=YES State=UP
"""


class Slurm:
    def __init__(self, folder):
        self.folder = folder
        os.chmod(folder, 0o755)
        controller, daemon = free_ports(2)
        for name in ("state", "spool"):
            os.mkdir(os.path.join(folder, name))
        self.config = os.path.join(folder, "slurm.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(host=socket.gethostname().split(".")[0], folder=folder, controller=controller,
                                     daemon=daemon, cores=os.cpu_count()))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")}
        self.environment["SLURM_CONF"] = self.config
        self.processes = []

    def start(self):
        """None, or why it does not start."""
        key = os.path.join(self.folder, "munge.key")
        subprocess.run([find("mungekey"), "--create", "--keyfile", key], check=True)
        self._run("munged", "--foreground", "--force", "--key-file", key, "--socket", f"{self.folder}/munge.socket",
                  "--pid-file", f"{self.folder}/munge.pid", "--log-file", f"{self.folder}/munge.log",
                  "--seed-file", f"{self.folder}/munge.seed")
        self._wait(lambda: os.path.exists(f"{self.folder}/munge.socket"))
        self._run("slurmctld", "-D", "-f", self.config)
        self._run("slurmd", "-D", "-f", self.config)
        if self._wait(lambda: "idle" in self.say("sinfo", "-h", "-o", "%T")):
            return None
        return "slurmctld and slurmd do not come up: " + " ".join(self._last_line(name) for name in ("slurmctld", "slurmd"))

    def _run(self, name, *words):
        with open(os.path.join(self.folder, name + ".out"), "wb") as out:
            self.processes.append(subprocess.Popen([find(name), *words], stdout=out, stderr=out, env=self.environment))

    def _wait(self, ready, seconds=40):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if ready():
                return True
            if any(process.poll() is not None for process in self.processes):
                return False
            time.sleep(0.2)
        return False

    def _last_line(self, name):
        for ending in (".log", ".out"):
            path = os.path.join(self.folder, name + ending)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    lines = file.read().splitlines()
                if lines:
                    return lines[-1]
        return name

    def say(self, *words, **more):
        done = subprocess.run([find(words[0]), *words[1:]], env={**self.environment, **more}, capture_output=True, text=True,
                              timeout=180, check=False)
        return done.stdout + done.stderr

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
