"""What standards ask of a practice analysis, in our own words, and what of a study shows it.

The texts of the standards are their owners'; these lines are short reminders, not quotations. Read the originals:
NCCA Standards for the Accreditation of Certification Programs (13 to 15); ISO/IEC 17024:2012; AERA, APA & NCME
Standards (2014); Uniform Guidelines on Employee Selection Procedures (1978, 29 CFR 1607).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvidenceLine:
    """One thing a standard asks for. ``facts`` are keys of `jta.services.evidence.facts_of`: all of them show it.

    Without facts nothing in the program can show it, and only a justification answers it. ``endpoint`` is the page
    that shows most of it.
    """

    code: str
    text: str
    facts: tuple[str, ...] = ()
    endpoint: str = ""


@dataclass(frozen=True)
class Standard:
    """A standard, or a part of one, with its lines."""

    code: str
    title: str
    lines: tuple[EvidenceLine, ...]


def _standard(code: str, title: str, *lines: tuple[str, tuple[str, ...], str]) -> Standard:
    made = tuple(EvidenceLine(f"{code}.{n}", *line) for n, line in enumerate(lines, 1))
    return Standard(code, title, made)


STANDARDS = (
    _standard(
        "NCCA13",
        "NCCA Standard 13: panels of experts",
        ("The duties of each panel are written down", ("rounds",), "panel.index"),
        (
            "How experts are found and take part is written down, and nobody dominates",
            ("panelists", "votes"),
            "panel.index",
        ),
        (
            "A target make-up of the panel is set and compared with who is on it",
            ("targets", "panelists"),
            "panel.index",
        ),
        ("Qualifications of each expert are on file", ("qualifications",), "panel.index"),
        ("Confidentiality and conflicts of interest are signed", ("confidentiality", "conflicts"), "panel.index"),
        ("A qualified psychometrician leads the work and is named", ("psychometrician",), "study.members"),
    ),
    _standard(
        "NCCA14",
        "NCCA Standard 14: job analysis",
        (
            "Domains and tasks are defined and tied to the purpose of the credential",
            ("tasks", "purpose"),
            "inventory.index",
        ),
        ("The plan of the study and the reasons for its method are written down", ("plan",), "study.plan"),
        ("Experts took part, and their make-up is known", ("panelists", "decisions"), "panel.index"),
        (
            "The list was validated outside the panel, with the sample and who answered",
            ("roster", "dataset", "frame"),
            "delivery.monitor",
        ),
        ("Rating scales and instrument are on record", ("instrument",), "survey.index"),
        (
            "Analysis and decision rules are stated, and were set before the survey opened",
            ("plan_first", "run"),
            "study.plan",
        ),
        ("Tasks are linked to knowledge and skills", ("ksas", "linkage"), "panel.index"),
        ("Weights are given, and how they were reached", ("run", "blueprint"), "blueprint.index"),
        ("A report is signed by qualified people", ("report", "approval"), "report.documents"),
        ("A summary is public", ("summary",), "report.documents"),
        ("The next study has a date and a reason for it", ("next_study",), "blueprint.index"),
        ("What changed since the last study is shown", ("former",), "inventory.index"),
    ),
    _standard(
        "NCCA15",
        "NCCA Standard 15: examination specifications",
        (
            "The purpose of the exam, what it measures and the level of practice are stated",
            ("purpose", "population"),
            "study.edit",
        ),
        ("Design elements are given with reasons: formats, length, timing, scoring, pretest", (), ""),
        ("Weights are exact for each section and rest on the job analysis", ("blueprint",), "blueprint.index"),
        ("The specifications match the published outline", ("outline", "published"), "report.documents"),
        ("They are approved and dated", ("approval",), "blueprint.index"),
    ),
    _standard(
        "ISO17024",
        "ISO/IEC 17024:2012, certification scheme and examination",
        ("The scope of certification is stated", ("credential", "purpose"), "study.edit"),
        ("A job and task description exists", ("tasks",), "inventory.index"),
        ("Required competence follows from the tasks", ("ksas", "linkage"), "panel.index"),
        ("Appropriate experts made and reviewed the scheme", ("panelists", "decisions"), "panel.index"),
        ("Interested parties have a fair say; no interest predominates", ("targets", "panelists"), "panel.index"),
        ("Prerequisites are matched to the competence required", (), ""),
        ("The practice analysis is made and kept up to date", ("run", "next_study"), "blueprint.index"),
        ("Assessment is planned so that all requirements are covered", ("blueprint", "two_way"), "blueprint.index"),
        ("Fairness and reliability are examined with recorded methods", ("groups", "agreement"), "results.index"),
        ("Impartiality: who edits does not approve", ("approval",), "blueprint.index"),
        ("Records are kept and protected", ("trail",), "study.audit"),
    ),
    _standard(
        "AERA",
        "AERA, APA & NCME Standards (2014)",
        (
            "11.13: the content domain is defined and justified by importance for credential-worthy work",
            ("tasks", "run"),
            "results.index",
        ),
        ("11.2, 11.3: the link from the job to the test is explicit", ("linkage", "blueprint"), "blueprint.index"),
        (
            "1.11: how content was specified, sampled and weighted, and by whom",
            ("plan", "run", "panelists"),
            "report.documents",
        ),
        ("1.8, 1.9: the sample and the judges are described", ("dataset", "qualifications"), "results.index"),
        (
            "4.1, 4.2, 4.12: specifications are documented and reviewed by experts",
            ("blueprint", "decisions"),
            "blueprint.index",
        ),
        ("4.6: traits of the experts are reported", ("qualifications",), "panel.index"),
        ("4.24: specifications are revised when the domain changes", ("next_study",), "blueprint.index"),
        ("Chapter 3: fairness over subgroups is examined", ("groups",), "results.index"),
        ("Chapter 7: documentation for those who use the results", ("report", "summary"), "report.documents"),
        ("11.14 to 11.16: evidence for cut scores and consistency (a later stage)", (), ""),
    ),
    _standard(
        "UGESP",
        "Uniform Guidelines (1978)",
        ("14A: job information was reviewed", ("tasks", "sources"), "inventory.index"),
        ("14C(2): important work behaviours and their relative importance", ("run", "retention"), "results.index"),
        ("14C(4): content is representative of them", ("blueprint",), "blueprint.index"),
        (
            "15C(3): method, measures of frequency and importance, and how skills are linked",
            ("run", "linkage"),
            "report.documents",
        ),
        ("5F: nothing that is learned in a brief orientation is tested", ("entry",), "panel.index"),
        ("5K: currency is reviewed", ("next_study",), "blueprint.index"),
    ),
)


def find_line(code: str) -> EvidenceLine | None:
    """Return the line with this code, or None."""
    return next((line for standard in STANDARDS for line in standard.lines if line.code == code), None)
