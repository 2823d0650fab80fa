"""``course export``: handouts, Gradescope's autograder, the workflow for GitHub Actions."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
import yaml
from click.testing import CliRunner, Result
from handing_in import RIGHT, hand_in

from helpers.authoring.evidence import read_evidence
from helpers.authoring.source import BEGIN, END, read_source, solution_of, stub_of
from helpers.cli import main
from helpers.exercises import find_exercise, lesson, lessons
from helpers.exporting.folder import MANIFEST
from helpers.exporting.points import notices, read_rows
from helpers.grading.collecting import HandedIn
from helpers.grading.grade import Terms, grade_file
from helpers.learning.handout import SOLUTIONS, handout, solution, why_closed
from helpers.paths import ROOT
from helpers.text import speaking

MODES = lesson("modes")
REGION = re.compile(rf"^[ \t]*{BEGIN}\n(.*?)^[ \t]*{END}", re.DOTALL | re.MULTILINE)


def course(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def exported(*arguments: str | Path) -> str:
    result = course(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str | Path) -> str:
    result = course(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def run(*command: str | Path, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run a program as in a new terminal: with this Python's programs, and the package of that folder."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COURSE_", "PYTHON"))
    }
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(each) for each in command], cwd=folder, env=environment | variables, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip


def solution_regions() -> Mapping[str, list[str]]:
    """What stands between the markers, by exercise: each region in one line."""
    found: dict[str, list[str]] = {}
    for each in lessons():
        for cell in read_source(each.name):
            if cell.exercise:
                found[cell.exercise] = [_in_one_line(code) for code in REGION.findall(cell.text)]
    return found


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def given_away() -> str:
    """What a learner is shown anyway: the lessons' other cells, and hints."""
    cells = [cell.text for each in lessons() for cell in read_source(each.name) if not cell.exercise]
    hints = [hint.english for each in lessons() for exercise in each.exercises for hint in exercise.hints]
    return _in_one_line("\n".join([*cells, *hints]))


@pytest.fixture(scope="module")
def given_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handouts") / "course"
    exported("handout", folder, "--solutions-from", "2999-01-15T18:00+01:00")
    return folder


def texts(folder: Path) -> dict[str, str]:
    """Every file; of a notebook its cells, as a reader sees them."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".ipynb":
                text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
            elif path.suffix == ".json":
                text = text.encode().decode("unicode_escape")
            found[path.relative_to(folder).as_posix()] = _in_one_line(text)
    return found


def leaks(files: dict[str, str]) -> list[tuple[str, str]]:
    shown = given_away()
    return [
        (id, name)
        for id, regions in solution_regions().items()
        for region in regions
        if region not in shown
        for name, text in files.items()
        if region in text
    ]


def test_a_handout_has_the_lessons_and_no_solution(given_out: Path) -> None:
    files = texts(given_out)
    for each in lessons():
        assert {f"notebooks/{each.name}.ipynb", f"notebooks/zh/{each.name}.ipynb"} <= set(files)
    assert {"README.md", "pyproject.toml", "environment.yml", "helpers/exercises/start.py"} <= set(files)
    folders = {path.rpartition("/")[0].split("/")[0] for path in files}
    assert folders == {"", "helpers", "notebooks"}, "no tests with their evidence, no docs, no history"
    assert {path.rpartition("/")[0] for path in files if path.startswith("notebooks/")} == {
        "notebooks",
        "notebooks/zh",
    }, "neither sources nor solved notebooks"
    assert len(solution_regions()) == sum(len(each.exercises) for each in lessons())
    assert leaks(files) == []
    evidence = {_in_one_line(each.code) for id in solution_regions() for each in read_evidence(id)}
    assert not [name for name, text in files.items() for code in evidence if code in text]


def test_the_search_for_leaks_finds_them() -> None:
    every = {"all": "\n".join(" ".join(regions) for regions in solution_regions().values())}
    assert len({id for id, _name in leaks(every)}) > 0.8 * len(solution_regions())


def test_a_handout_works_where_it_is(given_out: Path, tmp_path: Path) -> None:
    """In a process of its own, started there: the package, a solved check, the commands, solution and reset."""
    code = textwrap.dedent(f"""
        import helpers, json
        from helpers import check, hint, reset, solution
        print(helpers.__file__)
        {RIGHT.splitlines()[0]}
        {RIGHT.splitlines()[1]}
        check("start-1")
        solution("start-1", show=True)
        reset("start-1")
    """)
    done = run(
        sys.executable, "-c", code, folder=given_out, COURSE_HOME=str(tmp_path), PYTHONPATH=str(given_out)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(given_out))
    assert "2 of 2 points" in done.stdout
    assert "Your teacher opens the solutions on 2999-01-15 18:00+01:00" in done.stdout
    assert "start-1: back to the stub" in done.stdout
    listed = run("course", "exercises", "--json", folder=given_out, PYTHONPATH=str(given_out))
    assert [row["id"] for row in json.loads(listed.stdout)] == list(solution_regions())
    notebook = "notebooks/00_start_here.ipynb"
    for command in (
        ("course", "grade", notebook),
        ("course", "rebuild", notebook, "-o", tmp_path / "rebuilt.ipynb"),
        ("course", "build", "--check"),
        ("course", "export", "handout", tmp_path / "again"),
        (sys.executable, "-m", "pytest", "--grade", notebook),
    ):
        done = run(*command, folder=given_out, PYTHONPATH=str(given_out))
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode not in (0, 1), said
        assert "Traceback" not in said
        assert "teacher's clone of the course" in said.replace(" of the │ │ course", " of the course")


@pytest.fixture
def folder_of(tmp_path: Path):
    """A handout's two files without the rest of it."""

    def write(solutions_from: datetime | None, bundle: bool = False) -> Path:
        from helpers.exporting.handout import handout_files

        files = handout_files(solutions_from)
        (tmp_path / "handout.json").write_bytes(files["handout.json"])
        if bundle:
            exported("solutions", tmp_path / SOLUTIONS)
        return tmp_path

    return write


def test_solutions_open_when_the_teacher_has_said_and_given_them(folder_of) -> None:
    now = datetime.now(UTC)
    folder = folder_of(None)
    assert "keeps the solutions closed" in str(why_closed(folder))
    with speaking("zh"):
        assert re.search("[\u4e00-\u9fff]", str(why_closed(folder))), "in Chinese too"
    folder = folder_of(now + timedelta(days=1), bundle=True)
    assert "opens the solutions on" in str(why_closed(folder))
    (folder / SOLUTIONS).unlink()
    folder = folder_of(now - timedelta(days=1))
    assert f"ask your teacher for {SOLUTIONS}" in str(why_closed(folder))
    assert solution("start-1", folder) is None
    folder = folder_of(now - timedelta(days=1), bundle=True)
    assert why_closed(folder) is None
    for each in lessons():
        for exercise in each.exercises:
            assert solution(exercise.id, folder) == solution_of(each.name, exercise.id)
            assert handout(folder).stubs[exercise.id] == stub_of(each.name, exercise.id)
    (folder / "handout.json").unlink()
    assert why_closed(folder) is None, "the author's own copy is no handout"


def test_a_given_solution_shows_where_it_was_closed_before(given_out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "course"
    output = exported("handout", copy, "--solutions-from", "2020-01-01")
    assert "The solutions are in it" in output
    code = "from helpers import solution\nsolution('start-1')\nsolution('start-1', show=True)"
    done = run(sys.executable, "-c", code, folder=copy, COURSE_HOME=str(tmp_path), PYTHONPATH=str(copy))
    assert "Try first" in done.stdout, "an open solution still asks for honest tries"
    assert "return categories[logits.argmax()]" in done.stdout
    (copy / "handout.json").write_text("{")
    done = run(sys.executable, "-c", code, folder=copy, COURSE_HOME=str(tmp_path), PYTHONPATH=str(copy))
    assert "handout.json is damaged: ask your teacher for it again." in done.stdout

    exported("handout", copy, "--force")
    assert not (copy / SOLUTIONS).exists(), "a closed handout takes the place of an open one, whole"


def test_an_export_replaces_its_own_files_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "mine.py").write_text("keep me")
    assert "is not empty" in refused("nbgrader", tmp_path)
    assert not (tmp_path / MANIFEST).exists(), "what is refused writes nothing"
    exported("nbgrader", tmp_path, "--force", "--lesson", "00", "--lesson", "01")
    assert (tmp_path / "source" / "01_modes" / "01_modes.ipynb").exists()
    exported("nbgrader", tmp_path, "--force", "--lesson", "00")
    assert not (tmp_path / "source" / "01_modes" / "01_modes.ipynb").exists()
    assert (tmp_path / "source" / "mine.py").read_text() == (tmp_path / "mine.txt").read_text() == "keep me"


def test_bad_arguments_are_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert "is a file" in refused("handout", file)
    assert "holds the course itself" in refused("handout", ROOT, "--force")
    assert "holds the course itself" in refused("nbgrader", ROOT.parent, "--force")
    assert "is there already" in refused("solutions", file)
    assert "is a folder" in refused("solutions", tmp_path, "--force")
    assert "cannot be written" in refused("solutions", file / "below" / "x.json")
    assert "No lesson with exercises begins with 99" in refused(
        "gradescope", tmp_path / "a.zip", "--lesson", "99"
    )
    assert "No lesson with exercises begins with 10" in refused("nbgrader", tmp_path / "n", "--lesson", "10")
    assert "'soon' is no date" in refused("handout", tmp_path / "h", "--solutions-from", "soon")
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "classroom.yml").write_text("mine")
    assert "classroom.yml is there already" in refused("classroom", tmp_path)
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / MANIFEST).write_text('{"nbgrader": ["../file"]}')
    assert "outside its folder" in refused("nbgrader", tmp_path / "n", "--force")
    assert file.exists()


def test_a_lesson_in_chinese_speaks_chinese_in_nbgrader(tmp_path: Path) -> None:
    exported("nbgrader", tmp_path / "kurs", "--language", "zh")
    notebook = nbformat.read(tmp_path / "kurs" / "source" / "01_modes" / "01_modes.ipynb", as_version=4)
    assert 'use_language("zh")' in notebook.cells[0].source
    links = re.findall(r"\]\(([^)]*\.ipynb[^)]*)\)", "\n".join(cell.source for cell in notebook.cells))
    assert "../02_no_grad/02_no_grad.ipynb" in links
    for link in links:
        assert (tmp_path / "kurs" / "source" / "01_modes" / link).is_file(), link


GOOD = {each.id: solution_of(MODES.name, each.id) for each in MODES.exercises}


def modes_notebook(folder: Path, answers: Mapping[str, str], name: str = "01_modes.ipynb") -> Path:
    from helpers.authoring.build import Product, assemble

    notebook = assemble(Product(MODES, "en", solved=False))
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / name)
    return folder / name


def partly_right() -> dict[str, str]:
    """The solutions, and for the first exercise an answer that earns some of its points."""
    some = max((each for each in read_evidence("modes-1") if not each.right), key=lambda each: each.earned)
    assert 0 < some.earned < find_exercise("modes-1").points
    return GOOD | {"modes-1": some.code}


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gradescope's folders, with the archive unpacked as its image has it."""
    root = tmp_path_factory.mktemp("gradescope") / "autograder"
    file = root / "autograder.zip"
    assert "give that 17 points" in " ".join(exported("gradescope", file, "--lesson", "01").split())
    with zipfile.ZipFile(file) as zip:
        assert {"setup.sh", "run_autograder"} <= set(zip.namelist()), "in the root of the archive"
        assert zip.getinfo("run_autograder").external_attr >> 16 & 0o111, "executable"
        zip.extractall(root / "source")
    (root / "results").mkdir()
    return root


def on_gradescope(root: Path, **submissions: Mapping[str, str]) -> dict:
    submission = root / "submission"
    for old in [*submission.rglob("*"), root / "results" / "results.json"]:
        if old.is_file():
            old.unlink()
    hand_in(submission, "folder/00_start_here.ipynb", RIGHT)  # of another lesson: it must earn nothing here
    for name, answers in submissions.items():
        modes_notebook(submission, answers, f"{name}.ipynb")
    done = run("bash", root / "source" / "run_autograder", folder=root, AUTOGRADER_ROOT=str(root))
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads((root / "results" / "results.json").read_text())


def test_gradescope_scores_as_we_do(autograder: Path, tmp_path: Path) -> None:
    answers = partly_right()
    report = grade_file(HandedIn("ada", modes_notebook(tmp_path, answers)), Terms(seed=1)).report
    results = on_gradescope(autograder, homework=answers)
    assert results["score"] == report.earned
    assert {row["name"]: row["score"] for row in results["tests"]} == {
        row.id: row.earned for row in report.exercises
    }
    assert 0 < results["score"] < sum(each.points for each in MODES.exercises)


def test_gradescope_is_told_when_there_is_nothing_to_grade(autograder: Path) -> None:
    results = on_gradescope(autograder)
    assert results["score"] == 0
    assert "There is no notebook" in results["output"]


def test_gradescopes_archive_holds_no_solution(autograder: Path) -> None:
    assert leaks(texts(autograder / "source")) == []
    sources = autograder / "source" / "course" / "notebooks" / "source"
    assert "raise NotImplementedError" in (sources / "01_modes.py").read_text()
    for script in ("setup.sh", "run_autograder"):
        done = run("bash", "-n", autograder / "source" / script, folder=autograder)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's repository: the workflow, and the notebooks of a handout."""
    folder = tmp_path_factory.mktemp("github") / "repository"
    (folder / "notebooks" / "zh").mkdir(parents=True)
    (folder / "README.md").write_text("ours")
    exported("classroom", folder, "--lesson", "00", "--lesson", "01")
    hand_in(folder / "notebooks", "00_start_here.ipynb", RIGHT)
    hand_in(folder / "notebooks" / "zh", "00_start_here.ipynb")
    modes_notebook(folder / "notebooks", partly_right())
    # a package of the learner's own that claims everything must not be the one that grades
    (folder / "helpers").mkdir()
    (folder / "helpers" / "__init__.py").write_text("raise SystemExit('the learner graded')")
    return folder


def test_the_workflow_grades_and_reports_points(repository: Path, tmp_path: Path) -> None:
    workflow = yaml.safe_load((repository / ".github" / "workflows" / "classroom.yml").read_text())
    assert set(workflow) == {"name", True, "permissions", "jobs"}  # to YAML 1.1 the key `on` is true
    assert workflow[True] == ["push", "workflow_dispatch"]
    (job,) = workflow["jobs"].values()
    assert job["name"] == "Autograding Tests"
    variables = {
        **job["env"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    assert "runner." not in str(job["env"]), "that context is not there for a job's variables"
    said = {}
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        if "run" in step and step["name"] != "Install":
            done = run(
                "bash",
                "-e",
                "-c",
                step["run"],
                folder=repository,
                PYTHONPATH=str(tmp_path / "course"),
                **variables,
            )
            said[step["name"]] = done
            assert done.returncode == 0 or step.get("continue-on-error") or step["name"] == "Report points", (
                done
            )
    assert list(said) == ["Unpack the grader", "Grade", "Report points"]
    some = next(each for each in read_evidence("modes-1") if each.code == partly_right()["modes-1"]).earned
    earned = 2 + sum(each.points for each in MODES.exercises[1:]) + some
    assert f"::notice title=Autograding complete::Points {earned}/19\n" in said["Report points"].stdout
    assert said["Report points"].returncode == 1, "not every point was earned"
    table = (tmp_path / "summary.md").read_text()
    assert "| start-1 | 2 of 2 | passed  |" in table, "the copy in the other language costs nothing"
    assert f"| modes-1 | {some} of {find_exercise('modes-1').points} | partial" in table
    with zipfile.ZipFile(repository / ".github" / "classroom" / "course.zip") as zip:
        files = {name: _in_one_line(zip.read(name).decode()) for name in zip.namelist()}
    assert leaks(files) == []


def test_points_of_a_run_that_did_not_happen_are_none(tmp_path: Path) -> None:
    rows = read_rows(tmp_path / "none.xml", ["00_start_here", "01_modes"])
    assert [row.status for row in rows] == ["missing"] * 6
    assert "Points 0/19" in notices(rows)
