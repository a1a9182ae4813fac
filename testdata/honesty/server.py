"""A threaded server and its clients in one process, for about half a second."""
import queue
import socket
import socketserver
import sys
import threading
import time

lock = threading.Lock()
jobs = queue.Queue()
counts = {}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            with lock:
                counts[line] = counts.get(line, 0) + 1
            jobs.put(line)
            self.wfile.write(b"%d\n" % sum(i * i for i in range(200)))


def drain():
    while jobs.get() is not None:
        time.sleep(0.0005)


def client(address, until):
    with socket.create_connection(address) as connection:
        stream = connection.makefile("rwb")
        number = 0
        while time.monotonic() < until:
            number += 1
            stream.write(b"key%d\n" % (number % 50))
            stream.flush()
            stream.readline()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    worker = threading.Thread(target=drain)
    worker.start()
    until = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else 0.5)
    clients = [threading.Thread(target=client, args=(server.server_address, until)) for _ in range(4)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    with jobs.mutex:
        jobs.queue.clear()
    jobs.put(None)
    worker.join()
    server.shutdown()
