#!/usr/bin/env python3
"""fd_test.py - the file daemon alone, between a scripted director and a scripted storage daemon

A tree with everything is saved and restored, in clear text and with TLS; volumes are checked record
by record; unreadable, vanished and changing files, programs, cancel and refusals are tried.
"""
# labels: quick tsan
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, '..', 'peers')
LIB = os.path.join(HERE, '..', 'lib')
TREE = os.path.join(LIB, 'tree.py')
BIN = os.environ.get('TERCET_BIN', os.path.join(HERE, '..', '..', 'build', 'release'))
sys.path.insert(0, LIB)
import ports  # noqa: E402

CONF = '''
FileDaemon {
  Name = t-fd
  Address = 127.0.0.1
  Port = %(port)d
  Working Directory = %(dir)s
  TLS Enable = %(tls)s
%(own)s
}
Director {
  Name = t-dir
  Password = "fdpw"
  TLS Enable = %(tls)s
%(director)s
}
Messages { Name = Standard; Director = t-dir = all, !skipped }
'''


def wait_port(port, proc):
    for _ in range(1200):
        if proc.poll() is not None:
            raise RuntimeError('%s ended with %s' % (proc.args[0], proc.returncode))
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError('port %d does not answer' % port)


class Site:
    """One file daemon and one storage daemon peer on ports of their own."""

    def __init__(self, tls=False, own='', args=(), director=''):
        self.dir = tempfile.mkdtemp(prefix='fd-test-', dir=os.environ.get('TERCET_TMP'))
        os.chmod(self.dir, 0o755)
        self.tls, self.fd_port = tls, ports.take_here()
        self.sd_port = self.fd_port + 1
        os.mkdir(self.path('vol'))
        with open(self.path('fd.conf'), 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(CONF % dict(port=self.fd_port, dir=self.dir, tls='yes' if tls else 'no', own=own,
                            director=director))
        self.log = open(self.path('fd.log'), 'wb')
        self.fd = self.sd = None
        try:
            self.start(args)
        except BaseException:
            for p in (self.fd, self.sd):
                if p is not None:
                    p.kill()
                    p.wait()
            shutil.rmtree(self.dir)
            raise

    def start(self, args):
        self.fd = subprocess.Popen([os.path.join(BIN, 'tercet-fd'), '-f', '-c', self.path('fd.conf'),
                                    *args], stdout=self.log, stderr=self.log)
        self.sd = subprocess.Popen([sys.executable, os.path.join(PEERS, 'fake_sd.py'), '-p', str(self.sd_port),
                                    '-n', 't-sd', '-w', 'sdpw', '-d', self.path('vol')],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.fd_port, self.fd)
        wait_port(self.sd_port, self.sd)

    def path(self, name):
        return os.path.join(self.dir, name)

    def director(self, *actions, paths=(), options='S4AX', more=()):
        """(exit status, output) of the scripted director."""
        args = [sys.executable, os.path.join(PEERS, 'fake_dir.py'), '--name', 't-dir', '--timeout', '120',
                '--fd', '127.0.0.1:%d' % self.fd_port, '--sd', '127.0.0.1:%d' % self.sd_port,
                '--options', options, '--dump', self.path('catalog.json'), *more]
        if os.path.exists(self.path('catalog.json')):
            args += ['--load', self.path('catalog.json')]
        if self.tls:
            args.append('--tls')
        for p in paths:
            args += ['--path', p]
        r = subprocess.run([*args, *actions], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        return r.returncode, r.stdout.decode('utf8', 'replace')

    def end(self):
        """Stop both; the file daemon's exit status and log."""
        self.fd.send_signal(signal.SIGTERM)
        code = self.fd.wait(60)
        self.sd.kill()
        self.sd.wait()
        self.log.close()
        with open(self.path('fd.log'), errors='replace') as f:
            text = f.read()
        subprocess.run(['rm', '-rf', self.dir], check=True)
        return code, text


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError('it did not come true within %d seconds' % seconds)
        time.sleep(0.02)


class FileDaemon(unittest.TestCase):
    tls = False
    own = director = ''
    args = ()

    def setUp(self):
        self.site = Site(self.tls, self.own, self.args, self.director)
        self.addCleanup(self.stop)

    def stop(self):
        code, text = self.site.end()
        self.assertEqual(code, 0, text)
        self.assertNotRegex(text, r'Sanitizer|runtime error|lock order')

    def run_dir(self, *actions, ok=True, **kw):
        code, out = self.site.director(*actions, **kw)
        if ok:
            self.assertEqual(code, 0, out)
        return out

    def volumes(self):
        d = self.site.path('vol')
        return [os.path.join(d, v) for v in sorted(os.listdir(d))]

    def check_volume(self):
        r = subprocess.run([sys.executable, os.path.join(PEERS, 'read_volume.py'), 'check', *self.volumes()],
                           capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertIn('0 problems', r.stdout)

    def compare(self, a, b, *more):
        r = subprocess.run([sys.executable, TREE, 'diff', a, b, *more],
                           capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)

    def tree(self):
        top = self.site.path('tree')
        subprocess.run([sys.executable, TREE, 'make', top], check=True)
        return top

    def put(self, name, data=b'x'):
        path = self.site.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data)
        return path


@unittest.skipIf(os.geteuid() != 0, 'devices, owners and capabilities need root')
class Everything(FileDaemon):
    def round(self, options, *more):
        top = self.tree()
        back = self.site.path('back')
        out = self.run_dir('status', 'estimate full listing', 'backup full', 'restore ' + back, paths=[top], options=options)
        self.check_volume()
        self.compare(top, back + top, *more)
        self.assertIn('errors 0', out)

    def test_links_sparse_xxh128(self):
        self.round('S4AXs')

    def test_every_name_its_own_data_sha256(self):
        self.round('S2AXHN', '--no-links')

    def test_md5_nothing_sparse(self):
        self.round('MAX')


class EverythingTls(Everything):
    tls = True


class LargeBuffers(FileDaemon):
    own = '  Maximum Network Buffer Size = 1048576'

    def test_verify_finds_what_was_saved(self):
        top = self.site.path('src')
        self.put('src/large', os.urandom(3000000) + bytes(3000000) + b'end')
        self.put('src/small', b'small')
        for options in ('MAX', 'MAXs'):
            self.run_dir('backup full', paths=[top], options=options)
            out = self.run_dir('verify', paths=[top], options=options)
            self.assertNotIn('differs', out)
            self.assertRegex(out, r'FD files 3 ')


class SmallestBuffers(LargeBuffers):
    own = '  Maximum Network Buffer Size = 8'


class Jobs(FileDaemon):
    def test_levels_follow_the_times(self):
        top = self.site.path('src')
        old = self.put('src/old')
        self.put('src/sub/older')
        for p in (old, self.site.path('src/sub/older')):
            os.utime(p, (1, 1))
        time.sleep(2.1)  # whole seconds, and one more (since_on_our_clock)
        self.run_dir('backup full', paths=[top])
        self.put('src/new', b'new')
        out = self.run_dir('backup incremental', paths=[top])
        self.assertRegex(out, r'FD files 2 ')   # new and the directory that got it
        out = self.run_dir('verify', paths=[top])
        self.assertRegex(out, r'FD files 5 ')

    def test_what_is_not_there_is_named_and_the_job_goes_on(self):
        top = self.site.path('src')
        for i in range(300):
            self.put('src/f%03d' % i, os.urandom(100))
        out = self.run_dir('backup full', paths=[top, self.site.path('nowhere')], ok=False)
        self.assertIn('nowhere', out)
        self.assertRegex(out, r'status W, FD files 301 .* errors 1,')
        self.check_volume()

    def test_programs_and_lists_on_the_client_name_files(self):
        one, two = self.put('src/one'), self.put('src/two')
        lst = self.put('list', (two + '\n').encode())
        out = self.run_dir('backup full', paths=['|echo ' + one, '<' + lst])
        self.assertRegex(out, r'FD files 2 ')

    def test_a_storage_daemon_that_dies_is_told_and_the_daemon_lives(self):
        top = self.site.path('src')
        os.makedirs(top)
        with open(top + '/big', 'wb') as f:
            f.truncate(8 << 30)
        timer = threading.Timer(2, self.site.sd.kill)
        timer.start()
        out = self.run_dir('backup full', paths=[top], ok=False, options='S3AX')
        timer.join()
        self.assertRegex(out, r'FD: t-fd JobId 1: Fatal error: .*127\.0\.0\.1')
        self.assertIsNone(self.site.fd.poll())

    def test_files_that_change_while_they_are_read_do_not_break_the_stream(self):
        top = self.site.path('src')
        path = self.put('src/changing', os.urandom(1 << 20))
        stop = threading.Event()

        def change():
            n = 0
            while not stop.is_set():
                n += 1
                os.truncate(path, (n * 7919) % (8 << 20))
                with open(path, 'ab') as f:
                    f.write(b'x' * (n % 100000))

        t = threading.Thread(target=change)
        t.start()
        try:
            for _ in range(5):
                self.run_dir('backup full', paths=[top], ok=False, options='S4AXsH')
                self.run_dir('backup full', paths=[top], ok=False, options='MAXH')
        finally:
            stop.set()
            t.join()
        with open(self.site.path('catalog.json')) as f:
            jobs = json.load(f)['jobs']
        self.assertEqual({j['status'] for j in jobs} - {'T', 'W'}, set())

    def test_a_large_file_and_small_ones_keep_their_order(self):
        top = self.site.path('src')
        for i in range(20):
            self.put('src/a%02d' % i, os.urandom(1000 + i))
            self.put('src/b%02d' % i, os.urandom(600000 + i * 1000))
        back = self.site.path('back')
        self.run_dir('backup full', 'restore ' + back, paths=[top])
        self.check_volume()
        self.compare(top, back + top)

    def test_cancel_ends_the_job(self):
        top = self.site.path('src')
        os.makedirs(top)
        for i in range(4):
            with open(top + '/big%d' % i, 'wb') as f:
                f.truncate(3 << 30)
        out = self.run_dir('cancel 1', paths=[top], ok=False)
        self.assertRegex(out, r'marked to be canceled')
        self.assertIn('backup', self.run_dir('status', paths=[top]))

    def test_it_stops_while_connections_stand_idle(self):
        idle = [socket.create_connection(('127.0.0.1', self.site.fd_port)) for _ in range(5)]
        start = time.time()
        self.site.fd.send_signal(signal.SIGTERM)
        self.site.fd.wait(20)
        self.assertLess(time.time() - start, 10)
        for s in idle:
            s.close()

    def test_a_wrong_password_is_refused(self):
        c = self.site
        r = subprocess.run([sys.executable, os.path.join(PEERS, 'fake_dir.py'), '--name', 't-dir', '--fd-password', 'wrong',
                            '--fd', '127.0.0.1:%d' % c.fd_port, '--sd', '127.0.0.1:%d' % c.sd_port, 'status'],
                           capture_output=True, text=True, timeout=60)
        self.assertNotEqual(r.returncode, 0)


@unittest.skipIf(os.geteuid() != 0, 'changing the user needs root')
class AsNobody(FileDaemon):
    args = ('-u', 'nobody')

    def test_files_that_cannot_be_read_are_named_and_take_no_index(self):
        top = self.site.path('src')
        for i in range(20):
            os.chmod(self.put('src/f%02d' % i), 0o644)
        os.chmod(self.put('src/secret'), 0o600)
        os.chmod(self.put('src/closed/inside'), 0o644)
        os.chmod(self.site.path('src/closed'), 0o700)
        out = self.run_dir('backup full', paths=[top], ok=False)
        self.assertRegex(out, r'src/secret: cannot be opened: Permission denied')
        self.assertRegex(out, r'src/closed: directory cannot be opened')
        self.assertRegex(out, r'status W, FD files 22 .* errors 2,')
        self.check_volume()


@unittest.skipIf(os.environ.get('TERCET_SANITIZE'), 'the leak check of a sanitizer attaches')
@unittest.skipIf(os.geteuid() != 0, 'to be nobody needs root')
class Closed(unittest.TestCase):
    """Other programs of its user see neither its memory nor its environment; nor would a core file's reader."""
    NOBODY = dict(user='nobody', group='nogroup', extra_groups=[])

    def seen(self, pid):
        """What of a process nobody can open."""
        return subprocess.run(['sh', '-c', 'for f in environ mem maps; do (: </proc/$0/$f) 2>/dev/null && echo $f; done; true', str(pid)],
                              check=True, capture_output=True, text=True, **self.NOBODY).stdout.split()

    def daemon_seen(self, args, **who):
        d = tempfile.mkdtemp(prefix='fd-test-')
        self.addCleanup(shutil.rmtree, d)
        conf, port = os.path.join(d, 'fd.conf'), ports.take_here()
        with open(conf, 'w') as f:
            f.write(CONF % dict(port=port, dir=d, tls='no', own='', director=''))
        shutil.chown(d, 'nobody')
        shutil.chown(conf, 'nobody')
        os.chmod(conf, 0o600)
        program = shutil.copy(os.path.join(BIN, 'tercet-fd'), d)  # which nobody may not reach
        p = subprocess.Popen([program, '-f', '-c', conf, *args], stderr=subprocess.DEVNULL, **who)
        try:
            wait_port(port, p)
            return self.seen(p.pid)
        finally:
            p.terminate()
            p.wait(60)

    def test_started_by_nobody_or_become_nobody_it_cannot_be_looked_into(self):
        other = subprocess.Popen(['cat'], stdin=subprocess.PIPE, **self.NOBODY)
        try:
            self.assertIn('environ', self.seen(other.pid))
        finally:
            other.communicate()
        self.assertEqual(self.daemon_seen([], **self.NOBODY), [])
        self.assertEqual(self.daemon_seen(['-u', 'nobody']), [])


class BackgroundStart(unittest.TestCase):
    def test_without_f_it_returns_when_ready(self):
        d = tempfile.mkdtemp(prefix='fd-test-')
        self.addCleanup(shutil.rmtree, d)
        port = ports.take_here()
        conf = os.path.join(d, 'fd.conf')
        with open(conf, 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(CONF % dict(port=port, dir=d, tls='no', own='', director=''))
        pid_file = os.path.join(d, 'pid')
        r = subprocess.run([os.path.join(BIN, 'tercet-fd'), '-c', conf, '-p', pid_file], capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(pid_file) as f:
            pid = int(f.read())
        socket.create_connection(('127.0.0.1', port), 5).close()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(pid_file))

    def test_a_port_that_is_taken_is_told(self):
        d = tempfile.mkdtemp(prefix='fd-test-')
        self.addCleanup(shutil.rmtree, d)
        conf = os.path.join(d, 'fd.conf')
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            s.listen()
            port = s.getsockname()[1]
            with open(conf, 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
                f.write(CONF % dict(port=port, dir=d, tls='no', own='', director=''))
            r = subprocess.run([os.path.join(BIN, 'tercet-fd'), '-c', conf], capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, 1)
        self.assertIn(str(port), r.stderr)


if __name__ == '__main__':
    unittest.main(verbosity=1)
