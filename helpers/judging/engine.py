"""From an exercise and an answer to a verdict."""

from __future__ import annotations

import logging
import zlib

import torch

from helpers.judging import mistakes
from helpers.judging.answers import Answer, Stopped, Witness
from helpers.judging.exercise import Exercise, Mistake, Part
from helpers.judging.expect import Wrong
from helpers.judging.verdicts import Finding, Status, Verdict
from helpers.text import _
from helpers.trials.runner import PRINT_KEPT, Look, Raised, TimedOut

log = logging.getLogger(__name__)


def judge(exercise: Exercise, answer: Answer, seed: int) -> Verdict:
    """Judge an answer. Never raises: what goes wrong on our side is "uncheckable", and said so.

    Args:
        exercise: what was asked.
        answer: the learner's object, here or in another process.
        seed: all inputs are made from it. Class grading keeps it secret.
    """
    try:
        refused = _refuse(exercise, answer.look())
    except Exception as error:
        log.exception("no answer to %s could be had", exercise.id)
        refused = Status.UNCHECKABLE, mistakes.OUR_FAULT(message=f"{type(error).__name__}: {error}")
    if refused is not None:
        status, mistake = refused
        finding = Finding(exercise.title, status, 0, exercise.points, mistake)
        return Verdict(exercise.id, exercise.title, status, 0, exercise.points, (finding,))
    findings: list[Finding] = []
    witness = Witness(answer)
    for part in exercise.parts:
        findings.append(_judge_part(exercise, part, witness, seed, findings))
    return _sum_up(exercise, findings, witness)


def _refuse(exercise: Exercise, look: Look) -> tuple[Status, Mistake] | None:
    name = exercise.answer
    if not look.exists:
        if look.error is None:
            return Status.MISSING, mistakes.NOT_DEFINED(name=name)
        if look.error.stub:
            return Status.NOT_STARTED, mistakes.NOT_STARTED
        return Status.ERROR, mistakes.CELL_FAILED(name=name, type=look.error.type, message=look.error.message)
    if exercise.kind == "class" and not look.is_class:
        return Status.FAILED, mistakes.NOT_A_CLASS(name=name, type=look.type)
    if exercise.kind == "function" and not look.callable:
        return Status.FAILED, mistakes.NOT_A_FUNCTION(name=name, type=look.type)
    return None


def _judge_part(
    exercise: Exercise, part: Part, witness: Witness, seed: int, earlier: list[Finding]
) -> Finding:
    blocking = [
        finding
        for finding in earlier
        if finding.status is not Status.PASSED
        and (finding.title.english in part.needs or finding.status in (Status.NOT_STARTED, Status.TIMEOUT))
    ]
    if blocking:
        titles = blocking[0].title
        return Finding(part.title, Status.WAITING, 0, part.points, mistakes.WAITING(titles=titles))
    # each part has inputs of its own, whatever the parts before it drew
    rng = torch.Generator().manual_seed(zlib.crc32(f"{seed}/{exercise.id}/{part.title.english}".encode()))
    witness.grad_mode_kept = True
    try:
        part.judge(witness, rng)
        if not witness.grad_mode_kept:
            raise Wrong(mistakes.GRAD_MODE_CHANGED, part.title, None, None)
    except Wrong as wrong:
        return Finding(
            part.title,
            Status.FAILED,
            0,
            part.points,
            wrong.mistake,
            wrong.tried,
            wrong.observed,
            wrong.expected,
        )
    except Stopped as stopped:
        return _stopped(exercise, part, stopped.record)
    except ImportError as error:
        mistake = mistakes.MISSING_PACKAGE(package=error.name or str(error))
        return Finding(part.title, Status.UNCHECKABLE, 0, part.points, mistake)
    except Exception as error:
        log.exception("the judge of %s failed", exercise.id)
        mistake = mistakes.OUR_FAULT(message=f"{type(error).__name__}: {error}")
        return Finding(part.title, Status.UNCHECKABLE, 0, part.points, mistake)
    return Finding(part.title, Status.PASSED, part.points, part.points)


def _stopped(exercise: Exercise, part: Part, record: Raised | TimedOut) -> Finding:
    if isinstance(record, TimedOut):
        return Finding(part.title, Status.TIMEOUT, 0, part.points, mistakes.TOO_SLOW(seconds=record.seconds))
    if record.stub:
        return Finding(part.title, Status.NOT_STARTED, 0, part.points, mistakes.NOT_STARTED)
    if record.type == "TypeError" and record.line is None and "argument" in record.message:
        mistake = mistakes.WRONG_SIGNATURE(name=exercise.answer, message=record.message)
        return Finding(part.title, Status.FAILED, 0, part.points, mistake)
    known = mistakes.EXITED if record.type == "SystemExit" else mistakes.RAISED
    mistake = known if known is mistakes.EXITED else known(type=record.type, message=record.message)
    return Finding(
        part.title,
        Status.ERROR,
        0,
        part.points,
        mistake,
        tried=part.title,
        line=record.line,
        source=record.source,
    )


def _sum_up(exercise: Exercise, findings: list[Finding], witness: Witness) -> Verdict:
    earned = sum(finding.earned for finding in findings)
    open_findings = [finding for finding in findings if finding.status is not Status.PASSED]
    if not open_findings:
        status = Status.PASSED
    elif any(finding.status is Status.UNCHECKABLE for finding in open_findings):
        status = Status.UNCHECKABLE
    elif earned:
        status = Status.PARTIAL
    else:
        status = open_findings[0].status
    notes = []
    if witness.printed_length > PRINT_KEPT:
        notes.append(
            _("Your code printed {n:,} characters while it was checked; the first {kept:,} are kept.",
              n=witness.printed_length, kept=PRINT_KEPT)
        )  # fmt: skip
    return Verdict(
        exercise.id,
        exercise.title,
        status,
        earned,
        exercise.points,
        tuple(findings),
        tuple(notes),
        witness.printed,
    )
