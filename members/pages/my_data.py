"""What is done with my data: all of it to take away, or gone for good."""

from flask import Blueprint, Response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from exchange import history
from kit.forms import Form
from kit.language import gettext as _
from members.pages.coming_in import today
from members.pages.signed_in import let_go, me, prove_first, recently_proved, signed_in
from members.pages.wiring import here
from members.people import erasing
from members.people.takeout import Takeout

pages = Blueprint("my_data", __name__)


@pages.get("/settings/download.json")
@signed_in
def as_json() -> ResponseReturnValue:
    """Everything, in one document."""
    if not recently_proved():
        return prove_first("/settings/download.json")
    return _file(_takeout().as_json(), "application/json", "tongbao.json")


@pages.get("/settings/download.zip")
@signed_in
def as_zip() -> ResponseReturnValue:
    """Everything, a table a file."""
    if not recently_proved():
        return prove_first("/settings/download.zip")
    return _file(_takeout().as_zip(), "application/zip", "tongbao.zip")


@pages.get("/settings/erase")
@signed_in
def erase() -> ResponseReturnValue:
    """The last look before everything is gone."""
    if not recently_proved():
        return prove_first("/settings/erase")
    return _erase_page(Form())


@pages.post("/settings/erase")
@signed_in
def erase_now() -> ResponseReturnValue:
    """Erase whoever typed the word, and sign them out."""
    if not recently_proved():
        return prove_first("/settings/erase")
    form, word = Form(None, request.form), _("erase")
    if form.typed.get("word", "").casefold() not in (word, "erase"):
        form.refuse("word", _("Type the word “%(word)s”.", word=word))
        return _erase_page(form), 422
    with here().database.transaction() as within:
        erasing.erase(within, me().person, here().clock())
    session.clear()
    response = redirect("/erased", 303)
    let_go(response)
    return response


@pages.get("/erased")
def erased() -> str:
    """What has happened: it still answers when it is opened again."""
    return render_template("members/erased.html")


def _erase_page(form: Form) -> str:
    with here().database.transaction() as within:
        points = history.sums(within, me().wallet, today(within))
    return render_template("members/settings_erase.html", form=form, points=points)


def _takeout() -> Takeout:
    with here().database.transaction() as within:
        day = today(within)
    return Takeout(
        database=here().database,
        secrets=here().secrets,
        person=me().person,
        wallet=me().wallet,
        brands={party: brand.name for party, brand in here().brands.all().items()},
        today=day,
        now=here().clock(),
    )


def _file(pieces: object, content_type: str, name: str) -> Response:
    response = Response(pieces, content_type=content_type)  # type: ignore[arg-type]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
