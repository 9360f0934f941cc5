"""regress/director/mute_client.py PASSWORD - a client that greets and takes a job, and says nothing more"""
import sys

from client import bnet, run


def serve(sock, key):
    conn = bnet.Conn(sock, 'director')
    try:
        conn.recv()
        if not bnet.challenge(conn, key, 'R_CLIENT::mute') or not bnet.respond(conn, key):
            return
        conn.send('2000 OK Hello 54\n')
        while True:
            frame = conn.recv()
            if isinstance(frame, bytes) and frame.startswith(b'JobId='):
                conn.send('2000 OK Job 25.1.0 (03Aug26) Linux,mute')
                print('it has the job', file=sys.stderr, flush=True)
    except (bnet.Closed, OSError):
        pass


run(serve)
