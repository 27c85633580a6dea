"""A small S3: buckets in memory, and every signature computed once more, from Amazon's description."""
import base64
import datetime
import hashlib
import hmac
import re
import urllib.parse
from xml.sax.saxutils import escape

from misbehaving import Server

ACCESS, SECRET, TOKEN = "AKIDTEST", "geheim/+word", "session-token=="
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
                           r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")


def encode(text):
    return urllib.parse.quote(text, safe="-._~")


def sign(handler, match, secret):
    """The signature that the request should have."""
    path, _, query = handler.path.partition("?")
    path = "/".join(encode(urllib.parse.unquote(word)) for word in path.split("/"))
    pairs = sorted((encode(name), encode(value)) for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True))
    names = match[4].split(";")
    canonical = "\n".join([
        handler.command, path, "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(handler.headers[name].split())}" for name in names), "", match[4],
        handler.headers["x-amz-content-sha256"]])
    date = handler.headers["x-amz-date"]
    scope = f"{match[2]}/{match[3]}/s3/aws4_request"
    key = ("AWS4" + secret).encode()
    for word in match[2], match[3], "s3", "aws4_request":
        key = hmac.digest(key, word.encode(), "sha256")
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


class S3Server(Server):
    def __init__(self, region="us-east-1", token=None, is_public=False, page=1000):
        super().__init__()
        self.buckets = {"bucket": {}}  # key -> (bytes, headers)
        self.region, self.token, self.is_public, self.page = region, token, is_public, page
        self.fail = lambda request_number: None  # None, or the code of an error
        self.puts = []
        self.pages["*"] = self.respond

    def environment(self, **more):
        """For a client of this server, and of nobody else's accounts."""
        words = {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET,
                 "AWS_REGION": self.region, "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
        if self.token:
            words["AWS_SESSION_TOKEN"] = self.token
        return {name: value for name, value in {**words, **more}.items() if value is not None}

    def error(self, handler, code, name):
        handler.send(code, f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>no</Message></Error>".encode())

    def find_fault(self, handler):
        """What is wrong with the signature and the checksums: (code, name), or None."""
        given = handler.headers.get("Authorization")
        if given is None:
            return None if self.is_public else (403, "AccessDenied")
        match = AUTHORIZATION.fullmatch(given)
        if not match or match[1] != ACCESS:
            return 403, "InvalidAccessKeyId"
        must = {"host"} | {name.lower() for name in handler.headers if name.lower().startswith("x-amz-")}
        if not must <= set(match[4].split(";")) or match[4].split(";") != sorted(match[4].split(";")):
            return 403, "AccessDenied"
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.strptime(
            handler.headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        if abs(age.total_seconds()) > 900 or handler.headers["x-amz-date"][:8] != match[2]:
            return 403, "RequestTimeTooSkewed"
        if handler.headers.get("x-amz-security-token") != self.token or match[3] != self.region:
            return 403, "InvalidToken"
        if not hmac.compare_digest(match[5], sign(handler, match, SECRET)):
            return 403, "SignatureDoesNotMatch"
        digest = hashlib.sha256(handler.body)
        if handler.headers["x-amz-content-sha256"] != digest.hexdigest():
            return 400, "XAmzContentSHA256Mismatch"
        if handler.headers.get("x-amz-checksum-sha256", "") not in ("", base64.b64encode(digest.digest()).decode()):
            return 400, "InvalidRequest"
        return None

    def respond(self, handler, _):
        code = self.fail(len(self.requests))
        fault = (code, "SlowDown") if code else self.find_fault(handler)
        path, _, query = handler.path.partition("?")
        bucket, _, key = urllib.parse.unquote(path)[1:].partition("/")
        if fault:
            self.error(handler, *fault)
        elif bucket not in self.buckets:
            self.error(handler, 404, "NoSuchBucket")
        elif handler.command == "PUT":
            kept = {name: value for name, value in handler.headers.items() if name.lower().startswith("x-amz-meta-")}
            self.buckets[bucket][key] = handler.body, kept
            self.puts.append(key)
            handler.send(200)
        elif not key:
            self.list(handler, self.buckets[bucket], dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))
        elif key not in self.buckets[bucket]:
            self.error(handler, 404, "NoSuchKey")
        else:
            self.get(handler, *self.buckets[bucket][key])

    def get(self, handler, content, kept):
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        asked = handler.headers.get("Range")
        if asked and handler.headers.get("If-Range") in (None, tag):
            begin = int(asked[len("bytes="):-1])
            handler.send(206, content[begin:], ETag=tag, Content_Range=f"bytes {begin}-{len(content) - 1}/{len(content)}",
                         **kept)
        else:
            handler.send(200, content, ETag=tag, **kept)

    def list(self, handler, bucket, query):
        assert query["list-type"] == "2" and query["delimiter"] == "/"
        prefix, after = query["prefix"], query.get("continuation-token", "")
        keys = sorted((key for key in bucket if key.startswith(prefix) and "/" not in key[len(prefix):]), key=str.encode)
        rest = [key for key in keys if "t=" + key.encode().hex() > after or not after]
        shown, more = rest[:self.page], rest[self.page:]
        folders = sorted({key[:key.index("/", len(prefix)) + 1] for key in bucket
                          if key.startswith(prefix) and "/" in key[len(prefix):]})
        xml = ['<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
               f"<Name>bucket</Name><Prefix>{escape(prefix)}</Prefix><IsTruncated>{str(bool(more)).lower()}</IsTruncated>"]
        xml += [f"<Contents><Key>{escape(key)}</Key><Size>{len(bucket[key][0])}</Size></Contents>" for key in shown]
        xml += [f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in folders]
        if more:
            xml.append(f"<NextContinuationToken>t={shown[-1].encode().hex()}</NextContinuationToken>")
        handler.send(200, "".join(xml + ["</ListBucketResult>"]).encode(), Content_Type="application/xml")
