"""The files that ``course grade`` was asked for, checked before the work and written after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from helpers.grading.reports.files import CannotWrite, check_writable, write_whole
from helpers.grading.reports.folder import write_folder
from helpers.grading.reports.gradescope import SeveralLearners, gradescope_results
from helpers.grading.reports.junit import junit_xml
from helpers.grading.reports.record import Graded, Run, SubmissionReport, as_json


@dataclass
class Outputs:
    """Where each report goes; None where it was not asked for. ``failed`` gathers the files that were not written."""

    folder: Path | None = None
    json: Path | None = None
    junit: Path | None = None
    gradescope: Path | None = None
    failed: list[CannotWrite] = field(default_factory=list)

    def check(self, learners: Iterable[str]) -> None:
        """Find out before anything is graded what could not be written afterwards.

        Raises:
            CannotWrite: when a file cannot be written there.
            SeveralLearners: when a report for one learner was asked for, and there are more.
        """
        if self.gradescope is not None and len(set(learners)) > 1:
            raise SeveralLearners(learners)
        files = [self.json, self.junit, self.gradescope, self.folder and self.folder / "report.json"]
        for path in files:
            if path is not None:
                check_writable(path)

    def write(self, graded: Iterable[Graded], run: Run) -> list[SubmissionReport]:
        """Write all that was asked for. One file that cannot be written does not keep the others from it.

        Args:
            graded: sorted by learner; gone through once, and only the reports are kept.
            run: how the class was graded.

        Returns:
            The reports.
        """
        if self.gradescope is not None:
            graded = list(graded)  # of one learner
            self._write(self.gradescope, gradescope_results(graded))
        if self.folder is not None:
            reports = write_folder(self.folder, graded, run, self._write)
        else:
            reports = [each.report for each in graded]
        if self.json is not None:
            self._write(self.json, as_json(reports))
        if self.junit is not None:
            self._write(self.junit, junit_xml(reports, run))
        return reports

    def write_nothing_handed_in(self) -> None:
        """Gradescope shows a learner nothing but its file: it must be there and say so."""
        if self.gradescope is not None:
            self._write(self.gradescope, gradescope_results([]))

    def _write(self, path: Path, data: bytes) -> None:
        try:
            write_whole(path, data)
        except CannotWrite as error:
            self.failed.append(error)
