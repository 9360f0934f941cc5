"""regress/director/odd_client.py PASSWORD - a client that takes a job and sends messages of times that no clock shows"""
import re

from client import bnet, run

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


run(serve)
