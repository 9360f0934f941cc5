#!/usr/bin/env python3
"""make_tree.py DIR - a tree with everything a Linux file system can hold (needs root)

Regular, empty and sparse files, directories with odd modes, symbolic links, hard links across
directories, fifos, sockets, devices, paths beyond PATH_MAX, names with newlines and invalid
UTF-8, POSIX ACLs, extended attributes, capabilities, extreme times.
"""
import os
import random
import socket
import struct
import subprocess
import sys

CHUNK = 262136


def put(path, data=b'', mode=0o644):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, 'wb') as f:
        f.write(data)
    os.chmod(path, mode)


def sparse(path, size, pieces):
    with open(path, 'wb') as f:
        f.truncate(size)
        for at, data in pieces:
            f.seek(at)
            f.write(data)


def regular(top, rnd):
    d = top + b'/files'
    os.mkdir(d)
    put(d + b'/empty')
    put(d + b'/empty-private', mode=0o600)
    put(d + b'/private', b'secret', 0o600)
    put(d + b'/mode-0000', b'no rights', 0)
    put(d + b'/setuid', b'x', 0o4755)
    put(d + b'/sticky', b'x', 0o1644)
    for size in (1, 4095, 4096, 65536, CHUNK - 1, CHUNK, CHUNK + 1, 262144, 262145, 524288, 524289, 3000001):
        put(d + b'/size-%d' % size, rnd.randbytes(size))
    put(d + b'/owned', b'owner')
    os.chown(d + b'/owned', 12345, 54321)
    many = top + b'/many'
    os.mkdir(many)
    for i in range(1500):
        put(many + b'/f%04d' % i, rnd.randbytes(i % 97))


def holes(top, rnd):
    d = top + b'/sparse'
    os.mkdir(d)
    sparse(d + b'/all-hole', 4 * CHUNK, [])
    sparse(d + b'/all-hole-odd', 4 * CHUNK + 17, [])
    sparse(d + b'/head', 3000000, [(0, b'head')])
    sparse(d + b'/tail', 3000000, [(2999996, b'tail')])
    sparse(d + b'/middle', 50000000, [(20000000, rnd.randbytes(100000))])
    put(d + b'/zeros-written', bytes(1000000))


def links(top):
    a, b = top + b'/links/a', top + b'/links/b'
    os.makedirs(a)
    os.makedirs(b)
    put(a + b'/first', b'shared by three names' * 10)
    os.link(a + b'/first', a + b'/second')
    os.link(a + b'/first', b + b'/third')
    os.symlink(b'../a/first', b + b'/relative')
    os.symlink(b'/nonexistent/target', b + b'/dangling')
    os.symlink(b'x' * 4000, b + b'/long-target')
    os.mkfifo(a + b'/fifo-two-names')
    os.link(a + b'/fifo-two-names', b + b'/fifo-other-name')
    os.symlink(b'sym', a + b'/sym-two-names')
    os.link(a + b'/sym-two-names', b + b'/sym-other-name', follow_symlinks=False)


def specials(top):
    d = top + b'/special'
    os.mkdir(d)
    os.mkfifo(d + b'/fifo', 0o640)
    os.mknod(d + b'/char', 0o20666, os.makedev(1, 3))
    os.mknod(d + b'/block', 0o60660, os.makedev(7, 200))
    os.chdir(d)
    s = socket.socket(socket.AF_UNIX)
    s.bind('socket')
    s.close()
    os.chdir('/')


def names(top):
    d = top + b'/names'
    os.mkdir(d)
    for name in (b' leading blank', b'trailing blank ', b'new\nline', b'invalid\xff\xfeutf8', b'tab\there',
                 'umlaut-\u00e4\u00f6\u00fc'.encode(), b'back\\slash', b'quote"\'', b'*', b'?', b'-rf', b'#hash', b'x' * 255,
                 b'\x01\x02ctl'):
        put(d + b'/' + name, name)
    os.mkdir(d + b'/dir\nwith newline')
    put(d + b'/dir\nwith newline/file', b'inside')


def deep(top):
    """Paths longer than PATH_MAX: made by descending."""
    os.chdir(top)
    name = b'd' * 200
    os.mkdir(b'deep')
    os.chdir(b'deep')
    for i in range(40):
        os.mkdir(name)
        os.chdir(name)
        if i % 10 == 9:
            put(b'file-at-%d' % i, b'depth %d' % i)
    os.symlink(b'file-at-39', b'link')
    os.chdir(b'/')
    os.chdir(top)
    os.makedirs(b'nested/' + b'/'.join(b'n%d' % i for i in range(300)))
    os.chdir(b'/')


def directories(top):
    d = top + b'/dirs'
    for mode in (0o0, 0o111, 0o500, 0o700, 0o1777, 0o2755):
        p = d + b'/mode-%04o' % mode
        os.makedirs(p)
        put(p + b'/inside', b'data')
        os.chmod(p, mode)
    os.mkdir(d + b'/empty')


def attributes(top):
    d = top + b'/attrs'
    os.mkdir(d)
    put(d + b'/xattr', b'x')
    os.setxattr(d + b'/xattr', 'user.color', b'red')
    os.setxattr(d + b'/xattr', 'user.empty', b'')
    os.setxattr(d + b'/xattr', 'user.binary', bytes(range(256)))
    put(d + b'/capability', b'x', 0o755)
    os.setxattr(d + b'/capability', 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 10, 0, 0, 0))
    put(d + b'/acl', b'x', 0o640)
    os.mkdir(d + b'/acl-dir')
    subprocess.run(['setfacl', '-m', 'u:12345:rw,g:54321:r', d + b'/acl'], check=True)
    subprocess.run(['setfacl', '-m', 'u:daemon:rwx,d:u:daemon:rx,d:g::rx', d + b'/acl-dir'], check=True)
    os.mkdir(d + b'/xattr-dir')
    os.setxattr(d + b'/xattr-dir', 'user.on-a-dir', b'yes')
    os.mkfifo(d + b'/fifo-trusted')
    os.setxattr(d + b'/fifo-trusted', 'trusted.note', b'on a fifo')
    os.symlink(b'target', d + b'/link-trusted')
    os.setxattr(d + b'/link-trusted', 'trusted.note', b'on a link', follow_symlinks=False)


def times(top):
    d = top + b'/times'
    os.mkdir(d)
    for name, t in ((b'epoch', 0), (b'before', -86400), (b'y2038', 2 ** 31 + 5), (b'far', 2 ** 33), (b'1902', -2 ** 31)):
        put(d + b'/' + name, name)
        os.utime(d + b'/' + name, (t, t))
    os.symlink(b'x', d + b'/link')
    os.utime(d + b'/link', (1000000000, 1000000000), follow_symlinks=False)
    os.utime(d, (1234567890, 1234567890))


def main():
    top = os.fsencode(os.path.abspath(sys.argv[1]))
    rnd = random.Random(4711)
    os.umask(0o022)
    os.makedirs(top, exist_ok=True)
    regular(top, rnd)
    holes(top, rnd)
    links(top)
    specials(top)
    names(top)
    deep(top)
    directories(top)
    attributes(top)
    times(top)


if __name__ == '__main__':
    main()
