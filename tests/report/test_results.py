"""Results objects in little memory say the same as their lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.evaluate import Result, Subject
from collector.evidence.canonical import JSON
from collector.report.results import Judgements
from collector.run import lines

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
digests = st.sampled_from([c * 64 for c in "abc0"])
results = st.builds(
    Result,
    check=st.just("aws.s3.tls_only"),
    resource=st.builds(Subject, account=st.just("1"), id=texts, region=texts, type=texts),
    outcome=st.sampled_from(["pass", "fail", "unknown", "not_applicable"]),
    reason=texts,
    evidence=st.lists(digests, max_size=3).map(tuple),
    phi=st.sampled_from([None, True, False, "unclassified"]),
)
objects = st.lists(st.lists(results, max_size=4), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(objects)
def test_what_is_read_is_what_was_written_whatever_was_read_before(
    given_: list[list[Result]],
) -> None:
    judgements = Judgements()

    for each in given_:
        data = lines(one.to_json() for one in each)
        read = judgements.read("aws.s3.tls_only", data)

        assert [one.to_json() for one in read.results()] == [
            json.loads(line) for line in data.splitlines()
        ]
        assert len(read.judged) == len(each)


def line(**changes: JSON) -> bytes:
    said: dict[str, JSON] = {
        "check": "aws.s3.tls_only",
        "evidence": ["a" * 64],
        "outcome": "pass",
        "reason": "as asked",
        "resource": {"account": "1", "id": "a", "region": "", "type": "aws.s3.bucket"},
    }
    return json.dumps(said | changes, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "spoiled",
    [
        line()[:-1],
        line().replace(b'"pass"', b'"passed"'),
        line(evidence=["a" * 63]),
        line(evidence=["a" * 64 + "\n"]),
        line(evidence="a" * 64),
        line().replace(b'"]', b'",]'),
        line(resource={"id": "a"}),
        b"",
    ],
)
def test_a_line_that_is_no_result_is_refused_also_behind_one_that_is(spoiled: bytes) -> None:
    judgements = Judgements()
    judgements.read("aws.s3.tls_only", line())

    with pytest.raises(ValueError, match=r"^line 2: "):
        judgements.read("aws.s3.tls_only", line() + b"\n" + spoiled + b"\n")


@pytest.mark.parametrize("name", [b"evidence", b"evid\\u0065nce"])
def test_evidence_that_a_line_says_twice_is_read_as_json_reads_it(name: bytes) -> None:
    judgements = Judgements()
    judgements.read("aws.s3.tls_only", line())
    second = b',"' + name + b'":["' + b"b" * 64 + b'"]}'

    for digest in (b"b", b"a"):
        twice = line().replace(b"a" * 64, digest * 64)[:-1] + second
        (one,) = judgements.read("aws.s3.tls_only", twice).results()
        assert one.evidence == ("b" * 64,)
