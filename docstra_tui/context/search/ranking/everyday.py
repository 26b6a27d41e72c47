"""Words of everyday talk, which say little of what a question is about."""

from __future__ import annotations

from docstra_tui.context.search.ranking.vocabulary import stem


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


SILENT = _set(
    "about above after again against all also am an and any are aren as at be because been before being "
    "below between both but by can cannot come comes could couldn did didn do does doesn doing don done "
    "down during each few for from further get gets go goes gone got had hadn happen happens has hasn "
    "have haven having he her here hers him his how if in into is isn it its itself just let ll made make "
    "makes me more most my no nor not of off on once only or other our out over own re same she should "
    "shouldn so some such than that the their them then there these they this those through to too under "
    "until up upon us use used uses using ve very was wasn we were weren what when where which while who "
    "whom whose why will with won work works would you your yours"
)
"""That every question has: not looked for."""

_FAINT = _set(
    "able actual actually already although always another anybody anyone anything anywhere apart away "
    "back bad become becomes begin behave behavior behaviour best better big bit bring brought call "
    "called case cause caused certain chance clear close code coming concern consider contain couple "
    "course day deal decide decided decides depend depends describe determine determined determines "
    "different easy either else end enough even ever every everybody everyone everything exact exactly "
    "example explain explicit explicitly extra fact far find first follow following found front full gave "
    "general give given gives giving going good great guess half halfway hand hard help hold hundred idea "
    "include including inside instead involve involved keep kept kind know known large last late later "
    "least leave left less like likely little live lives logic long look looks lot main making many "
    "matter may maybe mean means meant might mine moment much must near need needed needs neither never "
    "new nobody none normal nothing notice now number often old one ones onto order ordinary otherwise "
    "part particular pass passed past people perhaps person place places plain play point possible "
    "prevent probably program project purpose put quite rather reach reached really reason reasons "
    "relevant responsible result right role round say says see seem seems seen several shall short show "
    "simple simply since single small someone something sometimes somewhere soon sort special start "
    "starts step still stop straight supposed sure tell tells thing things think thousand three thus "
    "together told took toward towards tried true try turn turned turns twice two unless usual usually "
    "various want wants way ways well went whatever whenever wherever whether whole wish without word "
    "words worked world worth wrong yes yet zero"
)
_STEMS = frozenset(map(stem, _FAINT))


def is_faint(word: str) -> bool:
    """Whether a word may mean anything: rare in code, it would count for more than what is asked for."""
    return stem(word) in _STEMS
