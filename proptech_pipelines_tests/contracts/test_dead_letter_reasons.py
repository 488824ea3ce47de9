"""The set of reasons is closed, explained, and stored under these names."""

import pickle

from proptech_pipelines.contracts.dead_letter_reasons import EXPLANATIONS, Bad, DeadLetterReason


def test_every_reason_has_one_sentence_for_people():
    assert set(EXPLANATIONS) == set(DeadLetterReason)
    for sentence in EXPLANATIONS.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert sentence.count(". ") == 0


def test_a_reason_is_its_stored_name():
    assert DeadLetterReason("trailing_bytes") == "trailing_bytes"
    bad = Bad(3, DeadLetterReason.TRUNCATED, "name: ends at byte 2")
    assert pickle.loads(pickle.dumps(bad)) == bad
