"""regress/fd/director.py - the scripted director as a module, for tests that write a job step by step"""
import argparse
import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys

import fd_test as base

sys.path.insert(0, base.PEERS)
import bnet  # noqa: E402

FULL = 70


def load_director():
    """The scripted director as a module of its own: it keeps its catalog in globals."""
    spec = importlib.util.spec_from_file_location('fake_dir_one', os.path.join(base.PEERS, 'fake_dir.py'))
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    return m


class Director:
    """Drives one job after the other; .log has the (type, text) of all messages."""

    def __init__(self, site):
        self.site, self.log, self.m = site, [], load_director()
        self.m.args = argparse.Namespace(
            fd=('127.0.0.1', site.fd_port), sd=('127.0.0.1', site.sd_port), sd_seen=('127.0.0.1', site.sd_port),
            fd_password='fdpw', sd_password='sdpw', name='t-dir', tls=site.tls, client='t-fd', job='backup', fileset='set',
            path=[], exclude=[], options='MAX', storage='File', device='FileDev', media_type='File', pool='Default',
            label_format='Fake-', no_auto_label=False, max_volume_bytes=0, spool_attributes=0, replace='a', timeout=60,
            verbose=0)
        self.m.print = lambda *a, **k: None
        director = self

        def log(job, who, frame):
            m = re.match(rb'Jmsg Job=(\S+) type=(\d+) level=(-?\d+) (.*)', frame, re.S)
            director.log.append((int(m[2]), m[4].decode('utf8', 'surrogateescape')))

        self.m.Job.log = log

    def texts(self, kind=None):
        return ''.join(t for k, t in self.log if kind in (None, k))

    def command(self, text):
        """All frames of one command in a session of its own, up to the first signal."""
        conn, out = self.m.file_daemon(), []
        conn.send(text)
        while True:
            try:
                frame = conn.get()
            except bnet.Closed:
                break
            if not isinstance(frame, bytes):
                break
            out.append(bnet.to_text(frame))
            if text.startswith(('setbandwidth', 'setdebug')):
                break
        conn.close()
        return ''.join(out)

    def job(self, kind=66, name='backup', level=FULL):
        return self.m.Job(name, kind, level)

    def fileset(self, job, lines):
        for line in ('fileset\n', *lines):
            job.fd.send(line)
        job.fd.sig(bnet.EOD)
        job.expect(b'2000 OK include\n')

    def simple(self, paths, options='MAX'):
        return ['I\n', 'O %s\n' % options, 'N\n', *('F ' + p for p in paths), 'N\n', 'N\n']

    def prepare(self, lines, scripts=(), before_now=True):
        """A backup up to (not with) its storage; scripts: (ok, failed, abort, when, command)."""
        job = self.job()
        job.open_sd()
        job.use_storage(1)
        job.open_fd()
        job.send_level()
        self.fileset(job, lines)
        self.scripts(job, scripts)
        if scripts and before_now:
            job.fd.send('RunBeforeNow\n')
        return job

    def scripts(self, job, scripts):
        for ok, failed, abort, when, command in scripts:
            job.fd.send('Run OnSuccess=%d OnFailure=%d AbortOnError=%d When=%d Command=%s\n' % (
                ok, failed, abort, when, bnet.bash(command)))
            job.expect(b'2000 OK RunScript\n')

    def start(self, job):
        job.send_storage()
        job.sd.conn.send('run')
        job.sd.expect(rb'3010 Job \S+ start\n')
        job.fd.send('backup FileIndex=0\n')
        job.expect(b'2000 OK backup\n')

    def backup(self, lines, **kw):
        job = self.prepare(lines, **kw)
        if kw.get('scripts'):
            job.expect(b'2000 OK RunBeforeNow\n')
        self.start(job)
        job.finish()
        return job

    def names(self, job):
        return {f['name'] for f in self.m.catalog['files'].get(str(job.id), [])}

    def file(self, job, name):
        return next(f for f in self.m.catalog['files'][str(job.id)] if f['name'] == name)

    def open_read(self, job, first=True):
        """The storage daemon's half of a restore of everything."""
        lines, _ = self.m.make_bootstrap(self.m.last_jobs())
        job.open_sd()
        job.use_storage(0)
        job.sd.conn.send('bootstrap\n')
        for line in lines:
            job.sd.conn.send(line + '\n')
        job.sd.conn.sig(bnet.EOD)
        job.sd.expect(rb'3000 OK bootstrap\n')

    def wait_sd(self, job):
        while job.sd.end is None and job.sd.queue.get(timeout=60) is not None:
            pass

    def restore(self, command, scripts=()):
        """command: all behind "restore "."""
        job = self.job(82, 'restore', 32)
        self.open_read(job)
        job.open_fd()
        self.scripts(job, scripts)
        job.sd.conn.send('run')
        job.send_storage(job.key)
        job.fd.send('restore ' + command + '\n')
        job.expect(b'2000 OK restore\n')
        job.expect(b'2000 OK storage end\n')
        self.wait_sd(job)
        job.fd.send('endrestore')
        job.finish()
        return job


class Commands(base.FileDaemon):
    def setUp(self):
        super().setUp()
        self.dir = Director(self.site)

    def src(self, **files):
        for name, data in files.items():
            self.put('src/' + name, data)
        return self.site.path('src')

    def read(self, path):
        with open(path, 'rb') as f:
            return f.read()

    def loop_device(self, image):
        """The image as a block device, until the test ends."""
        if os.geteuid() != 0:
            self.skipTest('devices need root')
        r = subprocess.run(['losetup', '--find', '--show', image], capture_output=True, text=True)
        if r.returncode != 0:
            self.skipTest('no loop devices here: ' + r.stderr.strip())
        loop = r.stdout.strip()
        self.addCleanup(subprocess.run, ['losetup', '-d', loop], check=True)
        return loop

    @contextlib.contextmanager
    def strace(self, rule):
        """System calls of the file daemon fail, or take time, as the rule of strace says."""
        pid = self.site.fd.pid
        tracer = subprocess.Popen(['strace', '-f', '-qq', '-o', '/dev/null', '-e', rule, '-p', str(pid)], stderr=subprocess.PIPE)

        def holds():
            for t in os.listdir('/proc/%d/task' % pid):
                with open('/proc/%d/task/%s/status' % (pid, t)) as f:
                    if 'TracerPid:\t%d\n' % tracer.pid not in f.read():
                        return False
            return True

        try:
            while not holds():
                if tracer.poll() is not None:
                    self.skipTest('strace: ' + tracer.stderr.read().decode())
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(60)
            tracer.stderr.close()

    def script(self, name, text):
        path = self.put(name, b'#!/bin/sh\n' + text.encode())
        os.chmod(path, 0o755)
        return path
