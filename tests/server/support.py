"""What the server's tests share: messages made from the server's own descriptors, and servers that are started."""
import os
import subprocess
import threading
import unittest

try:
    import grpc
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError as missing:
    raise unittest.SkipTest(f"{missing.name} is missing (python3-grpcio, python3-protobuf)") from missing

MESSAGE_BYTES = 256 << 20


class Messages:
    """The messages of a FileDescriptorSet by their full names: messages["orrb.RenderBatchRequest"]."""

    def __init__(self, path):
        self.pool = descriptor_pool.DescriptorPool()
        with open(path, "rb") as file:
            self.files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
        for file in self.files:
            self.pool.Add(file)
        self.factory = message_factory.MessageFactory(self.pool)

    def __getitem__(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))


class Client:
    """Calls by name over one channel."""

    def __init__(self, messages, target, credentials=None, **options):
        arguments = [("grpc.max_receive_message_length", MESSAGE_BYTES),
                     ("grpc.max_send_message_length", -1),
                     ("grpc.use_local_subchannel_pool", 1), *options.items()]
        self.channel = (grpc.secure_channel(target, credentials, arguments) if credentials
                        else grpc.insecure_channel(target, arguments))
        self.messages = messages

    def unary(self, path, reply):
        return self.channel.unary_unary(path, request_serializer=lambda m: m if isinstance(m, bytes)
                                        else m.SerializeToString(),
                                        response_deserializer=self.messages[reply].FromString)

    def render(self, request, **more):
        more.setdefault("timeout", 30)
        return self.unary("/orrb.RenderService/RenderBatch", "orrb.RenderBatchResponse")(request, **more)

    def render_future(self, request, **more):
        return self.unary("/orrb.RenderService/RenderBatch", "orrb.RenderBatchResponse").future(request, **more)

    def update(self, request, **more):
        return self.unary("/orrb.RenderService/Update", "orrb.UpdateResponse")(request, timeout=30, **more)

    def health(self, service="", **more):
        request = self.messages["grpc.health.v1.HealthCheckRequest"](service=service)
        return self.unary("/grpc.health.v1.Health/Check", "grpc.health.v1.HealthCheckResponse")(
            request, timeout=30, **more).status

    def close(self):
        self.channel.close()


class Server:
    """A program that prints its port; commands go to its standard input."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **more)
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.reader.start()
        line = self.process.stdout.readline()
        self.port = int(line.split()[1]) if line.startswith("port ") else None
        self.complaint = line

    @property
    def target(self):
        return f"127.0.0.1:{self.port}"

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def stop(self):
        """The exit status and what was logged; an error where the program does not end."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            status = self.process.wait(timeout=60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return status, "".join(self.log)


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
