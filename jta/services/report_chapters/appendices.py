"""References, the instrument as shown, and every setting of the analysis."""

from __future__ import annotations

from collections.abc import Sequence

from jta.exports.report_parts import Bullets, Chapter, Facts, Missing, Paragraph, Part, Section, Table
from jta.services.plan_words import option_of, value_in_words
from jta.services.report_chapters.source import Source
from jta.services.study_plan import list_departures


def references() -> Chapter:
    """Sources of the methods."""
    return Chapter("References", [Bullets(REFERENCES)])


def instrument_appendix(source: Source) -> Chapter:
    """Consent text and background questions as shown."""
    content = source.content
    if not content:
        return Chapter("The instrument", [Missing("a launched survey.")], appendix=True)
    parts: list[Part] = [
        Section("Consent", [Paragraph(text) for text in content["consent"]["text"].split("\n") if text.strip()])
    ]
    questions: Sequence[dict[str, object]] = [
        *content.get("background", []),
        *(q for step in content.get("steps", []) for q in step.get("questions", [])),
    ]
    seen: set[object] = set()
    for question in questions:
        if question["code"] in seen:
            continue
        seen.add(question["code"])
        choices = [str(choice["label"]) for choice in question.get("choices", [])]  # type: ignore[attr-defined]  # plain JSON
        parts.append(
            Section(
                str(question["prompt"]),
                [Bullets(choices) if choices else Paragraph("An answer in own words.")],
                level=3,
            )
        )
    return Chapter("The instrument", parts, appendix=True)


def plan_appendix(source: Source) -> Chapter:
    """Every option of the plan, departures, software."""
    from analysis.plan import plan_options

    rows = [
        (
            option_of(option["name"]).label,
            value_in_words(option["name"], source.run.plan.get(option["name"], option["default"])),
            option_of(option["name"]).about or str(option["meaning"]),
        )
        for option in plan_options(every=True)
    ]
    departures = [
        (source.day(None) if not e.at else e.at[:10], e.actor, e.note) for e in list_departures(source.study.id)
    ]
    versions = [(name, str(version)) for name, version in source.run.summary["versions"].items()]
    return Chapter(
        "Analysis plan and settings",
        [
            Table("Options of the analysis plan", ("Option", "Value", "Meaning"), rows, (3, 3, 6)),
            Table("Departures from the saved plan", ("Date", "Who", "What"), departures, (2, 3, 6))
            if departures
            else Paragraph("The plan was not changed after the survey opened."),
            Facts(
                [
                    ("SHA-256 of the plan", source.run.plan_hash),
                    ("SHA-256 of the results", source.run.result_hash),
                    *versions,
                ],
                "Software",
            ),
        ],
        appendix=True,
    )


REFERENCES = (
    "American Educational Research Association, American Psychological Association & National Council on "
    "Measurement in Education "
    "(2014). Standards for educational and psychological testing.",
    "American Association for Public Opinion Research (2023). Standard definitions: final dispositions of case "
    "codes and outcome rates.",
    "Brennan, R. L. (2001). Generalizability theory. Springer.",
    "Feldt, L. S. (1965). The approximate sampling distribution of Kuder-Richardson reliability coefficient "
    "twenty. Psychometrika, 30.",
    "James, L. R., Demaree, R. G. & Wolf, G. (1984). Estimating within-group interrater reliability. Journal of "
    "Applied Psychology, 69.",
    "Kane, M. T., Kingsbury, C., Colton, D. & Estes, C. (1989). Combining data on criticality and frequency in "
    "developing test plans. "
    "Journal of Educational Measurement, 26.",
    "Krippendorff, K. (2004). Content analysis: an introduction to its methodology. Sage.",
    "Lawshe, C. H. (1975). A quantitative approach to content validity. Personnel Psychology, 28.",
    "Raymond, M. R. (2001). Job analysis and the specification of content for licensure and certification "
    "examinations. Applied "
    "Measurement in Education, 14.",
    "Raymond, M. R. & Neustel, S. (2006). Determining the content of credentialing examinations. In Handbook of "
    "test development.",
    "Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach for assessing "
    "the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics, 15.",
    "Shrout, P. E. & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater reliability. "
    "Psychological Bulletin, 86.",
    "Wang, N., Schnipke, D. & Witt, E. A. (2005). Use of knowledge, skill, and ability statements in developing "
    "licensure and "
    "certification examinations. Educational Measurement: Issues and Practice, 24.",
)
