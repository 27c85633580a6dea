"""A render server for the tests of its client, with grpcio: ORRB's messages, and the command line that clients use.

    fake_orrb.py serve --render_server.port=PORT ... [environment FAKE_ORRB: words of what it does wrong]

Pictures say what they are of: see `expected`. Seeds from TROUBLE on make trouble.
"""
import concurrent.futures
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TROUBLE = 1000000
REFUSE, DIE_ONCE, DIE, HANG, WRONG_SIZE = range(TROUBLE, TROUBLE + 5)
MAX_MESSAGE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]


def missing():
    """What this machine lacks for it, or None."""
    absent = [name for name in ("grpc", "google.protobuf") if importlib.util.find_spec(name.split(".")[0]) is None]
    return absent[0] if absent else None if shutil.which("protoc") else "protoc"


def messages():
    """orrb.proto as Python classes."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(ROOT, "src", "server")
        subprocess.run(["protoc", "-I", source, f"--python_out={folder}", os.path.join(source, "orrb.proto")], check=True)
        spec = importlib.util.spec_from_file_location("orrb_pb2", os.path.join(folder, "orrb_pb2.py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def expected(camera, qpos, seed, height, width, channel, version=0):
    """The picture of a camera, state and seed, in the kinds of ORRB and as any float channel."""
    base = float(np.float32(np.sum(np.asarray(qpos, np.float32)))) + seed * 7 + len(camera) + version * 100
    rows, columns = np.mgrid[:height, :width]
    shades = (base + rows * 3 + columns).astype(np.float32)
    if channel in ("color", "alpha"):
        return np.stack([shades + i for i in range(3 if channel == "color" else 4)], -1).astype(np.int64).astype(np.uint8)
    if channel == "segmentation":
        return shades.astype(np.int64).astype(np.uint8)
    if channel == "depth":
        return shades / 16
    return np.stack([shades, shades + 1, shades + 2], -1) / 32


class Service:
    def __init__(self, pb, faults):
        self.pb, self.faults = pb, faults
        self.version = 0

    def trouble(self, entry, context):
        import grpc
        if entry.seed == REFUSE:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"entry 0: the seed {entry.seed} is refused")
        if entry.seed == DIE_ONCE:
            marker = os.environ["FAKE_ORRB_MARKER"]
            if not os.path.exists(marker):
                open(marker, "wb").close()
                os.kill(os.getpid(), signal.SIGKILL)
        if entry.seed == DIE:
            os.kill(os.getpid(), signal.SIGKILL)
        if entry.seed == HANG:
            while context.is_active():
                time.sleep(0.01)
            context.abort(grpc.StatusCode.CANCELLED, "nobody waits")  # or shared memory would be left

    def pictures(self, request, camera, index, entry):
        seed = entry.seed if request.use_entry_seeds else request.batch_seed + index
        wanted = [("image_data", "alpha" if request.render_alpha else "color")]
        wanted += [(kind + "_data", kind) for kind in ("depth", "normals", "segmentation") if getattr(request, "render_" + kind)]
        for field, kind in wanted:
            data = expected(camera, entry.qpos, seed, request.height, request.width, kind, self.version)
            yield field, data[:1] if entry.seed == WRONG_SIZE else data

    def add_planes(self, out, request, camera, index, entry):
        seed = entry.seed if request.use_entry_seeds else request.batch_seed + index
        for channel in request.channels:
            data = expected(camera, entry.qpos, seed, request.height, request.width, channel)
            yield out.planes.add(name=channel, dtype="<f4", shape=data.shape), data

    def render(self, request, context):
        for entry in request.entries:
            self.trouble(entry, context)
        shared = request.shared_memory and "plain" not in self.faults
        reply, chunks, size = self.pb.RenderBatchResponse(), [], 64
        for camera in request.camera_names:
            stream = reply.streams.add(name=camera)
            for index, entry in enumerate(request.entries):
                out = stream.entries.add()
                parts = [(out, field.replace("_data", "_offset") if shared else field, data)
                         for field, data in self.pictures(request, camera, index, entry)]
                if "plain" not in self.faults:
                    parts += [(plane, "offset" if shared else "data", data)
                              for plane, data in self.add_planes(out, request, camera, index, entry)]
                for holder, field, data in parts:
                    setattr(holder, field, size if shared else data.tobytes())
                    chunks.append((size, data.tobytes()))
                    size += data.nbytes + (-data.nbytes) % 8
        if shared:
            self.share(reply, chunks, size)
        self.add_streams(reply, request)
        return reply

    def share(self, reply, chunks, size):
        name = f"calotype-fake-{os.getpid()}-{time.monotonic_ns()}"
        if "elsewhere" not in self.faults:
            with open(os.open(f"/dev/shm/{name}", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb") as file:
                file.truncate(size)
                for offset, data in chunks:
                    file.seek(offset)
                    file.write(data)
        reply.shared_memory.name, reply.shared_memory.size = "/" + name, size

    def add_streams(self, reply, request):
        count = len(request.entries)
        reply.auxiliary_float_streams.add(name="tracker", data=[0.5 + i for i in range(2 * count)])
        reply.auxiliary_int_streams.add(name="drawn", data=[-i for i in range(count)])
        reply.auxiliary_bool_streams.add(name="lit", data=[i % 2 == 1 for i in range(count)])
        if "uneven" in self.faults:
            reply.auxiliary_float_streams.add(name="uneven", data=[1.0] * (count * 2 + 1))

    def update(self, request, context):
        answer = self.pb.UpdateResponse()
        for component in request.components:
            if component.type == "Unknown":
                answer.errors.append("component Unknown is not known")
            self.version = int(component.config.float_properties["version"])
        return answer


def handlers(service):
    import grpc
    pb = service.pb
    unary = grpc.unary_unary_rpc_method_handler
    found = [grpc.method_handlers_generic_handler("orrb.RenderService", {
        "RenderBatch": unary(service.render, pb.RenderBatchRequest.FromString, pb.RenderBatchResponse.SerializeToString),
        "Update": unary(service.update, pb.UpdateRequest.FromString, pb.UpdateResponse.SerializeToString)})]
    if "plain" not in service.faults:
        found.append(grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
            "Check": unary(lambda request, context: b"\x08\x01", bytes, bytes)}))
    return tuple(found)


class TokenCheck:
    """An interceptor: the metadata that a token makes."""

    def __init__(self, token):
        self.token = token

    def intercept_service(self, go_on, details):
        import grpc
        if ("authorization", "Bearer " + self.token) in [tuple(pair) for pair in details.invocation_metadata]:
            return go_on(details)
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "a token is needed"))


def start(port, faults=(), token=None):
    """-> server, port"""
    import grpc
    options = {"interceptors": (TokenInterceptor(token),)} if token else {}
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=MAX_MESSAGE, **options)
    server.add_generic_rpc_handlers(handlers(Service(messages(), faults)))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def TokenInterceptor(token):
    import grpc
    return type("Interceptor", (TokenCheck, grpc.ServerInterceptor), {})(token)


def watch(parent):
    while os.path.exists(f"/proc/{parent}"):
        time.sleep(0.05)
    os._exit(0)


def main():
    options = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:] if "=" in word)
    faults = os.environ.get("FAKE_ORRB", "").split()
    if "broken" in faults:
        sys.exit("fake: the model cannot be read")
    if "slow" in faults:
        time.sleep(30)
    threading.Thread(target=watch, args=(int(options["main.parent_pid"]),), daemon=True).start()
    server, _ = start(int(options["render_server.port"]), faults)
    signal.signal(signal.SIGTERM, lambda *unused: os._exit(0))
    server.wait_for_termination()


if __name__ == "__main__":
    main()
