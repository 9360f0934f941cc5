"""regress/perf/measure.py - wall time, CPU and memory of commands and of daemons at work"""
import glob
import os
import re
import resource
import subprocess
import time

TICK = os.sysconf('SC_CLK_TCK')


def sh(cmd, check=True, **kw):
    r = subprocess.run(cmd, shell=isinstance(cmd, str), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       **kw)
    if check and r.returncode != 0:
        raise RuntimeError('%s: exit %d\n%s' % (cmd, r.returncode, r.stdout))
    return r


def machine():
    cpu = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')),
               'unknown')
    mem = int(open('/proc/meminfo').readline().split()[1]) // 1024 // 1024
    return '%d cores of %s, %d GiB, Linux %s' % (os.cpu_count(), cpu, mem, os.uname().release)


def cpu_of(pid):
    """CPU seconds of a process and of the children it has waited for."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            v = f.read().rsplit(')', 1)[1].split()
        return sum(int(x) for x in v[11:15]) / TICK
    except (OSError, IndexError):
        return 0.0


def children(pid):
    out = []
    for p in glob.glob('/proc/[0-9]*/stat'):
        try:
            with open(p) as f:
                v = f.read().rsplit(')', 1)[1].split()
            if int(v[1]) == pid:
                out.append(int(p.split('/')[2]))
        except (OSError, IndexError):
            pass
    return out


def tree_cpu(pid):
    return cpu_of(pid) + sum(cpu_of(c) for c in children(pid))


def peak_mib(pid):
    try:
        with open('/proc/%d/status' % pid) as f:
            return int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1)) / 1024
    except (OSError, AttributeError):
        return 0.0


def reset_peak(pid):
    try:
        with open('/proc/%d/clear_refs' % pid, 'w') as f:
            f.write('5')
    except OSError:
        pass


class Sample:
    """One piece of work: wall seconds, CPU seconds and peak MiB by program."""

    def __init__(self, wall, cpu, peak):
        self.wall, self.cpu, self.peak = wall, cpu, peak

    def daemons_cpu(self):
        """PostgreSQL is nobody's daemon."""
        return sum(v for k, v in self.cpu.items() if k != 'postgres')

    def daemons_peak(self):
        return max([v for k, v in self.peak.items() if k != 'postgres'] or [0])


class Watch:
    """Wall, CPU and peak memory of named daemons from here to done()."""

    def __init__(self, pids):
        self.pids = pids
        for p in pids.values():
            reset_peak(p)
        self.before = {n: tree_cpu(p) for n, p in pids.items()}
        self.t = time.monotonic()

    def done(self):
        wall = time.monotonic() - self.t
        return Sample(wall, {n: tree_cpu(p) - self.before[n] for n, p in self.pids.items()},
                      {n: peak_mib(p) for n, p in self.pids.items()})


def timed(cmd, name, **kw):
    """One command as a whole, with its children."""
    t = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    p = subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - t
    p.returncode = os.waitstatus_to_exitcode(status)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if p.returncode != 0:
        raise RuntimeError('%s failed:\n%s' % (' '.join(cmd), out[-2000:]))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(wall, {name: cpu}, {name: usage.ru_maxrss / 1024})
