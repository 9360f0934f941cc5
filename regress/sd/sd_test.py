#!/usr/bin/env python3
# labels: tsan
"""The storage daemon alone, between a scripted director and a scripted file daemon.

Each test has its own directory, its own daemons and ports.
"""
import concurrent.futures
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

SOURCE = os.environ.get('TERCET_SOURCE', os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BIN = os.environ.get('TERCET_BIN', SOURCE + '/build/release')
PEERS = SOURCE + '/regress/peers'
GOLDEN = SOURCE + '/regress/golden'
SLOW = 4 if os.environ.get('TERCET_SANITIZE') else 1
sys.path[:0] = PEERS, SOURCE + '/regress/lib'
import bnet  # noqa: E402
import ports  # noqa: E402
import volume  # noqa: E402


def make_tree(top, big=5_000_000):
    rng = random.Random(7)
    os.makedirs(top + '/many')
    for n in range(300):
        with open('%s/many/f%03d' % (top, n), 'wb') as f:
            f.write(rng.randbytes(rng.choice((0, 1, 100, 5000, 40000))))
    with open(top + '/big', 'wb') as f:
        f.write(rng.randbytes(big))
    os.symlink('big', top + '/link')
    os.link(top + '/big', top + '/many/hard')
    os.mkdir(top + '/empty dir')


DEVICE = '''Device {{ Name = {name}; Media Type = File; Device Type = File; Archive Device = "{dir}"
  Label Media = yes; Random Access = yes; Automatic Mount = yes; Removable Media = no; Always Open = no
  {more} }}
'''


class Site:
    """One directory with a storage daemon, and a file daemon when wanted."""

    def __init__(self, test, devices=None, storage='', tls=False):
        self.test, self.tls = test, tls
        self.top = tempfile.mkdtemp(prefix='sd-test-')
        self.sd_port = ports.take_here()
        self.fd_port = self.sd_port + 1
        self.vol, self.src = self.top + '/vol', self.top + '/src'
        os.makedirs(self.vol)
        os.makedirs(self.top + '/work')
        yes = 'yes' if tls else 'no'
        with open(self.top + '/sd.conf', 'w') as f:
            os.chmod(self.top + '/sd.conf', 0o600)
            f.write('Storage { Name = t-sd; Working Directory = "%s/work"; Address = 127.0.0.1; Port = %d; '
                    'TLS Enable = %s; %s }\n' % (self.top, self.sd_port, yes, storage))
            f.write('Director { Name = fake-dir; Password = sdpw; TLS Enable = %s }\n' % yes)
            f.write('Messages { Name = Standard; Director = fake-dir = all }\n')
            f.write(devices.format(dir=self.vol) if devices else
                    DEVICE.format(name='FileDev', dir=self.vol, more='Maximum Concurrent Jobs = 10'))
        self.sd = self.fd = None
        test.addCleanup(self.close)

    def start_sd(self, prefix=(), options=()):
        pid_file = self.top + '/sd.pid'
        if os.path.exists(pid_file):
            os.unlink(pid_file)
        self.log = open(self.top + '/sd.log', 'ab')
        self.sd = subprocess.Popen([*prefix, BIN + '/tercet-sd', '-f', '-c', self.top + '/sd.conf', '-p', pid_file,
                                    *options],
                                   stdout=self.log, stderr=self.log)
        for _ in range(1200):
            if os.path.exists(pid_file):
                return self
            if self.sd.poll() is not None:
                break
            time.sleep(0.05)
        self.test.fail('tercet-sd did not start:\n' + self.sd_log())

    def start_fd(self, *options):
        self.fd = subprocess.Popen([sys.executable, PEERS + '/fake_fd.py', '-p', str(self.fd_port), '-n', 'fake-fd',
                                    '-w', 'fdpw', *options], stderr=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                socket.create_connection(('127.0.0.1', self.fd_port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.test.fail('fake_fd did not start')

    def sd_log(self):
        with open(self.top + '/sd.log', errors='replace') as f:
            return f.read()

    def command(self, *words):
        return [sys.executable, PEERS + '/fake_dir.py', '--fd', '127.0.0.1:%d' % self.fd_port, '--sd',
                '127.0.0.1:%d' % self.sd_port, '--path', self.src, '--timeout', str(60 * SLOW),
                *(['--tls'] if self.tls else []), *words]

    def director(self, *words, ok=True, load=None, dump='cat.json', background=False):
        extra = ['--load', self.top + '/' + load] if load else []
        extra += ['--dump', self.top + '/' + dump]
        if background:
            return subprocess.Popen(self.command(*extra, *words), stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)
        r = subprocess.run(self.command(*extra, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           timeout=120 * SLOW)
        if ok:
            self.test.assertEqual(r.returncode, 0, r.stdout + '\n' + self.sd_log())
            self.test.assertNotIn('PROBLEM', r.stdout)
        return r.stdout

    def check(self, *names):
        r = subprocess.run([sys.executable, PEERS + '/read_volume.py', 'check', *[self.vol + '/' + n for n in names]],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.test.assertEqual(r.returncode, 0, r.stdout)
        self.test.assertIn(' 0 problems', r.stdout)
        return r.stdout

    def same(self, where):
        r = subprocess.run(['diff', '-r', '--no-dereference', self.src, where + self.src], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        self.test.assertEqual(r.stdout, '')

    def stop_sd(self):
        """A clean stop must be quick and must find nothing to complain about (sanitizers)."""
        if self.sd is None:
            return
        self.sd.terminate()
        code = self.sd.wait(timeout=60)
        self.log.close()
        self.sd = None
        self.test.assertEqual(code, 0, self.sd_log())

    def close(self):
        for p in (self.fd, self.sd):
            if p is not None and p.poll() is None:
                p.kill()
                p.wait()
        shutil.rmtree(self.top, ignore_errors=True)


def say_hello(site, kind, name, key, hello):
    conn = bnet.connect('127.0.0.1', site.sd_port, kind, None, key, 30 * SLOW)
    conn.send(hello)
    if not bnet.respond(conn, key) or not bnet.challenge(conn, key, name):
        raise bnet.Refused('authentication')
    return conn


def director_session(site, password='sdpw'):
    conn = say_hello(site, 'SD', 'R_DIRECTOR::fake-dir', bnet.password_key(password), 'Hello Director fake-dir calling\n')
    assert conn.get() == b'3000 OK Hello\n'
    return conn


class MainPath(unittest.TestCase):
    def test_label_backup_restore(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src)
        out = s.director('status', 'label V1', 'backup full', 'restore %s/r' % s.top)
        self.assertIn('3000 OK label. VolFiles=0', out)
        s.check('V1')
        self.assertEqual({b.n for b in blocks(s.vol + '/V1')[:-1]}, {1 << 20})
        s.same(s.top + '/r')
        s.stop_sd()

    def test_a_job_of_many_pieces(self):
        more = 'Maximum File Size = 1000000'
        s = Site(self, DEVICE.replace('{name}', 'FileDev').replace('{more}', more)).start_sd().start_fd()
        make_tree(s.src)
        s.director('label V1', 'backup full', 'restore %s/r' % s.top)
        with open(s.top + '/cat.json') as f:
            self.assertGreater(len(json.load(f)['jobmedia']), 5)
        s.same(s.top + '/r')
        s.stop_sd()

    def test_tls(self):
        s = Site(self, tls=True).start_sd().start_fd()
        make_tree(s.src)
        s.director('backup full', 'restore %s/r' % s.top)
        s.same(s.top + '/r')
        s.stop_sd()

    def test_jobs_interleave_on_one_volume(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src)
        s.director('parallel 4 full', 'restore %s/r' % s.top)
        self.assertEqual(os.listdir(s.vol), ['Fake-0001'])
        self.assertIn('4 sessions', s.check('Fake-0001'))
        s.same(s.top + '/r')
        s.stop_sd()

    def test_a_job_spans_volumes(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src)
        s.director('--max-volume-bytes', '2500000', 'backup full', 'parallel 2 full', 'restore %s/r' % s.top)
        names = sorted(os.listdir(s.vol))
        self.assertGreater(len(names), 5)
        for n in names:
            self.assertLess(os.path.getsize(s.vol + '/' + n), 2500000)
        self.assertIn('3 sessions', s.check(*names))
        s.same(s.top + '/r')
        s.stop_sd()

    def test_early_reservation(self):
        s = Site(self, storage='Just In Time Reservation = no').start_sd().start_fd()
        make_tree(s.src, 100)
        s.director('parallel 2 full', 'restore %s/r' % s.top)
        s.same(s.top + '/r')
        s.stop_sd()

    def test_spooled_attributes(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        out = s.director('--spool-attributes', 'backup full')
        self.assertIn('Sending spooled attrs to the Director', out)
        s.stop_sd()

    def test_append_to_an_existing_volume_after_restart(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        s.director('backup full')
        s.stop_sd()
        s.start_sd()
        s.director('backup full', 'restore %s/r' % s.top, load='cat.json')
        self.assertEqual(os.listdir(s.vol), ['Fake-0001'])
        self.assertIn('2 sessions', s.check('Fake-0001'))
        s.same(s.top + '/r')
        s.stop_sd()

    def test_no_second_one_works_in_the_same_directory(self):
        # As while the first one stops: it listens no more, but still writes its volumes' ends.
        s = Site(self)
        s.start_sd()
        with open(s.top + '/sd.conf') as f:
            other = f.read().replace('Port = %d' % s.sd_port, 'Port = %d' % (s.sd_port + 2))
        with open(s.top + '/other.conf', 'w') as f:
            f.write(other)
        r = subprocess.run([BIN + '/tercet-sd', '-f', '-c', s.top + '/other.conf'], timeout=60,
                           capture_output=True, text=True)
        self.assertEqual(r.returncode, 1)
        self.assertIn('runs already in %s/work (process %d)' % (s.top, s.sd.pid), r.stderr)

    def test_without_signal_handling_a_signal_ends_it_at_once(self):
        for options, code in (((), 0), (('-s',), -signal.SIGTERM)):
            s = Site(self).start_sd(options=options)
            s.sd.terminate()
            self.assertEqual(s.sd.wait(30), code)
            self.assertEqual(os.path.exists(s.top + '/sd.pid'), code != 0)
            s.sd = None

    def test_operator_commands(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        out = s.director('label V1', 'label V1', ok=False)
        self.assertIn('3920 Cannot label Volume because it is already labeled: "V1"', out)
        c = director_session(s)
        for line, want in (('mount FileDev drive=0\n', '3906 File device "FileDev"'),
                           ('unmount FileDev drive=0\n', '3002 Device "FileDev" unmounted.\n'),
                           ('mount FileDev drive=0\n', '3906 '),
                           ('release FileDev drive=0\n', '3022 Device "FileDev" released.\n'),
                           ('mount Nowhere drive=0\n', '3999 Device "Nowhere" not found'),
                           ('cancel Job=17\n', '3904 Job 17 not found.\n'),
                           ('resolve localhost', 't-sd resolves localhost to localhost['),
                           ('relabel FileDev OldName=V1 NewName=V1 PoolName=P MediaType=File Slot=0 drive=0 '
                            'MinBlocksize=0 MaxBlocksize=0', '3000 OK label. VolFiles=0 VolBytes=')):
            c.send(line)
            self.assertTrue(bnet.to_text(c.get()).startswith(want), line)
            self.assertEqual(c.get(), bnet.EOD, line)
        for line, want in (('setdebug=0 trace=0 timestamp=0\n', '3000 OK setdebug=0'),
                           ('setbandwidth=1000 Job=none\n', '2000 OK Bandwidth\n'),
                           ('foo bar\n', '3900 Invalid command: foo bar\n\n')):
            c.send(line)
            self.assertTrue(bnet.to_text(c.get()).startswith(want), line)
        self.assertEqual(c.get(), bnet.TERMINATE)
        s.stop_sd()

    def test_a_device_that_is_only_read_labels_nothing(self):
        both = [DEVICE.replace('{name}', name).replace('{more}', more)
                for name, more in (('FileDev', ''), ('ReadDev', 'Access Mode = readonly'))]
        s = Site(self, ''.join(both)).start_sd().start_fd()
        make_tree(s.src, 20)
        s.director('label V1', 'backup full')
        with open(s.vol + '/V1', 'rb') as f:
            before = f.read()
        c = director_session(s)
        for order in ('label ReadDev VolumeName=V2 ', 'relabel ReadDev OldName=V1 NewName=V1 '):
            c.send(order + 'PoolName=P MediaType=File Slot=0 drive=0 MinBlocksize=0 MaxBlocksize=0')
            self.assertIn('read-only', bnet.to_text(c.get()))
            self.assertEqual(c.get(), bnet.EOD)
        with open(s.vol + '/V1', 'rb') as f:
            self.assertEqual(f.read(), before)
        self.assertEqual(os.listdir(s.vol), ['V1'])
        s.stop_sd()


class Devices(unittest.TestCase):
    def test_jobs_wait_for_one_of_two_drives(self):
        two = 'Device { Name = FileDev; Count = 2; Media Type = File; Device Type = File; Archive Device = "{dir}"; ' \
              'Label Media = yes; Random Access = yes; Automatic Mount = yes; Removable Media = no; ' \
              'Always Open = no; Maximum Concurrent Jobs = 1 }'.replace('{ ', '{{ ').replace(' }', ' }}')
        s = Site(self, devices=two).start_sd().start_fd('--slow', '0.01')
        make_tree(s.src, 3_000_000)
        out = s.director('parallel 4 full')
        self.assertIn('is waiting for a device', out)
        names = sorted(os.listdir(s.vol))
        self.assertGreaterEqual(len(names), 2)
        for n in names:  # no two jobs ever wrote on one volume at the same time
            sessions = [b.session for b in blocks(s.vol + '/' + n)]
            self.assertEqual(len(set(sessions)), 1 + sum(a != b for a, b in zip(sessions, sessions[1:])))
        s.stop_sd()

    def test_a_second_reservation_replaces_the_first(self):
        s = Site(self, storage='Just In Time Reservation = no').start_sd()
        d = director_session(s)
        d.send(job_line(1))
        reply(d, rb'3000 OK Job ')
        for _ in range(2):
            d.send('use storage=S media_type=File pool_name=P pool_type=Backup append=1 copy=0 stripe=0\n')
            d.send('use device=FileDev\n')
            d.sig(bnet.EOD)
            d.sig(bnet.EOD)
            reply(d, rb'3000 OK use device device=FileDev\n')
        d.close()
        c = director_session(s)
        for _ in range(100 * SLOW):  # until the session above has ended
            c.send('unmount FileDev drive=0\n')
            answer = bnet.to_text(c.get())
            self.assertEqual(c.get(), bnet.EOD)
            if not answer.startswith('3937 '):
                break
            time.sleep(0.1)
        self.assertEqual(answer, '3002 Device "FileDev" unmounted.\n')
        s.stop_sd()

    def test_unknown_device_and_media_type_fail_at_once(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        for option in ('--device', '--media-type'):
            out = s.director(option, 'Nowhere', 'backup full', ok=False)
            self.assertIn('3924 Device', out)
        s.stop_sd()

    def test_a_recycled_volume_is_emptied(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        s.director('backup full')
        with open(s.top + '/cat.json') as f:
            text = f.read()
        with open(s.top + '/cat.json', 'w') as f:
            f.write(text.replace('"Append"', '"Recycle"'))
        out = s.director('backup full', 'restore %s/r' % s.top, load='cat.json')
        self.assertIn('Recycled volume "Fake-0001"', out)
        self.assertIn('1 sessions', s.check('Fake-0001'))
        s.same(s.top + '/r')
        s.stop_sd()

    def test_a_volume_smaller_than_the_catalog_says_is_refused(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        s.director('backup full')
        with open(s.vol + '/Fake-0001', 'r+b') as f:
            f.truncate(os.path.getsize(f.name) - 1)
        out = s.director('backup full', load='cat.json', dump='cat2.json')
        self.assertIn('the catalog says', out)
        self.assertEqual(sorted(os.listdir(s.vol)), ['Fake-0001', 'Fake-0002'])
        with open(s.top + '/cat2.json') as f:
            self.assertIn('"Error"', f.read())
        s.stop_sd()

    def test_a_volume_with_data_is_never_labelled_anew(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        s.director('backup full')
        with open(s.vol + '/Fake-0001', 'rb') as f:
            before = hashlib.sha256(f.read()).hexdigest()
        out = s.director('backup full', dump='cat2.json')  # an empty catalog offers the same name
        self.assertIn('cannot be used', out)
        with open(s.vol + '/Fake-0001', 'rb') as f:
            self.assertEqual(hashlib.sha256(f.read()).hexdigest(), before)
        s.stop_sd()

    def test_bacula_style(self):
        s = Site(self, devices=DEVICE.format(name='FileDev', dir='{dir}', more='Label Style = Bacula')
                 .replace('{ ', '{{ ').replace(' }', ' }}')).start_sd().start_fd()
        make_tree(s.src)
        s.director('--options', 'M0', 'backup full', 'restore %s/r' % s.top)
        s.same(s.top + '/r')
        s.stop_sd()
        self.assertIsNotNone(shutil.which('bls'), "Debian's bacula-sd is needed")
        with open(s.top + '/bacula-sd.conf', 'w') as f:
            f.write('Storage { Name = b; WorkingDirectory = "%s/work"; Pid Directory = "%s/work" }\n'
                    'Device { Name = FileDev; Media Type = File; Archive Device = "%s"; LabelMedia = yes; '
                    'Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }\n'
                    'Messages { Name = Standard; stdout = all }\n'
                    'Director { Name = d; Password = p }\n' % (s.top, s.top, s.vol))
        tool = [shutil.which('bls'), '-c', s.top + '/bacula-sd.conf', '-V', 'Fake-0001', 'FileDev']
        out = subprocess.run(tool, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        self.assertIn(s.src + '/many/f299', out)
        os.mkdir(s.top + '/x')
        tool = [shutil.which('bextract'), '-c', s.top + '/bacula-sd.conf', '-V', 'Fake-0001', 'FileDev', s.top + '/x']
        out = subprocess.run(tool, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        self.assertIn('files restored', out)
        s.same(s.top + '/x')


def blocks(path):
    """(offset, length, session) of every block, the label's left out."""
    class Block:
        def __init__(self, at, n, session):
            self.at, self.n, self.session = at, n, session
    out, at = [], 0
    with open(path, 'rb') as f:
        data = f.read()
    while at < len(data):
        n, sid, stime = struct.unpack_from('>4xI4x4xII', data, at)
        if at > 0:
            out.append(Block(at, n, (sid, stime)))
        at += n
    return out


class Faults(unittest.TestCase):
    def slow_backup(self, s):
        """A backup under way: some blocks are on the volume."""
        p = s.director('backup full', load='cat.json', dump='cat2.json', background=True)
        start = os.path.getsize(s.vol + '/Fake-0001')
        for _ in range(600):
            if os.path.getsize(s.vol + '/Fake-0001') > start + 1_000_000:
                return p
            time.sleep(0.05)
        p.kill()
        self.fail('the backup does not come along')

    def started(self, storage='', slow='0.05'):
        s = Site(self, storage=storage).start_sd().start_fd()
        make_tree(s.src)
        s.director('backup full')
        s.fd.kill()
        s.fd.wait()
        s.start_fd('--slow', slow)
        return s

    def fast_again(self, s):
        s.fd.kill()
        s.fd.wait()
        s.start_fd()

    def test_kill_minus_nine_and_restart(self):
        s = self.started()
        p = self.slow_backup(s)
        s.sd.kill()
        s.sd.wait()
        p.communicate(timeout=60)
        with open(s.vol + '/Fake-0001', 'ab') as f:  # what a power failure may leave
            f.write(b'\0' * 5000)
        s.start_sd()
        self.fast_again(s)
        out = s.director('restore %s/r' % s.top, 'backup full', 'restore %s/r2' % s.top, load='cat.json')
        self.assertIn('bytes of an incomplete block were cut off', out)
        s.same(s.top + '/r')
        s.same(s.top + '/r2')
        self.assertEqual(os.listdir(s.vol), ['Fake-0001'])
        s.stop_sd()

    def test_file_daemon_vanishes(self):
        s = self.started()
        p = self.slow_backup(s)
        s.fd.kill()
        s.fd.wait()
        out = p.communicate(timeout=60)[0]
        self.assertIn('Error reading data', out)
        s.start_fd()
        s.director('backup full', 'restore %s/r' % s.top, load='cat2.json' if os.path.exists(s.top + '/cat2.json') else 'cat.json')
        s.same(s.top + '/r')
        self.assertEqual(os.listdir(s.vol), ['Fake-0001'])
        s.stop_sd()

    def test_director_vanishes(self):
        s = self.started(slow='0.02')
        p = self.slow_backup(s)
        p.kill()
        p.communicate()
        self.wait_idle(s)
        self.fast_again(s)
        out = s.director('backup full', 'restore %s/r' % s.top, load='cat.json')
        self.assertIn('whole blocks behind that are kept', out)
        s.same(s.top + '/r')
        s.stop_sd()

    def test_a_long_list_of_devices_is_shown_once_each(self):
        s = Site(self, devices=DEVICE.format(name='D', dir='{dir}', more='')
                 .replace('{ ', '{{ ').replace(' }', ' }}')).start_sd()
        d = director_session(s)
        d.send('status ' + 'D,' * 400_000 + 'D\n')
        shown = 0
        while True:
            f = d.recv()
            if f == bnet.EOD:
                break
            shown += b'is not open' in f
        self.assertEqual(shown, 1)
        d.close()
        self.assertIsNone(s.sd.poll())
        s.stop_sd()

    def test_unsupported_data_spooling_is_said(self):
        s = Site(self).start_sd()
        d = director_session(s)
        d.send(job_line(1).replace('SpoolData=0', 'SpoolData=1'))
        key = reply(d, rb'3000 OK Job SDid=\d+ SDtime=\d+ Authorization=(\S+)\n')[1]
        d.send('use storage=S media_type=File pool_name=P pool_type=Backup append=1 copy=0 stripe=0\n')
        d.send('use device=FileDev\n')
        d.sig(bnet.EOD)
        d.sig(bnet.EOD)
        reply(d, rb'3000 OK use device device=\S+\n')
        d.send('run')
        f = say_hello(s, 'SD', 'R_CLIENT::c', key, 'Hello Start Job J.2026-11-21_11.11.11_01\n')
        reply(d, rb'3010 Job \S+ start\n')
        f.close()
        reply(d, rb'3099 Job \S+ end ')
        self.assertIn('data spooling is not in force', '\n'.join(d.messages))
        d.close()
        s.stop_sd()

    def wait_idle(self, s):
        for _ in range(300 * SLOW):
            c = director_session(s)
            c.send('.status running\n')
            text = ''
            while True:
                f = c.get()
                if not isinstance(f, bytes):
                    break
                text += bnet.to_text(f)
            c.close()
            if 'No Jobs running' in text:
                return
            time.sleep(0.1)
        self.fail('still running:\n' + text + s.sd_log())

    def test_cancel(self):
        s = Site(self).start_sd().start_fd('--slow', '0.1')
        make_tree(s.src)
        s.director('cancel 1')
        self.wait_idle(s)
        s.stop_sd()

    def test_stop_in_mid_job(self):
        s = self.started()
        p = self.slow_backup(s)
        s.stop_sd()
        p.communicate(timeout=60)
        s.start_sd()
        s.director('restore %s/r' % s.top, load='cat.json')
        s.same(s.top + '/r')
        s.stop_sd()

    def test_status_shows_progress(self):
        s = self.started()
        p = self.slow_backup(s)
        c = director_session(s)
        c.send('status\n')
        text = ''
        while True:
            f = c.get()
            if not isinstance(f, bytes):
                break
            text += bnet.to_text(f)
        c.close()
        p.kill()
        p.communicate()
        self.assertRegex(text, r'JobId=2 Level=Full Type=Backup Name=backup Status=Running')
        self.assertRegex(text, r'Writing: Volume="Fake-0001"')
        self.assertRegex(text, r'Files=\d+ Bytes=[\d,]{7,} AveBytes/sec=[1-9]')
        self.assertRegex(text, r'Fake-0001 on device "FileDev"')

    def test_a_full_disk(self):
        """The file size limit stands for it: both are a write that the system cuts short."""
        s = Site(self).start_sd(prefix=('prlimit', '--fsize=3500000')).start_fd()
        make_tree(s.src)
        out = s.director('backup full', 'restore %s/r' % s.top)
        self.assertIn('End of medium on Volume "Fake-0001"', out)
        s.same(s.top + '/r')
        names = sorted(os.listdir(s.vol))
        self.assertGreater(len(names), 1)
        s.check(*names)
        s.stop_sd()

    def test_a_disk_without_any_room(self):
        s = Site(self).start_sd(prefix=('prlimit', '--fsize=50000')).start_fd()
        make_tree(s.src)
        out = s.director('backup full', ok=False)
        self.assertIn('not even one block', out)
        s.stop_sd()
        s.start_sd()
        s.director('backup full', 'restore %s/r' % s.top, load='cat.json')
        self.assertEqual(os.listdir(s.vol), ['Fake-0001'])
        s.same(s.top + '/r')
        s.stop_sd()

    @unittest.skipIf(os.geteuid() != 0, 'mounting needs root')
    def test_a_really_full_disk(self):
        s = Site(self)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tercet-test', s.vol], check=True)
        self.addCleanup(subprocess.run, ['umount', '-l', s.vol])
        s.start_sd().start_fd()
        make_tree(s.src, 100)
        s.director('backup full')
        finished = os.path.getsize(s.vol + '/Fake-0001')
        with open(s.vol + '/Fake-0001', 'rb') as f:
            before = hashlib.sha256(f.read(finished)).hexdigest()
        make_tree(s.top + '/more')
        os.rename(s.top + '/more', s.src + '/more')
        out = s.director('backup full', load='cat.json', dump='cat2.json', ok=False)
        self.assertIn('End of medium on Volume "Fake-0001"', out)
        self.assertRegex(out, r'volume "Fake-0001": write .*/Fake-0001 at \d+: No space left on device')
        self.assertRegex(out, r'Fake-0002.*No space left on device')
        with open(s.vol + '/Fake-0001', 'rb') as f:
            self.assertEqual(hashlib.sha256(f.read(finished)).hexdigest(), before)
        s.check('Fake-0001')  # no partial block at its end
        with open(s.top + '/cat2.json') as f:
            catalog = f.read()
        self.assertIn('"Full"', catalog)
        self.assertNotIn('"Error"', catalog)
        self.assertIn(str(os.path.getsize(s.vol + '/Fake-0001')), catalog)
        # Room is made: the next job needs nobody's help.
        subprocess.run(['mount', '-o', 'remount,size=64m', s.vol], check=True)
        s.director('backup full', 'restore %s/r' % s.top, load='cat2.json')
        self.assertEqual(sorted(os.listdir(s.vol)), ['Fake-0001', 'Fake-0002'])
        s.same(s.top + '/r')
        s.stop_sd()

    def lie(self, s, lines, raw=b''):
        """A file daemon that sends these stream headers (and raw bytes) instead of a file."""
        d = director_session(s)
        d.send(job_line(1))
        key = reply(d, rb'3000 OK Job SDid=\d+ SDtime=\d+ Authorization=(\S+)\n')[1]
        d.send('use storage=S media_type=File pool_name=P pool_type=Backup append=1 copy=0 stripe=0\n')
        d.send('use device=FileDev\n')
        d.sig(bnet.EOD)
        d.sig(bnet.EOD)
        reply(d, rb'3000 OK use device device=')
        d.send('run')
        f = say_hello(s, 'SD', 'R_CLIENT::c', key, 'Hello Start Job J.2026-11-21_11.11.11_01\n')
        f.send('append open session\n')
        f.get()
        f.send('append data 1\n')
        self.assertEqual(f.get(), b'3000 OK data\n')
        for line in lines:
            f.send(line)
        f.sock.sendall(raw)
        reply(d, rb'3010 Job \S+ start\n')
        end = reply(d, rb'3099 Job \S+ end JobStatus=(\d+) JobFiles=(\d+) JobBytes=(\d+) JobErrors=(\d+)\n')
        f.close()
        d.close()
        return int(end[1]), '\n'.join(getattr(d, 'messages', []))

    def test_a_lying_file_daemon(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        s.director('backup full')
        with open(s.vol + '/Fake-0001', 'rb') as f:
            before = f.read()
        for lines, raw, want in ((['1 -2 0'], b'', 'stream -2 of file 1'),
                                 (['1 0 0'], b'', 'stream 0 of file 1'),
                                 (['2 1 0'], b'', 'FileIndex=2 from FD not positive or sequential=0'),
                                 (['0 1 0'], b'', 'FileIndex=0 from FD'),
                                 (['-1 1 0'], b'', 'FileIndex=-1 from FD'),
                                 (['99999999999 1 0'], b'', 'malformed stream header'),
                                 (['1 2147483648 0'], b'', 'malformed stream header'),
                                 (['rubbish'], b'', 'malformed stream header'),
                                 ([], b'\x7f\xff\xff\xff' + b'x' * 100000, 'client'),
                                 ([], random.Random(5).randbytes(5000), 'client')):
            status, text = self.lie(s, lines, raw)
            self.assertEqual(status, ord('f'), (lines, text))
            self.assertIn(want, text)
        with open(s.vol + '/Fake-0001', 'rb') as f:
            self.assertEqual(f.read(), before)
        s.director('backup full', 'restore %s/r' % s.top, load='cat.json')
        s.same(s.top + '/r')
        s.stop_sd()

    def test_a_thousand_garbage_connections(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src, 100)
        rng, socks = random.Random(3), []
        for n in range(1000):
            try:
                c = socket.create_connection(('127.0.0.1', s.sd_port), 5)
                c.sendall(rng.choice((b'', b'\0', b'GET / HTTP/1.0\r\n\r\n', b'\0\0\0\x1dHello Director fake-dir calling\n',
                                      b'\x16\x03\x01\x02\0', b'\xff\xff\xff\xff', b'\x7f\xff\xff\xff', rng.randbytes(400))))
                socks.append(c)
            except OSError:
                pass
            if len(socks) > 200:
                socks.pop(0).close()
        for c in socks:
            c.close()
        time.sleep(0.5)
        s.director('backup full', 'restore %s/r' % s.top)
        s.same(s.top + '/r')
        s.stop_sd()

    def test_wrong_password(self):
        s = Site(self).start_sd()
        with self.assertRaises(bnet.Refused):
            director_session(s, 'wrong')
        director_session(s).close()
        s.stop_sd()
        self.assertIn('refused', s.sd_log())

    def test_an_unknown_director_with_a_known_password(self):
        s = Site(self).start_sd()
        with self.assertRaises(bnet.Refused):
            say_hello(s, 'SD', 'R_DIRECTOR::another', bnet.password_key('sdpw'), 'Hello Director another calling\n')
        s.stop_sd()
        self.assertIn('unknown director "another"', s.sd_log())


def job_line(n, kind=66, level=70):
    return ('JobId=%d job=J.2026-11-21_11.11.11_%02d job_name=J client_name=c type=%d level=%d FileSet=f NoAttr=0 SpoolAttr=0 FileSetMD5=x '
            'SpoolData=0 PreferMountedVols=1 SpoolSize=0 rerunning=0 VolSessionId=0 VolSessionTime=0 Quota=0 Protocol=0 '
            'BackupFormat=Native\n' % (n, n, kind, level))


def reply(conn, pattern):
    """The next numbered reply; messages, states and heartbeats are passed over, questions about volumes answered."""
    while True:
        f = conn.recv()
        if isinstance(f, bytes) and f[:1].isdigit():
            m = re.match(pattern, f)
            if not m:
                raise AssertionError('expected %r, got %r' % (pattern, f))
            return m
        if isinstance(f, bytes) and f.startswith(b'CatReq'):
            m = re.search(rb'VolName=(\S+)', f)
            conn.send(b'1000 OK VolName=%s VolJobs=1 VolFiles=0 VolBlocks=1 VolBytes=1 VolMounts=0 VolErrors=0 VolWrites=0 '
                      b'MaxVolBytes=0 VolCapacityBytes=0 VolStatus=Full Slot=0 MaxVolJobs=0 MaxVolFiles=0 InChanger=0 '
                      b'VolReadTime=0 VolWriteTime=0 EndFile=0 EndBlock=0 LabelType=0 MediaId=1 EncryptionKey= '
                      b'MinBlocksize=0 MaxBlocksize=0\n' % m[1])
        elif isinstance(f, bytes) and f.startswith(b'Jmsg'):
            conn.messages = getattr(conn, 'messages', []) + [bnet.to_text(f)]
        elif f == bnet.TERMINATE:
            raise AssertionError('the storage daemon ended the conversation')


def begin_read(site, bootstrap):
    """A restore up to the client's first line: the director's connection and the client's."""
    d = director_session(site)
    d.send(job_line(1, 82, 32))
    key = reply(d, rb'3000 OK Job SDid=\d+ SDtime=\d+ Authorization=(\S+)\n')[1]
    d.send('use storage=S media_type=File pool_name=P pool_type=Backup append=0 copy=0 stripe=0\n')
    d.send('use device=FileDev\n')
    d.sig(bnet.EOD)
    d.sig(bnet.EOD)
    reply(d, rb'3000 OK use device device=FileDev\n')
    d.send('bootstrap\n')
    for line in bootstrap:
        d.send(line + '\n')
    d.sig(bnet.EOD)
    reply(d, rb'3000 OK bootstrap\n')
    d.send('run')
    return d, say_hello(site, 'SD', 'R_CLIENT::c', key, 'Hello Start Job J.2026-11-21_11.11.11_01\n')


def read_records(site, bootstrap):
    """What a file daemon gets for a bootstrap: [(session, FileIndex, stream, data)], the director's connection."""
    d, f = begin_read(site, bootstrap)
    end = []
    t = threading.Thread(target=lambda: (reply(d, rb'3010 Job \S+ start\n'), end.append(
        reply(d, rb'3099 Job \S+ end JobStatus=(\d+) JobFiles=(\d+) JobBytes=(\d+) JobErrors=(\d+)\n'))))
    t.start()
    f.send('read open session = DummyVolume 0 0 0 0 0 0\n')
    assert re.match(rb'3000 OK open ticket = \d+\n', f.get())
    f.send('read data 1\n')
    assert f.get() == b'3000 OK data\n'
    out = []
    while True:
        head = f.get()
        if head == bnet.EOD:
            break
        m = re.fullmatch(rb'rechdr (\d+) (\d+) (\d+) (-?\d+) (\d+)', head)
        data = f.get()
        assert len(data) == int(m[5])
        out.append(((int(m[1]), int(m[2])), int(m[3]), int(m[4]), hashlib.md5(data).digest()))
    f.send('read close session 1\n')
    assert re.match(rb'3000 OK close Status = \d+\n', f.get())
    f.sig(bnet.TERMINATE)
    t.join(30 * SLOW)
    f.close()
    return out, d, end[0]


def write_volume(path, session, records):
    """A volume of one session's records (FileIndex, stream, data), 64,512 bytes a block."""
    name = os.path.basename(path).encode()
    text = b'\0'.join((name, b'', b'P', b'Backup', b'File', b'h', b'p', b'v', b'd')) + b'\0'
    label = b'Bareos 2.0 immortal\n\0' + struct.pack('>IQQdd', 20, 1, 1, 0, 0) + text
    made = []

    def block(body, session):
        rest = struct.pack('>II4sII', len(body) + 24, 0, b'BB02', session, 1000) + body
        made.append(struct.pack('>I', zlib.crc32(rest)) + rest)

    block(struct.pack('>iiI', -2, 0, len(label)) + label, 0)
    body = b''
    for index, stream, data in records:
        while True:
            body += struct.pack('>iiI', index, stream, len(data))
            n = min(len(data), 64512 - 24 - len(body))
            body, data, stream = body + data[:n], data[n:], -abs(stream)
            if 64512 - 24 - len(body) < 12:
                block(body, session)
                body = b''
            if not data:
                break
    block(body, session)
    with open(path, 'wb') as f:
        f.write(b''.join(made))


class Reading(unittest.TestCase):
    def vector(self, s, style, name):
        """Every record of golden volumes comes through exactly as the plain reader sees it."""
        folder = '%s/%s/%s' % (GOLDEN, style, name)
        files = sorted(os.listdir(folder))
        names = [n for n in files if '.' not in n and os.path.isfile('%s/%s' % (folder, n))]
        texts = [['Volume="%s"' % '|'.join(names), 'MediaType="File"']]
        texts += [open('%s/%s' % (folder, n)).read().splitlines() for n in files if n.endswith('.bsr')]
        for text in texts:
            try:
                records, wanted = volume.select(volume.bootstrap(text), folder)
            except FileNotFoundError:
                continue  # the volume is another vector's
            for n in os.listdir(s.vol):
                os.unlink(s.vol + '/' + n)
            for n in wanted:
                shutil.copy('%s/%s' % (folder, n), s.vol)
            got, d, end = read_records(s, text)
            want = [(r.session, r.fi, r.stream, hashlib.md5(r.data).digest()) for r in records]
            self.assertEqual(len(got), len(want), (folder, text[:8], getattr(d, 'messages', '')))
            self.assertEqual(got, want, folder)
            self.assertEqual(end[1], b'84', folder)
            d.close()

    def test_golden_volumes(self):
        s = Site(self).start_sd()
        for style in ('bareos', 'bacula9'):
            for name in sorted(os.listdir('%s/%s' % (GOLDEN, style))):
                if os.path.isfile('%s/%s/%s/catalog.tsv' % (GOLDEN, style, name)):
                    with self.subTest(style=style, name=name):
                        self.vector(s, style, name)
        s.stop_sd()

    def span(self, s):
        """The golden job over three volumes, a foreign block first on each of them."""
        folder = GOLDEN + '/bareos/span'
        with open(GOLDEN + '/bareos/interleaved/inter-a-0039', 'rb') as f:
            data = f.read()
        n0, = struct.unpack_from('>I', data, 4)
        n1, = struct.unpack_from('>I', data, n0 + 4)
        for n in ('span-0027', 'span-0028', 'span-0029'):
            with open('%s/%s' % (folder, n), 'rb') as f:
                own = f.read()
            with open('%s/%s' % (s.vol, n), 'wb') as f:
                f.write(own[:198] + data[n0:n0 + n1] + own[198:])
        with open(folder + '/restore-job27.bsr') as f:
            text = re.sub(r'VolAddr=(\d+)-(\d+)', lambda m: 'VolAddr=%d-%d' % (int(m[1]) + n1, int(m[2]) + n1), f.read())
        with open(folder + '/restore-job27.bsr') as f:
            records, _ = volume.select(volume.bootstrap(f.read().splitlines()), folder)
        return text, [(r.session, r.fi, r.stream, hashlib.md5(r.data).digest()) for r in records]

    def test_a_record_goes_on_behind_another_job_on_the_next_volume(self):
        s = Site(self).start_sd()
        text, want = self.span(s)
        got, _, end = read_records(s, text.splitlines())
        self.assertEqual(got, want)
        self.assertEqual(end[1], b'84')
        s.stop_sd()

    def test_a_missing_volume_of_a_span_is_reported(self):
        s = Site(self).start_sd()
        text, want = self.span(s)
        os.unlink(s.vol + '/span-0028')
        got, d, end = read_records(s, text.splitlines())
        messages = '\n'.join(d.messages)
        self.assertIn('Cannot read volume "span-0028"', messages)
        self.assertRegex(messages, r'a record of file \d+ of session 27 is incomplete')
        self.assertEqual(end[1], b'69')
        self.assertLess(len(got), len(want))
        s.stop_sd()

    def test_a_volume_cut_at_a_whole_block_is_reported(self):
        s = Site(self).start_sd()
        text, _ = self.span(s)
        last = blocks(s.vol + '/span-0029')[-1]
        os.truncate(s.vol + '/span-0029', last.at)
        _, d, end = read_records(s, text.splitlines())
        self.assertIn('Volume "span-0029" ends at address %d' % last.at, '\n'.join(d.messages))
        self.assertEqual(end[1], b'69')
        s.stop_sd()

    def test_damage_is_named_and_stepped_over(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src)
        s.director('backup full')
        s.stop_sd()
        hit = blocks(s.vol + '/Fake-0001')[2]
        with open(s.vol + '/Fake-0001', 'r+b') as f:
            f.seek(hit.at + 5000)
            f.write(b'\xaa\x55\xaa\x55')
        s.start_sd()
        got, d, end = read_records(s, ['Volume="Fake-0001"', 'MediaType="File"'])
        text = '\n'.join(d.messages)
        self.assertIn('Volume "Fake-0001": damaged block at address %d: ' % hit.at, text)
        self.assertIn(s.src, text)
        self.assertGreater(len(got), 600)
        self.assertEqual(end[1], b'69')
        self.assertGreater(int(end[4]), 0)
        s.stop_sd()

    def test_a_torn_tail_is_reported(self):
        s = Site(self).start_sd().start_fd()
        make_tree(s.src)
        s.director('backup full')
        with open(s.vol + '/Fake-0001', 'r+b') as f:
            f.truncate(os.path.getsize(f.name) - 1000)
        s.stop_sd()
        s.start_sd()
        got, d, end = read_records(s, ['Volume="Fake-0001"', 'MediaType="File"'])
        self.assertIn('damaged block', '\n'.join(d.messages))
        self.assertEqual(end[1], b'69')
        s.stop_sd()

    def test_a_record_larger_than_a_frame_costs_its_file_only(self):
        s = Site(self).start_sd()
        write_volume(s.vol + '/Long', 7, [(1, 2, b'a' * 100), (2, 2, b'b' * 1_200_000), (2, 2, b'c' * 50), (3, 2, b'd' * 100)])
        got, d, end = read_records(s, ['Volume="Long"', 'VolSessionId=7'])
        self.assertEqual([(r[1], r[3]) for r in got], [(1, hashlib.md5(b'a' * 100).digest()), (2, hashlib.md5(b'c' * 50).digest()),
                                                      (3, hashlib.md5(b'd' * 100).digest())])
        self.assertRegex('\n'.join(d.messages), r'file 2 \(.*\) of session 7 is incomplete: .*more than a frame may hold')
        self.assertEqual(end[1], b'69')
        s.stop_sd()

    def test_a_restore_whose_client_reads_nothing_can_be_cancelled(self):
        s = Site(self).start_sd()
        write_volume(s.vol + '/V', 7, [(n, 2, b'x' * 900_000) for n in range(1, 41)])
        d, f = begin_read(s, ['Volume="V"', 'VolSessionId=7'])
        f.send('read open session = DummyVolume 0 0 0 0 0 0\n')
        f.send('read data 1\n')
        self.assertTrue(f.get().startswith(b'3000 OK open'))
        self.assertEqual(f.get(), b'3000 OK data\n')
        f.get()  # the records have begun to come; nobody takes them
        c = director_session(s)
        c.send('cancel Job=J.2026-11-21_11.11.11_01\n')
        self.assertTrue(c.get().startswith(b'3000 '))
        reply(d, rb'3010 Job \S+ start\n')
        self.assertEqual(reply(d, rb'3099 Job \S+ end JobStatus=(\d+) ')[1], b'65')
        f.close()
        s.stop_sd()

    def test_second_connection_for_the_same_job(self):
        s = Site(self).start_sd()
        d = director_session(s)
        d.send(job_line(1))
        key = reply(d, rb'3000 OK Job SDid=\d+ SDtime=\d+ Authorization=(\S+)\n')[1]
        say_hello(s, 'SD', 'R_CLIENT::c', key, 'Hello Start Job J.2026-11-21_11.11.11_01\n')
        time.sleep(0.3)
        with self.assertRaises((bnet.Refused, bnet.Closed, OSError)):
            say_hello(s, 'SD', 'R_CLIENT::c', key, 'Hello Start Job J.2026-11-21_11.11.11_01\n')
        s.stop_sd()


def all_tests(suite):
    for t in suite:
        yield from all_tests(t) if isinstance(t, unittest.TestSuite) else [t.id().partition('.')[2]]


def run_all():
    """Each test in a process of its own, some at a time: they mostly wait."""
    def run(name):
        start = time.monotonic()
        r = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print('%s %s (%.1f s)' % ('not ok' if r.returncode else 'ok', name, time.monotonic() - start), flush=True)
        return r.stdout if r.returncode else ''

    names = list(all_tests(unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__'])))
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        failures = [f for f in pool.map(run, names) if f]
    print('\n'.join(failures))
    return 1 if failures or not names else 0


if __name__ == '__main__':
    if len(sys.argv) == 1:
        sys.exit(run_all())
    unittest.main(verbosity=2, warnings='ignore')
