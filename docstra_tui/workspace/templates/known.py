"""Every template that there is while a folder is open, read anew each time somebody wants to know.

By name: the user's own, those of the project under its prefix, and the built-in ones that none of the user's
stands in the place of.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from docstra_tui import templates
from docstra_tui.errors import TemplateError
from docstra_tui.templates import Template
from docstra_tui.workspace.templates import project
from docstra_tui.workspace.templates.built_in import WHERE, built_in


@dataclass(frozen=True)
class Known:
    """What was found."""

    templates: dict[str, Template]
    """By name, the user's first."""
    wrong: dict[str, TemplateError]
    """What keeps the others from being used."""

    def named(self, name: str) -> Template:
        """The one that is called so. Raises `TemplateError`."""
        if name in self.wrong:
            raise self.wrong[name]
        if name not in self.templates:
            near = difflib.get_close_matches(name, self.templates, n=1, cutoff=0.5)
            near = near or [known for known in self.templates if known == project.PREFIX + name]
            hint = f"Did you mean {near[0]}?" if near else f"Known templates: {', '.join(self.templates)}."
            raise TemplateError(f"There is no template {name!r}.", hint)
        return self.templates[name]

    @property
    def offered(self) -> list[Template]:
        """Those that are not ours."""
        return [one for one in self.templates.values() if not is_built_in(one)]


def find_all(root: Path) -> Known:
    """All of them as they are now. Blocks."""
    wrong: dict[str, TemplateError] = {}
    own = templates.load_all(wrong)
    return Known({**own, **project.load(root, wrong), **_ours(own)}, wrong)


def is_built_in(template: Template) -> bool:
    """True for one that came along."""
    return template.where == WHERE


def place_of(template: Template) -> str:
    """Whose it is: `built in`, `project` or `yours`."""
    if is_built_in(template):
        return WHERE
    return "project" if template.name.startswith(project.PREFIX) else "yours"


def _ours(own: dict[str, Template]) -> dict[str, Template]:
    return {name: one for name, one in built_in().items() if name not in own}
