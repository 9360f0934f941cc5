#!/usr/bin/env python3
"""A person at tconsole: each scenario types into a terminal and looks at what stands there.

Usage: terminal.py SCENARIO TCONSOLE [OPTION...]
Every step waits for what it expects, at most PATIENCE seconds, and fails with what is there instead.
"""
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 30
KEEP = 20000  # characters of the screen that are looked at
MAIN = r'(^|\n)\*$'
CTRL_C, TAB, UP, CTRL_D = '\x03', '\t', '\x1b[A', '\x04'


class Terminal:
    """One tconsole on a terminal of 100 columns."""

    def __init__(self, *argv, env=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # Nobody else's descriptors: a test runner waits for those it gave away.
            os.closerange(3, 256)
            os.execve(argv[0], argv, dict(os.environ, TERM='xterm', **(env or {})))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 100, 0, 0))
        self.seen = ''
        self.count = 0  # characters seen in all

    def await_(self, pattern, what=''):
        """Read until pattern stands in what came since the last call; -> that text."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.seen):
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError('%s: %r is not in %r' % (what, pattern, self.seen[-1500:]))
            if not select.select([self.fd], [], [], left)[0]:
                continue
            try:
                more = os.read(self.fd, 65536)
            except OSError:
                more = b''
            if not more:
                raise AssertionError('%s: it ended with %r' % (what, self.seen[-1500:]))
            self.seen += more.decode('utf8', 'replace').replace('\r\n', '\n').replace('\r', '')
            self.count += len(more)
            self.seen = self.seen[-KEEP:]
        text, self.seen = self.seen, ''
        return text

    def keys(self, keys):
        os.write(self.fd, keys.encode())

    def type(self, line, until=MAIN):
        self.keys(line + '\r')
        return self.await_(until, line)

    def ended(self):
        """-> exit status."""
        while True:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(tconsole, **env):
    t = Terminal(*tconsole, env=env)
    t.await_(MAIN, 'the first prompt')
    return t


def commands(tconsole):
    """Commands and questions: an answer for each, the question once."""
    t = start(tconsole)
    assert 'Version:' in t.type('version')
    assert t.type('run job=Backup', r'no\): $').count('OK to run?') == 1
    assert 'Job not run.' in t.type('no')
    assert '13: Cancel' in t.type('restore', r'\(1-13\): $')
    assert 'Please enter a number between 1 and 13' in t.type('99', r'13\): $')
    assert 'Selection aborted' in t.type('.')
    t.keys('quit\r')
    assert t.ended() == 0


def forget_line(tconsole):
    """Ctrl-C forgets what was typed, at the prompt and at a question; nothing of it is run."""
    t = start(tconsole)
    t.keys('delete volume')
    t.await_('delete volume$')
    t.keys(CTRL_C)
    t.await_(MAIN)
    assert 'Version:' in t.type('version')
    t.type('run job=Backup', r'no\): $')
    t.keys('yes')
    t.await_('yes$')
    t.keys(CTRL_C)
    t.await_(r'no\): $')
    assert 'Job not run.' in t.type('no')
    t.keys(CTRL_D)
    assert t.ended() == 0


def leave_question(tconsole):
    """Ctrl-C at a question aborts it and the session goes on."""
    t = start(tconsole)
    t.type('run job=Backup', r'no\): $')
    t.keys(CTRL_C)
    t.await_(r'Job not run\.\n\*$')
    t.type('restore', r'\(1-13\): $')
    t.keys(CTRL_C)
    t.await_(r'aborted, nothing done\.\n\*$')
    t.type('label', r': $')
    t.keys(CTRL_C)
    t.await_(r'aborted, nothing done\.\n\*$')
    assert 'Version:' in t.type('version')
    t.keys(CTRL_D)
    assert t.ended() == 0


def leave_tree(tconsole):
    """In the tree one Ctrl-C warns, what is marked stays; two in a row abort."""
    t = start(tconsole)
    t.type('restore jobid=1', r'\$ $')
    assert 'newly marked' in t.type('mark *', r'\$ $')
    t.keys(CTRL_C)
    t.await_(r'Ctrl-C again aborts the restore\.\n\$ $')
    assert ' 0 marked' not in t.type('count', r'\$ $')
    t.keys(CTRL_C)
    t.await_(r'Ctrl-C again aborts the restore\.\n\$ $')
    t.keys(CTRL_C)
    t.await_(r'Restore not done\.\n\*$')
    t.keys(CTRL_D)
    assert t.ended() == 0


def stop_wait(tconsole):
    """Ctrl-C stops a command that waits for a job, not the job, and the session goes on."""
    t = start(tconsole)
    job = re.search(r'JobId=(\d+)', t.type('run job=Backup when="2038-01-01 00:00:00" yes')).group(1)
    t.keys('wait jobid=%s\r' % job)
    t.await_(r'wait jobid=\d+\n')
    t.keys(CTRL_C)
    assert 'Command stopped.' in t.await_(MAIN)
    assert 'is waiting for its start time' in t.type('status director')
    t.type('cancel jobid=%s' % job)
    t.keys(CTRL_D)
    assert t.ended() == 0


def stop_connect(tconsole):
    """Ctrl-C stops a command that waits for a daemon which listens and never says a word."""
    with socket.create_server(('127.0.0.1', 0)) as mute:
        with open(os.environ['DIRECTOR_CONF'], 'a', encoding='utf8') as conf:
            conf.write('Client { Name = mute-fd; Address = 127.0.0.1; Port = %d; Password = x }\n'
                       % mute.getsockname()[1])
        t = start(tconsole)
        assert 'reloaded' in t.type('reload')
        t.keys('status client=mute-fd\r')
        conversation = mute.accept()[0]
        conversation.recv(1)
        t.keys(CTRL_C)
        assert 'Command stopped.' in t.await_(MAIN)
        assert 'Version:' in t.type('version')
        conversation.close()
        t.keys(CTRL_D)
        assert t.ended() == 0


def stop_list(tconsole):
    """Ctrl-C in the middle of a long list: the prompt is back before the list is through."""
    t = start(tconsole)
    rows = 400000
    t.keys('.sql query="select i from generate_series(1,%d) i"\r' % rows)
    t.await_(r' 1000 ')
    before = t.count
    t.keys(CTRL_C)
    t.await_(r'(?s)(\.\.\.\n|Command stopped).*\n\*$')
    assert t.count - before < 200000
    assert 'Version:' in t.type('version')
    t.keys(CTRL_D)
    assert t.ended() == 0


def stop_query(tconsole):
    """Ctrl-C stops a query that the catalog works on."""
    t = start(tconsole)
    t.keys('sqlquery\r')
    t.await_('Enter SQL query: ')
    t.keys('select pg_sleep(600);\r')
    t.await_('pg_sleep')
    while not os.path.exists(os.environ['SLEEPS']):
        time.sleep(0.05)
    t.keys(CTRL_C)
    assert 'Command stopped.' in t.await_(MAIN)
    assert 'Version:' in t.type('version')
    t.keys(CTRL_D)
    assert t.ended() == 0


def leave_prompt(tconsole):
    """Ctrl-C at the empty prompt warns; the second leaves with status 1.  Ctrl-D leaves with 0."""
    t = start(tconsole)
    t.keys(CTRL_C)
    t.await_(r'or Ctrl-C again\.\n\*$')
    assert 'Version:' in t.type('version')
    t.keys(CTRL_C)
    t.await_(r'or Ctrl-C again\.\n\*$')
    t.keys(CTRL_C)
    assert t.ended() == 1


def history(tconsole):
    """Every line is in the user's file at once, for the user alone, and comes back with the arrow key."""
    home = os.environ['HOME_OF_TEST']
    path = os.path.join(home, '.tconsole_history')
    t = start(tconsole, HOME=home)
    t.type('version')
    t.type('version')
    t.type('time')
    assert open(path).read() == 'version\ntime\n'
    assert os.stat(path).st_mode & 0o777 == 0o600
    t.keys('list jo')
    t.await_('list jo$')
    t.keys(CTRL_C)
    t.await_(MAIN)
    os.kill(t.pid, signal.SIGKILL)
    t.ended()
    t = start(tconsole, HOME=home)
    t.keys(UP)
    t.await_(r'time$')
    t.keys(UP)
    t.await_(r'version$')
    t.keys('\r')
    assert 'Version:' in t.await_(MAIN)
    t.keys(CTRL_D)
    assert t.ended() == 0
    assert open(path).read() == 'version\ntime\nversion\n'


def completion(tconsole):
    """TAB completes commands, keywords, names of resources, volumes, jobs and what is in the tree."""
    t = start(tconsole)
    for typed, result in (
            ('vers', 'version '),
            ('run prio', 'run priority='),
            ('run job=Ba', 'run job=Backup '),
            ('run job=Backup pool=Fu', 'run job=Backup pool=Full '),
            ('status client=fa', 'status client=farm-fd '),
            ('status storage=D', 'status storage=Disk '),
            ('list volume=Fu', 'list volume=Full-0001 '),
            ('list files jobid=1', 'list files jobid=1 '),
            ('estimate job=Backup level=Incr', 'estimate job=Backup level=Incremental '),
            ('@ou', '@output '),
            ('@input /etc/hostn', '@input /etc/hostname ')):
        t.keys(typed + TAB)
        t.await_('(^|\n)' + re.escape(result) + '$', 'completion of ' + typed)
        t.keys(CTRL_C)
        t.await_(MAIN)
    t.type('restore jobid=1', r'\$ $')
    t.type('cd "%s"' % os.environ['TREE'], r'\$ $')
    for typed, result in (('unmarkd', 'unmarkdir '), ('mark al', 'mark alpha.txt '),
                          ('mark sub/be', 'mark sub/beta.txt '), ('cd a', 'cd a\\ dir/'),
                          ('mark a\\ d', 'mark a\\ dir/'), ('mark a\\ dir/i', 'mark a\\ dir/in\\ it '),
                          ('mark "a dir/i', 'mark "a dir/in it" '), ('mark qu', 'mark qu\\"ote '),
                          ('mark back', 'mark back\\\\slash ')):
        t.keys(typed + TAB)
        t.await_('(^|\n)' + re.escape(result) + '$', 'completion of ' + typed)
        t.keys(CTRL_C)
        t.await_(r'\$ $')
    for typed in 'mark a\\ dir/i', 'mark qu', 'mark "back':
        t.keys(typed + TAB + '\r')
        assert '1 file newly marked.' in t.await_(r'marked.*\n\$ $'), typed
    t.type('quit')
    t.keys(CTRL_D)
    assert t.ended() == 0


def input_file(tconsole):
    """Lines of a file are shown in front of what they do; what is typed behind it stands there already."""
    t = start(tconsole)
    assert t.type('@input ' + os.environ['LINES_FILE']).count('whoami') == 1
    assert t.type('time').count('time') == 1
    t.keys(CTRL_D)
    assert t.ended() == 0


def paste(tconsole):
    """Lines pasted together run one after the other."""
    t = start(tconsole)
    t.keys('version\rtime\rwhoami\r')
    t.await_(r'(?s)Version:.*20\d\d.*root\n\*$')
    t.keys(CTRL_D)
    assert t.ended() == 0


def script(tconsole):
    """Ctrl-C in a script ends it with status 1, in the middle of a command and of its input."""
    for text, said in ((b'wait jobid=%s\nversion\n' % os.environb[b'WAITING_JOB'], b'\nwait jobid='),
                       (b'', b'to cancel a command.\n')):
        with subprocess.Popen(tconsole, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
            p.stdin.write(text)
            p.stdin.flush()
            out = b''
            while said not in out:
                more = os.read(p.stdout.fileno(), 4096)
                assert more, out
                out += more
            p.send_signal(signal.SIGINT)
            assert p.wait() == 1
            assert b'Version:' not in p.stdout.read().split(said)[-1]


if __name__ == '__main__':
    globals()[sys.argv[1]](sys.argv[2:])
