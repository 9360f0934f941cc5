"""regress/director/mute_client.py PASSWORD - a client that greets and takes a job, and says nothing more

In clear, at a port of the system's choice, which is printed.
"""
import os
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'peers'))
import bnet  # noqa: E402


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
    except (bnet.Closed, OSError):
        pass


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
