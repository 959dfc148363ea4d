#!/usr/bin/python3
"""Stands in for your web application: GET /token?token=... answers {"uid": ...} or 404.
Usage: token_service.py [PORT]"""
import http.server
import json
import sys
import urllib.parse

TOKENS = {"token-of-ann": 1001, "token-of-bob": 1002}


class TokenHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        uid = TOKENS.get(query.get("token", [""])[0])
        body = json.dumps({"uid": uid} if uid else {"error": "unknown token"}).encode()
        self.send_response(200 if uid else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8100
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), TokenHandler)
    print(f"http://127.0.0.1:{server.server_port}/token", flush=True)
    server.serve_forever()
