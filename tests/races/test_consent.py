"""Consent withdrawn while it is being used: after the answer, nothing more is spent."""

from tests.races.volleys import Race, rounds, split


def test_two_links_withdrawn_while_both_spend(race: Race) -> None:
    """Two brands let go of one member in the middle of their own sales."""
    for _ in range(rounds(10)):
        brands = [race.coalition.partner() for _ in range(2)]
        race.one("accruals", points=100)
        links = [brand.link(race.shop, race.member) for brand in brands]
        requests = [
            race.request("redemptions", partner=brand, member=there, points=1)
            for _ in range(5)
            for brand, there in zip(brands, links, strict=True)
        ]
        ends = [
            race.request(f"members/{there}", partner=brand, method="DELETE")
            for _ in range(2)
            for brand, there in zip(brands, links, strict=True)
        ]
        answers = race.volley(requests[:5] + ends + requests[5:])
        sales, ended = answers[:5] + answers[9:], answers[5:9]
        spent, refused = split(sales)
        assert set(refused) <= {(404, "member-not-found")}
        for brand in range(2):
            won, lost = split(ended[brand::2])
            assert won
            assert set(lost) <= {(404, "member-not-found")}
        assert race.balance() == (100 - len(spent), 0)
        for brand, there in zip(brands, links, strict=True):
            answer = race.wire.send(
                race.request("redemptions", partner=brand, member=there, points=1)
            )
            assert (answer.status, answer.code) == (404, "member-not-found")
        if spent:
            race.one("redemptions", points=100 - len(spent))
        else:
            race.one("redemptions", points=100)


def test_a_wallet_frozen_while_it_pays(race: Race) -> None:
    """Once the freeze is committed, no sale that begins later goes through."""
    owner = race.coalition.books.owner
    for _ in range(rounds(10)):
        race.one("accruals", points=20)
        owner.execute("UPDATE exchange.wallet SET frozen = true")
        won, lost = split(race.volley([race.request("redemptions", points=1) for _ in range(5)]))
        assert not won
        assert set(lost) == {(409, "wallet-frozen")}
        owner.execute("UPDATE exchange.wallet SET frozen = false")
        race.one("redemptions", points=20)


def test_two_tokens_of_one_member_link_it_once(race: Race) -> None:
    """Each is good by itself; what the loser asked for must not pass for agreed."""
    for _ in range(rounds(10)):
        other = race.coalition.partner()
        path = f"members/{race.member}/link-tokens"
        tokens = [race.one(path).json["token"] for _ in range(2)]
        requests = [
            race.request("members/links", partner=other, token=token, daily_limit=limit)
            for token, limit in zip(tokens, (100, 900), strict=True)
        ]
        won, lost = split(race.volley(requests))
        assert len(won) == 1
        assert lost == [(409, "already-linked")]
        agreed = other.call("GET", f"/v1/members/{won[0].json['id']}").body
        assert agreed["daily_limit"] == won[0].json["daily_limit"]
