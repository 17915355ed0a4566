import os
import subprocess
import sys
from pathlib import Path

from repro.training.search_process import Worker, this_process


def test_this_process_is_not_dead():
    assert not this_process().is_known_dead()


def test_a_process_is_dead_when_it_has_ended_even_if_nobody_asked_for_it():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    ours = this_process()
    worker = Worker(ours.host, child.pid, ours.machine, fields[19])
    assert not worker.is_known_dead()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert worker.is_known_dead()
    child.communicate()
    assert worker.is_known_dead()


def test_another_process_with_the_number_of_a_dead_one_is_told_from_it():
    ours = this_process()
    assert Worker(ours.host, ours.pid, ours.machine, "1").is_known_dead()


def test_of_a_process_on_another_machine_nothing_is_known():
    ours = this_process()
    assert not Worker("elsewhere", 2**22 + 1, "another start", "1").is_known_dead()
    assert not Worker(ours.host, 2**22 + 1, "", "").is_known_dead()
