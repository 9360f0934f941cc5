"""regress/perf/trees.py - what is saved: made the same on every machine, from fixed seeds"""
import os
import random


def small(d, files):
    """358 MB in 100,000 files, 50 a directory; sizes spread like those of a home directory."""
    rnd = random.Random(1)
    pool = rnd.randbytes(1 << 22)
    for i in range(files):
        if i % 50 == 0:
            sub = os.path.join(d, 'a%03d' % (i // 5000), 'b%03d' % (i // 50 % 100))
            os.makedirs(sub, exist_ok=True)
        n = min(int(rnd.lognormvariate(7.3, 1.35)), 1 << 20)
        at = rnd.randrange((1 << 22) - n)
        with open(os.path.join(sub, 'file%06d' % i), 'wb') as f:
            f.write(pool[at:at + n])


def big(d, mib):
    """One file that nothing compresses."""
    rnd = random.Random(2)
    with open(os.path.join(d, 'big'), 'wb') as f:
        for _ in range(mib):
            f.write(rnd.randbytes(1 << 20))


def many(d, files):
    """Names and inodes above all: 1,000 a directory, every tenth with 100 bytes."""
    for i in range(files):
        if i % 1000 == 0:
            sub = os.path.join(d, 'd%02d' % (i // 100000), 'e%04d' % (i // 1000))
            os.makedirs(sub, exist_ok=True)
        with open(os.path.join(sub, 'some-file-%07d.dat' % i), 'wb') as f:
            if i % 10 == 0:
                f.write(b'%-99d\n' % i)


# ---- text ----

SYLLABLES = ('al be con de en fa ga hi in jo ka lo me na or pe qui re sa ter un ver wa xe yo zi ment tion '
             'ing er ed est ble ous ive ance port tract spec form struct').split()


def vocabulary(rnd, n):
    return [''.join(rnd.choices(SYLLABLES, k=rnd.choice((1, 2, 2, 3, 3, 4)))) for _ in range(n)]


def phrases(rnd, words, weights, n):
    return [' '.join(rnd.choices(words, cum_weights=weights, k=rnd.randint(2, 5))) for _ in range(n)]


def lines(rnd, n):
    """Half like a log, half like prose; gzip -6 makes a quarter of it, LZ4 two fifths."""
    words = vocabulary(rnd, 6000)
    weights, total = [], 0.0
    for i in range(len(words)):
        total += 1 / (i + 3)
        weights.append(total)
    pool = phrases(rnd, words, weights, 700)
    out = []
    for i in range(n):
        said = rnd.choices(pool, k=rnd.randint(2, 5)) + rnd.choices(words, cum_weights=weights, k=rnd.randint(0, 2))
        if i % 2:
            out.append('2026-11-%02d %02d:%02d:%02d.%03d host%d service[%d]: %s id=%d\n' % (
                rnd.randint(1, 30), rnd.randint(0, 23), rnd.randint(0, 59), rnd.randint(0, 59), rnd.randint(0, 999),
                rnd.randint(1, 9), rnd.randint(1000, 1020), ' '.join(said), rnd.randint(0, 99999)))
        else:
            out.append(' '.join(said).capitalize() + '.\n')
    return [line.encode() for line in out]


def text(d, mib):
    rnd = random.Random(3)
    pool = lines(rnd, 60000)  # too many for a compressor to see a line twice
    left = mib << 20
    with open(os.path.join(d, 'text'), 'wb') as f:
        while left > 0:
            piece = b''.join(rnd.choices(pool, k=20000))[:left]
            f.write(piece)
            left -= len(piece)
