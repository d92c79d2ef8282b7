import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity import forge
from traitdunion.identity import tokens
from traitdunion.identity.tokens import Policy, Reason, TokenRefusedError

ALGORITHMS = ["RS256", "ES256"]
FORGED = {algorithm: list(forge.forged_tokens(algorithm)) for algorithm in ALGORITHMS}
EVERY = [variant for algorithm in ALGORITHMS for variant in FORGED[algorithm]]


def validate(variant):
    return tokens.validate(
        variant.token,
        keys=variant.keys,
        policy=variant.policy,
        nonce=variant.nonce,
        now=forge.NOW,
        access_token=forge.ACCESS_TOKEN,
    )


def accepted(algorithm, *, header=None, claims=None, policy=None, keys=None):
    return tokens.validate(
        forge.signed(algorithm, header or forge.good_header(algorithm), claims or forge.good_claims()),
        keys=keys or [forge.public_jwk(algorithm, "signing")],
        policy=policy or forge.policy_for(algorithm),
        nonce=forge.NONCE,
        now=forge.NOW,
        access_token=forge.ACCESS_TOKEN,
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_two_hundred_different_tokens_are_forged_for_each_algorithm(algorithm):
    assert len({variant.name for variant in FORGED[algorithm]}) == len(FORGED[algorithm])
    assert (
        len({(str(variant.token), json.dumps(variant.keys), variant.nonce) for variant in FORGED[algorithm]})
        >= 200
    )


@pytest.mark.parametrize("variant", EVERY, ids=lambda variant: variant.name)
def test_a_forged_token_is_refused(variant):
    with pytest.raises(TokenRefusedError):
        validate(variant)


def test_the_forgeries_meet_every_reason_of_refusal():
    met = set()
    for variant in EVERY:
        with pytest.raises(TokenRefusedError) as refusal:
            validate(variant)
        met.add(refusal.value.reason)
    assert met == set(Reason)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_is_accepted(algorithm):
    claims = accepted(algorithm)

    assert (claims.issuer, claims.subject) == (forge.ISSUER, "marie-67")
    assert claims.members["acr"] == forge.ACR


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "members",
    [
        {"aud": [forge.CLIENT]},
        {"aud": [forge.CLIENT], "azp": forge.CLIENT},
        {"aud": [forge.CLIENT, "autre"], "azp": forge.CLIENT},
        {"acr": "eidas2"},
        {"exp": forge.CLOCK - 29},
        {"iat": forge.CLOCK + 30},
        {"iat": forge.CLOCK - 600},
        {"nbf": forge.CLOCK + 30},
        {"auth_time": forge.CLOCK - 12 * 3600 - 30},
        {"at_hash": forge.ABSENT},
        {"sub": "x" * 255},
        {"autre": {"chose": "inconnue"}},
    ],
    ids=str,
)
def test_what_the_standard_allows_is_accepted(algorithm, members):
    base = {**forge.good_claims(), "iat": forge.CLOCK - 60}
    assert accepted(algorithm, claims=forge.changed(base, **members)).issuer == forge.ISSUER


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_type_of_the_token_may_be_left_out(algorithm):
    accepted(algorithm, header=forge.changed(forge.good_header(algorithm), typ=forge.ABSENT))


def test_two_keys_of_different_types_may_share_a_name():
    keys = [forge.public_jwk("RS256", "signing"), forge.public_jwk("ES256", "signing")]

    accepted("RS256", keys=keys)
    accepted("ES256", keys=keys)


def test_without_an_allow_list_any_acr_or_none_is_accepted():
    policy = Policy(issuer=forge.ISSUER, client_id=forge.CLIENT, algorithm="RS256")

    for acr in (forge.ABSENT, "eidas0"):
        accepted(
            "RS256", claims=forge.changed(forge.good_claims(), acr=acr, auth_time=forge.ABSENT), policy=policy
        )


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512", "", "rs256"])
def test_a_policy_cannot_ask_for_another_algorithm(algorithm):
    with pytest.raises(ValueError, match="algorithm must be one of"):
        Policy(issuer=forge.ISSUER, client_id=forge.CLIENT, algorithm=algorithm)


@pytest.mark.parametrize("empty", ["issuer", "client_id"])
def test_a_policy_cannot_leave_a_party_empty(empty):
    parties = {"issuer": forge.ISSUER, "client_id": forge.CLIENT, empty: ""}
    with pytest.raises(ValueError, match="must not be empty"):
        Policy(algorithm="RS256", **parties)


# Userinfo

USERINFO = {"iss": forge.ISSUER, "aud": forge.CLIENT, "sub": "marie-67", "email": "marie@example.org"}


def userinfo(**members):
    return tokens.validate_userinfo(
        forge.signed("RS256", forge.good_header("RS256"), forge.changed(USERINFO, **members)),
        keys=[forge.public_jwk("RS256", "signing")],
        policy=forge.policy_for("RS256"),
        subject="marie-67",
        now=forge.NOW,
    )


def test_a_signed_userinfo_is_accepted_with_or_without_its_times():
    assert userinfo().subject == "marie-67"
    assert userinfo(iat=forge.CLOCK, exp=forge.CLOCK + 60).members["email"] == "marie@example.org"


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"sub": "autre"}, Reason.SUBJECT),
        ({"sub": forge.ABSENT}, Reason.CLAIM_MISSING),
        ({"iss": "https://evil.example"}, Reason.ISSUER),
        ({"iss": forge.ABSENT}, Reason.CLAIM_MISSING),
        ({"aud": "autre"}, Reason.AUDIENCE),
        ({"aud": forge.ABSENT}, Reason.CLAIM_MISSING),
        ({"exp": forge.CLOCK - 60}, Reason.EXPIRED),
        ({"iat": forge.CLOCK + 60}, Reason.ISSUED_IN_FUTURE),
        ({"exp": "demain"}, Reason.CLAIM_TYPE),
    ],
    ids=str,
)
def test_a_spoilt_userinfo_is_refused(members, reason):
    with pytest.raises(TokenRefusedError) as refusal:
        userinfo(**members)
    assert refusal.value.reason is reason


def test_a_userinfo_signed_by_another_key_is_refused():
    with pytest.raises(TokenRefusedError) as refusal:
        tokens.validate_userinfo(
            forge.signed(
                "RS256", forge.good_header("RS256"), USERINFO, key=forge.private_key("RS256", "evil")
            ),
            keys=[forge.public_jwk("RS256", "signing")],
            policy=forge.policy_for("RS256"),
            subject="marie-67",
            now=forge.NOW,
        )
    assert refusal.value.reason is Reason.SIGNATURE


def test_a_plain_userinfo_must_speak_of_the_same_person():
    policy = forge.policy_for("RS256")

    assert (
        tokens.read_userinfo('{"sub": "marie-67"}', policy=policy, subject="marie-67").subject == "marie-67"
    )
    for text in ('{"sub": "autre"}', '{"sub": "marie-67", "sub": "marie-67"}', "{}", "[]", "x", "{" * 20_000):
        with pytest.raises(TokenRefusedError):
            tokens.read_userinfo(text, policy=policy, subject="marie-67")


# Anything at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from([*forge.good_claims(), "alg", "kid", "typ", "azp", "nbf", "crit", "jwk"]) | st.text(
    max_size=5
)


def only_refuses(token, keys, nonce=forge.NONCE):
    try:
        return tokens.validate(
            token,
            keys=keys,
            policy=forge.policy_for("ES256"),
            nonce=nonce,
            now=forge.NOW,
            access_token=forge.ACCESS_TOKEN,
        )
    except TokenRefusedError:
        return None


@given(token=st.text() | st.binary() | st.none())
def test_any_text_is_refused_and_nothing_else_is_raised(token):
    assert only_refuses(token, [forge.public_jwk("ES256", "signing")]) is None


@given(changes=st.dictionaries(names, json_values, min_size=1, max_size=4))
def test_any_signed_claims_are_accepted_as_asked_or_refused(changes):
    claims = {**forge.good_claims(), **changes}
    token = forge.signed("ES256", forge.good_header("ES256"), claims)

    found = only_refuses(token, [forge.public_jwk("ES256", "signing")])

    if found is not None:
        assert (found.members["iss"], found.members["nonce"]) == (forge.ISSUER, forge.NONCE)
        assert found.members["exp"] > (forge.NOW - timedelta(seconds=30)).timestamp()


@given(changes=st.dictionaries(names, json_values, min_size=1, max_size=4))
def test_any_header_is_accepted_as_asked_or_refused(changes):
    header = {**forge.good_header("ES256"), **changes}
    token = forge.signed("ES256", header, forge.good_claims())

    found = only_refuses(token, [forge.public_jwk("ES256", "signing")])

    assert found is None or (header["alg"], header["kid"]) == ("ES256", "signing")


@given(
    changes=st.dictionaries(names | st.sampled_from(["kty", "crv", "x", "y", "use", "key_ops"]), json_values)
)
def test_any_published_key_is_used_or_refused(changes):
    only_refuses(forge.good_token("ES256"), [{**forge.public_jwk("ES256", "signing"), **changes}])


@given(place=st.integers(min_value=0), letter=st.sampled_from("abcdefABCDEF0123456789-_.=+/ "))
def test_one_changed_letter_is_enough(place, letter):
    token = forge.good_token("ES256")
    place %= len(token)
    spoilt = token[:place] + letter + token[place + 1 :]

    assert spoilt == token or only_refuses(spoilt, [forge.public_jwk("ES256", "signing")]) is None
