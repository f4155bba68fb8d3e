"""A market study: results by question, data sets, codebook and coding of comments."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError
from jta.formats import plural
from jta.forms.common import sent_id, show_error
from jta.forms.market import ThemeForm
from jta.models.study import MARKET
from jta.permissions import current_actor
from jta.services import market_data, market_page, market_themes
from jta.views.attachment import attachment

bp = Blueprint("market", __name__, url_prefix="/studies/<int:study_id>/market")


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Show the results of the newest data set, or what is missing for one."""
    if g.study.kind != MARKET:
        return redirect(url_for("results.index", study_id=study_id), 303)
    page = market_page.load_page(g.study, g.roles, by=request.args.get("by", ""), number=request.args.get("set", ""))
    return render_template("market/index.html", page=page)


@bp.post("/freeze")
def freeze(study_id: int) -> ResponseReturnValue:
    """Freeze the answers."""
    dataset = market_data.freeze_answers(current_actor(), study_id)
    flash(f"Data set {dataset.number} is frozen: {plural(dataset.counts['included'], 'response')}.", "success")
    return redirect(url_for("market.index", study_id=study_id), 303)


@bp.get("/data-sets/<int:number>.xlsx")
def workbook(study_id: int, number: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Hand out the results as a workbook."""
    content = market_page.results_workbook(g.study, g.roles, number)
    return attachment(content, f"market-study-{number}.xlsx")


@bp.get("/data-sets/<int:number>.csv")
def numbers(study_id: int, number: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Hand out the results as one table."""
    return attachment(market_page.results_csv(g.study, g.roles, number), f"market-study-{number}.csv")


@bp.get("/data-sets/<int:number>.parquet")
def download(study_id: int, number: int) -> ResponseReturnValue:
    """Hand out a data set as it was frozen."""
    content = market_page.dataset_file(study_id, number)
    return attachment(content, f"answers-{number}.parquet")


@bp.route("/themes", methods=["GET", "POST"])
def themes(study_id: int) -> ResponseReturnValue:
    """Show the codebook with counts; add a theme."""
    form = ThemeForm()
    if form.validate_on_submit():
        try:
            label, definition = form.label.data or "", form.definition.data or ""
            market_themes.add_theme(current_actor(), study_id, label, definition)
            return redirect(url_for("market.themes", study_id=study_id), 303)
        except InvalidInputError as error:
            show_error(form, error)
    page = market_page.load_codebook(g.study, g.roles)
    return render_template("market/themes.html", page=page, form=form), 422 if form.is_submitted() else 200


@bp.route("/themes/<int:theme_id>", methods=["GET", "POST"])
def theme(study_id: int, theme_id: int) -> ResponseReturnValue:
    """Change a theme's words."""
    found = market_themes.get_theme(study_id, theme_id)
    form, conflict, status = ThemeForm(obj=found), None, 200
    if form.is_submitted():
        status = 422
    if form.validate_on_submit():
        try:
            words = form.label.data or "", form.definition.data or ""
            market_themes.edit_theme(current_actor(), study_id, theme_id, *words, version=sent_id("version"))
            return redirect(url_for("market.themes", study_id=study_id), 303)
        except InvalidInputError as error:
            show_error(form, error)
        except EditConflictError as error:
            conflict, status = error, 409
            form.version.data = str(market_themes.get_theme(study_id, theme_id).version)
    return render_template("market/theme.html", theme=found, form=form, conflict=conflict), status


@bp.route("/themes/<int:theme_id>/remove", methods=["GET", "POST"])
def remove_theme(study_id: int, theme_id: int) -> ResponseReturnValue:
    """Ask, then take a theme out of the codebook."""
    found = market_themes.get_theme(study_id, theme_id)
    if request.method != "POST":
        return render_template("market/remove_theme.html", theme=found)
    label, count = found.label, market_themes.remove_theme(current_actor(), study_id, theme_id)
    flash(f"{label} is out of the codebook; {plural(count, 'comment')} belonged to it.", "success")
    return redirect(url_for("market.themes", study_id=study_id), 303)


@bp.route("/comments", methods=["GET", "POST"])
def comments(study_id: int) -> ResponseReturnValue:
    """Code comments to themes, a page at a time."""
    place = market_page.comment_place(study_id, request.args)
    if request.method != "POST":
        return render_template("market/comments.html", page=market_page.load_comment_page(study_id, place))
    themes = [int(text) for text in request.form.getlist("theme") if text.isdigit()]
    code, quote = request.form.get("code", ""), request.form.get("quote", "")
    try:
        market_themes.code_comment(current_actor(), study_id, code, sent_id("question"), themes, quote)
    except InvalidInputError as error:
        flash(error.message, "error")
    return redirect(url_for("market.comments", study_id=study_id, **place.values(), _anchor=f"comment-{code}"), 303)
