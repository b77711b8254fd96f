"""The reports as pages, in a real browser: whole, quiet, accessible, printable, not deceived."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from collector.questions import load_questions
from collector.report.gap import report_gap
from collector.report.parts import Grounds
from collector.report.point_in_time import report_point_in_time
from collector.report.questionnaire import answer_questions
from collector.report.render import renderer
from collector.report.requirement import assess
from tests.attestation.entries import attestation, decision, exception, placed
from tests.report.grounds import account, based, found, grounds, kinds, mappings
from tests.report.histories import CHECK, OTHER, Run, moment, run
from tests.report.test_failing import Acceptance
from tests.report.test_period import report as period_report

HOSTILE = "<img src=x onerror=alert(1)>\u202egpj" + "a" * 400
SCRIPT = "=\"'></style></td><script>alert(2)</script>{{ 7*7 }}"
NAMES = ("point_in_time", "gap", "questionnaire", "period")


def evidence() -> Grounds:
    """Something of everything: what fails, is accepted, unread, expired, decided, inherited."""
    agreement = attestation("vendor-assessment", control="subcontractor-agreements", party="AWS")
    report = agreement.model_copy(update={"facts": {"report": "SOC 2 Type 2, 2025"}})
    entries = [
        placed(1, attestation(expires=10)),
        placed(2, attestation("activity-review", control="activity-review")),
        placed(3, decision("164.312(a)(2)(iii)")),
        placed(4, exception("arn:aws:s3:::site")),
        placed(5, report.model_copy(update={"owner": SCRIPT})),
    ]
    checks = [
        found("encryption-at-rest", passed=4, failed=3, accepted=1, name=HOSTILE, reason=SCRIPT),
        found("mfa", passed=42),
        found("audit-logging", passed=1, unknown=2, name=HOSTILE),
        found("provider-agreement", passed=1),
        found("backups", not_applicable=1),
    ]
    return grounds(account(*checks), account(found("mfa", failed=1), name="dev"), entries=entries)


def render(name: str) -> str:
    """A report as a page."""
    return "\n".join(renderer(name, "html")(report_of(name)))


def report_of(name: str) -> object:
    """A report; parts of it, since accessibility is looked at node by node."""
    on = evidence()
    make: dict[str, Callable[[], object]] = {
        "point_in_time": lambda: report_point_in_time(
            on,
            based(on),
            {"soc2": assess(on, "soc2")[::6], "hipaa": assess(on, "hipaa")[::6]},
            ["encryption-at-rest", "audit-logging", "backups", "risk-analysis"],
        ),
        "gap": lambda: report_gap(
            on, based(on), have="hipaa", want="soc2", assessed=assess(on, "soc2")
        ),
        "questionnaire": lambda: answer_questions(
            on, based(on), load_questions(mappings(), kinds())[::6]
        ),
        "period": period,
    }
    return make[name]()


def period() -> object:
    runs = [
        run(0, {HOSTILE: "pass", "b": "pass"}),
        Run(1.5, {CHECK: {HOSTILE: f"fail:{SCRIPT}", "b": "unknown:denied"}, OTHER: {"a": "pass"}}),
        run(4, {HOSTILE: f"fail:{SCRIPT}"}, regions=("us-east-1", "eu-west-1")),
    ]
    accepted = Acceptance("x1", moment(0), moment(3), (HOSTILE,))
    return period_report(runs, days=6, exceptions=[accepted])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each report."""
    folder = tmp_path_factory.mktemp("pages")
    files = {name: folder / f"{name}.html" for name in NAMES}
    for name, file in files.items():
        file.write_text(render(name), encoding="utf-8")
    return files


@contextmanager
def shown(
    browser: Browser, file: Path, scheme: Literal["light", "dark"] = "light", width: int = 1440
) -> Iterator[Page]:
    """The file in a window of its own; what it says to the console or asks for is no part of it."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, offline=True
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert (said, asked) == ([], [file.as_uri()])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_a_page_is_accessible_and_fits(
    browser: Browser,
    pages: dict[str, Path],
    name: str,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    with shown(browser, pages[name], scheme, width) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        scrolls, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        cut = page.evaluate(
            "[...document.querySelectorAll('table')].filter(t => !t.closest('.scroll[tabindex]'))"
            ".length"
        )
        violations = Axe().run(page).response["violations"]

    assert (scrolls, cut) == (window, 0)
    told = [
        f"{v['id']}: {n['html']}: {n['failureSummary']}" for v in violations for n in v["nodes"]
    ]
    assert told == []


@pytest.mark.parametrize("name", NAMES)
def test_names_from_the_cloud_are_text_and_nothing_else(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    with shown(browser, pages[name]) as page:
        alien = page.evaluate("document.querySelectorAll('script, img, svg, link, iframe').length")
        styles = page.evaluate("document.querySelectorAll('style').length")

    source = pages[name].read_text(encoding="utf-8")
    assert (alien, styles) == (0, 1)
    assert "\u202e" not in source
    if name in ("point_in_time", "period"):
        assert HOSTILE.replace("\u202e", "\\u202e") in unescape(source)
        assert SCRIPT in unescape(source)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_prints_on_several_sheets_with_all_that_is_folded(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    with shown(browser, pages[name]) as page:
        page.emulate_media(media="print")
        folded = page.evaluate(
            "[...document.querySelectorAll('details > div')].filter(e => !e.checkVisibility())"
            ".length"
        )
        printed = page.pdf(prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 1
    assert folded == 0


def test_a_page_works_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    with shown(browser, pages["point_in_time"], width=360) as page:
        page.keyboard.press("Tab")
        first = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("Enter")
        main = page.evaluate("document.activeElement.id")
        is_open = [page.evaluate("document.querySelector('details').open")]
        page.locator("summary").first.focus()
        page.keyboard.press("Enter")
        is_open.append(page.evaluate("document.querySelector('details').open"))
        page.locator("#controls-table").focus()
        scrolled = page.evaluate(
            "[document.activeElement.id, getComputedStyle(document.activeElement).overflowX]"
        )

    assert (first, main, is_open) == ("Skip to the report", "main", [True, False])
    assert scrolled == ["controls-table", "auto"]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_what_it_is_and_how_to_check_it(pages: dict[str, Path], name: str) -> None:
    source = unescape(pages[name].read_text(encoding="utf-8"))

    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert f'http-equiv="Content-Security-Policy" content="{policy}"' in source
    assert re.search(r"<title>[^<]+: (prod|prod, dev)</title>", source)
    assert "Generated by collector" in source
    assert "collector verify " in re.sub(r"<[^>]+>", "", source)
    assert "no attestation report by a CPA" in source
    levels = [int(level) for level in re.findall(r"<h([1-6])", source)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["text", "csv"])
def test_other_forms_deceive_neither_a_terminal_nor_a_spreadsheet(name: str, form: str) -> None:
    lines = list(renderer(name, form)(report_of(name)))

    assert all(line.isprintable() for line in lines)
    if form == "csv":
        cells = [cell for row in csv.reader(lines) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
