"""The report in a browser: drawn, in the colours of the page, and without a request to anyone."""

import numpy as np
import pytest

import lessons
from lessons import figures

EVIL = '</script><script>document.title = "owned"</script><img src=x onerror="document.title=1">&'


@pytest.mark.parametrize(("scheme", "ink"), [("light", "rgb(31, 31, 31)"), ("dark", "rgb(230, 230, 230)")])
def test_a_browser_shows_it_without_the_network(tmp_path, browser, scheme, ink):
    drawn = [
        figures.series(np.arange(9), np.arange(9.0), title=EVIL, name=EVIL, unit=EVIL),
        figures.bars({"ridge": 0.04, "last value": 0.09}),
    ]
    lessons.report(tmp_path / "mine.html", {"a": EVIL}, drawn)
    page = browser.new_page(color_scheme=scheme)
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "mine.html").as_uri())
    page.wait_for_function("figures.every(figure => figure._fullLayout.font.color !== '#7f7f7f')")
    assert page.title() == "Forecast report"
    assert page.locator(".main-svg .xtitle").count() == 2
    assert page.locator("figcaption").first.inner_text() == f"Figure 1: {EVIL}"
    assert page.evaluate("figures.map(figure => figure._fullLayout.font.color)") == [ink, ink]
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert requests == [(tmp_path / "mine.html").as_uri()] and errors == []
    page.close()
