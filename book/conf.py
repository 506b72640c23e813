"""Sphinx settings of the course's web page; book/pages.py puts its sources together and calls Sphinx."""

project = "Forecasting with LSTMs and GRUs"
html_title = "LSTMs and GRUs"
extensions = ["myst_nb", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
nb_execution_mode = "off"  # book/pages.py has run everything
nb_merge_streams = True
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 3
myst_heading_slug_func = "book.pages.jupyter_anchor"

html_theme = "sphinx_book_theme"
html_css_files = ["site.css"]
html_show_sourcelink = html_copy_source = False
html_context = {"default_mode": "auto"}
mathjax3_config = {"chtml": {"scale": 0.92}}
html_theme_options = {
    "secondary_sidebar_items": {"index": [], "**": ["page-toc"]},
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navigation_with_keys": False,  # arrow keys are for sliders
    "footer_content_items": [],  # the licences stand in the README
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def setup(app):
    """Give the player to the pages that have something to play; it asks for plotly.js itself."""

    def scripts(app, pagename, templatename, context, doctree):
        if "lessons-static" in context.get("body", ""):
            app.add_js_file("player.js", loading_method="defer")

    app.connect("html-page-context", scripts)
