"""A provider on loopback that answers whatever the test wrote, right or wrong."""

import json
from collections import Counter
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

from tests.identity import forge

JSON, JWT = "application/json", "application/jwt"


class Provider:
    """Answers by path: ``answers[path] = (status, media type, body)``, or a function that returns it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.calls = Counter()
        self.posted = {}
        self.headers = {}
        self.answers = {
            "/.well-known/openid-configuration": lambda: (200, JSON, json.dumps(self.published)),
            "/jwks": lambda: (200, JSON, json.dumps({"keys": self.keys})),
            "/token": lambda: (
                200,
                JSON,
                json.dumps({"access_token": forge.ACCESS_TOKEN, "id_token": self.id_token}),
            ),
            "/userinfo": lambda: (200, JSON, json.dumps({"sub": "marie-67"})),
        }
        self.keys = [forge.public_jwk("RS256", "signing")]
        self.id_token = forge.good_token("RS256")
        # The tokens of ``forge`` are made for its own issuer, whatever the address that serves them.
        self.published = {
            "issuer": forge.ISSUER,
            "authorization_endpoint": f"{address}/authorize",
            "token_endpoint": f"{address}/token",
            "userinfo_endpoint": f"{address}/userinfo",
            "jwks_uri": f"{address}/jwks",
            "end_session_endpoint": f"{address}/logout",
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }


@contextmanager
def running():
    """Serve on a free port until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            provider.calls[self.path] += 1
            provider.headers[self.path] = dict(self.headers)
            length = int(self.headers.get("Content-Length", 0))
            if length:
                provider.posted[self.path] = parse_qs(self.rfile.read(length).decode())
            found = provider.answers.get(self.path, (404, JSON, "{}"))
            status, kind, body = found() if callable(found) else found
            raw = body if isinstance(body, bytes) else body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            if status == 302:
                self.send_header("Location", "/jwks")
            self.end_headers()
            with suppress(OSError):  # the client may have read enough
                self.wfile.write(raw)

        do_GET = do_POST = answer  # noqa: N815  # the names http.server calls

        def log_message(self, *arguments):
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
