"""Letterbox, a newsletter service that does not exist, for the story in README.md.

It takes two keys and refuses all others. Start it with `python3 docs/story/provider.py`; it needs only Python's standard
library, listens on 127.0.0.1:9000 and ends with Ctrl-C.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEYS = {"lb-key-of-acme-0001", "lb-key-of-acme-0002"}


class Letterbox(BaseHTTPRequestHandler):
    def do_GET(self):
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.path != "/v1/ping":
            status, answer = 404, {"error": "no such page"}
        elif key in KEYS:
            status, answer = 200, {"newsletter": "Acme Weekly", "subscribers": 1204}
        else:
            status, answer = 401, {"error": "we do not know this key"}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


print("Letterbox listens on http://127.0.0.1:9000")
ThreadingHTTPServer(("127.0.0.1", 9000), Letterbox).serve_forever()
