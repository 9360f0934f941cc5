#!/usr/bin/env python3
# labels: quick
"""tercet-volume on what a rescue finds: copies under other names, a spoilt first block, one volume of
several that is none, a bootstrap of what is not there, and volumes made to do harm.
"""
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ.get('TERCET_SOURCE') or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(os.environ.get('TERCET_BIN', SOURCE + '/build/release'), 'tercet-volume')
GOLDEN = SOURCE + '/regress/golden/bareos'
PLAIN = GOLDEN + '/plain/plain-0001'
sys.path.insert(0, SOURCE + '/regress/peers')
import volume  # noqa: E402

SESSION = (1, 1000)


def block(session, *records):
    return volume.block_bytes(1, session, b''.join(volume.RECORD_HEADER.pack(fi, stream, len(data)) + data
                                                   for fi, stream, data in records))


def label(name='V'):
    return block((0, 0), (volume.VOL_LABEL, 0, volume.new_volume_label(name, 'P', 'File', 'test')))


def attributes(fi, name):
    return b'%d 3 %s\0A A IGk B A A A A A A A A A A A A\0\0\x000\0' % (fi, name)


class Rescue(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix='rescue-test-')
        self.addCleanup(shutil.rmtree, self.top)

    def write(self, name, *parts):
        with open(self.top + '/' + name, 'wb') as f:
            for part in parts:
                f.write(part)
        return f.name

    def copy(self, name, spoil=None):
        with open(PLAIN, 'rb') as f:
            data = bytearray(f.read())
        if spoil is not None:
            data[spoil] ^= 1
        return self.write(name, data)

    def bootstrap(self, *lines):
        return self.write('x.bsr', '\n'.join(lines).encode() + b'\n')

    def run_tool(self, *words, code):
        run = subprocess.run([TOOL, *words], capture_output=True, text=True, errors='replace')
        self.assertEqual(run.returncode, code, run.stdout[-500:] + run.stderr[-1500:])
        return run.stdout, run.stderr

    def test_a_copy_under_another_name_is_its_labels_volume(self):
        out, _ = self.run_tool('extract', '-b', GOLDEN + '/plain/restore-job1.bsr', self.copy('rescued.img'),
                               self.top + '/out', code=0)
        self.assertIn('80 files restored', out)

    def test_a_spoilt_first_block_costs_nothing_but_itself(self):
        for spoilt in (0, 5, 13):
            _, err = self.run_tool('extract', self.copy('plain-0001', spoilt), self.top + '/out%d' % spoilt, code=1)
            self.assertIn('damaged block at address 0: ', err)
            out, _ = self.run_tool('ls', self.top + '/plain-0001', code=1)
            self.assertIn('80 files found', out)

    def test_volumes_behind_one_that_is_none_are_read(self):
        none = self.write('none', b'this is no volume, but longer than the head of a block\n')
        for first in none, self.top + '/gone':
            out, err = self.run_tool('ls', '-b', self.bootstrap('Volume="%s"' % os.path.basename(first),
                                                                'Volume="plain-0001"'),
                                     os.path.dirname(self.copy('plain-0001')), code=1)
            self.assertIn('80 files found', out)
            self.assertIn(first, err)
        self.run_tool('ls', none, none, code=2)

    def test_what_the_bootstrap_names_and_is_not_there_is_told(self):
        where = ['Volume="plain-0001"', 'VolSessionId=4711', 'VolSessionTime=1']
        for lines, words in ((['FileIndex=1-80'], 'files 1-80 of session 4711/1 may be lost'),
                             ([], 'nothing of session 4711/1 was found')):
            _, err = self.run_tool('extract', '-b', self.bootstrap(*where, *lines), PLAIN, self.top + '/out', code=1)
            self.assertIn(words, err)
        with open(GOLDEN + '/plain/restore-job1.bsr') as f:
            lines = f.read().replace('FileIndex=1-80', 'FileIndex=79-82').replace('Count=80', 'Count=4')
        out, err = self.run_tool('ls', '-b', self.bootstrap(lines), PLAIN, code=1)
        self.assertIn('2 files found', out)
        self.assertIn('files 81-82 of session', err)

    def test_a_finished_job_is_not_hurt_by_damage_behind_it(self):
        sos, eos = ((fi, 5, self.session_label(fi)) for fi in (volume.SOS_LABEL, volume.EOS_LABEL))
        first = [block(SESSION, sos, (1, 1, attributes(1, b'/finished')), (1, 2, b'content'), eos)]
        second = block((2, 1000), (1, 1, attributes(1, b'/second')), (1, 2, b'content'))
        path = self.write('V', label(), *first, second[:-1] + b'!')
        out, err = self.run_tool('extract', path, self.top + '/out', code=1)
        self.assertIn('1 files restored', out)
        self.assertNotIn('finished', err)

    @staticmethod
    def session_label(fi):
        values = dict(id=volume.LABEL_ID, version=volume.LABEL_VERSION, jobid=5, write_time=0, date=0.0, pool='P',
                      pool_type='Backup', job_name='J', client='c', job='J.1', fileset='F', type=ord('B'),
                      level=ord('F'), fileset_md5='', files=1, bytes=7, start_block=0, end_block=0, start_file=0,
                      end_file=0, errors=0, status=ord('T'))
        return volume.pack_label(values, volume.SESSION_LABEL +
                                 (volume.SESSION_TAIL if fi == volume.EOS_LABEL else ()))

    def test_a_name_of_twenty_megabytes_is_cut(self):
        path = self.write('V', label(), block(SESSION, (1, 1, attributes(1, b'/' + b'\1' * 19_900_000))))
        out, _ = self.run_tool('ls', path, code=0)
        self.assertIn('1 files found', out)
        self.assertLess(len(out), 5_000_000)

    def test_labels_cannot_write_to_the_terminal(self):
        out, err = self.run_tool('ls', '-L', self.write('V', label('a\x1b[2Jb')), code=0)
        self.assertIn('a\\x1b[2Jb', out)
        _, err = self.run_tool('ls', '-V', 'V', self.top, code=2)
        self.assertNotIn('\x1b', err)

    def test_very_many_sessions_take_little_memory(self):
        path = self.write('V', label(), *(block((n, 1), (1, -2, b'')) for n in range(1, 150_000)))

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))

        with open(self.top + '/err', 'wb') as err:
            sanitized = os.environ.get('TERCET_SANITIZE')
            run = subprocess.run([TOOL, 'ls', path], stdout=subprocess.DEVNULL, stderr=err,
                                 preexec_fn=None if sanitized else limit)
        self.assertEqual(run.returncode, 1)


if __name__ == '__main__':
    unittest.main(verbosity=2)
