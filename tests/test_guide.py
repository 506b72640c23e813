"""The teacher's guide against the lessons: minutes, exercises, points, parts, diagnoses, sliders."""

import json
import re
from pathlib import Path

import pytest

from lessons import explorers
from lessons.exercises import REGISTRY

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "classroom" / "guide"
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MINUTES = re.compile(r"[Aa]bout (\d+) minutes")


def page(lesson):
    return (GUIDE / f"{lesson.stem}.md").read_text(encoding="utf-8")


def cells(lesson):
    return ["".join(cell["source"]) for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]]


def rows(text, head):
    """Return the rows of the table under a heading that begins with ``head``, as lists of texts."""
    section = re.search(rf"^## {head}.*?(?=^## |\Z)", text, flags=re.M | re.S)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cut = [[part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [[part.replace(r"\|", "|") for part in row] for row in cut[2:]]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem[:2])
class TestPage:
    def test_the_plan_has_the_lessons_minutes_sections_and_exercises(self, lesson):
        plan, text = rows(page(lesson), "Plan"), "\n".join(cells(lesson))
        assert sum(int(row[0]) for row in plan) == int(*MINUTES.findall(cells(lesson)[0]))
        numbered = re.findall(r"^## (\d+) · ", text, flags=re.M)
        assert re.findall(r"^(\d+) · ", "\n".join(row[1] for row in plan), flags=re.M) == numbered
        names = [exercise.id[3:] for exercise in REGISTRY.of_lesson(lesson.stem[:2])]
        assert len(names) == 1 or all(f"`{name}`" in " ".join(row[2] for row in plan) for name in names)

    def test_the_marking_scheme_is_the_registrys(self, lesson):
        *table, total = rows(page(lesson), "Marking scheme")
        exercises = REGISTRY.of_lesson(lesson.stem[:2])
        assert [row[:3] for row in table] == [
            [f"`{e.id}`", f"{e.points:g}", "; ".join(f"{p.points:g}: {p.name}" for p in e.parts)]
            for e in exercises
        ]
        assert total[:2] == ["all", f"{sum(exercise.points for exercise in exercises):g}"]

    def test_common_mistakes_are_in_the_cards_words(self, lesson):
        *table, _ = rows(page(lesson), "Marking scheme")
        for row in table:
            quoted = re.findall("“(.+?)”", row[3])
            diagnoses = [wrong.diagnosis for wrong in REGISTRY[row[0].strip("`")].wrong]
            assert quoted
            for words in quoted:
                assert any(text.startswith(words) for text in diagnoses), words

    def test_sliders_are_there_and_take_the_values(self, lesson):
        named = re.findall(r"`(\w+) › ([^=`]+?)(?: = ([^`]+))?`", page(lesson))
        without_data = r"^explorers\.(\w+)\(([^[\n]*)\)"
        calls = re.findall(without_data, "\n".join(cells(lesson)), flags=re.M)
        assert {name for name, *_ in named} == {name for name, _ in calls}
        made = {name: eval(f"explorers.{name}({words})", {"explorers": explorers}) for name, words in calls}
        for name, label, value in named:
            by_label = {widget.description: widget for widget in made[name].controls.values()}
            assert label in by_label
            if value:
                assert_takes(by_label[label], value)


def assert_takes(widget, value):
    options = getattr(widget, "options", None)
    if options is None:
        assert widget.min <= float(value) <= widget.max
    else:
        assert value in [str(option) for option in options]


def test_the_overview_has_every_lesson_with_minutes_and_points():
    overview = (GUIDE / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| \[(\d\d) .*?\]\((\w+)\.md\) \| (\d+) \| (\d+) \|", overview, flags=re.M)
    expected = []
    for lesson in LESSONS:
        points = sum(exercise.points for exercise in REGISTRY.of_lesson(lesson.stem[:2]))
        expected.append((lesson.stem[:2], lesson.stem, *MINUTES.findall(cells(lesson)[0]), f"{points:g}"))
    assert found == expected
    total = sum(exercise.points for exercise in REGISTRY.values())
    assert f"{total:g} points in all" in overview


def test_links_lead_somewhere():
    for path in [*GUIDE.glob("*.md"), ROOT / "classroom" / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


SEEN = [  # (explorer, values, what the guide says it shows, as the explorer's own sentence has it)
    ("welcome", {"noise": 0.0}, "0.0358"),
    ("leak", {"window": 30, "split": "shuffled"}, "flattered 7.1×"),
    ("leak", {"window": 32}, "by time 0.638"),
    ("sliding_window", {"position": 27}, "row 25 tests"),
    ("sliding_window", {"position": 14, "window": 4, "horizon": 3}, "does neither"),
    ("naive_error", {"noise": 0.5}, "makes 0.5355"),
    ("naive_error", {"lag": 25}, "makes 3.6555"),
    ("naive_error", {"lag": 50}, "makes 0.1047"),
    ("ridge_weights", {"alpha": 4}, "add up to 0.41; the largest is 0.03. Test MSE 0.6374"),
    ("ridge_weights", {"window": 1}, "the largest is 0.94. Test MSE 0.0951"),
    ("two_libraries", {"second_bias": "trained"}, "part at epoch 2"),
    ("memory", {"forget_bias": 0.0}, "after 20 steps 0.05 % is left"),
    ("memory", {"forget_bias": 2.0}, "after 20 steps 28 % is left"),
    ("memory", {"network": "RNN × 1.5"}, "after 20 steps 2.8 × as large"),
    ("rollout_steps", {"model": "ridge", "step": 200}, "origins: 0.061, seasonal naive 0.585"),
    ("rollout_steps", {"model": "LSTM", "step": 3}, "origins: 0.097, seasonal naive 0.090"),
    ("rollout_steps", {"model": "ridge", "noise": 3, "step": 200}, "noise moves them by 0.195"),
    ("eigenvalues", {"alpha": 1.0}, "MSE one step ahead 0.0394, mean over 200 steps 0.038"),
    ("eigenvalues", {"alpha": 2.0}, "MSE one step ahead 0.0383, mean over 200 steps 0.051"),
]


@pytest.mark.parametrize(("name", "values", "sentence"), SEEN)
def test_a_slider_shows_what_the_guide_says(name, values, sentence):
    explorer = getattr(explorers, name)()
    explorer.set(**values)
    assert sentence in re.sub(r"<[^>]+>", "", explorer.readout.finding)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "score"),
    [
        ({"trend": 0.0}, 0.049),
        ({"trend": 0.01}, 0.152),
        ({"trend": 0.01, "centring": "window mean"}, 0.041),
        ({"epochs": 20}, 0.082),
        ({"centring": "window mean", "cell": "GRU"}, 0.040),
    ],
)
def test_a_training_slider_shows_what_the_guide_says(values, score):
    explorer = explorers.training()
    explorer.set(**values)
    found = re.search(
        r"(?:LSTM|GRU)(?: centred)? (\d\.\d+)", re.sub(r"<[^>]+>", "", explorer.readout.finding)
    )
    assert float(found[1]) == pytest.approx(score, abs=0.004)
