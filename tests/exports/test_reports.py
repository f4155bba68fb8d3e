"""Reports say the same in Word, PDF and on the web; text stays text; the same report gives the same bytes."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from datetime import UTC, datetime

import docx
import pytest

from jta.exports.figures import Dot, bar_figure, dot_figure
from jta.exports.report_html import write_report_html
from jta.exports.report_parts import Bullets, Chapter, Facts, Figure, Missing, Paragraph, Report, Section, Table
from jta.exports.report_pdf import write_report_pdf
from jta.exports.report_template import make_template
from jta.exports.report_word import TEMPLATE, TemplateError, check_template, write_report_word

NASTY = 'R & D <b> B #set text(red) *bold* $x$ {{ title }} =1+1 \u202eevil عمل "quoted" \x07'
SHOWN = "R & D <b> B #set text(red) *bold* $x$ {{ title }} =1+1"


def report() -> Report:
    rows = [(str(n), f"Task {n} {NASTY}", f"{n / 7:.2f}") for n in range(80)]
    figure = dot_figure(
        "Weights", "Dots of two domains.", [Dot("A", 0.4, 0.3, 0.5), Dot("B", 0.6)], "Share", percent=True
    )
    parts = [
        Paragraph(NASTY),
        Bullets([NASTY, "two"]),
        Bullets(["one"], ordered=True),
        Facts([("Name", NASTY)], "Facts"),
        Section("Section", [Table("Tasks", ("No", "Task", "Mean"), rows, (1, 6, 1), frozenset({2}), "A note"), figure]),
        Missing("a panel."),
    ]
    chapters = [
        Chapter("First", parts),
        Chapter("Instrument", [bar_figure("Items", "Bars.", [("A", 3.0)], "Items")], appendix=True),
    ]
    return Report(
        f"Study {NASTY}", "Technical report", "Simulated", [("Who", NASTY)], chapters, datetime(2026, 11, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("write", [write_report_pdf, write_report_word, write_report_html])
def test_the_same_report_gives_the_same_bytes(write):
    assert write(report()) == write(report())


def test_word_holds_every_word_and_no_markup(tmp_path):
    document = docx.Document(io.BytesIO(write_report_word(report())))
    text = "\n".join(p.text for p in document.paragraphs)
    assert text.count(SHOWN) >= 5
    assert "Not held in this study: a panel." in text
    [table] = document.tables
    assert [c.text for c in table.rows[0].cells] == ["No", "Task", "Mean"]
    assert len(table.rows) == 81
    assert SHOWN in table.rows[5].cells[1].text
    headings = [(p.style.name, p.text) for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings == [("Heading 1", "1. First"), ("Heading 2", "Section"), ("Heading 1", "Appendix A. Instrument")]


def test_the_contents_of_word_are_filled_in_and_lead_to_their_headings():
    with zipfile.ZipFile(io.BytesIO(write_report_word(report()))) as pack:
        body = pack.read("word/document.xml").decode()
        assert b"updateFields" not in pack.read("word/settings.xml")  # nobody is asked when it is opened
    lines = re.findall(r'<w:hyperlink w:anchor="(_Toc\d+)">.*?<w:t [^>]*>(.*?)</w:t>', body)
    marks = re.findall(r'<w:bookmarkStart w:id="\d+" w:name="(_Toc\d+)"/><w:r><w:t[^>]*>(.*?)</w:t>', body)
    assert [title for _, title in lines] == ["1. First", "Section", "Appendix A. Instrument"]
    assert lines == marks


def test_word_is_accessible():
    with zipfile.ZipFile(io.BytesIO(write_report_word(report()))) as pack:
        body = pack.read("word/document.xml").decode()
        about = pack.read("docProps/core.xml").decode()
        assert not [name for name in pack.namelist() if "vba" in name]
        assert b'TargetMode="External"' not in pack.read("word/_rels/document.xml.rels")
    assert body.count("<w:tblHeader/>") == 1
    assert 'descr="Dots of two domains."' in body
    assert body.count("<wp:docPr ") == body.count('descr="')
    assert "<dc:language>en</dc:language>" in about
    assert "2026-11-01" in about


def test_pdf_is_tagged_and_holds_every_word(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(write_report_pdf(report()))
    about = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Tagged:\s+yes", about)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in path.read_bytes()
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    plain = " ".join(text.split())
    assert "R & D <b> B #set text(red) *bold* $x$ {{ title }} =1+1" in plain
    assert plain.count("Task 7") >= 11
    assert "Not held in this study: a panel." in plain


def test_a_short_paper_runs_on_instead_of_beginning_each_chapter_on_a_page(tmp_path):
    chapters = [Chapter(f"Chapter {n}", [Paragraph("A few words.")]) for n in range(4)]
    short = Report("Title", "Summary", "", [("Who", "We")], chapters, datetime(2026, 11, 1, tzinfo=UTC), contents=False)
    path = tmp_path / "short.pdf"
    path.write_bytes(write_report_pdf(short))
    about = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+1\b", about)
    document = docx.Document(io.BytesIO(write_report_word(short)))
    headings = [p for p in document.paragraphs if p.style.name == "Heading 1"]
    assert [p.paragraph_format.page_break_before for p in headings] == [False] * 4


def test_pdf_refuses_a_figure_without_words():
    figure = Figure("Caption", "", bar_figure("x", "y", [("A", 1.0)], "z").svg, b"")
    broken = Report("T", "S", "", [], [Chapter("C", [figure])], datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(Exception, match="alt"):
        write_report_pdf(broken)


def test_the_web_page_escapes_and_needs_nothing_else():
    page = write_report_html(report()).decode()
    assert "R &amp; D &lt;b&gt; B" in page
    assert "<b>" not in page
    assert not re.search(r"<script|src=|href=|@import|url\(", page.replace('xlink:href="#', "").replace("url(#", ""))


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="2 cells under 1"):
        Table("x", ("a",), [("b", "c")], (1,))


def test_the_template_is_what_the_program_makes():
    assert TEMPLATE.read_bytes() == make_template()
    check_template(make_template())


def changed(edit):
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(make_template())) as old, zipfile.ZipFile(sink, "w") as new:
        for name in old.namelist():
            new.writestr(name, edit(name, old.read(name)))
    return sink.getvalue()


def with_macro():
    sink = io.BytesIO(make_template())
    with zipfile.ZipFile(sink, "a") as pack:
        pack.writestr("word/vbaProject.bin", b"x")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (b"no zip", "not a Word file"),
        (changed(lambda n, c: c.replace(b"{{ title }}", b"{{ ''.__class__ }}")), "do not have"),
        (changed(lambda n, c: c.replace(b"{{ title }}", b"{% for a in range(9) %}")), "do not have"),
        (changed(lambda n, c: c.replace(b'w:val="Report Table"', b'w:val="Other"')), "lacks the style"),
        (with_macro(), "macros"),
    ],
)
def test_templates_that_cannot_be_used(template, why):
    with pytest.raises(TemplateError, match=why):
        check_template(template)


def test_a_customers_template_is_used():
    template = changed(lambda n, c: c.replace(b'w:val="1F3A5F"', b'w:val="00FF00"'))
    with zipfile.ZipFile(io.BytesIO(write_report_word(report(), template))) as pack:
        assert b"00FF00" in pack.read("word/styles.xml")
