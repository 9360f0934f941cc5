"""regress/director/odd_client.py PASSWORD - a client that takes a job and sends messages of times that no clock shows

In clear, at a port of the system's choice, which is printed.
"""
import os
import re
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'peers'))
import bnet  # noqa: E402

TIMES = (9223372036854775807, -9223372036854775807, 10000000000000, 253402300800)


def serve(sock, key):
    conn = bnet.Conn(sock, 'director')
    try:
        conn.recv()
        if not bnet.challenge(conn, key, 'R_CLIENT::odd') or not bnet.respond(conn, key):
            return
        conn.send('2000 OK Hello 54\n')
        while True:
            frame = conn.recv()
            job = re.search(rb'^JobId=.* Job=(\S+)', frame) if isinstance(frame, bytes) else None
            if job is None:
                continue
            for time in TIMES:
                conn.send('Jmsg Job=%s type=6 level=%d odd JobId 1: a word of %d\n' % (job.group(1).decode(), time, time))
            conn.send('2000 OK Job 25.1.0 (03Aug26) Linux,odd')
            return
    except (bnet.Closed, OSError):
        pass
    finally:
        sock.close()


def main():
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(50)
    print(listener.getsockname()[1], flush=True)
    key = bnet.password_key(sys.argv[1])
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock, key), daemon=True).start()


main()
