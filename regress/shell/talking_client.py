"""regress/shell/talking_client.py PASSWORD - a client that does not stop to answer a status, and never answers an estimate"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'director'))
from client import bnet, run  # noqa: E402


ANSWERS = (
    (b'JobId=', '2000 OK Job 25.1.0 (03Aug26) Linux,talker'),
    (b'level =', '2000 OK level\n'),
    (bnet.EOD, '2000 OK include\n'),
)


def serve(sock, key):
    conn = bnet.Conn(sock, 'director')
    try:
        conn.recv()
        if not bnet.challenge(conn, key, 'R_CLIENT::talker') or not bnet.respond(conn, key):
            return
        conn.send('2000 OK Hello 54\n')
        while True:
            frame = conn.recv()
            for command, answer in ANSWERS:
                if frame == command or isinstance(frame, bytes) and isinstance(command, bytes) and frame.startswith(command):
                    conn.send(answer)
            for _ in range(500000 if frame == b'status' else 0):
                conn.send('x' * 1000 + '\n')
    except (bnet.Closed, OSError):
        pass
    finally:
        sock.close()


run(serve)
