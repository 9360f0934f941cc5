#!/usr/bin/env python3
"""regress/director/liar.py PORT FILE - stands before a daemon and changes what it says

Passes everything on to 127.0.0.1:PORT, from a port of the system's choice, which is printed.  FILE has one
lie on each line, "pattern => text": what the daemon says is changed so, frame by frame.  It is read for
each connection.  The conversation must be in clear.
"""
import os
import re
import socket
import struct
import sys
import threading


def lies():
    if not os.path.exists(sys.argv[2]):
        return []
    with open(sys.argv[2], 'rb') as f:
        return [line.rstrip(b'\n').split(b' => ') for line in f]


def exactly(sock, n):
    data = b''
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise OSError
        data += more
    return data


def change(from_sock, to_sock):
    told = [(re.compile(pattern), text) for pattern, text in lies()]
    while True:
        head = exactly(from_sock, 4)
        n = struct.unpack('>i', head)[0]
        data = exactly(from_sock, max(n, 0))
        for pattern, text in told if n > 0 else ():
            data = pattern.sub(text, data)
        to_sock.sendall((struct.pack('>i', len(data)) if n >= 0 else head) + data)


def copy(from_sock, to_sock):
    while data := from_sock.recv(65536):
        to_sock.sendall(data)


def carry(how, one, two):
    try:
        how(one, two)
    except OSError:
        pass
    for s in one, two:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(50)
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        daemon = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
        for s in sock, daemon:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=carry, args=(copy, sock, daemon), daemon=True).start()
        threading.Thread(target=carry, args=(change, daemon, sock), daemon=True).start()


main()
