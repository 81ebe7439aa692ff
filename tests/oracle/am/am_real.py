# SPDX-License-Identifier: GPL-3.0-or-later
"""The real Alertmanagers: where they are, and servers of them on loopback whose notifications are written down.

Only Python's standard library.
"""
import datetime
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

# Debian's suite and the release of ours that stands for it.
SUITES = (("bookworm", "0.25"), ("trixie", "0.28"), ("sid", "0.33"))


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def programs(name):
    """[(version, path)] of amtool or prometheus-alertmanager, where they are and of the release meant."""
    root = os.environ.get("ROLLSIM_ORACLES", "")
    found = []
    for suite, version in SUITES:
        path = os.path.join(root, suite, "usr", "bin", name)
        if not root or not os.access(path, os.X_OK):
            continue
        told = subprocess.run([path, "--version"], capture_output=True, text=True)
        if "version " + version + "." in told.stdout + told.stderr:
            found.append((version, path))
        else:
            print("left out: %s of %s is not %s" % (name, suite, version))
    if not found:
        skip("no %s below ROLLSIM_ORACLES" % name)
    return found


# Debian's program loads its templates from here, installed or not.
SHARE = b"/usr/share/prometheus/alertmanager"


def at_home(path, folder):
    """The program, able to start although its package is unpacked and not installed.

    It wants default.tmpl below SHARE, which is not ours to write to. No template decides anything here, so an empty one
    will do; it is put into the folder, and a copy of the program looks for it there: a path of the same length.
    """
    if os.path.exists(os.path.join(SHARE.decode(), "default.tmpl")):
        return path
    share = os.path.join(folder, "t").encode()
    if len(share) > len(SHARE):
        skip("the path of the temporary folder is too long: " + folder)
    os.mkdir(share)
    for name in ("default.tmpl", "email.tmpl"):
        open(os.path.join(share.decode(), name), "w").close()
    with open(path, "rb") as f:
        program = f.read()
    copy = os.path.join(folder, "alertmanager")
    with open(copy, "wb") as f:
        f.write(program.replace(SHARE, share + b"/" * (len(SHARE) - len(share))))
    os.chmod(copy, 0o700)
    return copy


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Hook:
    """A webhook receiver: every notification with the instant it came in, by the path (the receiver) it was sent to."""

    def __init__(self):
        self.got = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                now = time.time()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.got.append((now, self.path.strip("/"), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # a connection that was cut when the program ended

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Server:
    """A real Alertmanager with its own folder. Ended by its own process id."""

    def __init__(self, version, path, config):
        self.version, self.hook, self.port = version, Hook(), free_port()
        self.dir = tempfile.TemporaryDirectory(dir="/tmp", prefix="am")
        path = at_home(path, self.dir.name)
        self.config = os.path.join(self.dir.name, "am.yml")
        with open(self.config, "w") as f:
            f.write(config.replace("PORT", str(self.hook.port)))
        self.log = open(os.path.join(self.dir.name, "log"), "w")
        self.process = subprocess.Popen(
            [path, "--config.file=" + self.config, "--storage.path=" + os.path.join(self.dir.name, "data"),
             "--web.listen-address=127.0.0.1:%d" % self.port, "--cluster.listen-address="],
            stdout=self.log, stderr=self.log)
        self.connection = None

    def ask(self, method, path, body=None):
        for attempt in range(2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                    self.connection.connect()
                    self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connection.request(method, path, None if body is None else json.dumps(body),
                                        {"Content-Type": "application/json"})
                answer = self.connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    raise RuntimeError("%s %s: %d %s" % (method, path, answer.status, text[:300]))
                return json.loads(text) if text else None
            except (OSError, http.client.HTTPException):
                self.connection = None
                if attempt == 1:
                    raise

    def wait_ready(self, seconds=20):
        end = time.time() + seconds
        while True:
            try:
                return self.ask("GET", "/api/v2/status")
            except (OSError, http.client.HTTPException, RuntimeError):
                if time.time() > end or self.process.poll() is not None:
                    self.log.flush()
                    raise RuntimeError(open(self.log.name).read()[-2000:])
                time.sleep(0.02)

    def started(self):
        """When it had read its configuration, about: the sweeps of 0.25 and 0.28 are counted from here."""
        with open(self.log.name) as f:
            for line in f:
                stamp = re.search(r"time=(\S+)|ts=(\S+)", line)
                if "Listening on" in line and stamp:
                    return datetime.datetime.fromisoformat(stamp.group(1) or stamp.group(2)).timestamp()
        raise RuntimeError("no word of listening in the log of " + self.version)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.dir.cleanup()
