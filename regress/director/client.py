"""regress/director/client.py - clients that misbehave: the part they share

In clear, at a port of the system's choice, which is printed.  The program's argument is the password.
"""
import os
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'peers'))
import bnet  # noqa: E402


def run(serve):
    """serve(sock, key) for each director that calls, in a thread of its own."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(50)
    print(listener.getsockname()[1], flush=True)
    key = bnet.password_key(sys.argv[1])
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock, key), daemon=True).start()
