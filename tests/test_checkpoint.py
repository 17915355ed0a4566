"""`python -m repro.checkpoint`."""

from repro import checkpoint, networks
from tests.commands import run_command


def test_table_4_is_printed_from_the_code(capsys, monkeypatch):
    names = ("inception_v2", "mobilenet_v1_0.25")
    chosen = {name: networks.spec(name) for name in names}
    monkeypatch.setattr(networks, "NETWORKS", chosen)
    outcome = run_command(capsys, checkpoint, "networks")
    assert outcome.status == 0, outcome.err
    [_, bn_inception, narrow, *_] = outcome.out.splitlines()
    for cell in ("inception_v2", "BN-Inception", "10,153,336", "10.1M", "1,024", "224", "74.0%"):
        assert cell in bn_inception.split()
    assert narrow.split() == [
        *("mobilenet_v1_0.25", "-", "213,072", "-", "256", "224", "1001", "-"),
        "mobilenet_v1_0.25_224.tgz",
    ]


def test_an_unknown_word_is_answered_with_the_known_ones(capsys):
    outcome = run_command(capsys, checkpoint, "network")
    assert outcome.status == 2
    assert "Did you mean networks?" in outcome.err
