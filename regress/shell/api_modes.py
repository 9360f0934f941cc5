#!/usr/bin/env python3
"""Every command of the console's table in the API modes 0, 1 and 2, through a real director.

Usage: api_modes.py PORT PASSWORD
The frames of each answer are judged by the rules of the console specification (1.3, 4.4, 5.3): which
signals begin and end it, that JSON is one text of the envelope's shape, and what must be in it.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'peers'))

import bnet  # noqa: E402
from console_client import Console  # noqa: E402

EOD, SUB_PROMPT, MAIN_PROMPT, TEXT_INPUT = -1, -27, -18, -28
CMD_FAILED, CMD_OK, CMD_BEGIN, MSGS_PENDING = -14, -15, -16, -17
WARNING_MSG, ERROR_MSG, INFO_MSG = -20, -21, -22
OK, REFUSED = 'ok', 'refused'


def keys(*names):
    """The result has these keys."""
    return lambda r: all(n in r for n in names)


def rows(key, *columns):
    """The result has a list, its rows have these columns."""
    return lambda r: isinstance(r[key], list) and all(set(columns) <= set(row) for row in r[key])


def names(key):
    return lambda r: r[key] and all(isinstance(row['name'], str) for row in r[key])


def switched(key):
    return lambda r: r[key] and all(isinstance(row['enabled'], bool) or row['enabled'] in (0, 1) for row in r[key])


# command, what it does, and what its JSON result must be.  {j} is a good backup's JobId.
CASES = (
    ('.', OK, None),
    ('.actiononpurge', OK, names('actiononpurge')),
    ('.authorized job=Backup', OK, lambda r: r['.authorized'] == {'authorized': True}),
    ('.authorized', REFUSED, None),
    ('.catalogs', OK, names('catalogs')),
    ('.clients', OK, switched('clients')),
    ('.clients enabled', OK, switched('clients')),
    ('.clients disabled', OK, lambda r: r['clients'] == []),
    ('.consoles', OK, lambda r: {'name': '*UserAgent*'} in r['consoles']),
    ('.users', OK, rows('users', 'name')),
    ('.defaults job=Backup', OK, lambda r: r['defaults']['job'] == 'Backup' and r['defaults']['enabled'] in (0, 1, True)),
    ('.defaults client=farm-fd', OK, lambda r: isinstance(r['defaults']['port'], int)),
    ('.defaults storage=Disk', OK, lambda r: r['defaults']['media_type'] and r['defaults']['device']),
    ('.defaults pool=Full', OK, lambda r: 'purge_oldest_volume=' in r['defaults'] and isinstance(r['defaults']['max_volumes'], int)),
    ('.defaults', REFUSED, None),
    ('.defaults job=nosuch', REFUSED, None),
    ('.filesets', OK, names('filesets')),
    ('.help', OK, lambda r: r['run']['permission'] is True and 'arguments' in r['run'] and '.bvfs_lsdirs' in r),
    ('.help all', OK, keys('run', '.help')),
    ('.help item=run', OK, lambda r: list(r) == ['run']),
    ('.help full', OK, keys('run')),
    ('.jobdefs', OK, names('jobdefs')),
    ('.jobs', OK, switched('jobs')),
    ('.jobs type=R', OK, lambda r: [j['name'] for j in r['jobs']] == ['Restore']),
    ('.jobs type=Backup', OK, switched('jobs')),
    ('.jobstatus', OK, rows('jobstatus', 'jobstatus', 'jobstatuslong', 'severity', 'exitlevel', 'exitstatus')),
    ('.jobstatus=T', OK, lambda r: [s['jobstatus'] for s in r['jobstatus']] == ['T']),
    ('.levels', OK, lambda r: any(l['name'] == 'Full' and l['level'] == 70 for l in r['levels'])),
    ('.levels Backup', OK, lambda r: r['levels'] and all(isinstance(l['jobtype'], int) for l in r['levels'])),
    ('.locations', OK, keys('locations')),
    ('.media', OK, names('media')),
    ('.mediatypes', OK, names('mediatypes')),
    ('.msgs', OK, lambda r: all('text' in m for m in r['messages'])),
    ('.pools', OK, names('pools')),
    ('.pool', OK, names('pools')),
    ('.pools type=Backup', OK, names('pools')),
    ('.profiles', OK, rows('profiles', 'name')),
    ('.sql query="select count(*) from job"', OK, lambda r: int(r['query'][0]['count']) > 0),
    ('.sql query="select nosuch"', REFUSED, None),
    ('.sql query="delete from job"', REFUSED, None),
    ('.sql', REFUSED, None),
    ('.schedule', OK, switched('schedules')),
    ('.status dir current', OK, None),
    ('.status dir last', OK, None),
    ('.status dir header', OK, lambda r: list(r) == ['header'] and isinstance(r['header']['jobs_run'], int)),
    ('.status dir scheduled', OK, lambda r: list(r) == ['scheduled']),
    ('.status dir running', OK, lambda r: list(r) == ['running']),
    ('.status dir terminated', OK, lambda r: list(r) == ['terminated'] and isinstance(r['terminated'][0]['jobid'], int)),
    ('.status client=farm-fd header', OK, None),
    ('.status client=farm-fd running', OK, None),
    ('.status client=farm-fd terminated', OK, None),
    ('.status storage=Disk header', OK, None),
    ('.status storage=Disk running', OK, None),
    ('.status storage=Disk devices', OK, None),
    ('.status storage=Disk volumes', OK, None),
    ('.status storage=Disk spooling', OK, None),
    ('.status storage=Disk waitreservation', OK, None),
    ('.status storage=Disk terminated', OK, None),
    ('.status', REFUSED, None),
    ('.status dir nosuch', REFUSED, None),
    ('.storages', OK, switched('storages')),
    ('.types', OK, lambda r: [t['name'] for t in r['jobtypes']][0] == 'Backup'),
    ('.volstatus', OK, lambda r: [v['name'] for v in r['volstatus']][:3] == ['Unlabeled', 'Append', 'Full']),
    ('.messages', OK, None),
    ('autodisplay off', OK, None),
    ('autodisplay', REFUSED, None),
    ('automount on', OK, None),
    ('automount', REFUSED, None),
    ('cancel jobid=999999', REFUSED, None),
    ('cancel jobid=x', REFUSED, None),
    ('create pool=Full', REFUSED, None),
    ('delete jobid=999999', REFUSED, None),
    ('delete volume=nosuch yes', REFUSED, None),
    ('disable job=Restore', OK, lambda r: r['disable'] == {'jobs': ['Restore']}),
    ('show disabled', OK, lambda r: r['disabled']['jobs'] == ['Restore']),
    ('enable job=Restore', OK, lambda r: r['enable'] == {'jobs': ['Restore']}),
    ('enable job=nosuch', REFUSED, None),
    ('estimate job=Backup level=Full', OK, lambda r: r['estimate']['files'] > 0),
    ('estimate job=Backup level=Full listing', OK, None),
    ('estimate job=nosuch', REFUSED, None),
    ('gui on', OK, None),
    ('gui off', OK, None),
    ('help', OK, keys('run')),
    ('help run', OK, lambda r: list(r) == ['run']),
    ('label storage=Disk volume=Api{n} pool=Full', OK, None),
    ('label storage=Disk volume=Api{n} pool=Full', REFUSED, None),
    ('label storage=Disk volume="a b" pool=Full', REFUSED, None),
    ('list', REFUSED, None),
    ('list nosuch', REFUSED, None),
    ('list jobs', OK, rows('jobs', 'jobid', 'name', 'client', 'starttime', 'duration', 'type', 'level',
                           'jobfiles', 'jobbytes', 'jobstatus')),
    ('list jobs count', OK, lambda r: int(r['jobs'][0]['count']) > 0),
    ('list jobs limit=1 offset=0', OK, lambda r: len(r['jobs']) == 1 and
     r['meta']['range'] == {'limit': 1, 'offset': 0, 'filtered': 0}),
    ('list jobs limit=1 offset=99999', OK, lambda r: r['jobs'] == [] and r['meta']['range']['filtered'] == 0),
    ('list jobs jobstatus=nosuch', REFUSED, None),
    ('list jobs last current enabled', OK, rows('jobs', 'jobid')),
    ('list jobid={j}', OK, lambda r: int(r['jobs'][0]['jobid']) > 0),
    ('list jobid=999999', OK, lambda r: r['jobs'] == {}),
    ('llist jobid={j}', OK, lambda r: r['jobs'][0]['fileset'] and r['jobs'][0]['poolname']),
    ('list joblog jobid={j}', OK, rows('joblog', 'time', 'logtext')),
    ('list joblog', REFUSED, None),
    ('list joblog jobid=999999', REFUSED, None),
    ('list log', OK, rows('log', 'logid', 'time', 'logtext')),
    ('list jobtotals', OK, lambda r: int(r['jobtotals']['jobs']) > 0 and r['jobs'][0]['job']),
    ('list jobmedia jobid={j}', OK, rows('jobmedia', 'jobid', 'volumename', 'firstindex', 'lastindex')),
    ('list files jobid={j}', OK, rows('filenames', 'filename')),
    ('list filesets', OK, rows('filesets', 'filesetid', 'fileset', 'md5', 'createtime', 'filesettext')),
    ('list pools', OK, rows('pools', 'poolid', 'name', 'numvols', 'maxvols', 'pooltype', 'labelformat')),
    ('llist pools', OK, rows('pools', 'volretention')),
    ('list pool=Full', OK, rows('pools', 'name')),
    ('list clients', OK, rows('clients', 'clientid', 'name', 'fileretention', 'jobretention')),
    ('list client=farm-fd', OK, rows('clients', 'name')),
    ('list storages', OK, rows('storages', 'storageid', 'name', 'autochanger')),
    ('list volumes', OK, lambda r: isinstance(r['volumes'], dict) and isinstance(r['volumes']['full'], list)),
    ('list volumes all', OK, lambda r: isinstance(r['volumes'], list)),
    ('list volumes pool=Full', OK, lambda r: isinstance(r['volumes'], list)),
    ('list volumes jobid={j}', OK, rows('volumes', 'volumename')),
    ('list media', OK, keys('volumes')),
    ('list volume=Full-0001', OK, lambda r: r['volume']['volumename'] == 'Full-0001'),
    ('llist volume=Full-0001', OK, lambda r: r['volume']['recyclecount'] == '0'),
    ('list backups client=farm-fd', OK, rows('backups', 'jobid')),
    ('list backups', REFUSED, None),
    ('list nextvol job=Backup days=8', OK, None),
    ('list copies', OK, None),
    ('list jobstatistics jobid={j}', OK, keys('jobstats')),
    ('messages', OK, None),
    ('memory', OK, None),
    ('mount storage=Disk', OK, None),
    ('mount storage=nosuch', REFUSED, None),
    ('release storage=Disk', OK, None),
    ('unmount storage=Disk', OK, None),
    ('umount storage=Disk', OK, None),
    ('mount storage=Disk', OK, None),
    ('relabel', REFUSED, None),
    ('reload', OK, lambda r: r['reload'] == {'success': True}),
    ('rerun', REFUSED, None),
    ('rerun jobid=999999 yes', REFUSED, None),
    ('restore', REFUSED, None),
    ('restore jobid={j} all done yes where=/nosuch when="2038-01-01 00:00:00"', OK,
     lambda r: int(r['run']['jobid']) > 0 and {'jobid', 'level', 'jobfiles', 'volumename'} <= set(r['query'][0])),
    ('restore jobid={j} file=/nosuch yes', REFUSED, None),
    ('restore nosuch=1', REFUSED, None),
    ('restore jobid=999999 all done yes', REFUSED, None),
    ('resolve localhost', OK, None),
    ('run job=nosuch yes', REFUSED, None),
    ('run job=Backup level=nosuch yes', REFUSED, None),
    ('run job=Backup when="2038-01-01 00:00:00" yes', OK, lambda r: int(r['run']['jobid']) > 0),
    ('status director', OK, keys('header', 'scheduled', 'running', 'terminated', 'client-connection')),
    ('cancel all yes', OK, None),
    ('status client=farm-fd', OK, None),
    ('status storage=Disk', OK, None),
    ('status scheduler', OK, lambda r: r['schedules'] and all(isinstance(p['runtime'], int) for p in r['preview'])),
    ('status scheduler days=-7,7', OK, keys('preview')),
    ('status scheduler days=9999', REFUSED, None),
    ('status configuration', OK, None),
    ('status subscriptions', OK, None),
    ('status all', OK, None),
    ('status nosuch', REFUSED, None),
    ('status client=nosuch', REFUSED, None),
    ('setbandwidth limit=1000', REFUSED, None),
    ('setbandwidth limit=x client=farm-fd', REFUSED, None),
    ('setdebug level=0 dir', OK, None),
    ('setdebug level=0 client=farm-fd', OK, None),
    ('setdebug level=0 storage=Disk', OK, None),
    ('setdebug level=x dir', REFUSED, None),
    ('show jobs', OK, lambda r: r['jobs']['Restore']['type'] == 'Restore'),
    ('show job=Backup', OK, lambda r: list(r['jobs']) == ['Backup']),
    ('show client=farm-fd', OK, lambda r: isinstance(r['clients']['farm-fd']['port'], int)),
    ('show all', OK, keys('clients', 'pools')),
    ('show pools verbose', OK, keys('pools')),
    ('show job=nosuch', REFUSED, None),
    ('show nosuch', REFUSED, None),
    ('sqlquery', REFUSED, None),
    ('time', OK, lambda r: r['time']['year'].startswith('20') and r['time']['full']),
    ('trace off', OK, None),
    ('update', REFUSED, None),
    ('update volume=Full-0001 maxvoljobs=7', OK, None),
    ('update volume=Full-0001 volstatus=nosuch', REFUSED, None),
    ('update volume=nosuch volstatus=Used', REFUSED, None),
    ('update pool=Full', OK, None),
    ('use catalog=Main', OK, None),
    ('use catalog=nosuch', REFUSED, None),
    ('version', OK, lambda r: r['version']['version'].startswith('25.')),
    ('wait jobid={j}', OK, lambda r: r['job']['jobid'] > 0 and r['job']['exitstatus'] == 0),
    ('wait jobid=999999', REFUSED, None),
    ('wait', OK, None),
    ('whoami', OK, lambda r: r['whoami'] == 'root'),
    ('nosuch', REFUSED, None),
    ('list "jobs', REFUSED, None),
)
# In the table, and the director says that it has them not.
LATER = ('.bvfs_lsdirs', '.bvfs_lsfiles', '.bvfs_update', '.bvfs_get_jobids', '.bvfs_versions', '.bvfs_restore',
         '.bvfs_cleanup', '.bvfs_clear_cache', 'add', 'configure', 'export', 'import', 'move', 'query', 'setdevice',
         'setip', 'truncate', 'var')
# Purge and prune are tested by themselves; quit ends the conversation.
ELSEWHERE = ('.api', '.quit', 'exit', 'quit', 'prune', 'purge')


class Wrong(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Wrong(what)


def read(con, command):
    """Send, leave questions by a period -> frames of the whole answer."""
    out = con.run(command)
    while out[-1] != MAIN_PROMPT and (out[-1] == SUB_PROMPT or TEXT_INPUT in out[-2:]):
        need(len(out) < 1000, 'asks without end')
        out += con.run('.')
    return out


def judge_text(out, kind):
    need(out[-1] == EOD and not [x for x in out[:-1] if isinstance(x, int) and x not in (SUB_PROMPT, )],
         'signals in mode 0')
    text = ''.join(x for x in out if isinstance(x, str))
    need(not text or text.endswith('\n') or kind == REFUSED, 'the last line is not ended')
    need(kind == OK or text, 'a refusal without a word')
    for frame in out:
        need(not (isinstance(frame, str) and frame[:4].isdigit() and frame[4:7] == ' OK'), 'a frame begins with NNNN OK')


def judge_gui(out, command, kind):
    need(out[-1] == MAIN_PROMPT, 'no MAIN_PROMPT at the end')
    if command.split()[0] in ('nosuch', ) or '"jobs' in command:
        need(CMD_BEGIN not in out and ERROR_MSG in out, 'an unknown command begins')
        return
    need(out[0] == CMD_BEGIN, 'no CMD_BEGIN')
    ends = [x for x in out if x in (CMD_OK, CMD_FAILED)]
    need(len(ends) == 1, 'ends %d times' % len(ends))
    if kind == OK:
        need(ends == [CMD_OK] and ERROR_MSG not in out, 'failed: %s' % out)
    else:
        need(ends == [CMD_FAILED] or ERROR_MSG in out, 'did not fail')


def judge_json(out, command, kind, check):
    need(out[-1] == MAIN_PROMPT, 'no MAIN_PROMPT at the end')
    texts = [i for i, x in enumerate(out) if isinstance(x, str)]
    need(texts, 'no JSON')
    need(texts == list(range(texts[0], texts[-1] + 1)), 'a signal between the frames of the JSON text')
    need(set(out[texts[-1] + 1:]) <= {MSGS_PENDING, MAIN_PROMPT}, 'signals behind the JSON')
    text = ''.join(out[i] for i in texts)
    data = json.loads(text)
    need(data['jsonrpc'] == '2.0' and data['id'] is None and len(data) == 3, 'not the envelope')
    if kind == REFUSED:
        need('error' in data, 'no error')
        error = data['error']
        need(error['code'] == 1 and error['message'] == 'failed' and set(error['data']) >= {'result', 'messages'},
             'not the envelope of an error')
        need(command == '.authorized' or ''.join(sum(error['data']['messages'].values(), [])).strip(), 'an error without a word')
        return
    need('result' in data, 'error: %s' % json.dumps(data.get('error'))[:400])
    need(CMD_BEGIN in out and CMD_OK in out, 'no CMD_BEGIN or no CMD_OK')
    if check is not None:
        try:
            good = check(data['result'])
        except (KeyError, IndexError, TypeError, ValueError) as e:
            raise Wrong('%s in %s' % (repr(e), text[:600])) from e
        need(good, 'not as it must be: %s' % text[:600])


def put(case, job, number):
    """The case with {j} and {n} in their places."""
    command, kind, check = case
    return command.replace('{j}', job).replace('{n}', str(number)), kind, check


def main():
    port, password = int(sys.argv[1]), sys.argv[2]
    failed = 0
    checked = set()

    def connect(mode):
        con = Console('127.0.0.1', port, '*UserAgent*', password, True, '25.1.0', 120)
        if mode:
            con.run('.api %d' % mode)
        return con

    con = connect(2)
    jobs = json.loads(''.join(x for x in con.run('list jobs jobstatus=T jobtype=B') if isinstance(x, str)))
    job = jobs['result']['jobs'][0]['jobid']
    table = json.loads(''.join(x for x in con.run('.help all') if isinstance(x, str)))['result']
    for mode in (0, 1, 2):
        con = connect(mode)
        for case in CASES + tuple((name, REFUSED, None) for name in LATER):
            command, kind, check = put(case, job, mode)
            checked.add(command.split()[0].split('=')[0])
            try:
                out = read(con, command)
                if mode == 0:
                    judge_text(out, kind)
                elif mode == 1:
                    judge_gui(out, command, kind)
                else:
                    judge_json(out, command, kind, check)
                if command in LATER:
                    need(any(isinstance(x, str) and 'not available in this version yet' in x for x in out),
                         'does not say that it is not there')
            except (Wrong, ValueError, bnet.Closed, OSError) as e:
                failed += 1
                print('mode %d: %s: %s' % (mode, command, e))
                con = connect(mode)
    for name in table:
        if name not in checked and name not in ELSEWHERE:
            failed += 1
            print('%s is in the table and has no case here' % name)
    print('%d commands in three modes, %d wrong' % (len(CASES) + len(LATER), failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
