"""The page of agreement: do respondents agree on each task, and is the picture of the tasks reliable?"""

from __future__ import annotations

from dataclasses import dataclass

from jta.charts import Line, Mark, Picture, axis_for
from jta.services.results_tables import Row, Tables, Words, domains_of, pick_scale, tasks_in, words_of

ICC_METHODS = ("lmer_reml_all_data", "anova_complete_respondents")
EVERYBODY = "ALL"


@dataclass(frozen=True)
class AgreementPage:
    """Agreement by domain and by task, on one scale."""

    scale: str
    scales: dict[str, str]
    scopes: list[Row]
    picture: Picture | None
    domains: dict[str, str]
    tasks: list[Row]
    coefficients: Row
    study: list[Row]
    forecast: Picture | None
    why_not: str | None


def agreement_page(tables: Tables, *, scale: str | None = None, domain: str | None = None) -> AgreementPage:
    """Return agreement and reliability; an unknown scale counts as importance, else as the first."""
    run, words = tables.run, words_of(tables.run)
    scales = list(dict.fromkeys(row["scale"] for row in tables.rows("rwg")))
    shown = pick_scale(run, scales, scale)
    scopes = _scopes(tables, words, shown)
    study = tables.rows("d_study", scale=shown)
    return AgreementPage(
        scale=shown,
        scales={code: words.scale(code) for code in scales},
        scopes=scopes,
        picture=_picture(scopes, run.plan["confidence"], words.scale(shown)),
        domains=domains_of(tables, words),
        tasks=[row for row in _tasks(tables, words, shown) if row["task_id"] in tasks_in(tables, domain)],
        coefficients=tables.one("g_coefficients", scale=shown),
        study=study,
        forecast=_forecast(study, words.scale(shown)),
        why_not=tables.why_not("rwg"),
    )


def _icc(tables: Tables, scale: str, scope: str, kind: str) -> Row:
    """Return the coefficient from all ratings, else from complete respondents, else an empty row."""
    rows = tables.rows("icc", scale=scale, scope=scope, type=kind)
    known = {row["method"]: row for row in rows if row["icc"] is not None}
    return next((known[method] for method in ICC_METHODS if method in known), {})


def _scopes(tables: Tables, words: Words, scale: str) -> list[Row]:
    codes = dict.fromkeys(r["scope"] for r in tables.rows("rwgj", scale=scale, group=EVERYBODY))
    return [_scope(tables, words, scale, code) for code in codes]


def _scope(tables: Tables, words: Words, scale: str, scope: str) -> Row:
    here = {"scale": scale, "scope": scope}
    return {
        "code": "" if scope == "total" else scope,
        "title": "All tasks" if scope == "total" else words.unit(scope),
        "alpha": tables.one("alpha", **here, rule="pairwise"),
        "rwgj": tables.one("rwgj", **here, group=EVERYBODY),
        "single": _icc(tables, scale, scope, "ICC2"),
        "average": _icc(tables, scale, scope, "ICC2k"),
        "why_no_icc": tables.run.summary["left_out"].get(f"icc: {scale} {scope}", ""),
        "krippendorff": tables.one("krippendorff", **here, metric="ordinal"),
    }


def _picture(scopes: list[Row], confidence: float, scale: str) -> Picture | None:
    lines = [
        Line(f"{s['code']} {s['title']}".strip(), (Mark(a["raw_alpha"]),), a["feldt_low"], a["feldt_high"],
             note=f"{a['k']} tasks, n = {a['n_rows']}", strong=not s["code"])
        for s in scopes if (a := s["alpha"]).get("raw_alpha") is not None
    ]  # fmt: skip
    if not lines:
        return None
    level = f"{100 * confidence:.0f} %"
    about = f"{scale}. The line is the {level} interval; the dashed line stands at .70, a common lower limit."
    return Picture("Alpha of each content domain", axis_for([], within=(0, 1)), tuple(lines), rule=0.7, about=about)


def _tasks(tables: Tables, words: Words, scale: str) -> list[Row]:
    total = tables.rows("alpha_if_deleted", scale=scale, scope="total", rule="pairwise")
    dropped = {row["task_id"]: row for row in total}
    return [
        row
        | {"statement": words.statements.get(row["task_id"], ""), "item": dropped.get(row["task_id"], {})}
        for row in tables.rows("rwg", scale=scale, group=EVERYBODY)
    ]  # fmt: skip


def _forecast(study: list[Row], scale: str) -> Picture | None:
    lines = tuple(
        Line(f"{row['n_respondents']} respondents", (Mark(row["phi_absolute"], 1), Mark(row["g_relative"], 0)),
             row["phi_absolute"], row["g_relative"])
        for row in study if row["g_relative"] is not None
    )  # fmt: skip
    if not lines:
        return None
    series = ("G: order of the tasks", "Phi: their level too")
    about = f"{scale}. From the ratings of this study."
    return Picture(
        "What fewer or more respondents would bring", axis_for([], within=(0, 1)), lines, series, about=about
    )
