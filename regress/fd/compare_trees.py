#!/usr/bin/env python3
"""compare_trees.py A B - what differs between two trees; exit status 1 when anything does

Compared: names, kind, content, mode, owner, size, mtime (whole seconds), device numbers, link
targets, hard link structure, ACLs and extended attributes. Walks by descriptor, so paths may be
longer than PATH_MAX.
"""
import hashlib
import os
import stat
import sys


def attributes(dirfd, name):
    path = b'/proc/self/fd/%d/%s' % (dirfd, name)
    try:
        return {a: os.getxattr(path, a, follow_symlinks=False) for a in sorted(os.listxattr(path, follow_symlinks=False))}
    except OSError:
        return {}


def content(dirfd, name):
    h = hashlib.sha256()
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=dirfd), 'rb') as f:
        while chunk := f.read(1 << 20):
            h.update(chunk)
    return h.hexdigest()


def describe(dirfd, name):
    st = os.stat(name, dir_fd=dirfd, follow_symlinks=False)
    d = dict(kind=stat.S_IFMT(st.st_mode), mode=stat.S_IMODE(st.st_mode), uid=st.st_uid, gid=st.st_gid,
             mtime=st.st_mtime_ns // 10 ** 9, xattr=attributes(dirfd, name))
    if stat.S_ISREG(st.st_mode):
        d.update(size=st.st_size, sha256=content(dirfd, name))
    if stat.S_ISLNK(st.st_mode):
        d['target'] = os.readlink(name, dir_fd=dirfd)
    if stat.S_ISBLK(st.st_mode) or stat.S_ISCHR(st.st_mode):
        d['rdev'] = st.st_rdev
    return d, st


def scan(fd, prefix, out, inodes):
    """All files below fd, without recursion into Python's limits: an explicit stack of descriptors."""
    stack = [(fd, prefix, sorted(os.fsencode(n) for n in os.listdir(fd)))]
    while stack:
        fd, prefix, names = stack[-1]
        if not names:
            os.close(fd)
            stack.pop()
            continue
        name = names.pop(0)
        path = prefix + b'/' + name
        out[path], st = describe(fd, name)
        if stat.S_ISDIR(st.st_mode):
            sub = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            stack.append((sub, path, sorted(os.fsencode(n) for n in os.listdir(sub))))
        elif st.st_nlink > 1:
            inodes.setdefault((st.st_dev, st.st_ino), []).append(path)


def tree(top):
    out, inodes = {}, {}
    out[b''] = describe(os.open(os.path.dirname(top) or b'/', os.O_RDONLY), os.path.basename(top))[0]
    scan(os.open(top, os.O_RDONLY | os.O_DIRECTORY), b'', out, inodes)
    groups = sorted(sorted(paths) for paths in inodes.values() if len(paths) > 1)
    return out, groups


def main():
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    a, ga = tree(os.path.abspath(os.fsencode(sys.argv[1])))
    b, gb = tree(os.path.abspath(os.fsencode(sys.argv[2])))
    bad = 0
    for path in sorted(set(a) | set(b)):
        short = repr(path if len(path) < 120 else path[:60] + b'...' + path[-50:])
        if path not in b or path not in a:
            print('only in %s: %s' % ('first' if path in a else 'second', short))
            bad += 1
            continue
        for key in sorted(set(a[path]) | set(b[path])):
            if a[path].get(key) != b[path].get(key):
                bad += 1
                if bad <= 20:
                    print('%s: %s: %r, %r' % (short, key, a[path].get(key), b[path].get(key)))
    if '--no-links' not in sys.argv and ga != gb:
        print('hard links differ: %r, %r' % (ga, gb))
        bad += 1
    print('%d files compared, %d differences' % (len(a), bad))
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
