"""regress/perf/tools.py - Tercet and its peers, each as a class: save(src, row) and restore(dst)

Tercet runs as tercet-setup leaves it: TLS on every link, a managed catalog, ACL and extended
attributes on.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import ports  # noqa: E402
from measure import Watch, sh, timed  # noqa: E402

TAR_COMPRESSION = {'LZ4': 'lz4', 'GZIP6': 'gzip -6'}
BACULA_COMPRESSION = {'LZ4': 'LZO', 'GZIP6': 'GZIP6'}  # Bacula 9 has no LZ4; LZO is its fast one
BORG_COMPRESSION = {'LZ4': 'lz4', 'GZIP6': 'zlib,6', None: 'none'}


class Tar:
    def __init__(self, opts, work):
        self.file = os.path.join(work, 'a.tar')

    def save(self, src, row):
        self.how = ['-I', TAR_COMPRESSION[row.compression]] if row.compression else []
        return timed(['tar', '-C', src] + self.how + ['-cf', self.file, '.'], 'tar')

    def restore(self, dst):
        os.makedirs(dst)
        return timed(['tar', '-C', dst] + self.how + ['-xf', self.file], 'tar')

    def close(self):
        pass


class Restic:
    """Compresses as it likes (zstd)."""

    def __init__(self, opts, work):
        self.env = dict(os.environ, RESTIC_PASSWORD='x', RESTIC_REPOSITORY=work + '/repo',
                        RESTIC_CACHE_DIR=work + '/cache')
        sh(['restic', 'init'], env=self.env)

    def save(self, src, row):
        return timed(['restic', '-q', 'backup', src], 'restic', env=self.env)

    def restore(self, dst):
        return timed(['restic', '-q', 'restore', 'latest', '--target', dst], 'restic', env=self.env)

    def close(self):
        pass


class Borg:
    def __init__(self, opts, work):
        self.env = dict(os.environ, BORG_PASSPHRASE='x', BORG_REPO=work + '/repo', BORG_BASE_DIR=work + '/base')
        sh(['borg', 'init', '-e', 'repokey'], env=self.env)

    def save(self, src, row):
        return timed(['borg', 'create', '-C', BORG_COMPRESSION[row.compression], '::one', src], 'borg', env=self.env)

    def restore(self, dst):
        os.makedirs(dst)
        return timed(['borg', 'extract', '::one'], 'borg', env=self.env, cwd=dst)

    def close(self):
        pass


class Tercet:
    """opts.bin: its programs; opts.clear: no TLS on any link."""

    def __init__(self, opts, work):
        self.site = work + '/site'
        self.port = ports.take(os.getpid())
        sh([opts.bin + '/tercet-setup', '--name', 'perf', '--port', str(self.port), '--bin', opts.bin,
            '--backup', work + '/src', self.site])
        self.conf = self.site + '/etc/tercet-dir.conf'
        if getattr(opts, 'clear', False):
            self.without_tls()
        sh([self.site + '/tercet', 'start'])
        state = re.search(r"SITE_STATE='(.*)'", open(self.site + '/etc/site').read()).group(1)
        self.state = state
        self.pids = {d: int(open('%s/%s.pid' % (state, d)).read()) for d in ('dir', 'sd', 'fd')}
        for p in glob.glob(state + '/dir/**/postmaster.pid', recursive=True):
            self.pids['postgres'] = int(open(p).readline())

    def without_tls(self):
        """In every resource that may have a say: each has one of these two lines."""
        for f in glob.glob(self.site + '/etc/*.conf'):
            text = open(f).read()
            text = re.sub(r'^( *(?:Password|Working Directory) = .*)$', r'\1\n  TLS Enable = no', text, flags=re.M)
            open(f, 'w').write(re.sub(r'(TLS Enable = no\n(?:.*\n)?) *TLS Enable = no\n', r'\1', text))

    def console(self, *cmds):
        return sh([self.site + '/tconsole'], input='\n'.join(cmds) + '\n').stdout

    def job(self, command, kind):
        w = Watch(self.pids)
        out = self.console(command, 'wait')
        r = w.done()
        out += self.console('messages')
        if not re.search(r'Termination: +%s OK' % kind, out):
            raise RuntimeError(out[-3000:])
        return r

    def set_up(self, src, row):
        options = 'Options {\n      Signature = %s\n      Hard Links = yes\n      Sparse = yes\n' % row.digest
        if row.compression:
            options += '      Compression = %s\n' % row.compression
        text = re.sub(r'Options \{[^}]*\}', options + '    }', open(self.conf).read())
        open(self.conf, 'w').write(re.sub(r'File = ".*"', 'File = "%s"' % src, text))
        self.console('reload')

    def save(self, src, row):
        self.set_up(src, row)
        return self.job('run job=Backup level=Full yes', 'Backup')

    def restore(self, dst):
        return self.job('restore client=perf-fd fileset=Standard current select all where=%s done yes' % dst,
                        'Restore')

    def tree_seconds(self):
        """From the restore command to the prompt of its finished tree."""
        p = subprocess.Popen([self.site + '/tconsole'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        t = time.monotonic()
        p.stdin.write(b'restore client=perf-fd fileset=Standard current select\n')
        p.stdin.flush()
        seen = b''
        while b'cwd is' not in seen:
            piece = os.read(p.stdout.fileno(), 65536)
            if not piece:
                raise RuntimeError(seen.decode(errors='replace')[-2000:])
            seen += piece
        t = time.monotonic() - t
        p.communicate(b'quit\nquit\n')
        return t

    def forget(self):
        """The next full backup begins on the same volume anew, so that they do not fill the memory."""
        out = self.console('purge volume=Full-0001 yes')
        if 'urged' not in out:
            raise RuntimeError(out)

    def pin(self, cores):
        """All threads there are and all they start run on these cores only."""
        for n, pid in self.pids.items():
            if n != 'postgres':
                sh(['taskset', '-a', '-p', '-c', cores, str(pid)])

    def close(self):
        sh([self.site + '/tercet', 'stop'], check=False)
        ports.give_back(self.port)
        if self.state.startswith('/var/lib/tercet/'):
            shutil.rmtree(self.state)


class Bacula:
    """Debian's packages, with a private PostgreSQL cluster; TLS is not available without certificates."""

    def __init__(self, opts, work):
        self.work = work
        self.port = ports.take(os.getpid())
        d, f, s = range(self.port, self.port + 3)
        pg = 5432  # names its socket; it listens on no port
        sock = tempfile.mkdtemp(prefix='bperf', dir='/tmp')
        self.sock = sock
        shutil.chown(sock, 'postgres')
        data = sock + '/data'
        pgbin = sorted(glob.glob('/usr/lib/postgresql/*/bin'))[-1]
        pgrun = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups']
        sh(pgrun + [pgbin + '/initdb', '-D', data, '-A', 'trust', '-E', 'SQL_ASCII', '--locale=C'])
        self.pg = subprocess.Popen(pgrun + [pgbin + '/postgres', '-D', data, '-k', sock, '-p', str(pg),
                                            '-c', 'listen_addresses='], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.procs = [self.pg]
        for _ in range(100):
            if sh(['psql', '-h', sock, '-p', str(pg), '-U', 'postgres', '-c', 'select 1'], check=False).returncode == 0:
                break
            time.sleep(0.1)
        psql = ['psql', '-X', '-q', '-h', sock, '-p', str(pg), '-U', 'postgres']
        sh(psql + ['-c', "CREATE DATABASE bacula ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"])
        sh(psql + ['-d', 'bacula', '-f', '/usr/share/dbconfig-common/data/bacula-director-pgsql/install/pgsql'])
        for sub in ('vol', 'run'):
            os.makedirs(work + '/' + sub)
        self.conf = {}
        self.text = {
            'dir': '''Director {{ Name=b-dir; DIRport={d}; DirAddress=127.0.0.1; QueryFile="/dev/null"; WorkingDirectory="{w}/run"
 PidDirectory="{w}/run"; Maximum Concurrent Jobs=4; Password="x"; Messages=M }}
Catalog {{ Name=C; dbname=bacula; dbuser=postgres; dbpassword=""; DB Address="{sock}"; DB Port={pg} }}
Client {{ Name=b-fd; Address=127.0.0.1; FDPort={f}; Catalog=C; Password="x" }}
Storage {{ Name=S; Address=127.0.0.1; SDPort={s}; Password="x"; Device=D; Media Type=File }}
Pool {{ Name=P; Pool Type=Backup; Label Format="V"; }}
FileSet {{ Name=F; Include {{ Options {{ signature={sig}; aclsupport=yes; xattrsupport=yes{comp} }}
 File="{src}" }} }}
Job {{ Name=B; Type=Backup; Level=Full; Client=b-fd; FileSet=F; Storage=S; Pool=P; Messages=M; Spool Attributes=no }}
Job {{ Name=R; Type=Restore; Client=b-fd; FileSet=F; Storage=S; Pool=P; Messages=M; Where="/" }}
Messages {{ Name=M; console=all, !skipped, !saved, !restored }}
''',
            'sd': '''Storage {{ Name=b-sd; SDPort={s}; SDAddress=127.0.0.1; WorkingDirectory="{w}/run"; Pid Directory="{w}/run"; Maximum Concurrent Jobs=4 }}
Director {{ Name=b-dir; Password="x" }}
Device {{ Name=D; Media Type=File; Archive Device="{w}/vol"; LabelMedia=yes; Random Access=Yes; AutomaticMount=yes; RemovableMedia=no; AlwaysOpen=no }}
Messages {{ Name=M; director=b-dir=all }}
''',
            'fd': '''FileDaemon {{ Name=b-fd; FDport={f}; FDAddress=127.0.0.1; WorkingDirectory="{w}/run"; Pid Directory="{w}/run"; Maximum Concurrent Jobs=4 }}
Director {{ Name=b-dir; Password="x" }}
Messages {{ Name=M; director=b-dir=all, !skipped, !restored }}
''',
            'con': '''Director {{ Name=b-dir; DIRport={d}; address=127.0.0.1; Password="x" }}
'''}
        self.vars = dict(d=d, f=f, s=s, pg=pg, sock=sock, w=work)
        self.started = False

    def start(self, src, row):
        for n, t in self.text.items():
            p = '%s/%s.conf' % (self.work, n)
            open(p, 'w').write(t.format(src=src, sig=row.digest if row.digest != 'XXH128' else 'MD5',
                                   comp='; compression=' + BACULA_COMPRESSION[row.compression] if row.compression else '',
                                   **self.vars))
        self.pids = {'postgres': self.pg.pid}
        for n, prog in (('sd', 'bacula-sd'), ('fd', 'bacula-fd'), ('dir', 'bacula-dir')):
            p = subprocess.Popen(['/usr/sbin/' + prog, '-f', '-c', '%s/%s.conf' % (self.work, n)],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.procs.append(p)
            self.pids[n] = p.pid
        for _ in range(100):
            if 'OK: ' in self.console('version'):
                return
            time.sleep(0.1)
        raise RuntimeError('bacula-dir does not answer')

    def console(self, *cmds):
        return sh(['bconsole', '-c', self.work + '/con.conf'], input='\n'.join(cmds) + '\n', check=False).stdout

    def save(self, src, row):
        if not self.started:
            self.start(src, row)
            self.started = True
        w = Watch(self.pids)
        out = self.console('run job=B yes', 'wait')
        r = w.done()
        out += self.console('messages')
        if not re.search(r'Termination: +Backup OK', out):
            raise RuntimeError(out[-3000:])
        return r

    def restore(self, dst):
        w = Watch(self.pids)
        out = self.console('restore where=%s client=b-fd current select all done yes' % dst, 'wait')
        r = w.done()
        out += self.console('messages')
        if not re.search(r'Termination: +Restore OK', out):
            raise RuntimeError(out[-3000:])
        return r

    def close(self):
        for p in reversed(self.procs):
            p.terminate() if p is not self.pg else p.send_signal(3)
            p.wait()
        shutil.rmtree(self.sock, ignore_errors=True)
        ports.give_back(self.port)


TOOLS = {'tercet': (Tercet, None), 'tar': (Tar, 'tar'), 'bacula': (Bacula, '/usr/sbin/bacula-dir'),
         'restic': (Restic, 'restic'), 'borg': (Borg, 'borg')}
