"""accept-proxy.py [ACCEPT]: a forward proxy on a free port of 127.0.0.1, for tests.

Replaces the client's Accept header by ACCEPT, if given. Prints its port, and then the Content-Type of each answer on a line.
Prometheus 2.42 cannot be configured to request a format; this proxy does it instead.
"""

import http.client
import http.server
import sys
import urllib.parse

ACCEPT = sys.argv[1] if len(sys.argv) > 1 else None


class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "proxy-connection")}
        if ACCEPT is not None:
            headers = {name: value for name, value in headers.items() if name.lower() != "accept"} | {"Accept": ACCEPT}
        upstream = http.client.HTTPConnection(url.netloc)
        upstream.request("GET", urllib.parse.urlunsplit(("", "", url.path, url.query, "")), headers=headers)
        answer = upstream.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        print(answer.getheader("Content-Type"), flush=True)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
print(server.server_address[1], flush=True)
server.serve_forever()
