"""regress/lib/farm.py - a farm (farm.bash) in the hands of a Python test.

One place makes and stops sites: farm.bash; this calls it, runs jobs and looks at the daemons.
"""
import glob
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time

SOURCE = os.environ.setdefault('TERCET_SOURCE', os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BIN = os.environ.setdefault('TERCET_BIN', SOURCE + '/build/release')
SANITIZED = os.environ.get('TERCET_SANITIZE', '') != ''
PATIENCE = 8 if SANITIZED else 4  # how much slower than a quiet machine and a release build
DAEMONS = ('dir', 'sd', 'fd')
PSQL = (sorted(glob.glob('/usr/lib/postgresql/*/bin/psql')) or ['psql'])[-1]
ENDED = set('TWEfAIe')
OK = set('TW')


class Broken(Exception):
    """Something that must hold does not."""


def await_true(seconds, what, condition, pause=0.05):
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Broken('did not come true within %d seconds: %s' % (seconds * PATIENCE, what))
        time.sleep(pause)


class Site:
    def __init__(self):
        out = self.bash('farm_make >&2; ln -sfn %d /tmp/tercet-farm-ports/$FARM_PORT/owner; '
                        'printf "%%s %%s" "$FARM" "$FARM_PORT"' % os.getpid())
        self.dir, port = out.split()
        self.port = int(port)
        os.environ.update(FARM=self.dir, FARM_PORT=port)
        self.src = self.dir + '/src'
        self.console_command = [self.dir + '/site/tconsole']
        self.volumes = self.dir + '/site/volumes'
        with open(self.dir + '/site/etc/site') as f:
            self.state = re.search(r"SITE_STATE='(.*)'", f.read()).group(1)
        self.session = None  # psql
        self.began = {}

    @staticmethod
    def bash(text, check=True):
        p = subprocess.run(['bash', '-c', 'set -e; . "$TERCET_SOURCE/regress/lib/farm.bash"; ' + text],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors='replace')
        if check and p.returncode != 0:
            raise Broken('%s: %s%s' % (text, p.stdout[-2000:], p.stderr[-2000:]))
        return p.stdout

    # ---- configuration ----

    def conf_path(self, daemon):
        return '%s/site/etc/tercet-%s.conf' % (self.dir, daemon)

    def conf_edit(self, daemon, pattern, replacement, count=0):
        with open(self.conf_path(daemon)) as f:
            text = f.read()
        new, n = re.subn(pattern, replacement, text, count=count, flags=re.M)
        if n == 0:
            raise Broken('tercet-%s.conf has nothing like %s' % (daemon, pattern))
        with open(self.conf_path(daemon), 'w') as f:
            f.write(new)

    def conf_add(self, daemon, text):
        with open(self.conf_path(daemon), 'a') as f:
            f.write(text)

    def password(self, resource):
        """Of the first resource of that type in the director's configuration."""
        with open(self.conf_path('dir')) as f:
            return re.search(r'^%s \{.*?^  Password = "?([^"\n]*)"?' % resource, f.read(), re.M | re.S).group(1)

    def tree(self, *args):
        p = subprocess.run([sys.executable, SOURCE + '/regress/lib/tree.py', *args], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors='replace')
        return p.returncode, p.stdout

    # ---- the daemons ----

    def up(self):
        self.bash('farm_up')
        for d in DAEMONS:
            self.began[d] = self.start_of(self.pid(d))

    def stop(self, keep=False):
        """Also says whether a daemon crashed, leaked or raced."""
        self.end_session()
        p = subprocess.run(['bash', '-c', '. "$TERCET_SOURCE/regress/lib/farm.bash"; farm_stop'],
                           stderr=subprocess.PIPE, text=True, errors='replace',
                           env=dict(os.environ, FARM_KEEP='1' if keep else ''))
        if p.returncode != 0:
            raise Broken('stopping the site: ' + p.stderr[-6000:])

    def pid(self, daemon):
        with open('%s/%s.pid' % (self.state, daemon)) as f:
            return int(f.read())

    @staticmethod
    def start_of(pid):
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rsplit(')', 1)[1].split()[19]

    def signal(self, daemon, number):
        os.kill(self.pid(daemon), number)

    def is_alive(self, daemon):
        """The process that was started; one of which a thread is still dying is."""
        try:
            os.readlink('/proc/%d/exe' % self.pid(daemon))
            return self.start_of(self.pid(daemon)) == self.began[daemon]
        except OSError:
            return False

    def all_alive(self):
        for d in DAEMONS:
            if not self.is_alive(d):
                raise Broken('tercet-%s died: %s' % (d, self.log_tail(d)))

    def log_tail(self, daemon, lines=15):
        with open('%s/site/log/tercet-%s.log' % (self.dir, daemon), errors='replace') as f:
            return ''.join(f.readlines()[-lines:])

    def usage(self, daemon):
        """Descriptors to the outside, threads, resident KiB."""
        pid = self.pid(daemon)
        with open('/proc/%d/status' % pid) as f:
            status = dict(line.split(':', 1) for line in f if ':' in line)
        return {'descriptors': len(os.listdir('/proc/%d/fd' % pid)), 'threads': int(status['Threads']),
                'rss': int(status['VmRSS'].split()[0])}

    # ---- console and catalog ----

    def console(self, *commands, seconds=60):
        p = subprocess.run(self.console_command, input='\n'.join(commands) + '\n', stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors='replace', timeout=seconds * PATIENCE)
        return p.stdout

    def psql(self):
        """One session for the whole test: a process per question would be most of the work.  The program
        itself: Debian's psql is a Perl script before it."""
        data = self.state + '/dir/catalog/data'
        with open(data + '/postmaster.pid') as f:
            lines = f.read().split('\n')
        env = dict(os.environ, PGHOST=lines[4], PGPORT=lines[3], PGCONNECT_TIMEOUT='30')
        owner = pwd.getpwuid(os.stat(data).st_uid).pw_name
        return subprocess.Popen([PSQL, '-X', '-q', '-A', '-t', '-U', owner, '-d', 'tercet'], env=env, text=True,
                                errors='replace', stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end_session(self):
        if self.session is not None:
            self.session.stdin.close()
            self.session.wait()
            self.session = None

    def sql(self, text):
        """The rows as lines; the session is made anew when the catalog was away."""
        for _ in range(2):
            if self.session is None or self.session.poll() is not None:
                self.session = self.psql()
            out = []
            try:
                self.session.stdin.write(text + ';\n\\echo =end=\n')
                self.session.stdin.flush()
                for line in self.session.stdout:
                    if line == '=end=\n':
                        return ''.join(out).strip()
                    out.append(line)
            except BrokenPipeError:
                pass
            self.session.wait()
            self.session = None
        raise Broken('%s: %s' % (text, ''.join(out)))

    # ---- jobs ----

    def start(self, command):
        """Start a job by a console command; its id."""
        out = self.console(command)
        m = re.search(r'Job queued\. JobId=(\d+)', out)
        if not m:
            raise Broken('%s: %s' % (command, out))
        return int(m.group(1))

    def status(self, job):
        return self.sql('SELECT jobstatus FROM job WHERE jobid = %d' % job)

    def wait(self, job, seconds):
        """Its final letter; a job that does not end within seconds is broken."""
        end = time.monotonic() + seconds * PATIENCE
        while True:
            letter = self.status(job)
            if letter in ENDED:
                return letter
            if time.monotonic() > end:
                raise Broken('job %d has not ended within %d seconds (status %s):\n%s\n%s'
                             % (job, seconds * PATIENCE, letter, self.joblog(job), self.stacks()))
            time.sleep(0.05)

    def settled(self, job, seconds=20):
        """Also its last words are said: nobody runs any more."""
        await_true(seconds, 'job %d leaves the list of running jobs' % job,
                   lambda: re.search(r'No Jobs running|No jobs are running|no jobs', self.console('status director'), re.I))

    def backup(self, job='Backup', level='Full', seconds=60, more=''):
        j = self.start('run job=%s level=%s %s yes' % (job, level, more))
        return j, self.wait(j, seconds)

    def restore(self, job, where, seconds=60, more=''):
        j = self.start('restore jobid=%d where=%s %s all done yes' % (job, where, more))
        return j, self.wait(j, seconds)

    def joblog(self, job):
        return self.sql('SELECT logtext FROM log WHERE jobid = %d ORDER BY logid' % job)

    def stacks(self):
        """Where the threads of the daemons are: for a job that hangs."""
        if not shutil.which('gdb'):
            return ''
        out = ''
        for d in DAEMONS:
            p = subprocess.run(['timeout', '-k', '5', '60', 'gdb', '-p', str(self.pid(d)), '-batch', '-ex', 'thread apply all bt'],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors='replace')
            out += '== tercet-%s\n' % d
            for thread in p.stdout.split('\nThread ')[1:]:
                frames = [re.sub(r'^#\d+ +(0x\w+ in )?', '', x) for x in thread.split('\n') if x.startswith('#')]
                ours = [re.sub(r' \(.*\) at ', ' ', x)[:100] for x in frames if SOURCE in x]
                if not any(re.match(r'(accept_run|daemon_next_signal|pop_locked|managed|keep|watch_main|queue_main|scheduler_main) ', x)
                           for x in ours):
                    out += '  ' + ' < '.join(x.split(' ')[0] for x in ours[:9]) + '\n'
        return out

    def same_tree(self, where, of=None):
        """What was restored below where is what of (the saved tree) is."""
        of = of or self.src
        rc, out = self.tree('diff', of, where + of)
        if rc != 0:
            raise Broken('restored tree differs: ' + out[-2000:])


def kill_at_end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
