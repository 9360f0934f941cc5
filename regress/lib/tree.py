#!/usr/bin/env python3
"""regress/lib/tree.py - file trees for tests: make one with everything, describe one, compare two.

  tree.py make DIR [--seed N] [--files N] [--no-special]   a tree with every kind of entry
  tree.py edit DIR [--seed N]                              change, add and remove entries
  tree.py list DIR                                         one line per entry, all attributes
  tree.py diff DIR1 DIR2 [--no-dir-times] [--no-links]     lines that differ; exit 1 if any
  tree.py count DIR                                        entries that a backup saves, DIR itself included

Works by directory descriptors, so that paths beyond PATH_MAX are no obstacle.
"""
import argparse
import hashlib
import os
import random
import socket
import stat
import struct
import sys



def describe(fd, name, full, st, links):
    """The line of one entry; links maps (dev, ino) to the first name met."""
    kind = {stat.S_IFREG: 'reg', stat.S_IFDIR: 'dir', stat.S_IFLNK: 'lnk', stat.S_IFCHR: 'chr',
            stat.S_IFBLK: 'blk', stat.S_IFIFO: 'fifo', stat.S_IFSOCK: 'sock'}[stat.S_IFMT(st.st_mode)]
    out = {'type': kind, 'mode': '%04o' % stat.S_IMODE(st.st_mode), 'uid': st.st_uid, 'gid': st.st_gid,
           'mtime': int(st.st_mtime_ns // 10**9)}
    if kind == 'reg':
        f = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=fd)
        try:
            digest = hashlib.sha256()
            while True:
                chunk = os.read(f, 1 << 20)
                if not chunk:
                    break
                digest.update(chunk)
        finally:
            os.close(f)
        out['size'] = st.st_size
        out['sha256'] = digest.hexdigest()
    if kind == 'lnk':
        out['link'] = os.readlink(name, dir_fd=fd)
    if kind in ('chr', 'blk'):
        out['rdev'] = '%d:%d' % (os.major(st.st_rdev), os.minor(st.st_rdev))
    if kind != 'dir' and st.st_nlink > 1:
        out['hardlink'] = links.setdefault((st.st_dev, st.st_ino), full)
    # Extended attributes (ACLs are among them) by way of /proc/self/fd, which has no PATH_MAX.
    p = b'/proc/self/fd/%d/' % fd + name
    try:
        for x in sorted(os.listxattr(p, follow_symlinks=False)):
            out['x:' + x] = os.getxattr(p, x, follow_symlinks=False).hex()
    except OSError:
        pass
    return out


def walk(top):
    """Yield (relative path bytes, attributes), directories after their contents, names sorted."""
    links = {}

    def below(fd, rel):
        for name in sorted(os.fsencode(n) for n in os.listdir(fd)):
            full = rel + b'/' + name if rel else name
            st = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISDIR(st.st_mode):
                sub = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
                try:
                    yield from below(sub, full)
                finally:
                    os.close(sub)
            yield full, describe(fd, name, full, st, links)

    sys.setrecursionlimit(100000)
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield from below(fd, b'')
    finally:
        os.close(fd)


def text(attrs):
    return ' '.join('%s=%s' % (k, v if not isinstance(v, bytes) else repr(v)) for k, v in attrs.items())


def cmd_list(a):
    for path, attrs in walk(os.fsencode(a.dir)):
        print(repr(path)[2:-1], text(attrs))


def cmd_count(a):
    print(sum(1 for _ in walk(os.fsencode(a.dir))) + 1)


def cmd_diff(a):
    one, two = (dict(walk(os.fsencode(d))) for d in (a.dir1, a.dir2))
    bad = 0
    for path in sorted(set(one) | set(two)):
        x, y = one.get(path), two.get(path)
        for z in (x, y):
            if z is None:
                continue
            if a.no_dir_times and z['type'] == 'dir':
                z.pop('mtime', None)
            if a.no_links:
                z.pop('hardlink', None)
        if x != y:
            bad = 1
            print('%s\n  < %s\n  > %s' % (repr(path)[2:-1], text(x) if x else 'missing',
                                          text(y) if y else 'missing'))
    sys.exit(bad)


def acl_entry(tag, perm, qualifier):
    return struct.pack('<HHI', tag, perm, qualifier)


def make_acl(user, perm):
    """A POSIX ACL with one named user, as the kernel stores it."""
    none = 0xffffffff
    return struct.pack('<I', 2) + acl_entry(1, 6, none) + acl_entry(2, perm, user) + \
        acl_entry(4, 4, none) + acl_entry(0x10, 7, none) + acl_entry(0x20, 4, none)


class Maker:
    def __init__(self, top, seed):
        self.top = os.fsencode(top)
        self.rnd = random.Random(seed)

    def p(self, *parts):
        return os.path.join(self.top, *[os.fsencode(x) for x in parts])

    def dir(self, *parts, mode=0o755):
        path = self.p(*parts)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        return path

    def file(self, path, data, mode=0o644):
        with open(path, 'wb') as f:
            f.write(data)
        os.chmod(path, mode)

    def content(self):
        n = self.rnd.choice([0, 1, 17, 1000, 4096, 20000, 70000, 262136, 262144, 300001])
        if n > 20000 and self.rnd.random() < 0.7:
            n = self.rnd.randrange(5000)
        if self.rnd.random() < 0.5:
            return self.rnd.randbytes(n)
        return (b'the quick brown fox %d\n' % self.rnd.randrange(1000) * (n // 20 + 1))[:n]

    def plain(self, files):
        for i in range(files):
            d = self.dir('plain', 'd%02d' % (i % 17), 'e%d' % (i % 5))
            self.file(os.path.join(d, b'f%05d' % i), self.content())

    def names(self):
        d = self.dir('names')
        for name in (b'blank name', b'new\nline', b'tab\t', b'"quote\'', b'back\\slash', b'-dash', b'tail ',
                     b'%s%n', b'*[?', b'...', b'\xff\xfe invalid', bytes(c for c in range(1, 256) if c != ord('/')), 'ünïcödé'.encode(), b'l' * 255, b'\x01\x7f'):
            self.file(os.path.join(d, name), name)
        # A path beyond PATH_MAX.
        fd = os.open(d, os.O_RDONLY | os.O_DIRECTORY)
        for i in range(25):
            part = b'deep%02d-' % i + b'x' * 200
            os.mkdir(part, dir_fd=fd)
            nxt = os.open(part, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = nxt
        f = os.open(b'bottom', os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd)
        os.write(f, b'at the end of a very long path')
        os.close(f)
        os.close(fd)

    def links(self):
        d = self.dir('links')
        e = self.dir('links', 'other')
        os.symlink(b'../plain', os.path.join(d, b'relative'))
        os.symlink(b'/etc/passwd', os.path.join(d, b'absolute'))
        os.symlink(b'/nowhere/at/all', os.path.join(d, b'dangling'))
        os.symlink(b'../../../../../../etc/shadow', os.path.join(d, b'outside'))
        os.symlink(b't' * 1000, os.path.join(d, b'long'))
        os.symlink(b'\xff', os.path.join(d, b'odd'))
        for i in range(3):
            one = os.path.join(d, b'hard%d' % i)
            self.file(one, b'linked %d' % i * (i * 50000 + 1))
            os.link(one, os.path.join(e, b'hard%d' % i))
            os.link(one, os.path.join(d, b'again%d' % i))
        self.file(os.path.join(d, b'empty1'), b'')
        os.link(os.path.join(d, b'empty1'), os.path.join(e, b'empty2'))
        os.mkfifo(os.path.join(d, b'fifo1'))
        os.link(os.path.join(d, b'fifo1'), os.path.join(e, b'fifo2'))
        os.symlink(b'sym', os.path.join(d, b'sym1'))
        os.link(os.path.join(d, b'sym1'), os.path.join(e, b'sym2'), follow_symlinks=False)
        # More levels than a walker keeps open.
        os.makedirs(os.path.join(d, b'nested', *[b'n%d' % i for i in range(300)]))

    def sizes(self):
        """Around the chunks and buffers of the data path."""
        d = self.dir('sizes')
        for size in (1, 4095, 4096, 65535, 65536, 262135, 262136, 262137, 262144, 262145, 524288, 524289, 3000001):
            self.file(os.path.join(d, b'%d' % size), self.rnd.randbytes(size))

    def sparse(self):
        d = self.dir('sparse')
        for name, size, pieces in (
                ('all-hole', 1048576, []), ('all-hole-chunk', 4 * 262136, []), ('odd-hole', 1000001, []),
                ('chunk', 2 * 262144, [(262136, b'8 BYTES ')]), ('across', 5 * 262144, [(262143, b'XY')]),
                ('between', 3 * 262144 + 1, [(262144, b'C' * 262144)]),
                ('middle', 3000000, [(0, b'HEAD'), (1500000, b'MIDDLE'), (2999990, b'TAIL' * 2)]),
                ('tail', 2000000, [(1999999, b'Z')]), ('head', 1500000, [(0, b'A' * 5000)])):
            with open(os.path.join(d, os.fsencode(name)), 'wb') as f:
                f.truncate(size)
                for at, data in pieces:
                    f.seek(at)
                    f.write(data)

    def special(self):
        d = self.dir('special')
        os.mkfifo(os.path.join(d, b'fifo'), 0o640)
        s = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(d)
        s.bind('socket')
        os.chdir(here)
        s.close()
        if os.geteuid() == 0:
            os.mknod(os.path.join(d, b'null'), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            os.mknod(os.path.join(d, b'big'), 0o600 | stat.S_IFCHR, os.makedev(500, 70000))
            os.mknod(os.path.join(d, b'disk'), 0o660 | stat.S_IFBLK, os.makedev(7, 200))

    def modes(self):
        d = self.dir('modes')
        for mode in (0o4755, 0o2711, 0o1777, 0o000, 0o777, 0o400):
            self.file(os.path.join(d, b'%04o' % mode), b'mode', mode)
        if os.geteuid() == 0:
            odd = os.path.join(d, b'owner')
            self.file(odd, b'x')
            os.chown(odd, 12345, 54321)
            os.chmod(odd, 0o6755)
            os.chown(os.path.join(d, b'0400'), 4294967294, 4294967294)
        for name, when in ((b'old', 1), (b'before-1970', -86400), (b'after-2038', 2208988800),
                           (b'in-1902', -2147483647), (b'far', 8589934592)):
            self.file(os.path.join(d, name), name)
            os.utime(os.path.join(d, name), (when, when))
        for mode in (0o700, 0o555, 0o1777, 0o2755, 0o000):
            sub = self.dir('modes', 'dir-%04o' % mode)
            self.file(os.path.join(sub, b'inside'), b'inside')
            os.utime(sub, (1600000000, 1600000000 + mode))
            os.chmod(sub, mode)
        sub = self.dir('modes', 'empty-dir')
        os.utime(sub, (1500000000, 1500000000))
        link = os.path.join(d, b'timed-link')
        os.symlink(b'old', link)
        os.utime(link, (1400000000, 1400000000), follow_symlinks=False)

    def attributes(self):
        d = self.dir('attributes')
        f = os.path.join(d, b'many')
        self.file(f, b'x')
        for i in range(5):
            os.setxattr(f, b'user.a%d' % i, self.rnd.randbytes(i * 300))
        os.setxattr(f, b'user.all', bytes(range(256)))
        os.setxattr(d, b'user.dir', b'directory')
        acl = os.path.join(d, b'acl')
        self.file(acl, b'acl')
        os.setxattr(acl, b'system.posix_acl_access', make_acl(12345, 6))
        sub = self.dir('attributes', 'default-acl')
        os.setxattr(sub, b'system.posix_acl_default', make_acl(2, 5))
        os.setxattr(sub, b'system.posix_acl_access', make_acl(3, 7))
        both = os.path.join(d, b'both')
        self.file(both, b'both')
        os.setxattr(both, b'system.posix_acl_access', make_acl(12345, 4))
        os.setxattr(both, b'user.k', b'v')
        if os.geteuid() == 0:
            cap = os.path.join(d, b'capable')
            self.file(cap, b'#!/bin/true\n', 0o755)
            # cap_net_raw=ep, VFS_CAP_REVISION_2
            os.setxattr(cap, b'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0))
            link = os.path.join(d, b'link')
            os.symlink(b'many', link)
            os.setxattr(link, b'trusted.link', b'on a symlink', follow_symlinks=False)


def supports_user_xattr(d):
    try:
        os.setxattr(d, b'user.probe', b'1')
        os.removexattr(d, b'user.probe')
        return True
    except OSError:
        return False


def cmd_make(a):
    os.makedirs(a.dir, exist_ok=True)
    m = Maker(a.dir, a.seed)
    m.plain(a.files)
    m.names()
    m.links()
    m.sizes()
    m.sparse()
    if not a.no_special:
        m.special()
    m.modes()
    if supports_user_xattr(m.dir('attributes')):
        m.attributes()
    # Files must not look newer than they are to an incremental made right after.
    os.utime(m.p('plain'), (1700000000, 1700000000))


def cmd_edit(a):
    m = Maker(a.dir, a.seed)
    names = sorted(os.listdir(m.p('plain', 'd03', 'e3')))
    m.file(m.p('plain', 'd03', 'e3', os.fsdecode(names[0])), b'changed %d' % a.seed)
    os.chmod(m.p('plain', 'd03', 'e3', os.fsdecode(names[-1])), 0o600)
    m.file(os.path.join(m.dir('plain', 'new%d' % a.seed), b'added'), m.content())
    os.rename(m.p('links', 'relative'), m.p('links', 'renamed%d' % a.seed))
    os.symlink(b'../plain/d0%d' % (a.seed % 9), m.p('links', 'relative'))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = ap.add_subparsers(required=True)
    p = sub.add_parser('make')
    p.add_argument('dir')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--files', type=int, default=300)
    p.add_argument('--no-special', action='store_true')
    p.set_defaults(run=cmd_make)
    p = sub.add_parser('edit')
    p.add_argument('dir')
    p.add_argument('--seed', type=int, default=1)
    p.set_defaults(run=cmd_edit)
    for name, run in (('list', cmd_list), ('count', cmd_count)):
        p = sub.add_parser(name)
        p.add_argument('dir')
        p.set_defaults(run=run)
    p = sub.add_parser('diff')
    p.add_argument('dir1')
    p.add_argument('dir2')
    p.add_argument('--no-dir-times', action='store_true')
    p.add_argument('--no-links', action='store_true')
    p.set_defaults(run=cmd_diff)
    a = ap.parse_args()
    a.run(a)


if __name__ == '__main__':
    main()
