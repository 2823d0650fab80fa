"""Sphinx's configuration of the site; `helpers.authoring.site.build` adds what differs between languages."""

from __future__ import annotations

project = "PyTorch model inference"
author = "the course's authors"
extensions = ["myst_nb", "helpers.authoring.site.extension"]
templates_path = ["_templates"]

# The notebooks are plain Markdown with formulas; what MyST adds to it would change what their signs mean.
myst_enable_extensions = ["dollarmath"]
myst_disable_syntax = ["myst_role", "myst_line_comment", "myst_target", "myst_block_break", "footnote_ref"]
myst_all_links_external = True  # `helpers.authoring.site.extension` leads them to the site's pages
nb_execution_mode = "off"  # stored outputs are shown
html_math_renderer = "mathml"

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's machine is
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navigation_with_keys": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "article_header_end": ["language-switch.html", "article-header-buttons.html"],
}
