"""regress/shell/talking_client.py PASSWORD - a client that does not stop to answer a status"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'director'))
from client import bnet, run  # noqa: E402


def serve(sock, key):
    conn = bnet.Conn(sock, 'director')
    try:
        conn.recv()
        if not bnet.challenge(conn, key, 'R_CLIENT::talker') or not bnet.respond(conn, key):
            return
        conn.send('2000 OK Hello 54\n')
        while conn.recv() is not None:
            for _ in range(500000):
                conn.send('x' * 1000 + '\n')
    except (bnet.Closed, OSError):
        pass
    finally:
        sock.close()


run(serve)
