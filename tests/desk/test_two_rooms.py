"""One browser that is signed in twice, in the wallet and at the desk: neither is the other."""

from kit.database import Database
from tests.desk.conftest import SignIn
from tests.members.visitor import Site, sign_in_as


def test_a_form_of_one_room_is_nothing_to_the_other(
    site: Site, sign_in: SignIn, database: Database
) -> None:
    visitor = sign_in("fay", "finance")
    sign_in_as(visitor, database)
    wallet, desk = visitor.token("/settings"), visitor.token("/desk/account")
    assert visitor.send("POST", "/desk/sign-out", {"csrf_token": wallet}).status == 403
    assert visitor.send("POST", "/sign-out", {"csrf_token": desk}).status == 403
    assert visitor.get("/desk").status == 200
    assert visitor.get("/wallet").status == 200


def test_the_forms_of_both_rooms_stay_good_beside_each_other(
    site: Site, sign_in: SignIn, database: Database
) -> None:
    visitor = sign_in("fay", "finance")
    sign_in_as(visitor, database)
    wallet, desk = visitor.token("/settings"), visitor.token("/desk/account")
    for _ in range(2):
        visitor.get("/wallet")
        visitor.get("/desk")
    answer = visitor.send("POST", "/settings/name", {"csrf_token": wallet, "name": "Mei"})
    assert answer.status == 303
    answer = visitor.send("POST", "/desk/account/sessions/end-others", {"csrf_token": desk})
    assert answer.status == 303


def test_choosing_a_language_is_of_the_room_it_was_chosen_in(
    site: Site, sign_in: SignIn, database: Database
) -> None:
    visitor = sign_in("fay", "finance")
    sign_in_as(visitor, database)
    desk = visitor.token("/desk/account")
    visitor.get("/wallet")
    answer = visitor.send(
        "POST", "/language", {"csrf_token": desk, "language": "zh", "back": "/desk/account"}
    )
    assert answer.location == "/desk/account"
    assert "账户" in visitor.go("/desk/account").words


def test_signing_out_of_one_leaves_the_other(
    site: Site, sign_in: SignIn, database: Database
) -> None:
    visitor = sign_in("fay", "finance")
    sign_in_as(visitor, database)
    wallet = visitor.token("/settings")
    visitor.post("/desk/sign-out", on="/desk/account")
    assert visitor.get("/desk").status == 303
    assert visitor.send("POST", "/sign-out", {"csrf_token": wallet}).status == 303
    assert visitor.get("/wallet").status == 303


def test_a_form_of_who_was_signed_in_before_is_dead(
    site: Site, sign_in: SignIn, database: Database
) -> None:
    fay, gus = sign_in("fay", "finance"), sign_in("gus", "finance")
    desk = fay.token("/desk/account")
    fay.cookies["desk"] = gus.cookies["desk"]
    answer = fay.send("POST", "/desk/account/sessions/end-others", {"csrf_token": desk})
    assert answer.status == 403
